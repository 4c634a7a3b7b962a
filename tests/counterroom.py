# SPDX-License-Identifier: EUPL-1.2
"""Counter-signatures of every kind for tests: in XAdES inside and beside what they countersign, in CMS one above the other."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree
from signed_bundles import NOW, POLICY, changed, codes, packed, world
from trustroom import DAY, DER, sign
from trustroom import NOW as CMS_NOW

from gateway.codes import Code
from gateway.demo import pki
from gateway.model.trust import Untrusted
from gateway.stages.signature.cms.der import element, elements
from gateway.stages.signature.xmldsig.c14n import EXCLUSIVE, canonicalize
from gateway.stages.signature.xmldsig.names import COUNTER_SIGNATURE_TYPE, SIGNED_PROPERTIES_TYPE, ds, xades

_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_ECDSA = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
_PROPERTIES = ["UnsignedProperties", "UnsignedSignatureProperties"]
Change = Callable[[etree._Element], None]


@dataclass(frozen=True, kw_only=True)
class Counter:
    """How one counter-signature of a XAdES file is made. ``over`` is the Id of the signature whose value it signs."""

    own_id: str = "C1"
    over: str = "S0"
    signer: pki.Identity = field(default_factory=lambda: world().seal)
    moment: datetime = NOW
    type: str | None = COUNTER_SIGNATURE_TYPE
    uri: str | None = None  # None: of the value of ``over``
    transforms: Sequence[str] = (EXCLUSIVE,)
    files: Sequence[str] = ()  # more references, to entries
    before: Change = lambda _: None  # to the signature, before it is made valid
    after: Change = lambda _: None


def value_id(signature_id: str) -> str:
    return f"{signature_id}-SIG"


def by_id(root: etree._Element, own_id: str) -> etree._Element:
    (found,) = root.xpath("//*[@Id = $id]", id=own_id)
    return found


def inside(root: etree._Element, counter: Counter) -> etree._Element:
    """Into the CounterSignature property of the signature that is countersigned."""
    place = next(by_id(root, counter.over).iterchildren(ds("Object")))[0]
    for name in _PROPERTIES:
        found = place.find(xades(name))
        place = etree.SubElement(place, xades(name)) if found is None else found
    return _made(root, etree.SubElement(place, xades("CounterSignature")), counter)


def beside(root: etree._Element, counter: Counter) -> etree._Element:
    """As a further signature of the file."""
    return _made(root, root, counter)


def countersigned(*makers: Change, container: bytes | None = None) -> bytes:
    """A container with counter-signatures, made one after the other."""

    def change(root: etree._Element) -> None:
        for make in makers:
            make(root)

    return changed(container or packed(), change)


def _made(root: etree._Element, parent: etree._Element, counter: Counter) -> etree._Element:
    signature = etree.fromstring(_template(counter))
    parent.append(signature)
    uri = f"#{value_id(counter.over)}" if counter.uri is None else counter.uri
    first = next(signature.iter(ds("Reference")))
    first.set("URI", uri)
    first.set("Id", f"{counter.own_id}-r")
    if counter.type is not None:
        first.set("Type", counter.type)
    counter.before(signature)
    targets = root.xpath("//*[@Id = $id]", id=uri[1:])
    if targets:
        _digest(first, targets[0])
    _digest(list(signature.iter(ds("Reference")))[-1], next(signature.iter(xades("SignedProperties"))))
    info = signature.find(ds("SignedInfo"))
    made = counter.signer.key.sign(canonicalize(info, EXCLUSIVE), ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(made)
    signature.find(ds("SignatureValue")).text = b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()
    counter.after(signature)
    return signature


def _digest(reference: etree._Element, target: etree._Element) -> None:
    digest = sha256(canonicalize(target, EXCLUSIVE)).digest()
    reference.find(ds("DigestValue")).text = b64encode(digest).decode()


def _template(counter: Counter) -> str:
    own, ds_name = counter.own_id, ds("")[1:-1]
    certificate = counter.signer.certificate_der
    files = "".join(
        f'<ds:Reference URI="{name}"><ds:DigestMethod Algorithm="{_SHA256}"/>'
        f"<ds:DigestValue>{b64encode(sha256(name.encode()).digest()).decode()}</ds:DigestValue></ds:Reference>"
        for name in counter.files
    )
    steps = "".join(f'<ds:Transform Algorithm="{name}"/>' for name in counter.transforms)
    transforms = f"<ds:Transforms>{steps}</ds:Transforms>" if steps else ""
    return (
        f'<ds:Signature xmlns:ds="{ds_name}" xmlns:xades="{xades("")[1:-1]}" Id="{own}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/><ds:SignatureMethod Algorithm="{_ECDSA}"/>'
        f'<ds:Reference>{transforms}<ds:DigestMethod Algorithm="{_SHA256}"/><ds:DigestValue/></ds:Reference>{files}'
        f'<ds:Reference Type="{SIGNED_PROPERTIES_TYPE}" URI="#{own}-SP"><ds:Transforms>'
        f'<ds:Transform Algorithm="{EXCLUSIVE}"/></ds:Transforms><ds:DigestMethod Algorithm="{_SHA256}"/>'
        f'<ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue Id="{value_id(own)}"/>'
        f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{b64encode(certificate).decode()}</ds:X509Certificate>"
        f'</ds:X509Data></ds:KeyInfo><ds:Object><xades:QualifyingProperties Target="#{own}">'
        f'<xades:SignedProperties Id="{own}-SP"><xades:SignedSignatureProperties>'
        f"<xades:SigningTime>{counter.moment:%Y-%m-%dT%H:%M:%SZ}</xades:SigningTime><xades:SigningCertificateV2>"
        f'<xades:Cert><xades:CertDigest><ds:DigestMethod Algorithm="{_SHA256}"/><ds:DigestValue>'
        f"{b64encode(sha256(certificate).digest()).decode()}</ds:DigestValue></xades:CertDigest></xades:Cert>"
        f"</xades:SigningCertificateV2></xades:SignedSignatureProperties></xades:SignedProperties>"
        f"</xades:QualifyingProperties></ds:Object></ds:Signature>"
    )


# -- CMS: in bytes, because asn1crypto takes twice as long for every level when it encodes anew -------------------------


def counter_signer(
    signer: pki.Identity, value: bytes, *, keep: Callable[[str], bool] = lambda kind: kind != "content_type"
) -> cms.SignerInfo:
    """A SignerInfo over ``value`` with the signed attributes that ``keep`` names."""
    info = sign(signer, value, claimed=CMS_NOW - DAY)["content"]["signer_infos"][0]
    attributes = cms.CMSAttributes([a for a in info["signed_attrs"] if keep(a["type"].native)])
    info["signed_attrs"] = attributes
    info["signature"] = signer.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256()))
    return cms.SignerInfo.load(info.dump(force=True))


def with_attribute(signer: bytes, oid: bytes, *values: bytes) -> bytes:
    """The SignerInfo (that has none yet) with this unsigned attribute."""
    attribute = element(0x30, oid + element(0x31, b"".join(values)))
    return element(0x30, b"".join(elements(signer)) + element(0xA1, attribute))


def with_counters(signer: bytes, *counters: bytes) -> bytes:
    return with_attribute(signer, _COUNTER_SIGNATURE, *counters)


def countersigned_cms(
    info: cms.ContentInfo, *makers: Callable[[bytes], bytes], certificates: Sequence[pki.Identity] = ()
) -> bytes:
    """The file with counter-signatures; each is made over the value by a function."""
    for identity in certificates:
        for der in (identity.certificate_der, *(c.public_bytes(DER) for c in identity.chain)):
            info["content"]["certificates"].append(cms.CertificateChoices.load(der))
    data = info.dump(force=True)
    signer = cms.ContentInfo.load(data)["content"]["signer_infos"][0]
    counters = [make(signer["signature"].native) for make in makers]
    return respliced(data, signer.dump(), with_counters(signer.dump(), *counters))


def respliced(data: bytes, old: bytes, new: bytes) -> bytes:
    """The encoding with one element exchanged for another."""
    if data == old:
        return new
    if not data[0] & 0x20 or old not in data:
        return data
    return element(data[0], b"".join(respliced(part, old, new) for part in elements(data)))


_COUNTER_SIGNATURE = bytes.fromhex("06092a864886f70d010906")


FORMS = pytest.mark.parametrize("place", [inside, beside], ids=["inside", "beside"])
LENIENT = replace(POLICY, untrusted_counter_signatures=Untrusted.WARNING)
OTHER = world().issuing.seal("Notarkammer")
OPEN = (
    "INDETERMINATE",
    "SIG_CONSTRAINTS_FAILURE",
    "intact",
)  # the whole, for a counter-signature that anybody may have added
STRANGER = pki.root("Unbekannte Wurzel").seal("Unbekannte Kammer")


def put(place, **how):
    return lambda root: place(root, Counter(**{"signer": OTHER, **how}))


def only_counter(report):
    (signature,) = report.signatures
    (counter,) = signature.counter_signatures
    return counter


def said(report):
    return report.indication, report.sub_indication, report.integrity


def refused(report):
    assert "TOTAL-PASSED" == report.signatures[0].indication
    assert "TOTAL-PASSED" != report.indication
    assert Code.COUNTER_SIGNATURE_INVALID in codes(report)
    return only_counter(report)


def other_value(signature: etree._Element) -> None:
    value = signature.find(ds("SignatureValue"))
    value.text = ("A" if value.text[0] != "A" else "B") + value.text[1:]
