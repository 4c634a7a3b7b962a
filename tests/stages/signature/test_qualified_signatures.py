# SPDX-License-Identifier: EUPL-1.2
"""Qualified status in the report on a whole file: the same for XAdES, CAdES and PAdES, and what a gateway may ask for."""

import json
from dataclasses import replace

import pytest
from listroom import operator, union
from listxml import WITHDRAWN, Entry
from pdfroom import NAME
from pdfroom import room as pdf_room
from signed_bundles import judged, packed, repacked, signing_identity
from trustroom import DAY, NOW, POLICY, der, sign, stamp, stamp_unit

from gateway.codes import Code
from gateway.findings import Severity
from gateway.model.signature import Indication, QualifiedStatus, SubIndication, VerificationReport
from gateway.model.wire import dump, load
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.pdf.report import report_of_pdf, with_pdfs

FILES = {"dossier.xml": b"<dossier/>", "pass.pdf": b"%PDF-1.7 pass"}
ASKED = replace(POLICY, require_qualified=True)
OURS = {Code.NOT_QUALIFIED, Code.TRUSTED_LIST_INVALID, Code.TRUSTED_LIST_STALE}


@pytest.fixture(scope="module")
def room():
    return union()


@pytest.fixture(scope="module")
def unit(room):
    return stamp_unit(room.issuing)


def store(room, *services, lists=None, **changes):
    read = room.read(room.lotl(), room.national(*services)) if lists is None else lists
    return TrustStore(room.material(tsa_anchors=(der(room.root.identity),), **changes), read)


def xades(seal, store, policy=POLICY, **others):
    bundle = packed(FILES, identity=signing_identity(seal), moment=NOW - DAY, **others)
    return judged(bundle, store=store, policy=policy, moment=NOW)


def cades(seal, store, policy=POLICY, content=b"<a/>", **others):
    entries = {
        "mimetype": b"application/vnd.etsi.asic-s+zip",
        "a.xml": b"<a/>",
        "META-INF/signature.p7s": sign(seal, content, **others).dump(),
    }
    return judged(repacked(entries), store=store, policy=policy, moment=NOW)


def pades(seal, store, policy=POLICY, **others):
    pdf = pdf_room().sign(identity=seal, moment=NOW - DAY, **others)
    judgement = pdf_room().judge(pdf, store=store, policy=policy)
    return report_of_pdf(judgement, size=len(pdf), sha256="", moment=NOW)


FORMS = pytest.mark.parametrize("form", [xades, cades, pades])


def qualified(report):
    [signature] = report.signatures
    return signature.qualification


def ours(report):
    return [
        (finding.code, finding.severity, finding.got) for finding in report.findings if finding.code in OURS
    ]


@FORMS
def test_a_qualified_seal_is_named_with_its_entry_in_the_list(room, form):
    report = form(room.seal_of(), store(room))
    found = qualified(report)

    assert Indication.TOTAL_PASSED is report.indication
    assert [] == ours(report)
    assert (QualifiedStatus.QESEAL, "DE", "Trust GmbH", "Seal service", 5) == (
        found.status,
        found.territory,
        found.provider,
        found.service,
        found.list_sequence,
    )
    assert (NOW - DAY, NOW + 90 * DAY, ()) == (found.list_issued, found.list_next_update, found.reasons)


@FORMS
def test_a_seal_that_is_not_qualified_passes_all_the_same(room, form):
    report = form(room.seal, store(room))

    assert Indication.TOTAL_PASSED is report.indication
    assert QualifiedStatus.NOT_QUALIFIED is qualified(report).status
    text = "the certificate does not say that it is qualified"
    assert [(Code.NOT_QUALIFIED, Severity.INFO, text)] == ours(report)


@FORMS
def test_without_lists_a_report_says_nothing_about_it(room, form):
    report = form(room.seal_of(), TrustStore(room.material()))

    assert (Indication.TOTAL_PASSED, None, []) == (report.indication, qualified(report), ours(report))


@FORMS
def test_a_stale_list_is_a_warning_and_no_status(room, form):
    lists = room.read(room.lotl(), room.national(next_update=NOW - DAY))
    report = form(room.seal_of(), store(room, lists=lists))

    assert (Indication.TOTAL_PASSED, QualifiedStatus.UNKNOWN, ("list-stale",)) == (
        report.indication,
        qualified(report).status,
        qualified(report).reasons,
    )
    assert [(Code.TRUSTED_LIST_STALE, Severity.WARNING)] == [found[:2] for found in ours(report)]


@FORMS
def test_a_signature_that_does_not_pass_has_no_status(room, form):
    seal = room.seal_of()
    room_without_data = store(room, crls=())
    report = form(seal, room_without_data)

    assert (Indication.INDETERMINATE, None, []) == (report.indication, qualified(report), ours(report))


def test_a_broken_signature_of_a_qualified_seal_has_no_status(room):
    report = cades(room.seal_of(), store(room), content=b"<b/>")

    assert (Indication.TOTAL_FAILED, QualifiedStatus.UNKNOWN, ("signature-not-valid",), "") == (
        report.indication,
        qualified(report).status,
        qualified(report).reasons,
        qualified(report).territory,
    )


