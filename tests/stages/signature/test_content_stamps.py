# SPDX-License-Identifier: EUPL-1.2
"""Content time-stamps: made before the signature, signed with it. What they prove can only harm it (EN 319 102-1
clause 5.3.4): not signed before, so perhaps signed when the certificate was revoked or had expired.
"""

from base64 import b64encode
from hashlib import sha256

import pytest
import trustroom
from asn1crypto import cms
from cadesroom import CONTENT, Room
from lxml import etree
from signed_bundles import FILES, NOW, changed, first, judged, packed, reseal, world
from stamproom import HOUR, LENIENT, clockwork, store_of_containers
from trustroom import DAY, resign, sign, stamp

from gateway.codes import Code
from gateway.model.signature import StampKind
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.xmldsig.c14n import EXCLUSIVE, canonicalize
from gateway.stages.signature.xmldsig.names import ds, xades

LATE = NOW + 10 * HOUR
PASSED = ("TOTAL-PASSED", None)
ALL = b"".join(FILES.values())
FIRST = FILES["dossier.xml"]


def with_content_stamp(stamped: bytes, moment, *, only=None, referenced="true", tokens=1):
    """Adds AllDataObjectsTimeStamp, or IndividualDataObjectsTimeStamp over the references at these places."""

    def change(root: etree._Element) -> None:
        kind = "AllDataObjectsTimeStamp" if only is None else "IndividualDataObjectsTimeStamp"
        element = etree.SubElement(first(root, xades("SignedDataObjectProperties")), xades(kind))
        references = list(root.iter(ds("Reference")))
        for place in only or ():
            uri = f"#{references[place].get('Id')}" if place < len(references) else "#nothing"
            etree.SubElement(element, xades("Include"), URI=uri, referencedData=referenced)
        etree.SubElement(element, ds("CanonicalizationMethod"), Algorithm=EXCLUSIVE)
        token = stamp(clockwork()[1], sha256(stamped).digest(), moment)
        for _ in range(tokens):
            etree.SubElement(element, xades("EncapsulatedTimeStamp")).text = b64encode(token).decode()

    return change


def xades_report(change, *, crls=None, streams=True):
    store = store_of_containers() if crls is None else store_of_containers(crls=crls)
    return judged(
        changed(packed(), change, sign_again=True),
        store=store,
        policy=LENIENT,
        moment=LATE,
        streams=streams,
    )


@pytest.mark.parametrize(
    ("stamped", "only"), [(ALL, None), (FIRST, [0]), (FIRST + ALL[len(FIRST) :], [0, 1, 2])]
)
def test_over_all_files_or_some_it_is_judged_and_told(stamped, only):
    report = xades_report(with_content_stamp(stamped, NOW - HOUR, only=only))
    (signature,) = report.signatures
    assert PASSED == (report.indication, report.sub_indication)
    assert [(StampKind.CONTENT, "TOTAL-PASSED")] == [(s.kind, s.indication) for s in signature.stamps]
    assert ("B-B", None) == (signature.level, signature.best_signature_time)


@pytest.mark.parametrize(
    ("stamped", "how"),
    [
        (b"something else", {}),
        (FIRST, {}),
        (ALL, {"only": [0]}),
        (FIRST, {"only": [0], "tokens": 2}),
        (FIRST, {"only": [0], "referenced": "false"}),
    ],
)
def test_over_something_else_it_refuses_and_fails_nothing(stamped, how):
    report = xades_report(with_content_stamp(stamped, NOW - HOUR, **how))
    assert ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE") == (report.indication, report.sub_indication)
    assert "intact" == report.integrity


def test_over_a_reference_that_is_not_there_it_proves_nothing():
    report = xades_report(with_content_stamp(FIRST, NOW - HOUR, only=[99]))
    (stamp_,) = report.signatures[0].stamps
    assert (PASSED, "SIGNED_DATA_NOT_FOUND") == (
        (report.indication, report.sub_indication),
        stamp_.sub_indication,
    )
    told = [(f.expected, f.got) for f in report.findings if f.code is Code.TIMESTAMP_INVALID]
    assert [("references of this signature", "nothing")] == told


def test_where_files_cannot_be_read_again_it_is_named():
    report = xades_report(with_content_stamp(ALL, NOW - HOUR), streams=False)
    assert (PASSED, ()) == ((report.indication, report.sub_indication), report.signatures[0].stamps)
    assert Code.ARCHIVE_TIMESTAMP_UNCHECKED in {f.code for f in report.findings}


