# SPDX-License-Identifier: EUPL-1.2
"""A XAdES signature file over two fixed files: what we call intact, libxmlsec accepts, and no longer with another file."""

import io
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from hashlib import new as new_digest

import pdfroom
import trustroom
from foreign_xmldsig import libxmlsec_accepts
from signed_bundles import signing_identity

from fuzz import xml_mutator
from fuzz.contract import ACCEPTED, REFUSED, Target, must, nothing_unforeseen
from fuzz.trust import NOW, POLICY, store
from gateway.findings import blocking
from gateway.model.bundle import ContainerForm, Digested, Entry, Method, Opened
from gateway.model.signature import Indication, Integrity, Trust, VerificationReport
from gateway.model.source import MemorySource
from gateway.packing import PackedFile, pack_bundle
from gateway.policy import XmlPolicy
from gateway.stages.signature import Signatures, judge_signatures, read_signatures
from gateway.stages.signature.xades.reading import XadesSignature
from gateway.stages.signature.xades.signer import check_signer

PLACE = "META-INF/signatures0.xml"
FILES = {"dossier.xml": b"<dossier/>", "Zeugnis für Łucja.pdf": b"%PDF-1.7 Zeugnis"}
OTHERS = FILES | {"dossier.xml": b"<dossies/>"}


def judge(data: bytes) -> str:
    signatures = read_signatures(_opened(data), xml=XmlPolicy(), policy=POLICY)
    report = _report(signatures, data, FILES)
    nothing_unforeseen(report.findings)
    if report.integrity is Integrity.INTACT:
        _intact(signatures, data)
    if report.indication is not Indication.TOTAL_PASSED:
        return REFUSED
    passed = (report.integrity, report.trust, blocking(report.findings))
    must(passed == (Integrity.INTACT, Trust.TRUSTED, ()), f"passed with {passed}")
    return ACCEPTED


def _intact(signatures: Signatures, data: bytes) -> None:
    changed = _report(signatures, data, OTHERS)
    must(changed.integrity is Integrity.BROKEN, "another file under it, and still intact")
    for signature in signatures.xades:
        must(isinstance(signature, XadesSignature), "unread, and still intact")
        certificate = check_signer(signature).certificate
        accepted = libxmlsec_accepts(signature.element, FILES, certificate.der)
        must(accepted, "intact for us, not for libxmlsec")


def _opened(data: bytes) -> Opened:
    entries = tuple(
        Entry(name=name, method=Method.STORED, compressed_size=size, size=size, crc32=0, data_offset=0)
        for name, size in [*((name, len(content)) for name, content in FILES.items()), (PLACE, len(data))]
    )
    return Opened(
        source=MemorySource(b""), form=ContainerForm.ASIC_E, entries=entries, meta={PLACE: data}, comment=b""
    )


def _report(signatures: Signatures, data: bytes, files: Mapping[str, bytes]) -> VerificationReport:
    digests = {
        name: {
            algorithm: new_digest(algorithm, content).digest()
            for algorithm in signatures.digest_algorithms | {"sha256"}
        }
        for name, content in files.items()
    }
    digested = Digested(opened=_opened(data), digests=digests, heads=dict.fromkeys(files, b""), kept={})
    return judge_signatures(signatures, digested, trust=store(), policy=POLICY, moment=NOW)


def _signed(room: pdfroom.PdfRoom, files: Mapping[str, bytes] = FILES, **options) -> bytes:
    out = io.BytesIO()
    packed = [PackedFile.of(name, "application/octet-stream", data) for name, data in files.items()]
    identity = signing_identity(room.seal)
    pack_bundle(out, packed, identity=identity, moment=NOW - timedelta(hours=2), **options)
    with zipfile.ZipFile(out) as archive:
        return archive.read(PLACE)


def seeds(room: pdfroom.PdfRoom) -> Mapping[str, bytes]:
    plain, hour = _signed(room), timedelta(hours=1)
    exclusive = b"http://www.w3.org/2001/10/xml-exc-c14n#"
    start = plain.index(b"<ds:Signature ")
    element = plain[start : plain.index(b"</ds:Signature>") + len(b"</ds:Signature>")]
    return {
        "accepted-b-b": plain,
        "accepted-b-t": _signed(room, timestamper=lambda i: trustroom.stamp(room.unit, i, NOW - hour)),
        "accepted-old-stamp": _signed(
            room, timestamper=lambda i: trustroom.stamp(room.unit, i, NOW - 3 * hour)
        ),
        "refused-other-stamp": _signed(
            room, timestamper=lambda i: trustroom.stamp(room.unit, b"x" * 32, NOW - hour)
        ),
        "refused-other-file": _signed(room, OTHERS),
        "refused-one-file": _signed(room, {"dossier.xml": FILES["dossier.xml"]}),
        "refused-inclusive": plain.replace(exclusive, b"http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        "refused-comments": plain.replace(exclusive, exclusive + b"WithComments"),
        "refused-twice": plain.replace(element, element * 2),
        "refused-comment": plain.replace(b"</ds:DigestValue>", b"<!-- --></ds:DigestValue>", 1),
        "refused-no-key": plain.replace(b"ds:KeyInfo>", b"ds:Object>"),
        "refused-cut": plain[: len(plain) // 2],
        "refused-root": element,
    }


TARGET = Target(
    name="xades_files",
    judge=judge,
    seeds=seeds,
    words=(
        *(
            b"<ds:Object>",
            b"</ds:Object>",
            b"<ds:Manifest>",
            b"<ds:Transforms>",
            b"<ds:Transform Algorithm=",
            b"/>",
        ),
        *(
            b"<ds:Reference URI=",
            b"</ds:Reference>",
            b"<ds:SignedInfo>",
            b"</ds:SignedInfo>",
            b"<ds:X509Data>",
        ),
        *(
            b"<xades:UnsignedProperties>",
            b"<xades:CounterSignature>",
            b"<xades:SignatureTimeStamp>",
            b"Id=",
            b"Target=",
        ),
        *(
            b"http://www.w3.org/2001/10/xml-exc-c14n#",
            b"http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
            b"#xpointer(",
        ),
        *(
            b"http://www.w3.org/2006/12/xml-c14n11",
            b"http://www.w3.org/2000/09/xmldsig#base64",
            b"PrefixList=",
        ),
        *(b"http://www.w3.org/2001/04/xmlenc#sha512", b"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"),
        *(
            b"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            b"http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        ),
        *(
            b"<!--",
            b"-->",
            b"<![CDATA[",
            b"]]>",
            b"&#xD;",
            b"&#x9;",
            b"<?x?>",
            b"xmlns=",
            b"xmlns:ds=",
            b"xml:lang=",
        ),
    ),
    mutate=xml_mutator.mutated,
    neighbours=r"META-INF/(?i:.*signatures.*)\.xml",
)
