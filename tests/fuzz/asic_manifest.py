# SPDX-License-Identifier: EUPL-1.2
"""Both manifests of META-INF: what is read of them, expat reads too."""

from base64 import b64decode
from collections.abc import Mapping
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pdfroom

from fuzz import xml_mutator
from fuzz.contract import ACCEPTED, REFUSED, Target, must
from fuzz.second_xml_reader import second_reading
from fuzz.trust import POLICY
from gateway.policy import XmlPolicy
from gateway.stages.container.manifest import manifest_faults, read_manifest
from gateway.stages.signature.asic_manifest import AsicManifest, read_manifests

PLACE, SIGNATURE = "META-INF/ASiCManifest001.xml", "META-INF/signature001.p7s"
_DS = "{http://www.w3.org/2000/09/xmldsig#}"
_ROW = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
_SHA256 = b"http://www.w3.org/2001/04/xmlenc#sha256"
_DIGEST = b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def judge(data: bytes) -> str:
    manifests, findings = read_manifests({PLACE: data, SIGNATURE: b""}, xml=XmlPolicy(), policy=POLICY)
    must(manifests or findings, "neither a manifest nor a finding")
    for manifest in manifests:
        _same_manifest(manifest, second_reading(data))
    return _listing(data) if not manifests or findings else ACCEPTED


def _same_manifest(manifest: AsicManifest, other: ET.Element | None) -> None:
    if other is None:
        return
    namespace = other.tag[: other.tag.index("}") + 1]
    rows = [
        (row.get("URI", ""), b64decode("".join(row.find(f"{_DS}DigestValue").itertext())))
        for row in other.findall(f"{namespace}DataObjectReference")
    ]
    must(rows == [(reference.uri, reference.value) for reference in manifest.references], "other references")
    must(unquote(other.find(f"{namespace}SigReference").get("URI")) == manifest.signature, "other signature")
    must(manifest.signature.startswith("META-INF/"), "a signature outside META-INF")


def _listing(data: bytes) -> str:
    listing = read_manifest(data)
    if listing.findings:
        return REFUSED
    other = second_reading(data)
    if other is not None:
        rows = {
            row.get(f"{_ROW}full-path"): row.get(f"{_ROW}media-type", "")
            for row in other.iter(f"{_ROW}file-entry")
        }
        must(listing.media_types | _own_row(listing.container_type) == rows, "other rows")
    faults = tuple(manifest_faults(listing, frozenset({"a.xml"}), "application/zip"))
    return REFUSED if faults else ACCEPTED


def _own_row(container_type: str | None) -> dict[str, str]:
    return {} if container_type is None else {"/": container_type}


def _asic(body: bytes, version: bytes = b"2918/v1.2.1") -> bytes:
    return (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<ASiCManifest xmlns="http://uri.etsi.org/0'
        + version
        + b'#" '
        b'xmlns:ds="http://www.w3.org/2000/09/xmldsig#">' + body + b"</ASiCManifest>"
    )


def _reference(name: bytes, algorithm: bytes = _SHA256, digest: bytes = _DIGEST) -> bytes:
    return (
        b'<DataObjectReference URI="' + name + b'" MimeType="application/pdf"><ds:DigestMethod Algorithm="'
        + algorithm + b'"/><ds:DigestValue>' + digest + b"</ds:DigestValue></DataObjectReference>"
    )  # fmt: skip


def _rows(*names: bytes, root: bytes = b"manifest") -> bytes:
    rows = b"".join(
        b'<m:file-entry m:full-path="' + name + b'" m:media-type="application/zip"/>' for name in names
    )
    return (
        b"<m:" + root + b' xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        + rows + b"</m:" + root + b">"
    )  # fmt: skip


def seeds(_: pdfroom.PdfRoom) -> Mapping[str, bytes]:
    to = b'<SigReference URI="META-INF/signature001.p7s" MimeType="application/x-pkcs7-signature"/>'
    one = _reference(b"a.xml")
    return {
        "accepted-one": _asic(to + one),
        "accepted-escaped": _asic(to + one + _reference(b"Lebenslauf%20f%C3%BCr.pdf")),
        "accepted-rows": _rows(b"/", b"a.xml"),
        "accepted-rows-alone": _rows(b"a.xml", b"META-INF/signatures.xml"),
        "refused-no-signature": _asic(one),
        "refused-two-signatures": _asic(to + to + one),
        "refused-other-signature": _asic(to.replace(b"001", b"002") + one),
        "refused-outside": _asic(to.replace(b"META-INF/", b"") + one),
        "refused-sha1": _asic(to + _reference(b"a.xml", b"http://www.w3.org/2000/09/xmldsig#md5")),
        "refused-base64": _asic(to + _reference(b"a.xml", digest=b"4$==")),
        "refused-comment": _asic(to + _reference(b"a.xml", digest=b"47DE<!-- -->Qpj8")),
        "refused-namespace": _asic(to + one, b"0000"),
        "refused-doctype": b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + _rows(b"a.xml"),
        "refused-rows-twice": _rows(b"a.xml", b"a.xml"),
        "refused-rows-missing": _rows(b"b.xml"),
        "refused-rows-root": _rows(b"a.xml", root=b"file-entry"),
        "refused-latin-1-behind-a-mark": b"\xef\xbb\xbf"
        + _asic(to + one).replace(b"UTF-8", b"ISO-8859-1").replace(b"a.xml", "ä.xml".encode()),
        "refused-empty": b"",
    }


TARGET = Target(
    name="asic_manifest",
    judge=judge,
    seeds=seeds,
    words=(
        *(b"ASiCManifest", b"SigReference", b"DataObjectReference", b"ds:DigestMethod", b"ds:DigestValue"),
        *(b"http://uri.etsi.org/02918/v1.2.1#", b"http://uri.etsi.org/2918/v1.2.1#", _SHA256, b"META-INF/"),
        *(
            b"m:manifest",
            b"m:file-entry",
            b"m:full-path=",
            b"m:media-type=",
            b"xmlns=",
            b"URI=",
            b"Algorithm=",
        ),
        *(
            b"<!--",
            b"-->",
            b"<![CDATA[",
            b"]]>",
            b"&#xA;",
            b"&amp;",
            b"<?",
            b"?>",
            b"xml:base=",
            b"%2F",
            b"%00",
        ),
    ),
    mutate=xml_mutator.mutated,
    neighbours=r"META-INF/(?i:asicmanifest.*|manifest)\.xml",
    max_bytes=8 * 1024,
)
