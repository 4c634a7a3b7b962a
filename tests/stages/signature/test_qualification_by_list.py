# SPDX-License-Identifier: EUPL-1.2
"""What a trusted list says of single certificates: qualifiers, the criteria of annex H, entries that contradict."""

import pytest
from listroom import union
from listxml import WITHDRAWN, Entry, key_usage, policies, qualification
from standingroom import ADESEAL, NO, QESEAL, QESIG, listed, said, standing
from trustroom import DAY, NOW


@pytest.fixture(scope="module")
def room():
    return union()


OURS, OTHERS = policies("1.2.3.4"), policies("1.2.3.5")


@pytest.mark.parametrize(
    ("qualifiers", "expected"),
    [
        (["NotQualified"], NO),
        (["QCNoQSCD"], ADESEAL),
        (["QCNoSSCD"], ADESEAL),
        (["QCQSCDStatusAsInCert"], QESEAL),
        (["QCWithQSCD"], QESEAL),
        (["QCWithQSCD", "QCNoQSCD"], ADESEAL),
        (["QCForESeal"], QESEAL),
        (["QCForESig"], NO),
        (["QCForESig", "QCForESeal"], NO),
        (["QCForLegalPerson"], NO),
        (["QCStatement", "NotQualified"], NO),
        (["QCSomethingNew"], NO),
    ],
)
def test_the_list_overrules_the_certificate(room, qualifiers, expected):
    found = standing(room, listed(room, qualification(*qualifiers, criteria=OURS)))

    assert expected is found.status


@pytest.mark.parametrize("qualifier", ["NotQualified", "QCNoQSCD", "QCForESig"])
def test_what_the_list_says_of_other_certificates_does_not_matter(room, qualifier):
    assert (QESEAL, ()) == said(standing(room, listed(room, qualification(qualifier, criteria=OTHERS))))


def test_the_list_can_give_what_the_certificate_does_not_say(room):
    bare = room.seal_of(compliant=False, device=False, kinds=[])
    given = qualification("QCStatement", "QCForESeal", "QCQSCDManagedOnBehalf", criteria=OURS)

    assert (QESEAL, ()) == said(standing(room, listed(room, given), seal=bare))


def test_a_seal_marked_for_signatures_by_the_list_is_a_signature(room):
    found = standing(
        room, listed(room, qualification("QCForESig", criteria=OURS), uses=["ForeSignatures", "ForeSeals"])
    )

    assert QESIG is found.status


def test_a_certificate_issued_for_another_use_is_not_qualified(room):
    uses = ("ForeSignatures", "ForeSeals")
    before = Entry(uses=uses, qualifications=[qualification("QCForESig", criteria=OURS)])
    since = Entry(uses=uses, start=NOW - 10 * DAY)

    assert (NO, ("use-changed-since-issuance",)) == said(standing(room, room.service(since, before)))


BOTH = policies("1.2.3.4", "1.2.3.5")


def other(kind, part, oid):
    """A criterion of TS 119 612 annex H."""
    inner = f"<add:{part}><xades:Identifier>{oid}</xades:Identifier></add:{part}>"
    return f"<sie:otherCriteriaList><add:{kind}>{inner}</add:{kind}></sie:otherCriteriaList>"


CRITERIA = [
    (OURS, "all", True),
    (policies("urn:oid:1.2.3.4"), "all", True),
    (BOTH, "all", False),
    (OURS + OTHERS, "all", False),
    (OURS + OTHERS, "atLeastOne", True),
    (OURS + OTHERS, "none", False),
    (OTHERS, "none", True),
    (key_usage(nonRepudiation=True), "all", True),
    (key_usage(nonRepudiation=True, digitalSignature=True), "all", False),
    (key_usage(nonRepudiation=True, digitalSignature=False), "all", True),
    (key_usage(nonRepudiation=False), "all", False),
    (f'<sie:CriteriaList assert="none">{OTHERS}</sie:CriteriaList>{OURS}', "all", True),
    (f'<sie:CriteriaList assert="none">{OURS}</sie:CriteriaList>', "all", False),
    (other("CertSubjectDNAttribute", "AttributeOID", "2.5.4.10"), "all", True),
    (other("CertSubjectDNAttribute", "AttributeOID", "2.5.4.97"), "all", False),
    (other("ExtendedKeyUsage", "KeyPurposeId", "1.3.6.1.5.5.7.3.8"), "all", False),
]


@pytest.mark.parametrize(("criteria", "combination", "meets"), CRITERIA)
def test_criteria_are_met_as_the_standard_says(room, criteria, combination, meets):
    """Asked with NotQualified: a criterion that is read too narrowly would let the certificate through."""
    denied = qualification("NotQualified", criteria=criteria, combination=combination)

    expected = (NO, ("list-says-not-qualified",)) if meets else (QESEAL, ())
    assert expected == said(standing(room, listed(room, denied)))


@pytest.mark.parametrize(
    ("criteria", "combination"),
    [
        (OTHERS, "some"),
        ("<sie:Unknown/>", "all"),
        ("<sie:otherCriteriaList><add:Unknown/></sie:otherCriteriaList>", "all"),
        ("<sie:PolicySet/>", "all"),
        ("<sie:KeyUsage/>", "all"),
        (key_usage(signAnything=True), "all"),
        (policies("urn:something"), "all"),
        ("<sie:CriteriaList assert='all'>" * 12 + OTHERS + "</sie:CriteriaList>" * 12, "all"),
    ],
)
def test_an_entry_that_is_not_understood_qualifies_nobody(room, criteria, combination):
    odd = qualification("QCWithQSCD", criteria=criteria, combination=combination)
    found = standing(room, listed(room, odd))

    assert (NO, ("entry-not-understood",)) == said(found)


@pytest.mark.parametrize(("critical", "expected"), [("true", NO), ("false", QESEAL)])
def test_a_critical_extension_that_is_not_known_makes_the_entry_unusable(room, critical, expected):
    further = f'<Extension Critical="{critical}"><sie:Brandnew/></Extension>'

    assert expected is standing(room, listed(room, further=further)).status


def test_an_entry_that_is_not_understood_is_not_passed_over_for_the_one_before_it(room):
    odd = Entry(start=NOW - 10 * DAY, further='<Extension Critical="true"><sie:Brandnew/></Extension>')

    assert (NO, ("entry-not-understood",)) == said(standing(room, room.service(odd, Entry())))
    assert (QESEAL, ()) == said(standing(room, room.service(odd, Entry()), existed=NOW - 20 * DAY))


def test_entries_that_contradict_each_other_qualify_nobody(room):
    first = listed(room, qualification("QCNoQSCD", criteria=OURS))
    denied = listed(room, qualification("NotQualified", criteria=OURS))

    for pair in ((first, room.service()), (room.service(), denied)):
        assert (NO, ("entries-contradict",)) == said(standing(room, *pair))


def test_a_use_that_one_entry_was_withdrawn_for_is_not_granted_by_another(room):
    withdrawn = listed(room, status=WITHDRAWN)

    for pair in ((withdrawn, room.service()), (room.service(), withdrawn)):
        assert (NO, ("entries-contradict",)) == said(standing(room, *pair))


def test_a_use_that_was_withdrawn_says_nothing_of_another(room):
    signatures = listed(room, status=WITHDRAWN, uses=["ForeSignatures"])

    assert (QESEAL, ()) == said(standing(room, signatures, room.service()))


def test_several_entries_that_agree_are_one_answer(room):
    signatures = listed(room, uses=["ForeSignatures"])

    assert (QESEAL, ()) == said(standing(room, signatures, room.service(), room.service()))
