# SPDX-License-Identifier: EUPL-1.2
"""PDFs inside a container, and PDFs by themselves: what the whole report makes of them."""

import json
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from random import Random

import pytest
from pdfroom import SCRIPT, PdfRoom, grown, number, plain_pdf, room, set_in_catalogue
from pyhanko.pdf_utils.generic import pdf_name
from signed_bundles import packed, signing_identity
from trustroom import DAY, NOW, POLICY, der

from gateway.catalogue import data_root
from gateway.cli import main
from gateway.codes import Code
from gateway.examination import Knowledge, judge, judge_file
from gateway.findings import Severity, blocking
from gateway.knowledge import knowledge_of
from gateway.model.signature import ContainerState, Indication, Integrity, Trust
from gateway.model.source import MemorySource
from gateway.model.trust import Untrusted
from gateway.packing import PackedFile, pack_bundle
from gateway.policy import Policy
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.pdf.document import MAX_PDF_BYTES

XML = b"<dossier>Test</dossier>"


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    whole = knowledge_of(data_root(), room().full_material(), Policy())
    return replace(whole, signature_policy=POLICY, trust=room().store)


@pytest.fixture(scope="module")
def lenient(knowledge) -> Knowledge:
    policy = replace(POLICY, untrusted_pdf_signatures=Untrusted.WARNING)
    return replace(knowledge, signature_policy=policy)


def bundle(**pdfs: bytes) -> bytes:
    files = {"dossier.xml": XML, **{f"{name}.pdf": data for name, data in pdfs.items()}}
    return packed(files, identity=signing_identity(room().seal), moment=NOW)


def judged(container: bytes, knowledge: Knowledge):
    report, _ = judge(MemorySource(container), knowledge, NOW)
    return report


def turn(writer) -> None:
    page, _ = writer.find_page_for_modification(0)
    page.get_object()[pdf_name("/Rotate")] = number(90)
    writer.mark_update(page)


def test_a_bundle_with_sound_pdfs_passes_and_reports_the_signatures_inside(knowledge):
    report = judged(bundle(a=plain_pdf(), b=room().sign(level="B-T")), knowledge)
    assert () == blocking(report.findings)
    assert (Indication.TOTAL_PASSED, Integrity.INTACT, Trust.TRUSTED) == (
        report.indication,
        report.integrity,
        report.trust,
    )
    inside = {document.name: [s.level for s in document.signatures] for document in report.documents}
    assert {"dossier.xml": [], "a.pdf": [], "b.pdf": ["B-T"]} == inside
    assert ["XAdES"] == [signature.form for signature in report.signatures]


def test_a_bad_signature_inside_is_not_hidden_by_the_good_one_outside(knowledge):
    report = judged(bundle(a=grown(room().sign(), turn)), knowledge)
    assert Indication.TOTAL_PASSED is report.signatures[0].indication
    assert (Indication.TOTAL_FAILED, Integrity.BROKEN) == (report.indication, report.integrity)
    assert [Code.PDF_MODIFIED_AFTER_SIGNING] == [f.code for f in blocking(report.findings)]


def test_an_unproven_signature_inside_makes_the_whole_unproven(knowledge):
    report = judged(bundle(a=PdfRoom().sign()), knowledge)
    assert (Indication.INDETERMINATE, Integrity.INTACT, Trust.UNTRUSTED) == (
        report.indication,
        report.integrity,
        report.trust,
    )


def test_a_lenient_operator_lets_an_untrusted_signature_inside_pass_with_a_warning(lenient):
    report = judged(bundle(a=PdfRoom().sign(), b=room().sign()), lenient)
    assert (Indication.TOTAL_PASSED, Integrity.INTACT, Trust.TRUSTED) == (
        report.indication,
        report.integrity,
        report.trust,
    )
    assert () == blocking(report.findings)
    assert Code.CERTIFICATE_UNTRUSTED in {f.code for f in report.findings if f.severity is Severity.WARNING}
    (inside,) = report.documents[1].signatures
    assert (Indication.INDETERMINATE, Trust.UNTRUSTED) == (inside.indication, inside.trust)


