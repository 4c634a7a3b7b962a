# SPDX-License-Identifier: EUPL-1.2
"""Every way we know to make a zip file mean two things is refused with its own code; what is ordinary is taken."""

import pytest
from zip_attacks import ATTACKS, BAD_NAMES, LIMITS, SYMLINK, A, B, file
from zip_forge import files_of, forge

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.policy import ContainerPolicy


@pytest.mark.parametrize("attack", ATTACKS)
def test_is_refused_with_its_own_code(attack):
    data, code = ATTACKS[attack]
    with pytest.raises(Rejected) as caught:
        files_of(data)
    assert code in {finding.code for finding in caught.value.findings}


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES)
def test_name_that_some_system_reads_differently_is_refused(name):
    with pytest.raises(Rejected) as caught:
        files_of(forge([file(name, data=b"" if name.endswith("/") else b"<a/>", method=0)]))
    assert {finding.code for finding in caught.value.findings} == {Code.CONTAINER_BAD_NAME}


GOOD_NAMES = (
    "a",
    "Antrag \u00a7 81a (2).pdf",
    "1234567890 !#$%&'()+,-.;=@[]^_`{}~ \u00f5\u00e4\u00f6\u00fc.txt",
    "Stra\u00dfe/\u1e9e/\u0152uvre.pdf",
    "C\u030cmeli\u0161.pdf".replace("C\u030c", "\u010c"),
    "x\u0328.pdf",
    ".profile",
    "x" * 200,
    "a/b/c/d",
    "console.txt",
    "%2e%2e%2f",
    "\u6587\u4ef6.pdf",
    "\u2026.pdf",
)


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_ordinary_name_is_taken(name):
    assert files_of(forge([file(name)])) == {name: b"<a/>" * 20}


@pytest.mark.parametrize("limit", LIMITS)
def test_limit_holds(limit):
    data, policy = LIMITS[limit]
    with pytest.raises(Rejected) as caught:
        files_of(data, policy)
    assert Code.CONTAINER_LIMITS in {finding.code for finding in caught.value.findings}


@pytest.mark.parametrize("limit", ["max_entries", "max_entry_bytes", "max_total_bytes", "max_bundle_bytes"])
def test_limit_itself_is_inside(limit):
    data = forge([A, B])
    edge = {"max_entries": 2, "max_entry_bytes": 80, "max_total_bytes": 160, "max_bundle_bytes": len(data)}
    assert set(files_of(data, ContainerPolicy(**{limit: edge[limit]}))) == {"a.xml", "b.xml"}


def test_a_directory_may_be_as_large_as_its_bound_and_no_larger():
    def of(size):
        return forge([file(comment=b"x" * (size - 46 - len("a.xml")))])

    policy = ContainerPolicy(max_entries=1, max_comment_bytes=64 * 1024)
    assert set(files_of(of(64 * 1024), policy)) == {"a.xml"}
    with pytest.raises(Rejected, match="container-limits"):
        files_of(of(64 * 1024 + 1), policy)


def test_extra_fields_may_be_as_long_as_their_bound():
    longest = b"\xfe\xca\x7c\0" + bytes(124)

    assert set(files_of(forge([file(extra=longest)]))) == {"a.xml"}


def test_all_faults_are_named_at_once():
    data = forge(
        [
            file("../a.xml"),
            file("b.xml", local={"crc": 7}),
            file("c.xml", external=SYMLINK),
            file("d.xml", flags=1),
            file("e.xml", method=12),
            file("E.xml", after=b"gap"),
            file("\u00e4.xml".encode()),
            file("f.xml", comment=b"\xff"),
        ],
        comment=b"\0",
        suffix=b"tail",
    )
    with pytest.raises(Rejected) as caught:
        files_of(data)
    assert {finding.code for finding in caught.value.findings} == {
        Code.CONTAINER_BAD_NAME,
        Code.CONTAINER_HEADER_MISMATCH,
        Code.CONTAINER_NOT_A_REGULAR_FILE,
        Code.CONTAINER_FEATURE_NOT_ALLOWED,
        Code.CONTAINER_METHOD_NOT_ALLOWED,
        Code.CONTAINER_DUPLICATE_NAME,
        Code.CONTAINER_HIDDEN_ENTRY,
        Code.CONTAINER_NAME_ENCODING,
        Code.CONTAINER_COMMENT,
        Code.CONTAINER_TRAILING_DATA,
    }


def test_findings_of_a_moved_archive_are_still_those_of_its_entries():
    with pytest.raises(Rejected) as caught:
        files_of(b"MZ" + forge([file("../a.xml")]))
    assert [finding.code for finding in caught.value.findings] == [
        Code.CONTAINER_PREPENDED_DATA,
        Code.CONTAINER_BAD_NAME,
    ]


def test_a_thousand_faults_make_a_bounded_report():
    data = forge([file(f"../{number}") for number in range(900)])
    with pytest.raises(Rejected) as caught:
        files_of(data)
    assert len(caught.value.findings) == 500