def test_a_manifest_that_does_not_fit_takes_the_status_away(room):
    entries = {
        "mimetype": b"application/vnd.etsi.asic-e+zip",
        "a.xml": b"<a/>",
        "b.xml": b"changed",
    }
    manifest = (
        b'<asic:ASiCManifest xmlns:asic="http://uri.etsi.org/02918/v1.2.1#" '
        b'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><asic:SigReference URI="META-INF/signature001.p7s"/>'
        b'<asic:DataObjectReference URI="a.xml">'
        b'<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        b"<ds:DigestValue>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=</ds:DigestValue></asic:DataObjectReference>"
        b"</asic:ASiCManifest>"
    )
    entries["META-INF/ASiCManifest001.xml"] = manifest
    entries["META-INF/signature001.p7s"] = sign(room.seal_of(), manifest).dump()
    report = judged(repacked(entries), store=store(room), policy=POLICY, moment=NOW)

    assert (Indication.TOTAL_FAILED, QualifiedStatus.UNKNOWN) == (report.indication, qualified(report).status)


@FORMS
def test_what_counts_is_the_time_that_a_time_stamp_proves(room, unit, form):
    withdrawn = room.service(Entry(status=WITHDRAWN, start=NOW - DAY / 2), Entry())
    stamped = {
        xades: {"timestamper": lambda digest: stamp(unit, digest, NOW - DAY)},
        cades: {"stamped_by": unit},
        pades: {"level": "B-T"},
    }[form]
    if form is pades:
        anchors = (der(room.root.identity), der(pdf_room().root.identity))
        crls = (*room.crls(), *pdf_room().crls())
        held = TrustStore(
            room.material(tsa_anchors=anchors, crls=crls), room.read(room.lotl(), room.national(withdrawn))
        )
    else:
        held = store(room, withdrawn)
    early, late = form(room.seal_of(), held, **stamped), form(room.seal_of(), held)

    assert (QualifiedStatus.QESEAL, NOW - DAY) == (qualified(early).status, qualified(early).at)
    assert (QualifiedStatus.NOT_QUALIFIED, NOW) == (qualified(late).status, qualified(late).at)


# -- what the operator may ask for ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [xades, cades])
def test_a_gateway_that_asks_for_qualified_seals_takes_them(room, form):
    assert Indication.TOTAL_PASSED is form(room.seal_of(), store(room), ASKED).indication


@pytest.mark.parametrize("form", [xades, cades])
@pytest.mark.parametrize("device", [None, False])
def test_a_gateway_that_asks_for_qualified_seals_refuses_less(room, form, device):
    seal = room.seal if device is None else room.seal_of(device=device)
    report = form(seal, store(room), ASKED)

    assert (Indication.INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE) == (
        report.indication,
        report.sub_indication,
    )
    assert [(Code.NOT_QUALIFIED, Severity.ERROR)] == [found[:2] for found in ours(report)]
    expected = QualifiedStatus.NOT_QUALIFIED if device is None else QualifiedStatus.ADESEAL_QC
    assert expected is qualified(report).status


@pytest.mark.parametrize("form", [xades, cades])
@pytest.mark.parametrize(
    ("files", "code"),
    [
        (lambda room: (room.lotl(), room.national(next_update=NOW - DAY)), Code.TRUSTED_LIST_STALE),
        (lambda room: (room.lotl(next_update=NOW - DAY), room.national()), Code.TRUSTED_LIST_STALE),
        (lambda room: (room.lotl(),), Code.TRUSTED_LIST_INVALID),
        (lambda room: (), Code.TRUSTED_LIST_INVALID),
    ],
)
def test_what_no_list_can_tell_is_to_be_tried_later(room, form, files, code):
    report = form(room.seal_of(), store(room, lists=room.read(*files(room))), ASKED)

    assert (Indication.INDETERMINATE, SubIndication.TRY_LATER) == (report.indication, report.sub_indication)
    assert [(code, Severity.UNKNOWN)] == [found[:2] for found in ours(report)]


def test_asking_for_qualified_seals_without_lists_lets_nobody_pass(room):
    report = xades(room.seal_of(), TrustStore(room.material()), ASKED)

    assert (Indication.INDETERMINATE, SubIndication.TRY_LATER) == (report.indication, report.sub_indication)


def test_nobody_asks_for_qualified_signatures_inside_of_documents(room):
    held, seal = store(room), room.seal_of()
    outside = xades(seal, held, ASKED)
    inside = pdf_room().judge(pdf_room().sign(identity=room.seal, moment=NOW - DAY), store=held, policy=ASKED)
    report = with_pdfs(outside, {"pass.pdf": inside}, policy=ASKED)

    assert Indication.TOTAL_PASSED is report.indication
    [document] = [found for found in report.documents if found.name == "pass.pdf"]
    assert QualifiedStatus.NOT_QUALIFIED is document.signatures[0].qualification.status


# -- on paper ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["qualified", "not", "unknown", "none"])
def test_the_status_survives_the_journal(room, case):
    held = {
        "qualified": lambda: store(room),
        "not": lambda: store(room, room.service(ca=operator("Other"))),
        "unknown": lambda: store(room, lists=room.read()),
        "none": lambda: TrustStore(room.material()),
    }[case]()
    report = xades(room.seal_of(), held)

    assert report == load(VerificationReport, json.loads(json.dumps(dump(report))))


def test_the_name_of_the_pdf_stays_the_place(room):
    report = pades(room.seal, store(room))

    assert {NAME} == {finding.place for finding in report.findings if finding.code is Code.NOT_QUALIFIED}
