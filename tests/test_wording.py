# SPDX-License-Identifier: EUPL-1.2
"""What we say in our own short words has German words as well, and both say the same."""

import argparse
import errno
import inspect
import os
import re
import shutil
import tomllib

import pytest
import wordscan
from hypothesis import given
from hypothesis import strategies as st

from gateway import xmlwords
from gateway.catalogue import data_root
from gateway.errors import ConfigInvalid
from gateway.wording import Wording

FILES = sorted((data_root() / "wording").glob("*.toml"))
TEXTS = {
    english: german
    for path in FILES
    for english, german in tomllib.loads(path.read_text(encoding="utf-8")).items()
}
VALUE = re.compile(r"\{#?\}")
OF_PYTHON = (  # other versions of argparse, the reader of TOML, imports
    "invalid choice: , maybe you meant ? (choose from )",
    "(at line , column )",
    "(at end of document)",
    "No module named",
)
ENGLISH = re.compile(
    r"(?<![\w-])(the|is|and|with|again|not|expected|got|must|which|into|from|every|than)(?![\w-])"
)


@pytest.fixture(scope="module")
def wording():
    return Wording.load(data_root())


@pytest.fixture
def copied(tmp_path):
    shutil.copytree(data_root() / "wording", tmp_path / "wording")
    return tmp_path


def test_everything_a_person_may_read_has_german_words():
    known = {VALUE.sub("{}", english) for english in TEXTS}

    assert {} == {text: place for text, place in wordscan.templates().items() if text not in known}


@pytest.mark.parametrize(
    "words",
    [
        *xmlwords._SYNTAX.values(),
        *xmlwords._STRUCTURE.values(),
        *xmlwords._TYPES.values(),
        *(words for _, words in xmlwords._FACETS),
    ],
)
def test_what_is_said_about_xml_has_german_words(words):
    assert words in {VALUE.sub("{}", english) for english in TEXTS}


def test_no_word_is_kept_that_nothing_says():
    paths = [*wordscan.REPOSITORY.glob("gateway/**/*.py"), *wordscan.REPOSITORY.glob("adapters/**/*.py")]
    paths += (data_root() / "dossier").glob("*/*.xsd")
    said = [path.read_text(encoding="utf-8") for path in paths]
    said += [inspect.getsource(argparse), *map(os.strerror, errno.errorcode), *OF_PYTHON]
    corpus = plain(re.sub(r'"\s*\n\s*f?"', "", "\n".join(said)))

    def used(english: str) -> bool:
        pieces = VALUE.split(english.removeprefix("a value of the pattern "))
        return all(plain(piece).strip(" ,;:()'") in corpus for piece in pieces)

    left = [english for english in TEXTS if not used(english)]
    assert "" == "\n".join(left)


def plain(text: str) -> str:
    return " ".join(text.replace("\\", "").split())


@pytest.mark.parametrize("english", TEXTS)
def test_no_english_is_left_in_the_german(english):
    assert not ENGLISH.search(re.sub(r"amtsbote [\w -]+|TLS \w+|https?://\S+", "", TEXTS[english]))


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("at least one document", "mindestens ein Dokument"),
        ("at most 12 bytes", "höchstens 12 Bytes"),
        ("at most a few", "höchstens a few"),
        ("3 of 5", "3 von 5"),
        ("Proof of Work.pdf", "Proof of Work.pdf"),
        ("CRL: outdated since 2026; OCSP: not a basic response",
         "Sperrliste: veraltet seit 2026; OCSP-Antwort: keine einfache Antwort"),
        ("a digest algorithm acceptable on 2026-01-01", "ein am 2026-01-01 zulässiges Verfahren (Hash)"),
        ("action /JavaScript (object 7)", "Aktion /JavaScript (Objekt 7)"),
        ("keyCompromise since 2026-01-01 (CRL)", "keyCompromise seit 2026-01-01 (CRL)"),
        ("listen.port: expected a number from 1 to 65535, got 0",
         "listen.port: erwartet: eine Zahl von 1 bis 65535, gefunden: 0"),
        ("/etc/x: No such file or directory", "/etc/x: Datei oder Verzeichnis nicht vorhanden"),
        ("covered by META-INF/signatures0.xml, signature S0",
         "umfasst von META-INF/signatures0.xml, Unterschrift S0"),
        ("CN=IHK Erfurt Siegel,C=DE, serial number 3e4b", "CN=IHK Erfurt Siegel,C=DE, Seriennummer 3e4b"),
        ("Müller GmbH", "Müller GmbH"),
        ("{} {0} {", "{} {0} {"),
        ("", ""),
    ],
)  # fmt: skip
def test_german_is_said_with_the_values_of_the_english(wording, english, german):
    assert german == wording.german(english)


@given(st.text(max_size=300))
def test_any_text_at_all_is_taken(wording, text):
    assert isinstance(wording.german(text), str)


@given(
    st.lists(
        st.sampled_from(["expected ", ", got ", ": ", "; ", " in ", " once", "{}", "a", " of ", "3"]),
        max_size=60,
    )
)
def test_pieces_of_templates_in_any_order_are_taken(wording, pieces):
    assert isinstance(wording.german("".join(pieces)), str)


def test_every_fault_of_the_words_is_told_at_once(copied):
    (copied / "wording" / "zz.toml").write_text(
        '"once" = "einmal"\n"new {}" = "ohne Wert"\n"other {}" = "{} {}"\n"third" = ""\n"fourth {}" = "{0:x}"\n"fifth {}" = "{"\n',
        encoding="utf-8",
    )
    (copied / "wording" / "broken.toml").write_bytes(b"\xff")

    with pytest.raises(ConfigInvalid) as caught:
        Wording.load(copied)

    told = "\n".join(caught.value.problems)
    assert [] == [
        w
        for w in ("once: ", "new {}", "other {}", "third", "fourth", "fifth", "broken.toml")
        if w not in told
    ]


def test_without_words_nothing_starts(tmp_path):
    with pytest.raises(ConfigInvalid, match="expected texts, got none"):
        Wording.load(tmp_path)
