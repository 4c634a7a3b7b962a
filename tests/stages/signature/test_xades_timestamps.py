# SPDX-License-Identifier: EUPL-1.2
"""Signature time-stamps in XAdES: what they stamp, which time they prove, and what happens without trust in them.

The tokens are made by pyHanko, so the judged bytes do not come from the code that judges them.
"""

from base64 import b64encode
from hashlib import sha256

import trustroom
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signed_bundles import NOW, changed, codes, first, judged, packed, signing_identity, world
from stamproom import HOUR, LENIENT, add_crls, archived, clockwork, stamped
from stamproom import store_of_containers as store

from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.xmldsig.names import xades


def test_a_trusted_time_stamp_proves_the_time():
    report = judged(stamped(), store=store(), policy=LENIENT, moment=NOW + 2 * HOUR)
    signature = report.signatures[0]
    assert ("TOTAL-PASSED", "B-T", []) == (report.indication, report.level, codes(report))
    assert NOW + HOUR == signature.best_signature_time


def test_a_time_stamp_over_something_else_refuses_the_signature_but_not_its_integrity():
    report = judged(
        stamped(other=sha256(b"other").digest()), store=store(), policy=LENIENT, moment=NOW + 2 * HOUR
    )
    assert "TOTAL-PASSED" != report.indication
    assert ("timestamp-invalid" in codes(report), "intact", None) == (
        True,
        report.integrity,
        report.signatures[0].best_signature_time,
    )


def test_a_time_stamp_nobody_vouches_for_proves_nothing_and_breaks_nothing():
    report = judged(stamped(), store=store(trusted=False), policy=LENIENT, moment=NOW + 2 * HOUR)
    assert ("TOTAL-PASSED", None) == (report.indication, report.signatures[0].best_signature_time)
    assert "no-anchors" in {finding.code for finding in report.findings}


def test_without_a_time_stamp_no_time_is_proven():
    assert judged(packed(), policy=LENIENT).signatures[0].best_signature_time is None


def test_garbage_for_a_token_is_refused():
    report = judged(packed(timestamper=lambda _: b"garbage"), store=store(), policy=LENIENT)
    assert "TOTAL-PASSED" != report.indication
    assert "intact" == report.integrity


def test_two_tokens_in_one_property_are_refused():
    def twice(root: etree._Element) -> None:
        token = first(root, xades("EncapsulatedTimeStamp"))
        token.addnext(etree.fromstring(etree.tostring(token, with_tail=False)))

    report = judged(changed(stamped(), twice), store=store(), policy=LENIENT, moment=NOW + 2 * HOUR)
    assert ["timestamp-invalid"] == codes(report)


def test_a_revocation_after_the_proven_time_leaves_the_signature_valid():
    issuing = world().root.subordinate("CA mit Widerruf")
    seal = issuing.seal("IHK Später")
    issuing.revoke(seal, NOW + 3 * HOUR)
    crls = (world().root.crl(NOW), issuing.crl(NOW + 4 * HOUR), clockwork()[0].crl(NOW))
    container = packed(
        identity=signing_identity(seal),
        timestamper=lambda imprint: trustroom.stamp(clockwork()[1], imprint, NOW + HOUR),
    )
    late = NOW + 5 * HOUR
    proven = judged(container, store=store(crls=crls), policy=LENIENT, moment=late)
    unproven = judged(container, store=store(trusted=False, crls=crls), policy=LENIENT, moment=late)
    assert ("TOTAL-PASSED", False) == (proven.indication, "TOTAL-PASSED" == unproven.indication)


def test_validation_data_lifts_the_level_and_is_only_a_hint():
    values = world().issuing.crl(NOW), world().root.crl(NOW)

    def add(root: etree._Element) -> None:
        unsigned = first(root, xades("UnsignedSignatureProperties"))
        certificates = etree.SubElement(unsigned, xades("CertificateValues"))
        for certificate in world().seal.chain:
            etree.SubElement(certificates, xades("EncapsulatedX509Certificate")).text = b64encode(
                certificate.public_bytes(Encoding.DER)
            ).decode()
        add_crls(root, *values)

    container = changed(stamped(), add)
    own = store(crls=(clockwork()[0].crl(NOW),))
    assert ("TOTAL-PASSED", "B-LT") == _verdict(container, own)
    nobody = store(crls=(clockwork()[0].crl(NOW),), signer_anchors=())
    assert "INDETERMINATE" == _verdict(container, nobody)[0]


def _verdict(container: bytes, known: TrustStore) -> tuple[str, str]:
    report = judged(container, store=known, policy=LENIENT, moment=NOW + 2 * HOUR)
    return report.indication, report.level


def test_an_archive_time_stamp_over_every_signed_byte_lifts_the_level():
    report = judged(archived(), store=store(), policy=LENIENT, moment=NOW + 3 * HOUR)
    assert ("TOTAL-PASSED", "B-LTA", []) == (report.indication, report.level, codes(report))
    assert NOW + HOUR == report.signatures[0].best_signature_time


def test_an_archive_time_stamp_that_leaves_a_file_out_is_refused():
    report = judged(archived(skip="pass.pdf"), store=store(), policy=LENIENT, moment=NOW + 3 * HOUR)
    assert (["timestamp-invalid"], "intact") == (codes(report), report.integrity)


def test_an_archive_time_stamp_keeps_the_older_stamp_alive_after_its_unit_expired():
    authority = clockwork()[0]
    short = trustroom.stamp_unit(authority, not_after=NOW + 90 * HOUR)
    container = packed(timestamper=lambda imprint: trustroom.stamp(short, imprint, NOW + HOUR))
    late = NOW + 100 * HOUR
    # The list of the unit's own days: later ones leave expired certificates out (RFC 5280 clause 3.3).
    crls = (*world().material.crls, authority.crl(NOW + 2 * HOUR), authority.crl(late))
    before = judged(container, store=store(crls=crls), policy=LENIENT, moment=late)
    after = judged(archived(container), store=store(crls=crls), policy=LENIENT, moment=late)
    assert (None, NOW + HOUR) == (
        before.signatures[0].best_signature_time,
        after.signatures[0].best_signature_time,
    )


def test_without_a_way_to_read_files_again_an_archive_time_stamp_is_named_and_nothing_rests_on_it():
    report = judged(archived(), store=store(), policy=LENIENT, moment=NOW + 3 * HOUR, streams=False)
    assert ("TOTAL-PASSED", "B-LT") == (report.indication, report.level)
    assert "archive-timestamp-unchecked" in {finding.code for finding in report.findings}


def test_more_time_stamps_than_anyone_needs_are_refused_unread():
    def many(root: etree._Element) -> None:
        stamp = first(root, xades("SignatureTimeStamp"))
        for _ in range(8):
            stamp.addnext(etree.fromstring(etree.tostring(stamp, with_tail=False)))

    report = judged(changed(stamped(), many), store=store(), policy=LENIENT, moment=NOW + 3 * HOUR)
    assert ["timestamp-invalid"] == codes(report)
