# SPDX-License-Identifier: EUPL-1.2
"""Baseline levels: the highest one whose every part is there and holds, by one measure in every form.

What lifts to B-LT has to speak of the signer's path; an empty element, or the list of a stranger, speaks of nobody.
"""

from dataclasses import replace

import pdfroom
import pytest
import trustroom
from asn1crypto import cms
from asn1crypto import crl as asn1_crl
from cadesroom import CONTENT, PASSED, Room, verdict
from pyhanko.sign.validation import dss
from signed_bundles import NOW, changed, judged, world
from stamproom import HOUR, LENIENT, add_crls, archived, clockwork, judged_in, stamped, store_of_containers
from trustroom import sign

from gateway.demo import pki
from gateway.stages.signature.certificates.trust import TrustStore

LATE = NOW + 10 * HOUR


def container(data, **how):
    report = judged(data, store=store_of_containers(**how), policy=LENIENT, moment=LATE)
    return report.indication, report.level


def own_lists():
    return world().issuing.crl(NOW), world().root.crl(NOW)


@pytest.mark.parametrize(
    ("lists", "level"),
    [
        (own_lists, "B-LT"),
        (lambda: (), "B-T"),
        (lambda: own_lists()[:1], "B-T"),
        (lambda: (pki.root("Fremd").crl(NOW),), "B-T"),
        (lambda: (b"no list",), "B-T"),
    ],
)
def test_a_container_is_long_term_if_the_lists_inside_carry_the_signers_path(lists, level):
    assert ("TOTAL-PASSED", level) == container(changed(stamped(), lambda root: add_crls(root, *lists())))


def test_an_archive_time_stamp_of_a_unit_nobody_vouches_for_lifts_nothing():
    assert ("TOTAL-PASSED", "B-LTA") == container(archived())
    assert ("TOTAL-PASSED", "B-B") == container(archived(), trusted=False)


@pytest.mark.parametrize(("own", "level"), [(True, "B-LT"), (False, "B-T")])
def test_a_cms_signature_is_long_term_if_the_lists_inside_carry_the_signers_path(own, level):
    room = Room()
    lists = room.crls() if own else (pki.root("Fremd").crl(trustroom.NOW),)
    info = sign(room.seal, CONTENT, stamped_by=room.unit)
    info["content"]["crls"] = cms.RevocationInfoChoices(
        [cms.RevocationInfoChoice(name="crl", value=asn1_crl.CertificateList.load(found)) for found in lists]
    )
    report = room.check(info.dump(force=True))
    assert (PASSED, level) == (verdict(report), report.level)


def test_no_form_counts_a_time_stamp_that_proves_nothing():
    assert {"B-B"} == {judged_in(form, trusted=False).signature.level for form in ("XAdES", "CAdES", "PAdES")}


# -- what an archive or document time-stamp covers outlives its algorithm ----------------------------


def without_ecdsa(policy, last):
    rows = [replace(r, valid_until=last) if r.algorithm == "ecdsa" else r for r in policy.algorithms]
    return replace(policy, algorithms=tuple(rows))


def test_lists_and_certificates_under_an_archive_time_stamp_are_as_old_as_it_is():
    store = store_of_containers(crls=(), tsa_anchors=(clockwork()[1].certificate_der,))
    policy = without_ecdsa(LENIENT, NOW.date())
    covered = archived()
    bare = changed(stamped(), lambda root: add_crls(root, *own_lists()))
    told = [
        judged(data, store=store, policy=policy, moment=NOW + 30 * HOUR).indication
        for data in (covered, bare)
    ]
    assert ["TOTAL-PASSED", "INDETERMINATE"] == told


def test_lists_and_certificates_under_a_document_time_stamp_are_as_old_as_it_is():
    room = pdfroom.room()
    store = TrustStore(room.full_material(crls=(), tsa_anchors=(trustroom.der(room.unit),)))
    policy = without_ecdsa(trustroom.POLICY, pdfroom.SIGNED_AT.date())
    told = [room.judge(room.sign(level=level), store=store, policy=policy) for level in ("B-LTA", "B-LT")]
    assert [("TOTAL-PASSED", "B-LTA"), ("INDETERMINATE", "B-T")] == [(j.indication, j.level) for j in told]


def test_a_security_store_that_came_after_the_document_time_stamp_is_not_covered_by_it():
    room = pdfroom.room()
    store = TrustStore(room.full_material(crls=(), tsa_anchors=(trustroom.der(room.unit),)))
    stamped_first = pdfroom.grown(
        room.stamp(room.sign(level="B-T")),
        lambda writer: dss.DocumentSecurityStore.supply_dss_in_writer(
            writer, None, crls=[asn1_crl.CertificateList.load(found) for found in room.crls()]
        ),
    )
    judged_now = room.judge(stamped_first, store=store)
    assert ("TOTAL-PASSED", "B-LT") == (judged_now.indication, judged_now.level)
    ended = without_ecdsa(trustroom.POLICY, pdfroom.SIGNED_AT.date())
    assert "INDETERMINATE" == room.judge(stamped_first, store=store, policy=ended).indication