# -- the same in CMS --------------------------------------------------------------------------------


def stamped_content(room, moment):
    """Adds a content-time-stamp to the signed attributes."""

    def change(attributes):
        token = cms.ContentInfo.load(stamp(room.unit, sha256(CONTENT).digest(), moment))
        attribute = cms.CMSAttribute({"type": "1.2.840.113549.1.9.16.2.20", "values": [token]})
        return sorted([*attributes, attribute], key=lambda a: a.dump())

    return change


@pytest.mark.parametrize(
    ("begun", "verdict"),
    [
        (trustroom.NOW - 2 * DAY, ("TOTAL-FAILED", "REVOKED")),
        (trustroom.NOW - 9 * DAY, ("INDETERMINATE", "REVOKED_NO_POE")),
    ],
)
def test_a_signature_begun_after_the_revocation_has_failed(begun, verdict):
    room = Room()
    room.issuing.revoke(room.seal, trustroom.NOW - 5 * DAY)
    store = TrustStore(room.stamp_material(crls=room.crls()))
    report = room.check(
        resign(sign(room.seal, CONTENT), room.seal, stamped_content(room, begun)), store=store
    )
    assert verdict == (report.indication, report.sub_indication)


@pytest.mark.parametrize(
    ("begun", "verdict"),
    [
        (trustroom.NOW - 2 * DAY, ("TOTAL-FAILED", "EXPIRED")),
        (trustroom.NOW - 9 * DAY, "INDETERMINATE"),
    ],
)
def test_a_signature_begun_after_the_certificates_end_has_failed(begun, verdict):
    room = Room()
    end = trustroom.NOW - 5 * DAY
    usage = trustroom.usage("content_commitment")
    short = trustroom.issue(room.issuing.identity, key_usage=usage, not_after=end)
    info = resign(sign(short, CONTENT, claimed=end - DAY), short, stamped_content(room, begun))
    report = room.check(info)
    got = (report.indication, report.sub_indication)
    assert verdict == (got if isinstance(verdict, tuple) else got[0])


def test_a_unit_nobody_vouches_for_fails_nobody():
    room = Room()
    room.issuing.revoke(room.seal, trustroom.NOW - 5 * DAY)
    store = TrustStore(room.material(crls=room.crls()))
    info = resign(sign(room.seal, CONTENT), room.seal, stamped_content(room, trustroom.NOW - 2 * DAY))
    assert "REVOKED_NO_POE" == room.check(info, store=store).sub_indication


def test_in_a_container_too_a_signature_begun_after_the_revocation_has_failed():
    revoking = trustroom.as_authority(world().issuing.identity)
    revoking.revoke(world().seal, NOW)
    crls = (world().root.crl(NOW), revoking.crl(NOW + 2 * HOUR), clockwork()[0].crl(NOW))
    report = xades_report(with_content_stamp(ALL, NOW + HOUR), crls=crls)
    assert ("TOTAL-FAILED", "REVOKED") == (report.indication, report.sub_indication)
    earlier = xades_report(with_content_stamp(ALL, NOW - HOUR), crls=crls)
    assert ("INDETERMINATE", "REVOKED_NO_POE") == (earlier.indication, earlier.sub_indication)


def test_younger_than_the_time_stamp_on_the_signature_it_is_out_of_order():
    container = packed(timestamper=lambda imprint: stamp(clockwork()[1], imprint, NOW + HOUR))
    report = judged(
        changed(container, stamped_twice(NOW + 2 * HOUR)),
        store=store_of_containers(),
        policy=LENIENT,
        moment=LATE,
    )
    assert ("INDETERMINATE", "TIMESTAMP_ORDER_FAILURE") == (report.indication, report.sub_indication)


def stamped_twice(content_time):
    """A content time-stamp, and the signature's own time-stamp made right again: its value changes with the properties."""

    def change(root: etree._Element) -> None:
        with_content_stamp(ALL, content_time)(root)
        reseal(root)
        value = next(iter(root.iter(ds("SignatureValue"))))
        method = first(first(root, xades("SignatureTimeStamp")), ds("CanonicalizationMethod"))
        imprint = sha256(canonicalize(value, method.get("Algorithm"))).digest()
        token = stamp(clockwork()[1], imprint, NOW + HOUR)
        place = first(first(root, xades("SignatureTimeStamp")), xades("EncapsulatedTimeStamp"))
        place.text = b64encode(token).decode()

    return change