@pytest.mark.parametrize("also_untrusted", [False, True])
def test_a_lenient_operator_still_refuses_a_document_changed_after_signing(lenient, also_untrusted):
    changed = grown(PdfRoom().sign() if also_untrusted else room().sign(), turn)
    report = judged(bundle(a=changed), lenient)
    assert (Indication.TOTAL_FAILED, Integrity.BROKEN) == (report.indication, report.integrity)


def test_a_lenient_operator_still_refuses_a_signer_known_to_be_revoked(lenient):
    realm = PdfRoom()
    signed = realm.sign()
    realm.issuing.revoke(realm.seal, NOW - 2 * DAY)
    outside = room().full_material()
    anchors, crls = (*outside.signer_anchors, der(realm.root.identity)), (*outside.crls, *realm.crls())
    store = TrustStore(replace(outside, signer_anchors=anchors, crls=crls))
    report = judged(bundle(a=signed), replace(lenient, trust=store))
    assert (Indication.INDETERMINATE, Trust.UNTRUSTED) == (report.indication, report.trust)
    assert [Code.CERTIFICATE_REVOKED] == [f.code for f in blocking(report.findings)]


def test_active_content_is_not_passed_over_with_an_untrusted_signature(lenient):
    signed = PdfRoom().sign(plain_pdf(set_in_catalogue("/OpenAction", SCRIPT)))
    report = judged(bundle(a=signed), lenient)
    assert Indication.INDETERMINATE is report.indication
    assert {Code.PDF_ACTIVE_CONTENT} == {f.code for f in blocking(report.findings)}


def test_leniency_inside_is_none_for_the_seal_outside(lenient):
    files = {"dossier.xml": XML}
    report = judged(packed(files, identity=signing_identity(PdfRoom().seal), moment=NOW), lenient)
    assert (Indication.INDETERMINATE, Trust.UNTRUSTED) == (report.indication, report.trust)


def test_active_content_inside_keeps_the_bundle_out_and_its_integrity_intact(knowledge):
    report = judged(bundle(a=plain_pdf(set_in_catalogue("/OpenAction", SCRIPT))), knowledge)
    assert (Indication.INDETERMINATE, Integrity.INTACT) == (report.indication, report.integrity)
    assert {Code.PDF_ACTIVE_CONTENT} == {f.code for f in blocking(report.findings)}
    assert {Code.PDF_ACTIVE_CONTENT} == {f.code for f in report.documents[1].findings}


def test_a_pdf_under_another_name_is_judged_all_the_same(knowledge):
    files = {"dossier.xml": XML, "a.txt": plain_pdf(set_in_catalogue("/OpenAction", SCRIPT))}
    report = judged(packed(files, identity=signing_identity(room().seal), moment=NOW), knowledge)
    assert {Code.PDF_ACTIVE_CONTENT} == {f.code for f in blocking(report.findings)}


def test_another_file_under_a_pdf_name_is_no_pdf(knowledge):
    report = judged(bundle(a=b"MZ\x90\x00"), knowledge)
    assert [Code.PDF_MALFORMED] == [f.code for f in blocking(report.findings)]
    assert Indication.INDETERMINATE is report.indication


def test_a_pdf_too_large_to_be_examined_is_refused_unread(knowledge):
    report = judged(bundle(a=b"%PDF-1.7\n" + Random(1).randbytes(MAX_PDF_BYTES)), knowledge)
    assert Code.PDF_TOO_LARGE in [f.code for f in blocking(report.findings)]


@dataclass
class Changing:
    """A source that gives other bytes when a place is read again, as a failing disk or a racing writer would."""

    data: bytes
    place: int
    seen: int = 0

    @property
    def size(self) -> int:
        return len(self.data)

    def read_at(self, offset: int, length: int) -> bytes:
        piece = bytearray(self.data[offset : offset + length])
        if offset <= self.place < offset + length < self.size:
            self.seen += 1
            piece[self.place - offset] ^= self.seen > 1
        return bytes(piece)


