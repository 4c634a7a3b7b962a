# SPDX-License-Identifier: EUPL-1.2
"""DER by hand: lengths that have one encoding only, elements that fill their place, and what is left to other parsers."""

import pytest
from asn1crypto import core

from gateway.errors import Unreadable
from gateway.stages.signature.cms.der import element, elements, non_der

HEADS = {
    0: "3000",
    1: "3001",
    127: "307f",
    128: "308180",
    255: "3081ff",
    256: "30820100",
    65535: "3082ffff",
    65536: "3083010000",
}


@pytest.mark.parametrize("size", HEADS)
def test_an_element_has_the_shortest_length_there_is(size):
    content = b"\x04\x00" * (size // 2) + b"\x00" * (size % 2)
    made = element(0x30, content)
    assert bytes.fromhex(HEADS[size]) + content == made
    assert core.Sequence(contents=content).dump() == made
    if size % 2 == 0:
        assert "" == non_der(made)
        assert [b"\x04\x00"] * (size // 2) == elements(made)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("3080040000 00", "length not in DER at 0"),  # indefinite
        ("308101 00", "length not in DER at 0"),  # a short length in a long form
        ("30817f" + "00" * 127, "length not in DER at 0"),
        ("30820080" + "00" * 128, "length not in DER at 0"),
        ("30850000000001 00", "length not in DER at 0"),  # more octets than any length here
        ("3f1f00", "length not in DER at 0"),  # a tag above 30
        ("30", "length not in DER at 0"),
        ("3003 040500", "element longer than its place at 2"),
        ("3002 0401", "element longer than its place at 2"),
        ("3004 0400 0401", "element longer than its place at 4"),
        ("3006 3004 0402 0000 04", "length not in DER at 8"),
        ("3004 3002 0480", "length not in DER at 4"),
    ],
)
def test_the_first_thing_that_is_not_der_is_told_with_its_place(data, words):
    assert words == non_der(bytes.fromhex(data))


def nested(depth, tag, inside):
    made = element(tag, inside)
    for _ in range(depth):
        made = element(0x30, made)
    return made


@pytest.mark.parametrize("tag", [0xA0, 0xA1])
def test_certificates_and_lists_inside_are_left_to_their_own_parsers(tag):
    """ContentInfo, its [0], SignedData: the fields stand at the third level."""
    foreign = bytes.fromhex("3080 0000")
    assert "" == non_der(nested(3, tag, element(0x30, foreign)))
    for depth in (1, 2, 4):
        assert "length not in DER" in non_der(nested(depth, tag, element(0x30, foreign)))
    assert "length not in DER" in non_der(nested(3, 0xA2, element(0x30, foreign)))


def test_what_is_primitive_is_not_looked_into():
    assert "" == non_der(element(0x30, element(0x04, bytes.fromhex("3080"))))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("3001 04 00", "does not fill its place"),
        ("3003 0400", "does not fill its place"),
        ("3080 0000", "does not fill its place"),
        ("3003 0400 04", "length not in DER at 4"),
        ("3002 0401", "length not in DER at 2"),
        ("3003 048100", "length not in DER at 2"),
    ],
)
def test_elements_that_do_not_fill_their_place_are_refused(data, words):
    with pytest.raises(Unreadable, match=words):
        elements(bytes.fromhex(data))
