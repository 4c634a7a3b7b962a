# SPDX-License-Identifier: EUPL-1.2
"""One signature with one time-stamp in every form, for tests that hold the forms against each other.

The stamp's token can be changed byte by byte: it is not signed, so whoever hands the file on can do the same.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256

import pdfroom
import signed_bundles
import trustroom
from asn1crypto import cms
from cadesroom import CONTENT, Room
from lxml import etree
from signed_bundles import FILES, SIGNATURES, changed, first, packed, repacked, unpacked, world

from gateway.demo import pki
from gateway.findings import Finding
from gateway.model.signature import SignatureReport
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.pdf.gaps import contents, find_gaps
from gateway.stages.signature.xmldsig.c14n import EXCLUSIVE
from gateway.stages.signature.xmldsig.names import ds, xades, xades141

Change = Callable[[bytes], bytes]
FORMS = ("XAdES", "CAdES", "PAdES", "document")
HOUR = timedelta(hours=1)
LENIENT = replace(  # the stamping units of the tests have RSA-2048 keys
    signed_bundles.POLICY,
    algorithms=(*signed_bundles.POLICY.algorithms, *trustroom.rules(("rsa-pkcs1v15", "signature", 2048))),
)
ENDED = date(2026, 1, 31)  # before any of these signatures


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The verdict on the file, on its signature and on the stamp, in one shape for all forms."""

    file: tuple[str, str | None]
    signature: SignatureReport
    integrity: str
    stamp: tuple[str, str | None]
    findings: tuple[Finding, ...]

    @property
    def wrong(self) -> set[str]:
        """Codes that keep the file out."""
        return {f.code.value for f in self.findings if f.severity.value in {"error", "unknown"}}


def unchanged(token: bytes) -> bytes:
    return token


def judged_in(form: str, change: Change = unchanged, *, ended: bool = False, trusted: bool = True) -> Told:
    """The verdict on a signature whose stamp was changed; ``ended``: after the unit's algorithm; without an anchor of it."""
    judge = {"XAdES": _xades, "CAdES": _cades, "PAdES": _pades, "document": _document}[form]
    return judge(change, ended=ended, trusted=trusted)


def _policy(policy: SignaturePolicy, *, ended: bool) -> SignaturePolicy:
    if not ended:
        return policy
    rows = [
        replace(row, valid_until=ENDED)
        if row.algorithm == "rsa-pkcs1v15" and row.min_key_bits == 2048
        else row
        for row in policy.algorithms
    ]
    return replace(policy, algorithms=tuple(rows))


@cache
def clockwork() -> tuple[pki.Authority, pki.Identity]:
    """The authority and the unit that stamp containers."""
    authority = pki.root("Zeitstempel-CA")
    return authority, trustroom.stamp_unit(authority)


def store_of_containers(*, trusted: bool = True, **changes) -> TrustStore:
    authority = clockwork()[0]
    material = replace(
        world().material,
        tsa_anchors=(authority.identity.certificate_der,) if trusted else (),
        crls=(*world().material.crls, authority.crl(signed_bundles.NOW)),
    )
    return TrustStore(replace(material, **changes))


def stamped(moment: datetime = signed_bundles.NOW + HOUR, *, other: bytes = b"") -> bytes:
    """A container with one time-stamp over its signature, or over something else."""
    return packed(timestamper=lambda imprint: trustroom.stamp(clockwork()[1], other or imprint, moment))


def add_crls(root: etree._Element, *lists: bytes) -> None:
    """Revocation values, as many as there are."""
    unsigned = first(root, xades("UnsignedSignatureProperties"))
    values = etree.SubElement(etree.SubElement(unsigned, xades("RevocationValues")), xades("CRLValues"))
    for value in lists:
        etree.SubElement(values, xades("EncapsulatedCRLValue")).text = b64encode(value).decode()


