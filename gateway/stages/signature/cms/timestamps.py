# SPDX-License-Identifier: EUPL-1.2
"""RFC 3161 time-stamp tokens: is the time proven, and by a unit the operator trusts?

Leaves out what a time means for a signature (``cms.stamp``). ``judge_timestamp`` never raises for bad input.

Steps (RFC 3161 clause 2.4.2, EN 319 102-1 clause 5.4)
1. the token is SignedData over a TSTInfo with one signer, checked by ``cms.signer``
2. the imprint is the digest of what should be stamped, with an acceptable algorithm
3. genTime lies neither in the future nor outside the certificate of the unit
4. the unit's certificate leads to a TSA anchor, with timeStamping as its only and critical usage, not revoked
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from asn1crypto import tsp

from gateway.codes import Code
from gateway.errors import Rejected, Unreadable
from gateway.findings import Finding
from gateway.model.signature import Integrity, SubIndication
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.algorithms import DIGEST, check_algorithm
from gateway.stages.signature.certificates.certificate import Certificate, contained, digest_of
from gateway.stages.signature.certificates.instants import NOTHING
from gateway.stages.signature.certificates.trust import Purpose, TrustStore, judge_certificate
from gateway.stages.signature.cms.signed_data import SignedData, read_signed_data
from gateway.stages.signature.cms.signer import CmsSignerCheck, check_cms_signer, weak_signature
from gateway.stages.signature.cms.stamp import (
    TimestampJudgement,
    judged_stamp,
    unreadable_stamp,
    unsigned_faults,
)
from gateway.stages.signature.conclusion import Evidence
from gateway.stages.signature.enclosed import known_since
from gateway.stages.signature.faults import Fault, breaks_integrity
from gateway.stages.signature.judgement import PathJudgement

_TST_INFO = "1.2.840.113549.1.9.16.1.4"


def judge_timestamp(
    token_der: bytes,
    *,
    imprint: Callable[[str], bytes],
    store: TrustStore,
    policy: SignaturePolicy,
    moment: datetime,
    place: str,
    existed: datetime | None = None,
    covered: Mapping[str, datetime] = NOTHING,
    hints: Sequence[bytes] = (),
    crls: Sequence[bytes] = (),
    ocsps: Sequence[bytes] = (),
) -> TimestampJudgement:
    """Judge a token. ``imprint`` gives the digest of the stamped object by hashlib name (``sha256``).

    ``existed`` is the time at which a later, valid time-stamp proves that this token was there, with everything in it.
    ``covered`` is the same for what came along with the signature (``judge_certificate``).
    """
    case = _Case(
        imprint=imprint,
        store=store,
        policy=policy,
        moment=moment,
        place=place,
        existed=existed,
        covered=covered,
        hints=tuple(hints),
        crls=tuple(crls),
        ocsps=tuple(ocsps),
    )
    try:
        data = read_signed_data(token_der, place=place)
        judgement = contained(
            lambda: _judge(data, case),
            code=Code.TIMESTAMP_INVALID,
            place=place,
            expected="a time-stamp token",
        )
    except Rejected as refusal:
        judgement = unreadable_stamp(refusal.findings)
    return replace(judgement, sha256=sha256(token_der).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What one judgement is made from."""

    imprint: Callable[[str], bytes]
    store: TrustStore
    policy: SignaturePolicy
    moment: datetime
    place: str
    existed: datetime | None
    covered: Mapping[str, datetime]
    hints: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    ocsps: tuple[bytes, ...]

    @property
    def proof(self) -> datetime:
        """When the token is known to have been there."""
        return self.existed or self.moment


def _judge(data: SignedData, case: _Case) -> TimestampJudgement:
    info, content, place = _read_info(data), data.content or b"", case.place
    check = check_cms_signer(
        data.signers[0],
        data,
        place=place,
        content_digest=lambda name: digest_of(name, content),
        time_stamp=True,
        hints=case.hints,
    )
    time = info["gen_time"].native
    # Many files may have to be read for an imprint: not for a token whose own bytes were never signed.
    imprint = [] if check.integrity is Integrity.BROKEN else _imprint_faults(info, case)
    faults = [*_structure_faults(data, info, place), *imprint]
    findings = [
        *data.findings,
        *(fault.finding for fault in faults),
        *check.findings,
        *_weak_imprint(info, case),
        *weak_signature(check, case.policy.algorithms, case.proof, place=place),
        *_time_faults(time, check.certificate, case),
    ]
    evidence = Evidence(
        integrity=_integrity(check, faults),
        certificate=check.certificate,
        path=None if check.certificate is None else _path(check.certificate, data, case),
        findings=findings,
        faults=[*faults, *_binding_faults(check), *unsigned_faults(data.findings)],
    )
    return judged_stamp(time, evidence)


