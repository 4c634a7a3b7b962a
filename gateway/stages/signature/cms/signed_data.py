# SPDX-License-Identifier: EUPL-1.2
"""CMS SignedData (RFC 5652) read strictly: its certificates, revocation data, content and SignerInfos.

Leaves out every judgement: ``cms.signer`` checks a SignerInfo, ``cms.cades`` and ``cms.timestamps`` judge it.
"""

from dataclasses import dataclass
from typing import Any

from asn1crypto import cms

from gateway.codes import Code
from gateway.errors import Unreadable
from gateway.findings import Finding
from gateway.stages.signature.certificates.certificate import contained
from gateway.stages.signature.certificates.encoding import bounded
from gateway.stages.signature.cms.der import element, non_der

_MAX_SIGNERS = 16
MAX_CERTIFICATES = 64  # real ones bring eight
NO_CONTENT_TYPE = "none"  # of what a counter-signature signs (RFC 5652 clause 11.4)
_OCSP_RESPONSE, _OCSP_BASIC = "1.3.6.1.5.5.7.16.2", "1.3.6.1.5.5.7.48.1.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedData:
    """A SignedData whose outer structure was read; nothing in it is believed."""

    content_type: str
    content: bytes | None  # eContent, None when detached
    certificates: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    ocsps: tuple[bytes, ...]
    signers: tuple[cms.SignerInfo, ...]
    findings: tuple[Finding, ...]


def read_signed_data(data: bytes, *, place: str) -> SignedData:
    """The SignedData in a ContentInfo. Raises ``Rejected`` with ``CMS_STRUCTURE`` when it cannot be read at all."""
    return contained(
        lambda: _read(bytes(data), place),
        code=Code.CMS_STRUCTURE,
        place=place,
        expected="CMS SignedData in DER",
    )


def _read(data: bytes, place: str) -> SignedData:
    findings = []
    strange = non_der(data)
    if strange:
        got = strange
        findings.append(Finding(code=Code.CMS_STRUCTURE, place=place, expected="DER encoding", got=got))
    info = cms.ContentInfo.load(bounded(data), strict=True)
    if info["content_type"].native != "signed_data":
        raise Unreadable(f"content type {info['content_type'].native}")
    body = info["content"]
    inner = body["encap_content_info"]
    signers = tuple(body["signer_infos"])
    if not signers or len(signers) > _MAX_SIGNERS:
        raise Unreadable(f"{len(signers)} SignerInfos")
    crls, ocsps = _revocation_data(body["crls"])
    content = inner["content"]
    return SignedData(
        content_type=inner["content_type"].dotted,
        content=None if content.native is None else bytes(content),
        certificates=tuple(
            c.chosen.dump()
            for c in list(body["certificates"] or ())[:MAX_CERTIFICATES]
            if c.name == "certificate"
        ),
        crls=crls,
        ocsps=ocsps,
        signers=signers,
        findings=tuple(findings),
    )


def _revocation_data(choices: Any) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """CRLs, and OCSP responses either whole (RFC 5940) or bare basic ones, as DSS writes them."""
    crls, ocsps = [], []
    for choice in choices or ():
        if choice.name == "crl":
            crls.append(choice.chosen.dump())
        elif choice.chosen["other_rev_info_format"].dotted == _OCSP_RESPONSE:
            ocsps.append(choice.chosen["other_rev_info"].dump())
        elif choice.chosen["other_rev_info_format"].dotted == _OCSP_BASIC:
            ocsps.append(_whole_response(choice.chosen["other_rev_info"].dump()))
    return tuple(crls), tuple(ocsps)


def _whole_response(basic: bytes) -> bytes:
    """OCSPResponse { successful, { id-pkix-ocsp-basic, basic } } around a BasicOCSPResponse."""
    oid = bytes.fromhex("06092b0601050507300101")
    inner = element(0xA0, element(0x30, oid + element(0x04, basic)))
    return element(0x30, b"\x0a\x01\x00" + inner)
