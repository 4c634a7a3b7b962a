# SPDX-License-Identifier: EUPL-1.2
"""Letters: what DIN 91379 allows passes, everything else is named with its place."""

import os
import re
from pathlib import Path

import pytest
from dossierroom import changed
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from readingroom import findings_of, read, seen

from gateway.codes import Code
from gateway.stages.dossier import write_dossier
from gateway.stages.dossier.letters import Letters, strange_letter

SHARED = Path(os.environ.get("AMTSBOTE_SHARED", Path(__file__).parents[3] / "shared"))
XS = "{http://www.w3.org/2001/XMLSchema}"


@pytest.mark.parametrize(
    "name",
    [
        "Đặng Thị Ánh",
        "Łukasz Żółć",
        "Çağrı Şahin",
        "Nguyễn",
        "M\u0302erci",
        "K\u035fhan",
        "O’Neill",
        "ẞ",
        "J\u030ce",
    ],
)
def test_names_of_din_91379_pass(name):
    assert strange_letter(name, Letters.NAME) is None
    assert read(write_dossier(changed(worker__surname=name))).worker.surname == name


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("Müller".replace("ü", "u\u0308"), "U+0308 at character 3"),
        ("Иванов", "U+0418 at character 1"),
        ("Ali\u202eila", "U+202E at character 4"),
        ("A1", "U+0031 at character 2"),
        ("a\u00a0b", "U+00A0 at character 2"),
        ("王", "U+738B at character 1"),
    ],
)
def test_other_letters_are_named_with_their_place(name, where):
    findings = findings_of(write_dossier(changed(worker__surname=name)))
    assert [(Code.DOSSIER_NAME_CHARACTERS, "/dossier/worker/surname", where)] == [
        (f.code, f.place, f.got) for f in findings
    ]


def test_every_text_is_judged_by_its_own_set():
    broken = changed(employer__name="Gasthaus „Zur Ω“", worker__place_of_birth="Ω", contact__name="王")
    assert {
        (Code.DOSSIER_NAME_CHARACTERS, "/dossier/worker/placeOfBirth"),
        (Code.DOSSIER_NAME_CHARACTERS, "/dossier/contact/name"),
    } == seen(findings_of(write_dossier(broken)))


@pytest.mark.parametrize(("letters", "kind"), [("NAME", "A"), ("PLACE", "B"), ("LINE", "D")])
def test_our_letters_are_exactly_those_of_the_published_patterns(letters, kind):
    path = SHARED / "formats" / "xdomea" / "4.0.0" / "din-norm-91379-datatypes.xsd"
    if not path.is_file():
        pytest.skip("the published data types of DIN 91379 are not at hand (AMTSBOTE_SHARED)")
    tree = etree.parse(path)
    pattern = tree.find(f".//{XS}simpleType[@name='datatype{kind}']//{XS}pattern").get("value")
    published = re.compile(pattern)
    for point in range(0x20, 0x3000):
        if chr(point).isspace() and point != 0x20:
            continue
        expected = published.fullmatch(chr(point)) is not None
        assert expected == (strange_letter(chr(point), Letters[letters]) is None), hex(point)
    # Every sequence the pattern spells out, and every letter with each of the marks that occur in one.
    sequences = {letter + mark for letter in "ABCcKkLlÇüŸẠạ" for mark in map(chr, range(0x300, 0x362))}
    sequences |= {
        base + a + b
        for base in "CKLRSkls"
        for a in "\u0328\u035f\u0325\u031b"
        for b in "\u0306\u0304Hh\u0301"
    }
    sequences |= set(re.findall(r"(?<=\|)\w[\u0300-\u036f]+", pattern))
    for text in sequences:
        expected = published.fullmatch(text) is not None
        assert expected == (strange_letter(text, Letters[letters]) is None), ascii(text)


@given(st.text(max_size=2000))
@settings(deadline=None)
def test_the_first_strange_letter_is_where_the_good_part_ends(text):
    strange = strange_letter(text, Letters.LINE)
    if strange is None:
        return
    good = text[: strange.position - 1]
    assert strange_letter(good, Letters.LINE) is None
    assert strange.character == text[strange.position - 1]
