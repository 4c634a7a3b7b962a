# SPDX-License-Identifier: EUPL-1.2
"""Containers that break a rule of ASiC in one way each: cases for several tests."""

from zip_forge import ASIC_E, ASIC_S, File, mimetype

from gateway.codes import Code

SIGNATURE = File(name="META-INF/signatures0.xml", data=b"<asic/>")
DOCUMENT = File(name="a.xml")
NAMESPACE = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"


def manifest(*rows, root="manifest"):
    entries = "".join(f'<m:file-entry m:full-path="{path}" m:media-type="{kind}"/>' for path, kind in rows)
    return File(
        name="META-INF/manifest.xml", data=f'<m:{root} xmlns:m="{NAMESPACE}">{entries}</m:{root}>'.encode()
    )


MIMETYPES = {
    "missing": (DOCUMENT, SIGNATURE),
    "not first": (DOCUMENT, mimetype(), SIGNATURE),
    "after a folder": (File(name="META-INF/", data=b"", method=0), mimetype(), DOCUMENT, SIGNATURE),
    "deflated": (mimetype(method=8), DOCUMENT, SIGNATURE),
    "with extra field": (mimetype(extra=b"UT\x01\x00\x00"), DOCUMENT, SIGNATURE),
    "with local extra field": (mimetype(local_extra=b"UT\x01\x00\x00"), DOCUMENT, SIGNATURE),
    "other value": (mimetype(b"text/plain"), DOCUMENT, SIGNATURE),
    "line end": (mimetype(ASIC_E + b"\r\n"), DOCUMENT, SIGNATURE),
    "trailing space": (mimetype(ASIC_E + b" "), DOCUMENT, SIGNATURE),
    "capital letter": (mimetype(ASIC_E.replace(b"asic", b"ASiC")), DOCUMENT, SIGNATURE),
}

META = {
    "META-INF/signatures.xml": False,
    "META-INF/mysignatures-1.xml": False,
    "META-INF/ASiCEvidenceRecordManifest001.xml": False,
    "META-INF/ASiCArchiveManifest.xml": False,
    "META-INF/evidencerecord.ers": False,
    "META-INF/container.xml": False,
    "META-INF/metadata.xml": False,
    "META-INF/hashchain.xml": False,
    "META-INF/.DS_Store": True,
    "META-INF/signature.malformed": True,
    "META-INF/sub/signatures.xml": True,
    "META-INF/dossier.xml": True,
}


def meta(*names):
    return [File(name=f"META-INF/{name}", data=b"<x/>") for name in names]


FORMS = {
    "two data objects in ASiC-S": (mimetype(ASIC_S), DOCUMENT, File(name="b"), *meta("signatures.xml")),
    "data object of ASiC-S in a folder": (mimetype(ASIC_S), File(name="x/a"), *meta("signatures.xml")),
    "ASiCManifest in ASiC-S": (mimetype(ASIC_S), DOCUMENT, *meta("signature.p7s", "ASiCManifest1.xml")),
    "time-stamp and signature in ASiC-S": (
        mimetype(ASIC_S),
        DOCUMENT,
        *meta("signature.p7s", "timestamp.tst"),
    ),
    "time-stamp and evidence record in ASiC-S": (
        mimetype(ASIC_S),
        DOCUMENT,
        *meta("evidencerecord.xml", "timestamp.tst"),
    ),
    "XAdES and CAdES in ASiC-E": (
        mimetype(),
        DOCUMENT,
        *meta("signatures.xml", "signature.p7s", "ASiCManifest.xml"),
    ),
    "CAdES without ASiCManifest in ASiC-E": (mimetype(), DOCUMENT, *meta("signature001.p7s")),
    "time-stamp without ASiCManifest in ASiC-E": (mimetype(), DOCUMENT, *meta("timestamp.tst")),
}

MISMATCHES = {
    "row without file": [("a.xml", "text/xml"), ("b.xml", "text/xml")],
    "file without row": [],
    "two rows for one file": [("a.xml", "text/xml"), ("a.xml", "text/plain")],
    "two rows for the container": [("/", "x"), ("/", ASIC_E.decode()), ("a.xml", "text/xml")],
    "row of another case": [("A.xml", "text/xml")],
    "row without a name": [("a.xml", "text/xml"), ("", "text/xml")],
    "row in a folder": [("./a.xml", "text/xml")],
}

BROKEN_MANIFESTS = {
    "no XML": (b"text", Code.XML_MALFORMED),
    "document type": (b'<!DOCTYPE m [<!ENTITY x "y">]><m/>', Code.XML_DOCTYPE),
    "other root": (b"<manifest/>", Code.MANIFEST_MALFORMED),
    "row without path": (
        f'<manifest xmlns="{NAMESPACE}"><file-entry/></manifest>'.encode(),
        Code.MANIFEST_MALFORMED,
    ),
}

LOOK_ALIKES = {
    name: (DOCUMENT, File(name=name))
    for name in ("Mimetype", "meta-inf/signatures.xml", "Meta-Inf/x", "META-INF", "mimetype/a")
}


def _wrong(name):
    return File(name=name, data=b"<x/>", local={"crc": 7}, central={"crc": 7})


# Odd values that manifest.xml and mimetype can have side by side.
ODD_TYPES = {
    "mimetype that is no text": (
        mimetype(b"asic/\xff"),
        DOCUMENT,
        SIGNATURE,
        manifest(("/", "x"), ("a.xml", "y")),
    ),
    "mimetype with space around, and a type row": (
        mimetype(b" " + ASIC_E + b"\n"),
        DOCUMENT,
        SIGNATURE,
        manifest(("/", ASIC_E.decode()), ("a.xml", "")),
    ),
    "mimetype without end": (mimetype(b"x" * 150), DOCUMENT, SIGNATURE),
    "no mimetype, and a type row": (DOCUMENT, SIGNATURE, manifest(("/", "x"), ("a.xml", "y"))),
    "type row without a type": (
        mimetype(),
        DOCUMENT,
        SIGNATURE,
        File(
            name="META-INF/manifest.xml",
            data=f'<manifest xmlns="{NAMESPACE}" xmlns:m="{NAMESPACE}"><file-entry m:full-path="/"/>'
            f'<file-entry m:full-path="a.xml"/></manifest>'.encode(),
        ),
    ),
}

# What keeps the container from being read at all, or one file of it.
DAMAGED = {
    "nothing inside": (),
    "mimetype alone": (mimetype(),),
    "signature alone": (mimetype(), SIGNATURE),
    "two damaged signatures": (
        mimetype(),
        DOCUMENT,
        _wrong("META-INF/signatures0.xml"),
        _wrong("META-INF/signatures1.xml"),
    ),
    "damaged signature, two data objects": (
        mimetype(ASIC_S),
        DOCUMENT,
        File(name="b"),
        _wrong("META-INF/signatures.xml"),
    ),
    "damaged document": (mimetype(), _wrong("a.xml"), SIGNATURE),
    "META-INF file beyond its bound": (DOCUMENT, File(name="META-INF/signatures.xml", data=b"x" * 2001)),
    "META-INF files beyond their bound": (
        DOCUMENT,
        *(File(name=f"META-INF/signatures{n}.xml", data=b"x" * 1700) for n in range(3)),
    ),
}
