# SPDX-License-Identifier: EUPL-1.2
"""What a CAdES signature says about itself besides its value: form, signing time, policy, later additions, level.

EN 319 122-1. Leaves out time-stamps and trust.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from gateway.codes import Code
from gateway.findings import Finding, Severity
from gateway.model.signature import SignatureValue
from gateway.stages.signature.cms.binding import ESS_V2
from gateway.stages.signature.cms.signed_data import NO_CONTENT_TYPE, SignedData
from gateway.stages.signature.cms.signer import (
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    SIGNING_TIME,
    CmsSignerCheck,
)
from gateway.stages.signature.identity import signature_value
from gateway.stages.signature.signing_time import signing_time_findings

_DATA = "1.2.840.113549.1.7.1"
_POLICY = "1.2.840.113549.1.9.16.2.15"
_ARCHIVE_STAMPS = {
    "0.4.0.1733.2.4",  # archive-time-stamp-v3
    "1.2.840.113549.1.9.16.2.48",
    "1.2.840.113549.1.9.16.2.27",
    "1.2.840.113549.1.9.16.2.25",  # CAdES-C time-stamp
    "1.2.840.113549.1.9.16.2.26",  # time-stamped references
}
_EVIDENCE_RECORDS = {"1.2.840.113549.1.9.16.2.49", "1.2.840.113549.1.9.16.2.50"}  # RFC 4998
_BASELINE = {CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME, ESS_V2}  # EN 319 122-1 clause 6.3


def value_of(check: CmsSignerCheck) -> SignatureValue | None:
    """Which signature it is; ``None`` where its algorithm is unknown."""
    scheme = check.scheme
    if scheme is None:
        return None
    return signature_value(scheme.algorithm, scheme.digest, signed=check.signed_der, value=check.value)


def form_faults(data: SignedData, place: str) -> list[Finding]:
    """Step 2. Attached content would be a second text beside the one in the container: which of the two was read?"""
    faults = [
        (data.content_type != _DATA, "content of type data", data.content_type),
        (data.content is not None, "a detached signature", "content inside the signature"),
        (len(data.signers) != 1, "one SignerInfo", str(len(data.signers))),
    ]
    return [
        Finding(code=Code.CMS_STRUCTURE, place=place, expected=expected, got=got)
        for wrong, expected, got in faults
        if wrong
    ]


def claimed_time(check: CmsSignerCheck) -> datetime | None:
    """What the signer says; nobody vouches for it."""
    attribute = check.signed.get(SIGNING_TIME)
    time = attribute.native if attribute is not None else None
    return time if isinstance(time, datetime) else None


def property_findings(
    check: CmsSignerCheck,
    *,
    best: datetime | None,
    moment: datetime,
    skew: timedelta,
    place: str,
) -> Iterable[Finding]:
    """Signing time, policy, and what was added later and is named without being judged."""
    claimed = claimed_time(check)
    if claimed is None:
        yield Finding(code=Code.SIGNATURE_PROPERTIES, place=place, expected="one signing-time", got="none")
    else:
        signer = check.certificate.summary if check.certificate else None
        yield from signing_time_findings(
            claimed, best=best, signer=signer, moment=moment, skew=skew, place=place
        )
    if _POLICY in check.signed:
        expected = "no signature policy, or one the operator knows"
        yield Finding(
            code=Code.SIGNATURE_POLICY,
            severity=Severity.WARNING,
            place=place,
            expected=expected,
            got="a policy identifier",
        )
    yield from _unjudged(check, place)


def _unjudged(check: CmsSignerCheck, place: str) -> Iterable[Finding]:
    for name, values in check.unsigned:
        if name in _EVIDENCE_RECORDS:
            code = Code.EVIDENCE_RECORD_UNCHECKED
        elif name in _ARCHIVE_STAMPS:
            code = Code.ARCHIVE_TIMESTAMP_UNCHECKED
        else:
            continue
        yield Finding(code=code, severity=Severity.WARNING, place=place, got=str(len(values)))


def baseline_level(check: CmsSignerCheck, data: SignedData, *, stamped: bool) -> str:
    """The highest level below B-LT whose parts are there; "" where B-B is not met."""
    # A counter-signature must not have a content-type (RFC 5652 clause 11.4).
    needed = _BASELINE - {CONTENT_TYPE} if data.content_type == NO_CONTENT_TYPE else _BASELINE
    if not check.signed.keys() >= needed or check.certificate is None:
        return ""
    return "B-T" if stamped else "B-B"
