# SPDX-License-Identifier: EUPL-1.2
"""The bytes that a PDF signature stands for, and its CMS over them.

EN 319 142-1 clause 6.3, ISO 32000-1 clause 12.8.3.3. Leaves out everything that is later in the file or outside of it:
versions, time-stamps, trust.
"""

from collections.abc import Callable
from dataclasses import replace

from asn1crypto import core

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.model.signature import Integrity
from gateway.stages.signature.algorithms import DIGEST, check_algorithm
from gateway.stages.signature.certificates.certificate import digest_of
from gateway.stages.signature.cms.cades_properties import form_faults
from gateway.stages.signature.cms.signed_data import SignedData
from gateway.stages.signature.cms.signer import SIGNING_TIME, CmsSignerCheck, check_cms_signer
from gateway.stages.signature.pdf.fields import SignatureField
from gateway.stages.signature.pdf.gaps import Gap
from gateway.stages.signature.pdf.stamps import PdfCase

BASELINE = "ETSI.CAdES.detached"
_DETACHED = frozenset({BASELINE, "adbe.pkcs7.detached"})
# ISO 32000-1 clause 12.8.3.3.1: the content is the SHA-1 of the signed bytes.
_DIGEST_INSIDE = "adbe.pkcs7.sha1"


def placed(field: SignatureField, place: str) -> Gap:
    """The gap of a signature in a format we know. Raises ``Rejected``."""
    if field.gap is None:
        expected = "a /ByteRange over all bytes of its version but its own /Contents"
        raise Rejected([Finding(code=Code.PDF_SIGNATURE_INVALID, place=place, expected=expected)])
    if field.format not in _DETACHED | {_DIGEST_INSIDE}:
        code, expected = Code.SIGNATURE_FORM_NOT_SUPPORTED, f"/SubFilter {BASELINE}"
        raise Rejected([Finding(code=code, place=place, expected=expected, got=field.format)])
    return field.gap


def check_signed_bytes(
    data: SignedData, field: SignatureField, gap: Gap, case: PdfCase, *, place: str
) -> tuple[CmsSignerCheck, list[Finding]]:
    """Structure, digest, value and binding of the certificate, and all findings on them."""
    content = data.content
    if field.format == _DIGEST_INSIDE and content is not None:
        check = _check(data, lambda name: digest_of(name, content), place)
        form = form_faults(replace(data, content=None), place)  # the content is meant to be inside
        inside = [*form, *_digest_inside(content, gap, case, place)]
        if any(f.code is Code.SIGNATURE_DIGEST_MISMATCH for f in inside):
            check = replace(check, integrity=Integrity.BROKEN)
    else:
        check = _check(data, lambda name: case.digest(gap, name), place)
        inside = form_faults(data, place)
    if field.claimed_time is not None and SIGNING_TIME not in check.signed:
        # EN 319 142-1 clause 6.3: the dictionary's /M stands for the attribute; it is under the signature all the same.
        signed = {**check.signed, SIGNING_TIME: core.GeneralizedTime(field.claimed_time)}
        check = replace(check, signed=signed)
    return check, [*data.findings, *inside, *check.findings]


def _check(data: SignedData, content_digest: Callable[[str], bytes], place: str) -> CmsSignerCheck:
    return check_cms_signer(data.signers[0], data, place=place, content_digest=content_digest)


def _digest_inside(content: bytes, gap: Gap, case: PdfCase, place: str) -> list[Finding]:
    """The old format with SHA-1 over the document, whatever the digest of the CMS around it."""
    weak = check_algorithm(case.policy.algorithms, "sha1", DIGEST, 0, case.moment, place=place)
    findings = [weak] if weak is not None else []
    expected = case.digest(gap, "sha1")
    if content != expected:
        findings.append(
            Finding(
                code=Code.SIGNATURE_DIGEST_MISMATCH,
                place=place,
                expected=f"sha1 {expected.hex()}",
                got=content[:64].hex(),
            )
        )
    return findings
