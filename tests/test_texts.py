# SPDX-License-Identifier: EUPL-1.2
"""Codes and texts are held to each other: none without the other, each in two languages, each readable."""

import re
import shutil
import tomllib

import pytest

from gateway.catalogue import data_root
from gateway.codes import Code
from gateway.errors import ConfigInvalid
from gateway.findings import Finding
from gateway.phrasebook import Audience, Language, Phrasebook

TEXTS = {
    slug: table
    for path in sorted((data_root() / "texts").glob("*.toml"))
    for slug, table in tomllib.loads(path.read_text(encoding="utf-8")).items()
}
RECIPIENT = Phrasebook.load(data_root(), Audience.RECIPIENT)
# What verify can come to say: whoever reads it has a sealed file of somebody else and no gateway.
JUDGING = [
    slug
    for name in ("signature", "certificate", "container", "pdf")
    for slug in tomllib.loads((data_root() / "texts" / f"{name}.toml").read_text(encoding="utf-8"))
] + [slug for slug in TEXTS if slug.startswith("xml-")]
SENTENCE = re.compile(r"[A-ZÄÖÜ0-9§][^\n]*[.!?]$|amtsbote [^\n]*[.]$|dossier\.xml [^\n]*[.]$", re.DOTALL)


@pytest.fixture
def copied(tmp_path):
    shutil.copytree(data_root() / "texts", tmp_path / "texts")
    return tmp_path


def test_every_code_has_a_text_and_every_text_a_code():
    assert {code.value for code in Code} == set(TEXTS)


@pytest.mark.parametrize("code", Code)
def test_each_text_is_a_full_sentence_in_both_languages(code):
    table = TEXTS[code]
    for key in ("de", "de_fix", "en", "en_fix"):
        assert SENTENCE.fullmatch(table[key]), (key, table[key])
        assert len(table[key]) <= 400
        assert "{" not in table[key]


@pytest.mark.parametrize("code", Code)
def test_languages_are_not_mixed_up(code):
    table = TEXTS[code]
    english = re.compile(r"\b(the|is|and|with|again|of)\b", re.IGNORECASE)
    german = re.compile(r"\b(der|die|das|und|nicht|Sie|ist|ein|eine)\b")
    assert not english.search(table["de"]), table["de"]
    assert not german.search(table["en"]), table["en"]
    assert table["de"] != table["de_fix"]
    assert table["en"] != table["en_fix"]


@pytest.mark.parametrize(
    ("prefix", "allowed"),
    [
        ("sender-", {403}),
        ("container-", {422}),
        ("manifest-", {422}),
        ("xml-", {422}),
        ("signature-", {422}),
        ("certificate-", {422}),
        ("pdf-", {422}),
        ("dossier-", {422}),
        ("document-", {422}),
        ("route-", {422}),
    ],
)
def test_status_follows_who_must_act(prefix, allowed):
    statuses = {TEXTS[code]["status"] for code in Code if code.value.startswith(prefix)}
    assert statuses == allowed


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (Code.REQUEST_TIMEOUT, 408),
        (Code.BUNDLE_TOO_LARGE, 413),
        (Code.MEDIA_TYPE_NOT_SUPPORTED, 415),
        (Code.CONTENT_ENCODING_NOT_SUPPORTED, 415),
        (Code.RANGE_NOT_SATISFIABLE, 416),
        (Code.EXPECTATION_FAILED, 417),
        (Code.TOO_MANY_REQUESTS, 429),
        (Code.DUPLICATE_DOSSIER, 409),
        (Code.IDEMPOTENCY_KEY_REUSED, 422),
        (Code.REVOCATION_UNKNOWN, 503),
        (Code.SERVICE_UNAVAILABLE, 503),
        (Code.HTTP_VERSION_NOT_SUPPORTED, 505),
        (Code.INSUFFICIENT_STORAGE, 507),
        (Code.INTERNAL_ERROR, 500),
    ],
)
def test_well_known_statuses(code, status):
    assert status == Phrasebook.load(data_root()).status(code)


def test_a_finding_is_told_in_the_language_asked_for():
    book = Phrasebook.load(data_root())
    finding = Finding(code=Code.DOCUMENT_MISSING, expected="PASS")
    assert book.describe(finding, Language.DE).what.startswith("Ein Dokument fehlt")
    assert book.describe(finding, Language.EN).what.startswith("A document is missing")
    assert book.phrase(Code.DOCUMENT_MISSING, Language.EN) == book.describe(finding, "en")


