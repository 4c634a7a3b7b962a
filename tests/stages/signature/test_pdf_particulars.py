# SPDX-License-Identifier: EUPL-1.2
"""Particulars of PDFs: levels that nearly are one, links that nearly act, versions that nearly fit; and what is told of each."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pdfroom import (
    NAME,
    SIGNED_AT,
    grown,
    plain_pdf,
    room,
    text,
    wrong,
)
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.sign import fields
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.fields import MDPPerm
from trustroom import POLICY

from gateway.codes import Code
from gateway.model.signature import Indication, Integrity, Revocation, StampKind, SubIndication, Trust
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.pdf.document import MAX_PDF_BYTES, open_pdf
from gateway.stages.signature.pdf.fields import signature_fields
from gateway.stages.signature.pdf.gaps import find_gaps
from gateway.stages.signature.pdf.pades import worst_trust
from gateway.stages.signature.pdf.versions import Change, Later, Versions, _change, later_changes

HOUR = timedelta(hours=1)
AFTER = "nothing but validation data and time-stamps after the last signature"


def told(judgement, code):
    return [
        (f.expected, f.got) for f in judgement.findings if f.code is code and f.place.startswith(f"{NAME}, ")
    ]


@pytest.mark.parametrize(
    ("states", "worst"),
    [
        ((), Trust.UNKNOWN),
        ((Trust.TRUSTED,), Trust.TRUSTED),
        ((Trust.TRUSTED, Trust.UNKNOWN), Trust.UNKNOWN),
        ((Trust.UNKNOWN, Trust.UNTRUSTED, Trust.TRUSTED), Trust.UNTRUSTED),
    ],
)
def test_the_worst_trust_speaks_and_of_nobody_nothing_is_known(states, worst):
    assert worst is worst_trust(states)


def test_a_byte_range_over_less_than_its_version_is_told():
    pdf = room().sign()
    start = pdf.index(b"/ByteRange")
    end = pdf.index(b"]", start)
    changed = pdf[:start] + b"/ByteRange [0 10 20 5".ljust(end - start) + pdf[end:]
    judgement = room().judge(changed)
    expected = "a /ByteRange over all bytes of its version but its own /Contents"
    assert [(expected, "")] == told(judgement, Code.PDF_SIGNATURE_INVALID)


def test_a_format_nobody_knows_is_told_by_name():
    pdf = room().sign().replace(b"/ETSI.CAdES.detached", b"/ETSI.CAdES.detacheD")
    judgement = room().judge(pdf)
    expected = "/SubFilter ETSI.CAdES.detached"
    assert [(expected, "ETSI.CAdES.detacheD")] == told(judgement, Code.SIGNATURE_FORM_NOT_SUPPORTED)


def test_a_stamp_before_a_signature_archives_nothing_of_it():
    first = room().sign(level="B-LTA", moment=SIGNED_AT - HOUR, field="Signature1")
    both = room().sign(first, level="B-LT", field="Signature2")
    levels = {s.id.rpartition(" ")[2]: s.level for s in room().judge(both).signatures if s.level}
    assert {"Signature1": "B-LTA", "Signature2": "B-LT"} == levels


def test_a_stamp_of_an_unknown_unit_archives_nothing():
    pdf = room().sign(level="B-LTA")
    store = TrustStore(room().material())
    assert "B-LTA" not in {s.level for s in room().judge(pdf, store=store).signatures}


def test_a_document_time_stamp_is_reported_like_a_signature():
    judgement = room().judge(room().stamp(room().sign()))
    (stamp,) = (s for s in judgement.signatures if s.form == "timestamp")
    assert (
        f"{NAME}#2 Stamp1",
        NAME,
        Indication.TOTAL_PASSED,
        None,
        Integrity.INTACT,
        Trust.TRUSTED,
        Revocation.GOOD,
        room().unit.sha256,
        SIGNED_AT,
        [StampKind.DOCUMENT],
    ) == (
        stamp.id,
        stamp.place,
        stamp.indication,
        stamp.sub_indication,
        stamp.integrity,
        stamp.trust,
        stamp.revocation,
        stamp.signer.sha256,
        stamp.claimed_signing_time,
        [s.kind for s in stamp.stamps],
    )


def later(pdf, index=0):
    document = open_pdf(pdf, name=NAME)
    found = signature_fields(document)
    return later_changes(Versions(document), found[index], among=found)


def touch(writer):
    writer.root[pdf_name("/Lang")] = text("de")
    writer.update_root()


def test_nothing_later_is_no_change():
    assert Later(change=Change.NONE, allowed=True) == later(room().sign())


def test_validation_data_and_stamps_are_allowed_at_the_end():
    found = later(room().stamp(room().sign()))
    assert (Change.VALIDATION, True) == (found.change, found.allowed)


def test_a_further_signature_is_a_change_of_form():
    both = room().sign(room().sign(), field="Signature2")
    found = later(both)
    assert (Change.FORM, True) == (found.change, found.allowed)


def test_any_other_change_is_told_and_breaks_the_signature():
    pdf = grown(room().sign(), touch)
    found = later(pdf)
    assert (Change.OTHER, False) == (found.change, found.allowed)
    judgement = room().judge(pdf)
    assert (AFTER, found.detail) in told(judgement, Code.PDF_MODIFIED_AFTER_SIGNING)
    assert (Integrity.BROKEN, Indication.TOTAL_FAILED, SubIndication.FORMAT_FAILURE) == (
        judgement.integrity,
        judgement.indication,
        judgement.sub_indication,
    )
    assert found.detail


def test_signed_bytes_that_end_within_a_version_are_told():
    pdf = room().sign()
    (gap,) = find_gaps(pdf)
    start = pdf.index(b"/ByteRange")
    end = pdf.index(b"]", start) + 1
    shorter = b"/ByteRange [0 %d %d %d]" % (gap.start, gap.end, gap.covered - gap.end - 7)
    found = later(pdf[:start] + shorter.ljust(end - start) + pdf[end:])
    assert Later(change=Change.OTHER, allowed=False, detail="the signed bytes end within a version") == found


def naming_what_is_not_there():
    """Signed over a name of object 999, which the strict reader cannot follow."""

    def change(writer, page):
        writer.root[pdf_name("/Later")] = generic.IndirectObject(999, 0, writer)

    return room().sign(plain_pdf(change, packed=False))


def test_an_object_that_was_named_before_it_existed_is_told_when_it_comes():
    def fill(writer):
        writer.objects[0, 999] = text("shadow")

    found = later(grown(naming_what_is_not_there(), fill))
    detail = "objects that were named before they existed"
    assert Later(change=Change.OTHER, allowed=False, detail=detail) == found


def test_an_object_that_never_comes_harms_nothing():
    found = later(room().stamp(naming_what_is_not_there()))
    assert (Change.VALIDATION, True) == (found.change, found.allowed)


@pytest.mark.parametrize("level", [ModificationLevel.ANNOTATIONS, ModificationLevel.OTHER])
def test_a_change_of_a_level_that_nobody_permits_is_other_content(level):
    result = DiffResult(modification_level=level, changed_form_fields=set())
    assert Change.OTHER is _change(result, frozenset(), only_signatures=True)


def test_more_versions_than_anybody_compares_leave_the_signature_open():
    pdf = room().sign()
    for _ in range(64):
        pdf = grown(pdf, touch)
    found = later(pdf)
    assert (Change.UNKNOWN, False, "66 versions") == (found.change, found.allowed, found.detail)
    judgement = room().judge(pdf)
    assert (Integrity.UNCHECKED, Indication.INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE) == (
        judgement.integrity,
        judgement.indication,
        judgement.sub_indication,
    )


@pytest.mark.parametrize(
    ("permission", "codes"),
    [(MDPPerm.NO_CHANGES, ["pdf-modified-after-signing"]), (MDPPerm.FILL_FORMS, [])],
)
def test_a_lock_of_the_field_binds_like_a_certification(permission, codes):
    other = fields.FieldMDPSpec(fields.FieldMDPAction.INCLUDE, fields=["Anderes"])
    locked = fields.SigFieldSpec("Signature1", field_mdp_spec=other, doc_mdp_update_value=permission)
    both = room().sign(room().sign(new_field=locked), field="Signature2")
    assert codes == wrong(room().judge(both))


def test_a_file_larger_than_is_looked_into_is_told_with_its_size():
    judgement = room().judge(bytes(MAX_PDF_BYTES + 1))
    assert [(Code.PDF_TOO_LARGE, NAME, f"at most {MAX_PDF_BYTES} bytes", str(MAX_PDF_BYTES + 1))] == [
        (f.code, f.place, f.expected, f.got) for f in judgement.findings
    ]


def test_more_signatures_than_policy_looks_at_are_told_with_their_number():
    both = room().sign(room().sign(), field="Signature2")
    judgement = room().judge(both, policy=replace(POLICY, max_signatures=1))
    assert [("at most 1 signatures", "2")] == [(f.expected, f.got) for f in judgement.findings]
