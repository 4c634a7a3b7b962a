# SPDX-License-Identifier: EUPL-1.2
"""Manifests of CMS signatures, read by themselves: what each may hold, and what is told of the others."""

from base64 import b64encode
from dataclasses import replace
from hashlib import sha256

import pytest
from signed_bundles import POLICY

from gateway.codes import Code
from gateway.findings import Severity
from gateway.policy import XmlPolicy
from gateway.stages.signature.asic_manifest import read_manifests
from gateway.stages.signature.coverage import DataReference
from gateway.stages.signature.reading import failure
from gateway.stages.signature.xmldsig.names import ASIC, ASIC_DRAFT, DS

NAME, SIGNATURE = "META-INF/ASiCManifest001.xml", "META-INF/signature001.p7s"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
DIGEST = sha256(b"<a/>").digest()
VALUE = b64encode(DIGEST).decode()


def data_object(uri="a.xml", *, method=SHA256, value=VALUE):
    return (
        f'<DataObjectReference URI="{uri}"><ds:DigestMethod Algorithm="{method}"/>'
        f"<ds:DigestValue>{value}</ds:DigestValue></DataObjectReference>"
    )


def manifest(body=None, *, signature=SIGNATURE, namespace=ASIC, root="ASiCManifest"):
    inner = data_object() if body is None else body
    return (
        f'<{root} xmlns="{namespace}" xmlns:ds="{DS}"><SigReference URI="{signature}"/>{inner}</{root}>'
    ).encode()


def read(meta, **policy):
    return read_manifests(meta, xml=XmlPolicy(), policy=replace(POLICY, **policy))


def told(meta, **policy):
    return [(f.code, f.place, f.expected, f.got) for f in read(meta, **policy)[1]]


@pytest.mark.parametrize("namespace", [ASIC, ASIC_DRAFT])
def test_a_manifest_names_its_signature_and_digests_its_files(namespace):
    data = manifest(namespace=namespace)
    (found,), findings = read({NAME: data, SIGNATURE: b""})
    assert () == findings
    assert (NAME, data, SIGNATURE) == (found.place, found.data, found.signature)
    assert (DataReference(uri="a.xml", digest="sha256", value=DIGEST, place=NAME),) == found.references


def test_other_files_of_meta_inf_are_no_manifests():
    assert ((), ()) == read({"META-INF/manifest.xml": b"<a/>", SIGNATURE: b""})


EXTENSION = (
    '<ASiCManifestExtensions><Extension Critical="{}"><Neu/><Weiter/></Extension></ASiCManifestExtensions>'
)


@pytest.mark.parametrize(
    ("data", "expected", "got"),
    [
        (manifest(root="Manifest"), "an ASiCManifest", "Manifest"),
        (manifest(namespace="urn:x"), "an ASiCManifest", "ASiCManifest"),
        (manifest(""), "1 to 2 data objects", "0"),
        (manifest(data_object() * 3), "1 to 2 data objects", "3"),
        (manifest(signature="a.p7s"), "a signature in META-INF", "a.p7s"),
        (manifest(data_object() + EXTENSION.format("true")), "no critical extension", "Neu, Weiter"),
        (manifest(data_object() + EXTENSION.format("1")), "no critical extension", "Neu, Weiter"),
    ],
)
def test_a_manifest_outside_the_form_is_told(data, expected, got):
    assert [(Code.MANIFEST_MALFORMED, NAME, expected, got)] == told(
        {NAME: data, SIGNATURE: b""}, max_references=2
    )


@pytest.mark.parametrize("critical", ["false", "0", ""])
def test_an_extension_that_is_not_critical_is_passed_over(critical):
    assert [] == told({NAME: manifest(data_object() + EXTENSION.format(critical)), SIGNATURE: b""})
    assert [] == told({NAME: manifest(data_object() * 2), SIGNATURE: b""}, max_references=2)


@pytest.mark.parametrize(
    ("data", "code", "expected", "got"),
    [
        (
            manifest(data_object(method="urn:md5")),
            Code.SIGNATURE_ALGORITHM,
            "a known digest algorithm",
            "urn:md5",
        ),
        (manifest(data_object(value="!")), Code.SIGNATURE_STRUCTURE, "base64 in DigestValue", ""),
        (
            manifest(f"<SigReference/>{data_object()}"),
            Code.SIGNATURE_STRUCTURE,
            "exactly one SigReference in ASiCManifest",
            "2",
        ),
        (
            manifest('<DataObjectReference URI="a.xml"/>'),
            Code.SIGNATURE_STRUCTURE,
            "exactly one DigestMethod in DataObjectReference",
            "0",
        ),
        (manifest(signature="/a"), Code.SIGNATURE_REFERENCE, "the relative name of an entry", "/a"),
    ],
)
def test_a_part_of_a_manifest_that_cannot_be_read_is_told_at_the_manifest(data, code, expected, got):
    assert [(code, NAME, expected, got)] == told({NAME: data, SIGNATURE: b""})


def test_two_manifests_for_one_signature_and_one_for_none_are_told():
    second = "META-INF/ASiCManifest002.xml"
    assert [(Code.MANIFEST_MISMATCH, second, "one manifest for each signature", SIGNATURE)] == told(
        {second: manifest(), NAME: manifest(), SIGNATURE: b""}
    )
    assert [(Code.MANIFEST_MISMATCH, NAME, "a signature of this name", SIGNATURE)] == told({NAME: manifest()})


def test_one_that_cannot_be_read_hides_none_of_the_others():
    second = "META-INF/ASiCManifest002.xml"
    manifests, findings = read({NAME: b"<a>", second: manifest(), SIGNATURE: b""})
    assert ([second], [NAME]) == ([m.place for m in manifests], [f.place.split(",")[0] for f in findings])


def test_a_fault_nobody_foresaw_is_told_by_its_kind():
    finding = failure("here", KeyError("x"))
    assert (
        Code.VERIFICATION_FAILED,
        Severity.UNKNOWN,
        "here",
        "a signature that can be judged",
        "an unforeseen fault (KeyError)",
    ) == (finding.code, finding.severity, finding.place, finding.expected, finding.got)
