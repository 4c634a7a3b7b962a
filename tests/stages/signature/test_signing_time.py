# SPDX-License-Identifier: EUPL-1.2
"""The signing time that a signer claims, in every form: what is still to come refuses, what is contradicted warns."""

from datetime import timedelta

import pdfroom
import pytest
import signed_bundles
import trustroom
from cadesroom import CONTENT, Room
from lxml import etree
from signed_bundles import changed, first, judged, packed
from stamproom import HOUR, LENIENT, clockwork, stamped, store_of_containers

from gateway.codes import Code
from gateway.stages.signature.xmldsig.names import xades, xades141

LONG_AGO = timedelta(days=5000)  # before any certificate of the tests
FORMS = pytest.mark.parametrize("form", ["XAdES", "CAdES", "PAdES"])


def told(form, *, claimed, stamp=None):
    """Verdict, and every finding about time. ``claimed`` and ``stamp`` count from the moment of judging."""
    report = {"XAdES": _xades, "CAdES": _cades, "PAdES": _pades}[form](claimed, stamp)
    codes = {Code.SIGNING_TIME, Code.TIMESTAMP_ORDER, Code.SIGNATURE_PROPERTIES}
    return report.indication, [(f.code, f.severity) for f in report.findings if f.code in codes]


def _xades(claimed, stamp):
    now, unit = signed_bundles.NOW, clockwork()[1]
    stamper = None if stamp is None else lambda imprint: trustroom.stamp(unit, imprint, now + stamp)
    data = packed(moment=now + claimed, timestamper=stamper)
    return judged(data, store=store_of_containers(), policy=LENIENT, moment=now)


def _cades(claimed, stamp):
    room, now = Room(), trustroom.NOW
    how = {} if stamp is None else {"stamped_by": room.unit, "stamped_at": now + stamp}
    return room.check(trustroom.sign(room.seal, CONTENT, claimed=now + claimed, **how))


def _pades(claimed, stamp):
    room, now = pdfroom.room(), trustroom.NOW
    how = {} if stamp is None else {"level": "B-T", "stamped_at": now + stamp}
    return room.judge(room.sign(moment=now + claimed, **how))


@FORMS
def test_a_time_still_to_come_refuses(form):
    assert ("INDETERMINATE", [("signing-time", "error")]) == told(form, claimed=HOUR)
    assert ("TOTAL-PASSED", []) == told(form, claimed=timedelta(minutes=4))


@FORMS
def test_a_time_after_the_time_stamp_warns(form):
    assert ("TOTAL-PASSED", [("timestamp-order", "warning")]) == told(form, claimed=-HOUR, stamp=-2 * HOUR)
    assert ("TOTAL-PASSED", []) == told(form, claimed=-2 * HOUR, stamp=-HOUR)


@FORMS
def test_a_time_before_the_certificate_warns(form):
    assert ("TOTAL-PASSED", [("signing-time", "warning")]) == told(form, claimed=-LONG_AGO)


# -- what else stands among the unsigned properties ---------------------------------------------------


def test_older_forms_of_archive_time_stamps_are_named():
    def add(root: etree._Element) -> None:
        unsigned = first(root, xades("UnsignedSignatureProperties"))
        for tag in ("ArchiveTimeStamp", "SigAndRefsTimeStamp", "RefsOnlyTimeStamp"):
            etree.SubElement(unsigned, xades(tag))
        for tag in ("SigAndRefsTimeStampV2", "RefsOnlyTimeStampV2"):
            etree.SubElement(unsigned, xades141(tag))
        etree.SubElement(unsigned, "{http://uri.etsi.org/19132/v1.1.1#}SealingEvidenceRecords")

    now = signed_bundles.NOW + 2 * HOUR
    report = judged(changed(stamped(), add), store=store_of_containers(), policy=LENIENT, moment=now)
    found = [f.code.value for f in report.findings if f.severity == "warning"]
    assert [*["archive-timestamp-unchecked"] * 5, "evidence-record-unchecked"] == found
    assert "TOTAL-PASSED" == report.indication


@pytest.mark.parametrize(("count", "indication"), [(8, "TOTAL-PASSED"), (9, "INDETERMINATE")])
def test_more_time_stamps_than_anyone_needs_are_refused_unread(count, indication):
    room = Room()
    info = trustroom.sign(room.seal, CONTENT, stamped_by=room.unit)
    signer = info["content"]["signer_infos"][0]
    (attribute,) = signer["unsigned_attrs"]
    token = attribute["values"][0]
    for _ in range(count - 1):
        info = trustroom.with_unsigned(info, "signature_time_stamp_token", token)
    report = room.check(info)
    stamps = count if indication == "TOTAL-PASSED" else 0
    assert (indication, "intact", stamps) == (report.indication, report.integrity, len(report.stamps))
