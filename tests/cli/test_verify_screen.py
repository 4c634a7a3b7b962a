# SPDX-License-Identifier: EUPL-1.2
"""What a person sees of a verdict: in two languages, on 80 columns and in a pipe, with colours and without."""

import re
from dataclasses import replace
from textwrap import dedent

import pytest
from screenroom import FAILED, INSIDE, OPEN, PASSED, SEAL, SIGNED, STAMP, document, report, shown

from gateway.catalogue import data_root
from gateway.cli.conclusions import MEANING
from gateway.codes import Code
from gateway.findings import Finding
from gateway.model.signature import Indication, Integrity, SubIndication
from gateway.wording import Wording

UNTRUSTED = Finding(
    code=Code.CERTIFICATE_UNTRUSTED,
    place="dokumente/pass.pdf, signature 1 by IHK Fremdheim Siegel",
    expected="a path to a trust anchor",
    got="issuer CN=Fremde CA,O=Fremde CA,C=DE",
)
PDF_INSIDE = (document("dossier.xml"), document("dokumente/pass.pdf", INSIDE))


def test_a_german_screen_of_80_columns():
    assert dedent("""\
        antrag.asice: gültig (TOTAL-PASSED)
          geprüft zum 22.11.2026, 12:07 UTC, Container: in Ordnung, Unversehrtheit:
          unverändert, Vertrauen: gegeben
          ✓ gültig: Unterschrift von IHK Fremdheim Siegel (IHK Fremdheim)
              XAdES B-B, unterschrieben nach eigener Angabe am 21.11.2026, 12:07 UTC
              umfasst 2 Dateien, META-INF/signatures0.xml
              Zertifikat von Fremde CA, gültig vom 01.01.2025 bis 31.12.2028
        """) == shown(report(PASSED), "de", columns=80)


def test_an_english_screen_of_80_columns():
    assert dedent("""\
        antrag.asice: valid (TOTAL-PASSED)
          judged as of 2026-11-22 12:07 UTC, container: sound, integrity: intact, trust:
          given
          ✓ valid: signature by IHK Fremdheim Siegel (IHK Fremdheim)
              XAdES B-B, signed on 2026-11-21 12:07 UTC (claimed)
              covers 2 files, META-INF/signatures0.xml
              certificate issued by Fremde CA, valid from 2025-01-01 to 2028-12-31
        """) == shown(report(PASSED), "en", columns=80)


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "de",
            [
                "  ✓ gültig: Unterschrift von IHK Fremdheim Siegel (IHK Fremdheim)",
                "  ? offen: Unterschrift von IHK Fremdheim Siegel (IHK Fremdheim)  [NO_CERTIFICATE_CHAIN_FOUND]",
                "  ✗ ungültig: Unterschrift von IHK Fremdheim Siegel (IHK Fremdheim)  [HASH_FAILURE]",
            ],
        ),
        (
            "en",
            [
                "  ✓ valid: signature by IHK Fremdheim Siegel (IHK Fremdheim)",
                "  ? open: signature by IHK Fremdheim Siegel (IHK Fremdheim)  [NO_CERTIFICATE_CHAIN_FOUND]",
                "  ✗ not valid: signature by IHK Fremdheim Siegel (IHK Fremdheim)  [HASH_FAILURE]",
            ],
        ),
    ],
)
def test_good_and_bad_signatures_differ_without_any_colour(language, lines):
    screen = shown(report(PASSED, OPEN, FAILED), language)

    assert lines == [line for line in screen.splitlines() if re.match("  [✓?✗]", line)]
    assert "\x1b" not in screen


@pytest.mark.parametrize("language", ["de", "en"])
def test_no_line_is_longer_than_the_terminal_and_none_breaks_inside_a_word(language):
    what = report(OPEN, documents=PDF_INSIDE, findings=(UNTRUSTED,))
    narrow, piped = shown(what, language, columns=80), shown(what, language)

    assert [] == [line for line in narrow.splitlines() if len(line) > 80]
    assert piped.split() == narrow.split()
    assert len(narrow.splitlines()) > len(piped.splitlines())


def test_a_pipe_gets_one_line_for_each_thing():
    lines = shown(report(OPEN, documents=PDF_INSIDE, findings=(UNTRUSTED,)), "de").splitlines()

    assert "      Stelle: dokumente/pass.pdf, Unterschrift 1 von IHK Fremdheim Siegel" in lines
    assert (
        "  ✗ Der Aussteller gehört nicht zu den Stellen, denen Sie vertrauen (--anchors).  [certificate-untrusted]"
        in lines
    )


def test_only_labels_and_codes_are_dim():
    screen = shown(report(OPEN, findings=(UNTRUSTED,)), "de", columns=80, colour=True)
    dim = re.findall(r"\x1b\[2m([^\x1b]*)", screen)
    plain = re.sub(r"\x1b\[[\d;]+m[^\x1b]*\x1b\[0m", "", screen)

    assert {"      Stelle: ", "      erwartet: ", "      gefunden: ", "[certificate-untrusted]"} <= set(dim)
    assert "dokumente/pass.pdf, Unterschrift 1 von IHK Fremdheim Siegel" in plain
    assert "Aussteller CN=Fremde CA,O=Fremde CA,C=DE" in plain


