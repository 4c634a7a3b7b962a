# SPDX-License-Identifier: EUPL-1.2
"""ASiC rules on top of the zip reader: mimetype, META-INF, form, and the manifest in both directions."""

from dataclasses import replace

import pytest
from asic_cases import (
    BROKEN_MANIFESTS,
    DOCUMENT,
    FORMS,
    LOOK_ALIKES,
    META,
    MIMETYPES,
    MISMATCHES,
    ODD_TYPES,
    SIGNATURE,
    manifest,
    meta,
)
from zip_forge import ASIC_E, ASIC_S, File, asic, forge, mimetype

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Severity
from gateway.model.bundle import ContainerForm
from gateway.model.source import MemorySource
from gateway.policy import ContainerPolicy, Reaction
from gateway.stages.container import open_container

POLICY = ContainerPolicy()


def opened(*files, policy=POLICY):
    return open_container(MemorySource(forge(files)), policy=policy)


def found(*files, policy=POLICY):
    return {(finding.code, finding.severity) for finding in opened(*files, policy=policy).findings}


def test_container_in_good_order_has_no_findings():
    value = opened(*asic(DOCUMENT), manifest(("/", ASIC_E.decode()), ("a.xml", "text/xml")))
    assert value.findings == ()
    assert value.form is ContainerForm.ASIC_E
    assert [entry.name for entry in value.payload] == ["a.xml"]
    assert value.meta["META-INF/signatures0.xml"] == b"<asic/>"
    assert value.meta["mimetype"] == ASIC_E
    assert value.media_types == {"a.xml": "text/xml"}
    assert "a.xml" not in value.meta


def test_a_row_without_a_type_is_a_row():
    assert opened(*ODD_TYPES["type row without a type"]).media_types == {"a.xml": ""}


@pytest.mark.parametrize("reaction", Reaction)
@pytest.mark.parametrize("case", MIMETYPES)
def test_broken_mimetype_rule_weighs_what_the_policy_says(case, reaction):
    expected = set() if reaction is Reaction.IGNORE else {(Code.CONTAINER_MIMETYPE_RULE, Severity(reaction))}
    assert found(*MIMETYPES[case], policy=replace(POLICY, mimetype=reaction)) == expected


def test_every_broken_mimetype_rule_is_named():
    value = opened(DOCUMENT, mimetype(b"x", method=8, extra=b"UT\x01\x00\x00"), SIGNATURE)
    assert len(value.findings) == 4


@pytest.mark.parametrize("reaction", Reaction)
@pytest.mark.parametrize("name", META)
def test_unknown_file_in_meta_inf_weighs_what_the_policy_says(name, reaction):
    expected = set()
    if META[name] and reaction is not Reaction.IGNORE:
        expected = {(Code.CONTAINER_META_UNKNOWN, Severity(reaction))}
    policy = replace(POLICY, unknown_meta=reaction)
    assert found(*asic(DOCUMENT), File(name=name, data=b"<x/>"), policy=policy) == expected


@pytest.mark.parametrize("case", FORMS)
def test_container_of_no_form_or_two_is_told(case):
    assert found(*FORMS[case]) == {(Code.CONTAINER_TYPE, Severity.ERROR)}


GOOD_FORMS = {
    "ASiC-E CAdES": (
        (mimetype(), DOCUMENT, *meta("signature.p7s", "asicmanifest.xml")),
        ContainerForm.ASIC_E,
    ),
    "ASiC-S XAdES": ((mimetype(ASIC_S), DOCUMENT, *meta("signatures.xml")), ContainerForm.ASIC_S),
    "ASiC-S time-stamps": (
        (mimetype(ASIC_S), DOCUMENT, *meta("timestamp.tst", "timestamp002.tst", "ASiCArchiveManifest.xml")),
        ContainerForm.ASIC_S,
    ),
    "ASiC-E by line end": ((mimetype(ASIC_E + b"\n"), DOCUMENT, SIGNATURE), ContainerForm.ASIC_E),
    "undeclared, one object, signatures.xml": ((DOCUMENT, *meta("signatures.xml")), ContainerForm.ASIC_S),
    "undeclared, one object, signature.p7s": ((DOCUMENT, *meta("signature.p7s")), ContainerForm.ASIC_S),
    "undeclared, one object, time-stamp": ((DOCUMENT, *meta("timestamp.tst")), ContainerForm.ASIC_S),
    "undeclared, one object, signatures0.xml": ((DOCUMENT, SIGNATURE), ContainerForm.ASIC_E),
    "undeclared, two objects": ((DOCUMENT, File(name="b"), SIGNATURE), ContainerForm.ASIC_E),
    "undeclared, manifest": ((DOCUMENT, *meta("signature.p7s", "ASiCManifest.xml")), ContainerForm.ASIC_E),
    "undeclared, two objects, signatures.xml": (
        (DOCUMENT, File(name="b"), *meta("signatures.xml")),
        ContainerForm.ASIC_E,
    ),
    "undeclared, two objects, time-stamp": (
        (DOCUMENT, File(name="b"), *meta("timestamp.tst", "ASiCManifest.xml")),
        ContainerForm.ASIC_E,
    ),
    "no signature": ((DOCUMENT,), ContainerForm.OTHER),
    "two objects, no signature": ((DOCUMENT, File(name="b")), ContainerForm.OTHER),
}