def _path(certificate: Certificate, data: SignedData, case: _Case) -> PathJudgement:
    inside = (*data.certificates, *data.crls, *data.ocsps)
    return judge_certificate(
        certificate.der,
        store=case.store,
        hints=(*data.certificates, *case.hints),
        policy=case.policy,
        moment=case.moment,
        purpose=Purpose.TSA,
        existed=case.existed,
        covered=case.covered if case.existed is None else known_since(inside, case.existed, case.covered),
        crls=(*data.crls, *case.crls),
        ocsps=(*data.ocsps, *case.ocsps),
    )


def imprint_algorithm(token_der: bytes) -> str:
    """The digest a token was made with. Raises ``Rejected`` where it cannot be read."""
    data = read_signed_data(token_der, place="time-stamp")
    info = contained(lambda: _read_info(data), code=Code.TIMESTAMP_INVALID, place="time-stamp")
    return str(info["message_imprint"]["hash_algorithm"]["algorithm"].native)


def _read_info(data: SignedData) -> tsp.TSTInfo:
    if data.content_type != _TST_INFO or data.content is None:
        raise Unreadable(f"content of type {data.content_type}")
    info = tsp.TSTInfo.load(data.content, strict=True)
    _ = info.native  # decoded now, inside the border
    if not isinstance(info["gen_time"].native, datetime):
        raise TypeError("no genTime")
    return info


def _structure_faults(data: SignedData, info: tsp.TSTInfo, place: str) -> list[Fault]:
    wrong = [
        (len(data.signers) != 1, "one signer (RFC 3161 clause 2.4.2)", f"{len(data.signers)} signers"),
        (info["version"].native != "v1", "version 1", str(info["version"].native)),
        *(
            (e["critical"].native, "no critical extension", str(e["extn_id"].native))
            for e in info["extensions"] or ()
        ),
    ]
    return [
        Fault(finding=_invalid(place, expected, got), means=SubIndication.FORMAT_FAILURE)
        for found, expected, got in wrong
        if found
    ]


def _imprint_faults(info: tsp.TSTInfo, case: _Case) -> list[Fault]:
    """Step 2: it is about another object, or nobody can tell because that cannot be digested."""
    claimed = info["message_imprint"]
    name = claimed["hash_algorithm"]["algorithm"].native
    try:
        expected = contained(lambda: case.imprint(name), code=Code.TIMESTAMP_INVALID, place=case.place)
    except Rejected as refusal:
        return [Fault(finding=f, means=SubIndication.SIGNED_DATA_NOT_FOUND) for f in refusal.findings]
    if claimed["hashed_message"].native == expected:
        return []
    got = f"{name} {claimed['hashed_message'].native.hex()}"
    finding = _invalid(case.place, f"the imprint {expected.hex()}", got)
    return [Fault(finding=finding, means=SubIndication.HASH_FAILURE)]


def _binding_faults(check: CmsSignerCheck) -> list[Fault]:
    """A token that names no unit, or another one than made it, is not valid (RFC 3161 clause 2.4.2, RFC 5035 clause 5)."""
    if check.certificate is None:
        return []
    contradictions = (f for f in check.findings if f.code is Code.SIGNER_BINDING)
    return [Fault(finding=f, means=SubIndication.SIG_CRYPTO_FAILURE) for f in contradictions]


def _integrity(check: CmsSignerCheck, faults: Sequence[Fault]) -> Integrity:
    """``faults`` are those of structure and imprint."""
    unknown = any(fault.means is SubIndication.SIGNED_DATA_NOT_FOUND for fault in faults)
    broken = any(fault.means is not SubIndication.SIGNED_DATA_NOT_FOUND for fault in faults)
    if broken or breaks_integrity(check.findings):
        return Integrity.BROKEN
    return Integrity.UNCHECKED if unknown else check.integrity


def _weak_imprint(info: tsp.TSTInfo, case: _Case) -> list[Finding]:
    name = info["message_imprint"]["hash_algorithm"]["algorithm"].native
    weak = check_algorithm(case.policy.algorithms, name, DIGEST, 0, case.proof, place=case.place)
    return [weak] if weak else []


def _time_faults(time: datetime, certificate: Certificate | None, case: _Case) -> list[Finding]:
    """Step 3."""
    found = []
    if time > case.moment + case.policy.clock_skew:
        found.append(_invalid(case.place, f"a time not after {case.moment.isoformat()}", time.isoformat()))
    life = certificate.summary if certificate else None
    if life is not None and not life.not_before <= time <= life.not_after:
        expected = f"a time from {life.not_before.isoformat()} to {life.not_after.isoformat()}"
        found.append(_invalid(case.place, expected, time.isoformat()))
    return found


def _invalid(place: str, expected: str, got: str) -> Finding:
    return Finding(code=Code.TIMESTAMP_INVALID, place=place, expected=expected, got=got)
