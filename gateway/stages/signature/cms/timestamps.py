# SPDX-License-Identifier: EUPL-1.2
"""RFC 3161 time-stamp tokens: is the time proven, and by a unit the operator trusts?

Leaves out what a time means for a signature (``cms.stamp``). ``judge_timestamp`` never raises for bad input.

Steps (RFC 3161 clause 2.4.2, EN 319 102-1 clause 5.4)
1. the token is SignedData over a TSTInfo with one signer, checked by ``cms.signer``
2. the imprint is the digest of what should be stamped, with an acceptable algorithm
3. genTime lies neither in the future nor outside the certificate of the unit
4. the unit's certificate leads to a TSA anchor, with timeStamping as its only and critical usage, not revoked
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from asn1crypto import tsp

from gateway.codes import Code
from gateway.errors import Rejected, Unreadable
from gateway.findings import Finding, Severity, blocking
from gateway.model.signature import Integrity
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.algorithms import DIGEST, check_algorithm
from gateway.stages.signature.certificates.certificate import Certificate, contained, digest_of
from gateway.stages.signature.certificates.trust import Purpose, TrustStore, judge_certificate
from gateway.stages.signature.cms.signed_data import SignedData, read_signed_data
from gateway.stages.signature.cms.signer import check_cms_signer, weak_signature
from gateway.stages.signature.cms.stamp import TimestampJudgement, judged_stamp, unreadable_stamp

_TST_INFO = "1.2.840.113549.1.9.16.1.4"
_SHA1_BINDING = (
    Severity.WARNING
)  # RFC 5816 clause 2.2.1 allows ESSCertID with SHA-1; it binds, it does not stamp


def judge_timestamp(
    token_der: bytes,
    *,
    imprint: Callable[[str], bytes],
    store: TrustStore,
    policy: SignaturePolicy,
    moment: datetime,
    place: str,
    existed: datetime | None = None,
    hints: Sequence[bytes] = (),
    crls: Sequence[bytes] = (),
    ocsps: Sequence[bytes] = (),
) -> TimestampJudgement:
    """Judge a token. ``imprint`` gives the digest of the stamped object by hashlib name (``sha256``).

    ``existed`` is the time at which a later, valid time-stamp proves that this token was there.
    """
    case = _Case(
        imprint=imprint,
        store=store,
        policy=policy,
        moment=moment,
        place=place,
        existed=existed,
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
    hints: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    ocsps: tuple[bytes, ...]


def _judge(data: SignedData, case: _Case) -> TimestampJudgement:
    info, content, place = _read_info(data), data.content or b"", case.place
    check = check_cms_signer(
        data.signers[0],
        data,
        place=place,
        content_digest=lambda name: digest_of(name, content),
        sha1_binding=_SHA1_BINDING,
    )
    proof = case.existed or case.moment
    findings = [
        *data.findings,
        *_structure_faults(data, info, place),
        *check.findings,
        *_imprint_faults(info, case, proof),
        *weak_signature(check, case.policy.algorithms, proof, place=place),
    ]
    intact = check.integrity is Integrity.INTACT and not blocking(findings)
    time = info["gen_time"].native
    if check.certificate is None:
        return judged_stamp(time, intact=False, findings=findings, path=None)
    findings += _time_faults(time, check.certificate, case)
    path = judge_certificate(
        check.certificate.der,
        store=case.store,
        hints=(*data.certificates, *case.hints),
        policy=case.policy,
        moment=case.moment,
        purpose=Purpose.TSA,
        existed=case.existed,
        crls=(*data.crls, *case.crls),
        ocsps=(*data.ocsps, *case.ocsps),
    )
    return judged_stamp(time, intact=intact, findings=findings, path=path)


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


def _structure_faults(data: SignedData, info: tsp.TSTInfo, place: str) -> list[Finding]:
    faults = [
        (len(data.signers) != 1, "one signer (RFC 3161 clause 2.4.2)", f"{len(data.signers)} signers"),
        (info["version"].native != "v1", "version 1", str(info["version"].native)),
        *(
            (e["critical"].native, "no critical extension", str(e["extn_id"].native))
            for e in info["extensions"] or ()
        ),
    ]
    return [_invalid(place, expected, got) for wrong, expected, got in faults if wrong]


def _imprint_faults(info: tsp.TSTInfo, case: _Case, proof: datetime) -> list[Finding]:
    """Step 2."""
    claimed, place = info["message_imprint"], case.place
    name = claimed["hash_algorithm"]["algorithm"].native
    weak = check_algorithm(case.policy.algorithms, name, DIGEST, 0, proof, place=place)
    found = [weak] if weak else []
    try:
        expected = contained(lambda: case.imprint(name), code=Code.TIMESTAMP_INVALID, place=place)
    except Rejected as refusal:
        return [*found, *refusal.findings]
    if claimed["hashed_message"].native != expected:
        got = f"{name} {claimed['hashed_message'].native.hex()}"
        found.append(_invalid(place, f"the imprint {expected.hex()}", got))
    return found


def _time_faults(time: datetime, certificate: Certificate, case: _Case) -> list[Finding]:
    """Step 3."""
    life, found = certificate.summary, []
    if time > case.moment + case.policy.clock_skew:
        found.append(_invalid(case.place, f"a time not after {case.moment.isoformat()}", time.isoformat()))
    if not life.not_before <= time <= life.not_after:
        expected = f"a time from {life.not_before.isoformat()} to {life.not_after.isoformat()}"
        found.append(_invalid(case.place, expected, time.isoformat()))
    return found


def _invalid(place: str, expected: str, got: str) -> Finding:
    return Finding(code=Code.TIMESTAMP_INVALID, place=place, expected=expected, got=got)
