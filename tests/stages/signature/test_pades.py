# SPDX-License-Identifier: EUPL-1.2
"""PDF signatures by pyHanko, from B-B to B-LTA: passed where all is well, and every kind of harm named."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pdfroom import NAME, SIGNED_AT, grown, number, pdf_dictionary, plain_pdf, room, text, wrong
from pyhanko.pdf_utils.generic import ArrayObject, StreamObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
    append_signature_field,
)
from trustroom import DAY, NOW, POLICY

from gateway.codes import Code
from gateway.model.signature import Indication, Integrity, SubIndication, Trust
from gateway.model.trust import TrustMaterial
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.pdf.gaps import find_gaps


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT", "B-LTA"])
def test_each_baseline_level_passes_and_is_named(level):
    judgement = room().judge(room().sign(level=level))
    assert [] == wrong(judgement)
    assert (Indication.TOTAL_PASSED, None) == (judgement.indication, judgement.sub_indication)
    assert (Integrity.INTACT, Trust.TRUSTED, level) == (
        judgement.integrity,
        judgement.trust,
        judgement.level,
    )


def test_the_report_says_who_signed_when_and_what():
    (report,) = room().judge(room().sign(level="B-T")).signatures
    assert ("PAdES", NAME, (NAME,)) == (report.form, report.place, report.covers)
    assert room().seal.sha256 == report.signer.sha256
    assert SIGNED_AT == report.claimed_signing_time == report.best_signature_time


def test_without_a_time_stamp_the_claimed_time_proves_nothing():
    (report,) = room().judge(room().sign()).signatures
    assert (SIGNED_AT, NOW) == (report.claimed_signing_time, report.best_signature_time)


def test_a_document_time_stamp_alone_lifts_to_level_t():
    judgement = room().judge(room().stamp(room().sign()))
    assert ([], "B-T") == (wrong(judgement), judgement.level)
    assert ["PAdES", "timestamp"] == [report.form for report in judgement.signatures]
    assert SIGNED_AT == judgement.signatures[0].best_signature_time


def test_an_archived_signature_outlives_its_signers_certificate():
    brief = room().issuing.issue(
        "Kurz", signing=True, not_before=SIGNED_AT - DAY, not_after=SIGNED_AT + timedelta(hours=1)
    )
    judgement = room().judge(room().sign(identity=brief, level="B-LTA"))
    assert ([], Indication.TOTAL_PASSED, "B-LTA") == (
        wrong(judgement),
        judgement.indication,
        judgement.level,
    )


def test_an_archive_time_stamp_that_cannot_be_trusted_any_more_proves_nothing():
    outdated = TrustStore(room().full_material(crls=()))
    judgement = room().judge(room().sign(level="B-LTA"), store=outdated, moment=NOW + 400 * DAY)
    assert Indication.INDETERMINATE is judgement.indication
    assert Integrity.INTACT is judgement.integrity


def test_without_anchors_an_intact_signature_is_untrusted():
    judgement = room().judge(room().sign(), store=TrustStore(TrustMaterial()))
    assert (Integrity.INTACT, Trust.UNTRUSTED) == (judgement.integrity, judgement.trust)
    assert (Indication.INDETERMINATE, SubIndication.NO_CERTIFICATE_CHAIN_FOUND) == (
        judgement.indication,
        judgement.sub_indication,
    )


def test_a_revoked_signer_is_not_saved_by_the_security_store():
    signed = room().sign(level="B-LT")
    realm = room()
    realm.issuing.revoke(realm.seal, SIGNED_AT - DAY)
    try:
        judgement = realm.judge(signed, store=TrustStore(realm.full_material()))
    finally:
        realm.issuing.revoked.clear()
    assert Indication.TOTAL_PASSED is not judgement.indication
    assert Code.CERTIFICATE_REVOKED.value in wrong(judgement)


def test_a_signature_of_the_old_adobe_format_is_intact_and_reaches_no_level():
    judgement = room().judge(room().sign(subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED))
    assert ([], Integrity.INTACT, "") == (wrong(judgement), judgement.integrity, judgement.level)


def test_an_unsigned_pdf_is_nothing_bad_and_nothing_signed():
    judgement = room().judge(plain_pdf())
    assert ((), (), Integrity.UNSIGNED) == (judgement.signatures, judgement.findings, judgement.integrity)
    assert Indication.TOTAL_PASSED is not judgement.indication


def test_several_signatures_are_each_counted_once():
    twice = room().sign(room().sign(), field="Signature2")
    judgement = room().judge(twice)
    assert ([], Integrity.INTACT, Indication.TOTAL_PASSED) == (
        wrong(judgement),
        judgement.integrity,
        judgement.indication,
    )
    assert [f"{NAME}#1 Signature1", f"{NAME}#2 Signature2"] == [report.id for report in judgement.signatures]


def test_the_first_of_two_signatures_is_not_hidden_by_the_second():
    stranger = type(room())()
    twice = room().sign(stranger.sign(), field="Signature2")
    judgement = room().judge(twice)
    first, second = judgement.signatures
    assert (Indication.INDETERMINATE, Indication.TOTAL_PASSED) == (first.indication, second.indication)
    assert (Indication.INDETERMINATE, Trust.UNTRUSTED) == (judgement.indication, judgement.trust)


# -- bytes ---------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(place=st.floats(min_value=0, max_value=1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_under_the_signature_breaks_it(place, bit):
    signed = _signed()
    (gap,) = find_gaps(signed)
    spots = [*range(gap.start), *range(gap.end, len(signed))]
    at = spots[int(place * len(spots))]
    harmed = signed[:at] + bytes([signed[at] ^ 1 << bit]) + signed[at + 1 :]
    judgement = room().judge(harmed)
    assert Integrity.INTACT is not judgement.integrity
    assert Indication.TOTAL_PASSED is not judgement.indication


@settings(max_examples=60, deadline=None)
@given(
    place=st.floats(min_value=0, max_value=1, exclude_max=True),
    digit=st.sampled_from(b"0123456789abcdef<>% "),
)
def test_a_changed_value_never_passes_unless_it_is_the_same_value(place, digit):
    signed = _signed()
    (gap,) = find_gaps(signed)
    at = gap.start + int(place * (gap.end - gap.start))
    harmed = signed[:at] + bytes([digit]) + signed[at + 1 :]
    judgement = room().judge(harmed)
    same = harmed.lower() == signed.lower()
    certificates_only = Integrity.INTACT is judgement.integrity
    assert same or certificates_only or Indication.TOTAL_PASSED is not judgement.indication


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_get_a_judgement(data):
    judgement = room().judge(b"%PDF-1.7\n" + data + b"\nstartxref\n9\n%%EOF")
    assert Indication.TOTAL_PASSED is not judgement.indication


@settings(max_examples=60, deadline=None)
@given(
    start=st.floats(min_value=0, max_value=1),
    size=st.integers(0, 400),
    piece=st.binary(max_size=60),
)
def test_any_mangled_signed_pdf_gets_a_judgement_and_never_passes(start, size, piece):
    signed = _signed()
    (gap,) = find_gaps(signed)
    at = int(start * len(signed))
    harmed = signed[:at] + piece + signed[at + size :]
    judgement = room().judge(harmed)
    only_the_value = gap.start <= at and at + size <= gap.end and len(harmed) == len(signed)
    same = harmed.rstrip(b"\r\n\t ") == signed.rstrip()
    assert same or only_the_value or Indication.TOTAL_PASSED is not judgement.indication


def test_text_behind_the_value_in_the_gap_is_refused():
    signed = _signed()
    (gap,) = find_gaps(signed)
    end = gap.end - 1
    judgement = room().judge(signed[: end - 4] + b"beef" + signed[end:])
    assert [Code.CMS_STRUCTURE.value] == wrong(judgement)
    assert Integrity.INTACT is not judgement.integrity


# -- /ByteRange ------------------------------------------------------------------------------------------


def _with_byte_range(signed, change):
    (gap,) = find_gaps(signed)
    start = signed.index(b"/ByteRange")
    end = signed.index(b"]", start) + 1
    text_ = b"/ByteRange [%d %d %d %d]" % tuple(change(*gap.byte_range))
    return signed[:start] + text_.ljust(end - start) + signed[end:]


@pytest.mark.parametrize(
    "change",
    [
        lambda a, b, c, d: (a, b, c, d - 7),
        lambda a, b, c, d: (a, b, c + 1, d - 1),
        lambda a, b, c, d: (a, b - 1, c, d),
        lambda a, b, c, d: (1, b - 1, c, d),
        lambda a, b, c, d: (a, b, b - 10, d),
        lambda a, b, c, d: (a, b, c, d + 1),
        lambda a, b, c, d: (0, 0, 0, 0),
    ],
)
def test_a_byte_range_that_leaves_out_anything_else_is_refused(change):
    judgement = room().judge(_with_byte_range(_signed(), change))
    assert Integrity.INTACT is not judgement.integrity
    assert Indication.TOTAL_FAILED is judgement.indication


def test_a_value_that_stands_elsewhere_than_in_the_gap_is_refused():
    """Signature wrapping: the gap keeps the old value, the dictionary that is read has another."""

    def move(writer):
        reference = writer.root["/AcroForm"]["/Fields"][0]["/V"].container_ref
        value = writer.get_object(reference)
        value[pdf_name("/Contents")] = text("elsewhere")
        writer.mark_update(reference)

    judgement = room().judge(grown(_signed(), move))
    assert Code.PDF_SIGNATURE_INVALID.value in wrong(judgement)
    assert Integrity.BROKEN is judgement.integrity


# -- later versions ----------------------------------------------------------------------------------------


def _change_page(writer):
    page, _ = writer.find_page_for_modification(0)
    page.get_object()[pdf_name("/Rotate")] = number(90)
    writer.mark_update(page)


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


@pytest.mark.parametrize("change", [_change_page, _add_annotation, _change_content])
@pytest.mark.parametrize("level", ["B-B", "B-LT"])
def test_one_business_version_after_the_last_signature_is_refused(change, level):
    judgement = room().judge(grown(room().sign(level=level), change))
    assert Code.PDF_MODIFIED_AFTER_SIGNING.value in wrong(judgement)
    assert (Integrity.BROKEN, Indication.TOTAL_FAILED) == (judgement.integrity, judgement.indication)


def test_a_change_between_signatures_breaks_the_first_and_not_the_second():
    judgement = room().judge(room().sign(grown(_signed(), _change_page), field="Signature2"))
    first, second = judgement.signatures
    assert (Integrity.BROKEN, Integrity.INTACT) == (first.integrity, second.integrity)
    assert (Integrity.BROKEN, Indication.TOTAL_FAILED) == (judgement.integrity, judgement.indication)


def test_a_later_time_stamp_does_not_heal_a_change():
    judgement = room().judge(room().stamp(grown(_signed(), _change_page)))
    assert (Integrity.BROKEN, Indication.TOTAL_FAILED) == (judgement.integrity, judgement.indication)


def test_bytes_behind_the_end_are_refused():
    judgement = room().judge(_signed() + b"\n<script>alert(1)</script>")
    assert Code.PDF_MODIFIED_AFTER_SIGNING.value in wrong(judgement)
    assert Indication.TOTAL_PASSED is not judgement.indication
    assert Integrity.BROKEN is judgement.integrity


def test_a_line_break_behind_the_end_is_harmless():
    judgement = room().judge(_signed() + b"\r\n")
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

    judgement = room().judge(grown(_signed(), remove))
    assert Indication.TOTAL_PASSED is not judgement.indication
    assert Integrity.INTACT is not judgement.integrity


# -- time-stamps -----------------------------------------------------------------------------------------


def test_a_time_stamp_over_other_bytes_refuses():
    stamped = room().stamp(_signed())
    second = find_gaps(stamped)[1]
    other = room().stamp(grown(_signed(), _change_page))
    foreign = find_gaps(other)[1]
    value = other[foreign.start : foreign.end]
    size = second.end - second.start
    assert len(value) == size
    judgement = room().judge(stamped[: second.start] + value + stamped[second.end :])
    assert Code.TIMESTAMP_INVALID.value in wrong(judgement)
    assert (Integrity.BROKEN, Indication.TOTAL_FAILED) == (judgement.integrity, judgement.indication)


def test_a_time_stamp_of_an_unknown_unit_proves_nothing_and_harms_nothing():
    material = room().full_material(tsa_anchors=())
    judgement = room().judge(room().stamp(_signed()), store=TrustStore(material))
    assert ([], Indication.TOTAL_PASSED, "B-B") == (wrong(judgement), judgement.indication, judgement.level)


def test_a_signature_expired_by_now_passes_only_with_a_time_stamp():
    brief = room().issuing.issue(
        "Kurz", signing=True, not_before=SIGNED_AT - DAY, not_after=SIGNED_AT + timedelta(hours=1)
    )
    expired = room().judge(room().sign(identity=brief))
    stamped = room().judge(room().sign(identity=brief, level="B-T"))
    assert [Code.CERTIFICATE_EXPIRED.value] == wrong(expired)[:1]
    assert Indication.TOTAL_PASSED is not expired.indication
    assert Code.CERTIFICATE_EXPIRED.value not in wrong(stamped)


def test_too_many_signatures_are_refused():
    twice = room().sign(_signed(), field="Signature2")
    judgement = room().judge(twice, policy=replace(POLICY, max_signatures=1))
    assert [Code.PDF_SIGNATURE_INVALID.value] == wrong(judgement)


_SIGNED: list[bytes] = []


def _signed() -> bytes:
    """One signed PDF for all tests that only harm it."""
    if not _SIGNED:
        _SIGNED.append(room().sign())
    return _SIGNED[0]
