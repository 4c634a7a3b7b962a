# SPDX-License-Identifier: EUPL-1.2
"""What may come after a PDF was signed, and what may not: changes, certification, locked fields, bytes at the end."""

import pytest
from pdfroom import change_page, grown, number, pdf_dictionary, plain_pdf, room, signed_pdf, text, wrong
from pyhanko.pdf_utils.generic import ArrayObject, StreamObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm, SigFieldSpec, append_signature_field

from gateway.codes import Code
from gateway.model.signature import Indication, Integrity


def _add_annotation(writer):
    page, _ = writer.find_page_for_modification(0)
    annotation = {
        "/Type": pdf_name("/Annot"),
        "/Subtype": pdf_name("/FreeText"),
        "/Rect": ArrayObject([number(n) for n in (0, 0, 500, 500)]),
        "/Contents": text("Note 1,0"),
    }
    page.get_object().setdefault(pdf_name("/Annots"), ArrayObject()).append(
        writer.add_object(pdf_dictionary(annotation))
    )
    writer.mark_update(page)


def _change_content(writer):
    page, _ = writer.find_page_for_modification(0)
    content = page.get_object().raw_get("/Contents")
    writer.objects[(0, content.idnum)] = StreamObject(stream_data=b"BT /F1 12 Tf (bestanden) Tj ET")


@pytest.mark.parametrize("change", [change_page, _add_annotation, _change_content])
@pytest.mark.parametrize("level", ["B-B", "B-LT"])
def test_one_business_version_after_the_last_signature_is_refused(change, level):
    judgement = room().judge(grown(room().sign(level=level), change))
    assert Code.PDF_MODIFIED_AFTER_SIGNING.value in wrong(judgement)
    assert (Integrity.BROKEN, Indication.TOTAL_FAILED) == (judgement.integrity, judgement.indication)


def test_a_change_between_signatures_breaks_the_first_and_not_the_second():
    judgement = room().judge(room().sign(grown(signed_pdf(), change_page), field="Signature2"))
    first, second = judgement.signatures
    assert (Integrity.BROKEN, Integrity.INTACT) == (first.integrity, second.integrity)
    assert (Integrity.BROKEN, Indication.TOTAL_FAILED) == (judgement.integrity, judgement.indication)


def test_a_later_time_stamp_does_not_heal_a_change():
    judgement = room().judge(room().stamp(grown(signed_pdf(), change_page)))
    assert (Integrity.BROKEN, Indication.TOTAL_FAILED) == (judgement.integrity, judgement.indication)


def test_bytes_behind_the_end_are_refused():
    judgement = room().judge(signed_pdf() + b"\n<script>alert(1)</script>")
    assert Code.PDF_MODIFIED_AFTER_SIGNING.value in wrong(judgement)
    assert Indication.TOTAL_PASSED is not judgement.indication
    assert Integrity.BROKEN is judgement.integrity


def test_a_line_break_behind_the_end_is_harmless():
    judgement = room().judge(signed_pdf() + b"\r\n")
    assert [] == wrong(judgement)


def test_certification_without_changes_forbids_a_further_signature():
    certified = room().sign(certify=True, docmdp_permissions=MDPPerm.NO_CHANGES)
    assert [] == wrong(room().judge(certified))
    judgement = room().judge(room().sign(certified, field="Signature2"))
    assert Code.PDF_MODIFIED_AFTER_SIGNING.value in wrong(judgement)
    assert Indication.TOTAL_FAILED is judgement.indication


def test_certification_without_changes_permits_validation_data_and_time_stamps():
    certified = room().sign(certify=True, docmdp_permissions=MDPPerm.NO_CHANGES, level="B-LTA")
    judgement = room().judge(certified)
    assert ([], "B-LTA") == (wrong(judgement), judgement.level)


def test_certification_for_filling_in_permits_a_further_signature():
    certified = room().sign(certify=True, docmdp_permissions=MDPPerm.FILL_FORMS)
    assert [] == wrong(room().judge(room().sign(certified, field="Signature2")))


def test_a_field_lock_forbids_signing_the_locked_field():
    def prepare(writer: IncrementalPdfFileWriter):
        lock = FieldMDPSpec(FieldMDPAction.INCLUDE, fields=["Signature2"])
        append_signature_field(writer, SigFieldSpec("Signature1", field_mdp_spec=lock))
        append_signature_field(writer, SigFieldSpec("Signature2"))

    first = room().sign(grown(plain_pdf(), prepare))
    assert [] == wrong(room().judge(first))
    judgement = room().judge(room().sign(first, field="Signature2"))
    assert Code.PDF_MODIFIED_AFTER_SIGNING.value in wrong(judgement)


def test_a_removed_signature_does_not_leave_a_signed_document_behind():
    def remove(writer):
        del writer.root["/AcroForm"]
        writer.update_root()

    judgement = room().judge(grown(signed_pdf(), remove))
    assert Indication.TOTAL_PASSED is not judgement.indication
    assert Integrity.INTACT is not judgement.integrity