@pytest.mark.parametrize("code", JUDGING)
def test_who_only_received_a_file_is_told_to_do_nothing_that_only_the_sender_can_do(code):
    forbidden = {
        Language.DE: r"\b(Siegeln|Packen|Senden|Reichen|Speichern|Öffnen) Sie\b(?! das Dokument nicht)|Betreiber|Gateway",
        Language.EN: r"(^|[.;] )(Seal|Pack|Send|Submit|Save|Print)\b|operator|gateway",
    }
    for language, pattern in forbidden.items():
        said = RECIPIENT.phrase(Code(code), language)
        assert not re.search(pattern, f"{said.what} {said.fix}"), said
        assert SENTENCE.fullmatch(said.what)
        assert SENTENCE.fullmatch(said.fix)
        assert len(said.fix) <= 400


def test_a_recipient_hears_the_senders_sentence_where_no_other_is_given():
    sender = Phrasebook.load(data_root())
    what = sender.phrase(Code.SIGNATURE_DIGEST_MISMATCH, Language.DE).what
    assert what == RECIPIENT.phrase(Code.SIGNATURE_DIGEST_MISMATCH, Language.DE).what
    assert sender.phrase(Code.DOCUMENT_MISSING, "en") == RECIPIENT.phrase(Code.DOCUMENT_MISSING, "en")
    assert sender.status(Code.REVOCATION_UNKNOWN) == RECIPIENT.status(Code.REVOCATION_UNKNOWN)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('[no-such-code]\nde = "X."\nen = "X."', "no-such-code"),
        ('[not-found]\nde = "X."', "each with its other language"),
        ('[not-found]\nde_fix = "X."\nen_fix = ""', "expected a sentence for en_fix"),
        ('[not-found]\ncodes = "not-found"\nde = "X."\nen = "X."', "codes as a list"),
        ('[not-found]\ncodes = ["not-found"]', "each with its other language"),
        ('[x]\ncodes = ["no-anchors"]\nde = "X."\nen = "X."', "one text, got no-anchors"),
    ],
)
def test_faults_of_the_texts_for_recipients_are_told(copied, table, told):
    (copied / "texts" / "recipient" / "zz.toml").write_text(table + "\n", encoding="utf-8")
    Phrasebook.load(copied)
    with pytest.raises(ConfigInvalid, match=told):
        Phrasebook.load(copied, Audience.RECIPIENT)


def test_all_faults_of_the_texts_are_told_at_once(copied):
    path = copied / "texts" / "routing.toml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("[route-unknown-place]\nstatus = 422", "[route-unknown-place]\nstatus = 200")
    text = text.replace("[route-role-required]", "[route-rule-required]")
    path.write_text(text + '\n[route-no-authority-2]\nde = "x"\n', encoding="utf-8")
    (copied / "texts" / "again.toml").write_text(
        '[not-found]\nstatus = 404\nde = "x"\nde_fix = "x"\nen = "x"\nen_fix = "x"\n', encoding="utf-8"
    )
    (copied / "texts" / "broken.toml").write_text("[", encoding="utf-8")
    with pytest.raises(ConfigInvalid) as caught:
        Phrasebook.load(copied)
    told = "\n".join(caught.value.problems)
    for part in (
        "route-unknown-place",
        "route-rule-required",
        "route-no-authority-2",
        "second one",
        "broken.toml",
    ):
        assert part in told
    assert "expected a text for route-role-required, got none" in told


@pytest.mark.parametrize("status", ["true", '"422"', "200", "600"])
def test_a_status_that_is_no_error_is_refused(copied, status):
    path = copied / "texts" / "pdf.toml"
    text = path.read_text(encoding="utf-8").replace("status = 422", f"status = {status}", 1)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigInvalid, match="HTTP error status"):
        Phrasebook.load(copied)


def test_an_empty_sentence_is_refused(copied):
    path = copied / "texts" / "pdf.toml"
    text = re.sub(
        r"^en_fix = .*$", 'en_fix = " "', path.read_text(encoding="utf-8"), count=1, flags=re.MULTILINE
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigInvalid, match="expected a sentence for en_fix"):
        Phrasebook.load(copied)
