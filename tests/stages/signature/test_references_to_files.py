# SPDX-License-Identifier: EUPL-1.2
"""References against files, one by one: what covers, what is a fault, what the fault means and says."""

from dataclasses import replace
from hashlib import new as new_digest
from hashlib import sha256

import pytest
from signed_bundles import POLICY, judged_with_digests, packed

from gateway.codes import Code
from gateway.errors import JournalDamaged, Rejected
from gateway.findings import Finding, Severity
from gateway.model.signature import Indication, Integrity, Revocation, SubIndication, Trust
from gateway.stages.container import read_entry
from gateway.stages.signature import verified
from gateway.stages.signature.coverage import Contents, DataReference, check_references, covered_by
from gateway.stages.signature.verdict import _contained
from gateway.stages.signature.xmldsig.references import EntryNames

FILES = {"a.xml": b"<a/>", "b.pdf": b"%PDF-1.7 b"}
LENIENT = replace(POLICY, require_all_signatures=False)
PLACE = "META-INF/signatures0.xml"
LISTING = "META-INF/manifest.xml"  # the same in every packed container


def contents():
    digested = judged_with_digests(packed(FILES))[1]
    return Contents.of(digested, lambda entry: read_entry(digested.opened.source, entry))


def to(name, data=None, digest="sha256"):
    value = new_digest(
        digest if digest == "sha256" else "sha256", FILES[name] if data is None else data
    ).digest()
    return DataReference(uri=name, digest=digest, value=value, place=PLACE)


def check(*references, policy=POLICY):
    coverage = check_references(references, contents(), place=PLACE, policy=policy)
    told = [
        (f.means, f.finding.code, f.finding.severity, f.finding.place, f.finding.expected, f.finding.got)
        for f in coverage.faults
    ]
    return coverage.covers, told


def unsigned(name, severity=Severity.ERROR):
    return (
        SubIndication.SIG_CONSTRAINTS_FAILURE,
        Code.UNSIGNED_CONTENT,
        severity,
        name,
        f"covered by {PLACE}",
        "not covered",
    )


def faulty(means, place, expected, got, code=Code.SIGNATURE_REFERENCE):
    return (means, code, Severity.ERROR, f"{PLACE}, {place}", expected, got)


def test_references_to_all_files_cover_them_in_their_order():
    assert check(to("b.pdf"), to("a.xml")) == (("b.pdf", "a.xml"), [])


def test_a_file_without_a_reference_is_not_signed_and_policy_says_how_grave_that_is():
    assert check(to("a.xml")) == (("a.xml",), [unsigned("b.pdf")])
    assert check(to("a.xml"), policy=LENIENT) == (("a.xml",), [unsigned("b.pdf", Severity.WARNING)])
    assert check() == ((), [unsigned("a.xml"), unsigned("b.pdf")])


def test_another_digest_covers_nothing_and_is_told_with_both():
    expected, got = (f"SHA-256 {sha256(data).hexdigest()}" for data in (b"other", FILES["b.pdf"]))
    fault = faulty(SubIndication.HASH_FAILURE, "b.pdf", expected, got, Code.SIGNATURE_DIGEST_MISMATCH)
    assert check(to("a.xml"), to("b.pdf", b"other")) == (("a.xml",), [fault])


@pytest.mark.parametrize("length", [0, 31, 33, 200])
def test_a_digest_of_another_length_covers_nothing(length):
    value = (sha256(FILES["a.xml"]).digest() * 7)[:length]
    reference = DataReference(uri="a.xml", digest="sha256", value=value, place=PLACE)
    covers, (fault, *_) = check(reference, to("b.pdf"))
    assert (("b.pdf",), f"SHA-256 {value.hex()[:128]}") == (covers, fault[4])


def test_a_file_that_is_not_there_is_not_found():
    reference = DataReference(uri="c.xml", digest="sha256", value=b"", place=PLACE)
    fault = faulty(
        SubIndication.SIGNED_DATA_NOT_FOUND, "c.xml", "this file", "none", Code.SIGNED_FILE_MISSING
    )
    assert check(to("a.xml"), to("b.pdf"), reference) == (("a.xml", "b.pdf"), [fault])


def test_a_file_that_is_not_there_is_named_as_people_write_it():
    reference = DataReference(uri="Gr%C3%BC%C3%9Fe%20.xml", digest="sha256", value=b"", place=PLACE)
    (fault,) = check(to("a.xml"), to("b.pdf"), reference)[1]
    assert (Code.SIGNED_FILE_MISSING, f"{PLACE}, Grüße .xml") == (fault[1], fault[3])