@pytest.mark.parametrize("case", GOOD_FORMS)
def test_form_is_told_by_mimetype_or_structure(case):
    files, form = GOOD_FORMS[case]
    value = opened(*files, policy=replace(POLICY, mimetype=Reaction.IGNORE))
    assert (value.form, value.findings) == (form, ())


@pytest.mark.parametrize("files", [(), (mimetype(),), (mimetype(), SIGNATURE)])
def test_container_without_payload_is_refused(files):
    with pytest.raises(Rejected) as caught:
        opened(*files)
    assert caught.value.findings[0].code is Code.CONTAINER_EMPTY


@pytest.mark.parametrize("case", MISMATCHES)
def test_manifest_that_contradicts_the_container_is_told(case):
    assert (Code.MANIFEST_MISMATCH, Severity.ERROR) in found(*asic(DOCUMENT), manifest(*MISMATCHES[case]))


def test_manifest_is_compared_in_both_directions_to_the_end():
    value = opened(*asic(DOCUMENT, File(name="b.xml")), manifest(("c.xml", ""), ("d.xml", "")))
    places = [finding.place.removeprefix("META-INF/manifest.xml: ") for finding in value.findings]
    assert places == ["c.xml", "d.xml", "a.xml", "b.xml"]


def test_rows_for_folders_and_meta_inf_are_nobodys_business():
    rows = [("a.xml", "text/xml"), ("META-INF/", ""), ("META-INF/x.xml", ""), ("mimetype", ""), ("docs/", "")]
    assert found(*asic(DOCUMENT), manifest(*rows)) == set()


def test_type_row_that_contradicts_mimetype_is_a_warning():
    rows = [("/", ASIC_S.decode()), ("a.xml", "text/xml")]
    assert found(*asic(DOCUMENT), manifest(*rows)) == {(Code.MANIFEST_MISMATCH, Severity.WARNING)}


@pytest.mark.parametrize("case", BROKEN_MANIFESTS)
def test_manifest_that_cannot_be_read_is_told(case):
    data, code = BROKEN_MANIFESTS[case]
    assert (code, Severity.ERROR) in found(*asic(DOCUMENT), File(name="META-INF/manifest.xml", data=data))


def test_damaged_meta_inf_refuses_the_container_with_every_damage():
    wrong = {"crc": 7}
    files = [
        File(name=f"META-INF/signatures{n}.xml", data=b"<x/>", local=wrong, central=wrong) for n in range(2)
    ]
    with pytest.raises(Rejected) as caught:
        opened(mimetype(), DOCUMENT, *files)
    assert [(f.code, f.place) for f in caught.value.findings] == [
        (Code.CONTAINER_CHECKSUM_MISMATCH, "META-INF/signatures0.xml"),
        (Code.CONTAINER_CHECKSUM_MISMATCH, "META-INF/signatures1.xml"),
    ]


@pytest.mark.parametrize("sizes", [(1001,), (800, 800, 401)], ids=["one of them", "all of them together"])
def test_meta_inf_is_bounded(sizes):
    policy = replace(POLICY, max_meta_bytes=1000)
    files = [File(name=f"META-INF/signatures{n}.xml", data=b"x" * size) for n, size in enumerate(sizes)]
    with pytest.raises(Rejected) as caught:
        opened(DOCUMENT, *files, policy=policy)
    assert caught.value.findings[0].code is Code.CONTAINER_LIMITS


def test_meta_inf_may_fill_its_bound_and_everything_beyond_it_is_named():
    policy = replace(POLICY, max_meta_bytes=1000)
    full = [File(name=f"META-INF/signatures{n}.xml", data=b"x" * 1000) for n in range(2)]
    assert len(opened(DOCUMENT, *full, policy=policy).meta) == 2
    beyond = [File(name=f"META-INF/signatures{n}.xml", data=b"x" * 1001) for n in range(2)]
    with pytest.raises(Rejected) as caught:
        opened(DOCUMENT, *beyond, policy=policy)
    assert [f.place for f in caught.value.findings if f.code is Code.CONTAINER_LIMITS] == [
        "META-INF/signatures0.xml",
        "META-INF/signatures1.xml",
    ]


def test_rules_of_asic_do_not_hide_a_fault_of_structure():
    wrong = {"crc": 7}
    broken = File(name="META-INF/signatures.xml", local=wrong, central=wrong)
    with pytest.raises(Rejected) as caught:
        opened(mimetype(ASIC_S), DOCUMENT, File(name="b"), broken)
    assert {finding.code for finding in caught.value.findings} == {
        Code.CONTAINER_CHECKSUM_MISMATCH,
        Code.CONTAINER_TYPE,
    }


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_payload_that_looks_like_a_reserved_name_is_told(name):
    policy = replace(POLICY, mimetype=Reaction.IGNORE)
    assert found(*LOOK_ALIKES[name], policy=policy) == {(Code.CONTAINER_BAD_NAME, Severity.ERROR)}
