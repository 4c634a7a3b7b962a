# SPDX-License-Identifier: EUPL-1.2
"""What a certificate has to say of itself to be a qualified one, beside what the list says of its service."""

import pytest
from listroom import union
from standingroom import ADESEAL, NO, QESEAL, QESIG, listed, said, standing


@pytest.fixture(scope="module")
def room():
    return union()


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"device": False}, (ADESEAL, ("no-qualified-device",))),
        ({"compliant": False}, (NO, ("no-qualified-statement",))),
        ({"law": ["GB"]}, (NO, ("law-of-another-state",))),
        ({"kinds": ["qct_esign"]}, (NO, ("use-not-listed",))),
        ({"kinds": []}, (NO, ("use-not-listed",))),
        ({"kinds": ["qct_eseal", "qct_esign"]}, (NO, ("use-ambiguous",))),
    ],
)
def test_the_statements_of_the_certificate_count(room, claims, expected):
    assert expected == said(standing(room, seal=room.seal_of(**claims)))


def test_a_certificate_without_statements_is_not_qualified(room):
    found = standing(room, seal=room.seal)

    assert (NO, ("no-qualified-statement",)) == said(found)


@pytest.mark.parametrize("kinds", [["1.2.3"], ["0.4.0.1862.1.6.4"]])
def test_a_kind_of_certificate_that_nobody_knows_qualifies_nobody(room, kinds):
    every = listed(room, uses=["ForeSignatures", "ForeSeals"])

    assert NO is standing(room, every, seal=room.seal_of(kinds=kinds)).status


def test_a_statement_made_twice_qualifies_nobody(room):
    seal = room.seal_of(twice=True)

    assert (NO, ("certificate-unreadable",)) == said(standing(room, seal=seal))


@pytest.mark.parametrize(
    ("kinds", "uses", "expected"),
    [
        (["qct_esign"], ["ForeSignatures"], QESIG),
        ([], ["ForeSignatures"], QESIG),
        (["qct_esign"], [], QESIG),
        (["qct_eseal"], [], NO),
        (["qct_esign"], ["ForeSignatures", "ForeSeals"], QESIG),
        (["qct_eseal"], ["ForeSignatures", "ForeSeals"], QESEAL),
        (["qct_web"], ["ForWebSiteAuthentication"], NO),
    ],
)
def test_what_the_service_is_listed_for_has_to_be_what_the_certificate_is_for(room, kinds, uses, expected):
    found = standing(room, listed(room, uses=uses), seal=room.seal_of(kinds=kinds))

    assert expected is found.status


def test_a_certificate_for_websites_makes_no_qualified_signature(room):
    found = standing(
        room, listed(room, uses=["ForWebSiteAuthentication"]), seal=room.seal_of(kinds=["qct_web"])
    )

    assert (NO, ("for-websites",)) == said(found)