def archived(
    container: bytes = b"", *, skip: str = "", moment: datetime = signed_bundles.NOW + 2 * HOUR
) -> bytes:
    """A second stamp over everything, its input put together here after EN 319 132-1 clause 5.5.2.2."""
    container = container or stamped()
    entries = unpacked(container)

    def canonical(element: etree._Element) -> bytes:
        return etree.tostring(element, method="c14n", exclusive=True, with_tail=False)

    def add(root: etree._Element) -> None:
        add_crls(root, world().issuing.crl(signed_bundles.NOW), world().root.crl(signed_bundles.NOW))
        parts = [entries[name] for name in FILES if name != skip]
        parts += [canonical(first(root, xades("SignedProperties")))]
        parts += [canonical(first(root, ds(name))) for name in ("SignedInfo", "SignatureValue", "KeyInfo")]
        unsigned = first(root, xades("UnsignedSignatureProperties"))
        parts += [canonical(child) for child in unsigned]
        token = trustroom.stamp(clockwork()[1], sha256(b"".join(parts)).digest(), moment)
        archive = etree.SubElement(unsigned, xades141("ArchiveTimeStamp"))
        etree.SubElement(archive, ds("CanonicalizationMethod"), Algorithm=EXCLUSIVE)
        etree.SubElement(archive, xades("EncapsulatedTimeStamp")).text = b64encode(token).decode()

    return changed(container, add)


def _token_of_container(imprint: bytes) -> bytes:
    return trustroom.stamp(clockwork()[1], imprint, signed_bundles.NOW + HOUR)


def _xades(change: Change, *, ended: bool, trusted: bool) -> Told:
    made: list[bytes] = []

    def keep(imprint: bytes) -> bytes:
        made.append(_token_of_container(imprint))
        return made[0]

    entries = unpacked(packed(timestamper=keep))
    spoilt = b64encode(change(made[0]))
    entries[SIGNATURES] = entries[SIGNATURES].replace(b64encode(made[0]), spoilt)
    assert spoilt in entries[SIGNATURES]
    report = signed_bundles.judged(
        repacked(entries),
        store=store_of_containers(trusted=trusted),
        policy=_policy(LENIENT, ended=ended),
        moment=signed_bundles.NOW + 2 * HOUR,
    )
    signature = report.signatures[0]
    stamp = signature.stamps[0]
    return Told(
        file=(report.indication, report.sub_indication),
        signature=signature,
        integrity=report.integrity,
        stamp=(stamp.indication, stamp.sub_indication),
        findings=report.findings,
    )


@cache
def room() -> Room:
    return Room()


def _cades(change: Change, *, ended: bool, trusted: bool) -> Told:
    info = trustroom.sign(room().seal, CONTENT, stamped_by=room().unit)
    whole = info.dump()
    token = _token(info)
    assert 1 == whole.count(token)
    report = room().check(
        whole.replace(token, change(token)),
        store=room().store if trusted else TrustStore(room().material()),
        policy=_policy(trustroom.POLICY, ended=ended),
    )
    stamp = report.stamps[0]
    return Told(
        file=(report.indication, report.sub_indication),
        signature=report,
        integrity=report.integrity,
        stamp=(stamp.indication, stamp.sub_indication),
        findings=report.findings,
    )


def _token(info: cms.ContentInfo) -> bytes:
    (attribute,) = info["content"]["signer_infos"][0]["unsigned_attrs"]
    return attribute["values"][0].dump()


@cache
def _stamped_pdf(form: str) -> bytes:
    own = pdfroom.room()
    return own.sign(level="B-T") if form == "PAdES" else own.stamp(own.sign())


def _pades(change: Change, *, ended: bool, trusted: bool) -> Told:
    pdf = _stamped_pdf("PAdES")
    token = _token(cms.ContentInfo.load(contents(pdf, find_gaps(pdf)[0])))
    return _pdf(pdf, token, change, ended=ended, trusted=trusted)


def _document(change: Change, *, ended: bool, trusted: bool) -> Told:
    pdf = _stamped_pdf("document")
    return _pdf(pdf, contents(pdf, find_gaps(pdf)[1]), change, ended=ended, trusted=trusted)


def _pdf(pdf: bytes, token: bytes, change: Change, *, ended: bool, trusted: bool) -> Told:
    old, new = token.hex().encode(), change(token).hex().encode()
    old, new = (old, new) if old in pdf else (old.upper(), new.upper())
    assert (1, len(old)) == (pdf.count(old), len(new))
    own = pdfroom.room()
    store = own.store if trusted else TrustStore(own.material())
    judgement = own.judge(pdf.replace(old, new), store=store, policy=_policy(trustroom.POLICY, ended=ended))
    stamp = next(stamp for report in judgement.signatures for stamp in report.stamps)
    return Told(
        file=(judgement.indication, judgement.sub_indication),
        signature=judgement.signatures[0],
        integrity=judgement.integrity,
        stamp=(stamp.indication, stamp.sub_indication),
        findings=judgement.findings,
    )