def test_only_the_bytes_that_the_container_covers_are_judged(knowledge):
    more_than_is_held = bytes(9 * 1024 * 1024)
    files = {"dossier.xml": XML, "a.txt": plain_pdf(packed=False), "b.bin": more_than_is_held}
    out = BytesIO()
    stored = [PackedFile.of(name, "application/pdf", data, compress=False) for name, data in files.items()]
    pack_bundle(out, stored, identity=signing_identity(room().seal), moment=NOW)
    source = Changing(data=out.getvalue(), place=out.getvalue().index(b"Zeugnis"))
    report, _ = judge(source, knowledge, NOW)
    assert 2 == source.seen
    assert [Code.CONTAINER_CHECKSUM_MISMATCH] == [f.code for f in blocking(report.findings)]
    assert Indication.TOTAL_PASSED is not report.indication


def test_a_bare_pdf_is_its_own_container(knowledge):
    pdf = room().sign(level="B-T")
    report = judge_file(MemorySource(pdf), knowledge, NOW, name="z.pdf")
    assert (ContainerState.OK, Integrity.INTACT, Indication.TOTAL_PASSED, "B-T") == (
        report.container,
        report.integrity,
        report.indication,
        report.level,
    )
    (document,) = report.documents
    assert ("z.pdf", len(pdf), sha256(pdf).hexdigest()) == (document.name, document.size, document.sha256)
    assert report.signatures == document.signatures
    assert (report.signatures[0].id,) == document.covered_by


def test_a_bare_unsigned_pdf_is_unsigned(knowledge):
    report = judge_file(MemorySource(plain_pdf()), knowledge, NOW, name="z.pdf")
    assert (Integrity.UNSIGNED, Indication.TOTAL_FAILED) == (report.integrity, report.indication)
    assert [Code.PDF_SIGNATURE_MISSING] == [f.code for f in report.findings]


def test_a_bare_pdf_too_large_is_not_read(knowledge):
    class Endless:
        size = MAX_PDF_BYTES + 1

        def read_at(self, offset, length):
            assert length < 100
            return b"%PDF-"[:length]

    report = judge_file(Endless(), knowledge, NOW, name="z.pdf")
    assert [Code.PDF_TOO_LARGE] == [f.code for f in report.findings]


def test_a_container_is_still_judged_as_one(knowledge):
    report = judge_file(MemorySource(bundle(a=plain_pdf())), knowledge, NOW, name="b.asice")
    assert Indication.TOTAL_PASSED is report.indication


def test_the_command_prints_one_line_of_json_for_each_file(tmp_path, capsys):
    anchors, lists = tmp_path / "anchors", tmp_path / "lists"
    anchors.mkdir()
    lists.mkdir()
    (anchors / "root.cer").write_bytes(der(room().root.identity))
    for number_, crl in enumerate(room().crls()):
        (lists / f"{number_}.crl").write_bytes(crl)
    files = [tmp_path / name for name in ("signed.pdf", "plain.pdf", "bundle.asice")]
    for path, data in zip(files, (room().sign(), plain_pdf(), bundle(a=room().sign())), strict=True):
        path.write_bytes(data)
    code = main(
        [
            *("verify", "--json", "--anchors", str(anchors), "--revocation", str(lists)),
            *("--at", NOW.isoformat(), *map(str, files)),
        ]
    )
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert 1 == code
    assert [
        ("TOTAL-PASSED", "intact", "ok"),
        ("TOTAL-FAILED", "unsigned", "ok"),
        ("TOTAL-PASSED", "intact", "ok"),
    ] == [(line["indication"], line["integrity"], line["container"]) for line in lines]
    assert [1, 0, 1] == [sum(len(document["signatures"]) for document in line["documents"]) for line in lines]