def test_a_name_that_means_several_files_is_no_missing_file():
    names = EntryNames.of(["A\N{COMBINING RING ABOVE}.xml", "\N{ANGSTROM SIGN}.xml"])
    wanted = "\N{LATIN CAPITAL LETTER A WITH RING ABOVE}.xml"
    assert (None, True, False) == (names.find(wanted), names.resembles(wanted), names.resembles("B.xml"))


def test_a_file_referenced_twice_is_a_fault_even_where_both_agree():
    fault = faulty(SubIndication.FORMAT_FAILURE, "a.xml", "each file referenced once", "a.xml again")
    assert check(to("a.xml"), to("b.pdf"), to("a.xml")) == (("a.xml", "b.pdf"), [fault])


def test_a_second_reference_does_not_mend_the_first():
    covers, faults = check(to("a.xml", b"other"), to("b.pdf"), to("a.xml"))
    assert (("b.pdf",), [SubIndication.HASH_FAILURE, SubIndication.FORMAT_FAILURE]) == (
        covers,
        [f[0] for f in faults],
    )


def test_a_digest_that_was_not_made_proves_nothing():
    fault = faulty(SubIndication.SIGNED_DATA_NOT_FOUND, "a.xml", "readable content", "none")
    assert check(to("a.xml", digest="sha3_256"), to("b.pdf")) == (("b.pdf",), [fault])


def test_a_reference_that_is_no_name_is_a_fault_and_the_others_go_on():
    address = DataReference(uri="http://127.0.0.1/a.xml", digest="sha256", value=b"", place=PLACE)
    covers, faults = check(address, to("b.pdf"))
    assert (("b.pdf",), True) == (covers, unsigned("a.xml") in faults)
    assert len(faults) == 2


def test_a_reference_that_is_no_name_hides_no_fault_before_it():
    address = DataReference(uri="http://127.0.0.1/a.xml", digest="sha256", value=b"", place=PLACE)
    _, faults = check(to("a.xml", b"other"), address, to("b.pdf"))
    assert SubIndication.HASH_FAILURE in {fault[0] for fault in faults}


def test_scopes_are_turned_round():
    assert covered_by(["a", "b"], {"S": ("a",), "T": ("a", "c")}) == {"a": ("S", "T"), "b": ()}


def test_files_can_be_read_once_more_and_without_a_way_to_do_it_they_say_so():
    value = contents()
    assert b"".join(value.again.stream("a.xml", place=PLACE)) == FILES["a.xml"]
    assert b"".join(value.again.stream(PLACE, place=PLACE)) == value.digested.opened.meta[PLACE]
    assert Contents.of(value.digested).again is None


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_file_of_meta_inf_is_digested_from_its_bytes_once_and_for_each_algorithm(algorithm):
    value = contents()
    expected = new_digest(algorithm, value.digested.opened.meta[LISTING]).digest()
    assert [expected] * 2 == [value.digest(LISTING, algorithm) for _ in range(2)]
    reference = DataReference(uri=LISTING, digest=algorithm, value=expected, place=PLACE)
    assert check(to("a.xml"), to("b.pdf"), reference) == (("a.xml", "b.pdf", LISTING), [])


def test_a_file_that_is_not_there_has_no_digest():
    assert contents().digest("c.xml", "sha256") is None


def test_the_digest_of_the_content_is_that_of_lengths_names_and_digests():
    """Kept in journals for years to tell repetitions: it must never change."""
    expected = sha256()
    for name in sorted(FILES):
        expected.update(len(name.encode()).to_bytes(4) + name.encode() + sha256(FILES[name]).digest())
    assert verified(*judged_with_digests(packed(FILES))).content_digest == expected.hexdigest()


# -- the last resort


def test_an_exception_nobody_foresaw_is_an_open_signature_with_its_finding():
    report = _contained(lambda: {}["x"], PLACE)
    assert (report.id, report.place, report.form, report.level, report.signer, report.covers) == (
        *("", PLACE, "", "", None),
        (),
    )
    assert (report.indication, report.sub_indication, report.integrity, report.trust, report.revocation) == (
        Indication.INDETERMINATE,
        SubIndication.POLICY_PROCESSING_ERROR,
        Integrity.UNCHECKED,
        Trust.UNKNOWN,
        Revocation.UNKNOWN,
    )
    (finding,) = report.findings
    assert (Code.VERIFICATION_FAILED, Severity.UNKNOWN, PLACE) == (
        finding.code,
        finding.severity,
        finding.place,
    )


def test_a_rejection_inside_keeps_its_findings():
    def judge():
        raise Rejected([Finding(code=Code.CMS_STRUCTURE)])

    assert (Finding(code=Code.CMS_STRUCTURE),) == _contained(judge, PLACE).findings


def test_a_fault_of_ours_is_no_statement_about_the_signature():
    def judge():
        raise JournalDamaged("spool")

    with pytest.raises(JournalDamaged):
        _contained(judge, PLACE)