# -- which time it is --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "german", "english"),
    [
        (
            {},
            "XAdES B-B, unterschrieben nach eigener Angabe am 21.11.2026, 12:07 UTC",
            "XAdES B-B, signed on 2026-11-21 12:07 UTC (claimed)",
        ),
        (
            {"level": "B-T", "best_signature_time": SIGNED, "stamps": (STAMP,)},
            "XAdES B-T, Zeit durch Zeitstempel belegt: 21.11.2026, 12:07 UTC",
            "XAdES B-T, signed on 2026-11-21 12:07 UTC (proven by time-stamp)",
        ),
        (
            {"level": "B-T", "stamps": (replace(STAMP, indication=Indication.INDETERMINATE),)},
            "XAdES B-T, Zeitstempel nicht anerkannt, unterschrieben nach eigener Angabe am 21.11.2026, 12:07 UTC",
            "XAdES B-T, time-stamp not trusted, signed on 2026-11-21 12:07 UTC (claimed)",
        ),
        ({"claimed_signing_time": None, "level": ""}, "XAdES", "XAdES"),
    ],
)
def test_a_signing_time_is_called_claimed_or_proven(change, german, english):
    what = report(replace(PASSED, **change))

    assert f"      {german}" in shown(what, "de").splitlines()
    assert f"      {english}" in shown(what, "en").splitlines()


@pytest.mark.parametrize(
    ("language", "told"),
    [("de", "nicht nach 21.11.2026, 12:07:05 UTC"), ("en", "not after 2026-11-21 12:07:05 UTC")],
)
def test_times_in_findings_have_the_same_form(language, told):
    late = Finding(
        code=Code.SIGNING_TIME,
        place="2026-11-21.pdf",
        expected="not after 2026-11-21T12:07:05.123456+00:00",
    )
    screen = shown(report(OPEN, findings=(late,)), language)

    assert told in screen
    assert "2026-11-21.pdf" in screen
    assert "T12" not in screen


# -- PDFs --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("de", "  ? offen: dokumente/pass.pdf, Unterschrift 1 von IHK Fremdheim Siegel (IHK Fremdheim)"),
        ("en", "  ? open: dokumente/pass.pdf, signature 1 by IHK Fremdheim Siegel (IHK Fremdheim)"),
    ],
)
def test_a_signature_of_a_pdf_in_a_container_is_listed_with_its_file(language, line):
    assert line in shown(report(PASSED, documents=PDF_INSIDE), language)


@pytest.mark.parametrize(
    ("signature", "german", "english"),
    [
        (INSIDE, "umfasst das PDF", "covers the PDF"),
        (
            replace(INSIDE, covers=(), integrity=Integrity.BROKEN),
            "umfasst das PDF nicht, wie es jetzt ist",
            "does not cover the PDF as it is now",
        ),
    ],
)
def test_a_bare_pdf_is_no_container_and_its_signature_is_listed_once(signature, german, english):
    inside = document("pass.pdf", signature)
    what = report(signature, documents=(inside,), sha256=inside.sha256)
    screens = [shown(what, language, "pass.pdf").splitlines() for language in ("de", "en")]

    assert [f"      {german}", f"      {english}"] == [
        line for screen in screens for line in screen if "das PDF" in line or "the PDF" in line
    ]
    assert [1, 1] == ["\n".join(screen).count("IHK Fremdheim Siegel") for screen in screens]
    assert "ontainer" not in "\n".join(screens[0] + screens[1])


@pytest.mark.parametrize(
    ("count", "told"), [(0, "umfasst keine Datei,"), (1, "umfasst 1 Datei,"), (2, "umfasst 2 Dateien,")]
)
def test_files_are_counted_in_words_that_fit(count, told):
    assert told in shown(report(replace(PASSED, covers=("a.pdf", "b.pdf")[:count])), "de")


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "told"),
    [
        ("CN=IHK Erfurt Siegel,emailAddress=a@ihk.de,O=IHK Erfurt,C=DE", "IHK Erfurt Siegel (IHK Erfurt)"),
        ("CN=IHK Erfurt,O=IHK Erfurt,C=DE", "IHK Erfurt"),
        (r"CN=Müller\, Söhne \+ Co,O=A\"B,C=DE", 'Müller, Söhne + Co (A"B)'),
        ("SN=Maier,GN=Eva,C=DE", "Eva Maier"),
        ("O=Kammer,C=DE", "Kammer"),
        ("C=DE", "C=DE"),
        (r"CN=X\0A\0Ay,O=K", r"X\0A\0Ay (K)"),
    ],
)
def test_a_signer_has_the_name_that_people_use(subject, told):
    what = report(replace(PASSED, signer=replace(SEAL, subject=subject)))

    assert f"  ✓ valid: signature by {told}" in shown(what, "en").splitlines()


def test_nobody_known_is_called_unknown():
    assert "signature by unknown" in shown(report(replace(OPEN, signer=None)), "en")


# -- what an indication means ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("means", SubIndication)
def test_every_sub_indication_has_a_sentence_in_both_languages(means):
    english = MEANING[means]
    german = Wording.load(data_root()).german(english)

    assert english.startswith(("Not valid", "Undecided"))
    assert german.startswith(("Ungültig", "So nicht gültig", "Nicht gültig", "Offen"))
    assert english.endswith(".")
    assert german.endswith(".")


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("de", "  Nicht gültig, solange nichts beweist, dass vor der Sperrung unterschrieben wurde."),
        ("en", "  Not valid as long as nothing proves that it was signed before the revocation."),
    ],
)
def test_the_meaning_stands_under_the_headline(language, told):
    what = report(replace(OPEN, sub_indication=SubIndication.REVOKED_NO_POE))

    assert told == shown(what, language).splitlines()[1]


def test_who_searched_for_malware_is_named_where_somebody_did():
    what = report(PASSED, scan={"engine": "ClamAV 1.4", "files": 3})

    assert "Schadsoftware gesucht mit ClamAV 1.4" in shown(what, "de")
    assert "searched for malware with ClamAV 1.4" in shown(what, "en")
