# SPDX-License-Identifier: EUPL-1.2
"""Findings on a screen: the worst first, what is the same said once, never more than a person reads."""

import pytest
from screenroom import OPEN, report, shown, terminal

from gateway.codes import Code
from gateway.findings import Finding, Foreign, Severity


def told(findings, language="de") -> list[str]:
    screen = terminal(language)
    screen.findings(findings)
    return screen.out.file.getvalue().splitlines()


def changed(number: int, **other) -> Finding:
    words = {"expected": "covered by S0", "got": "not covered", **other}
    return Finding(code=Code.UNSIGNED_CONTENT, place=Foreign(f"anlage-{number}.pdf"), **words)


def test_errors_come_before_open_questions_before_warnings_before_the_rest():
    order = (Severity.INFO, Severity.WARNING, Severity.ERROR, Severity.UNKNOWN)
    lines = told([Finding(code=Code.CMS_STRUCTURE, severity=severity) for severity in order])

    assert ["✗", "?", "!", "·"] == [line.split()[0] for line in lines if "[cms-structure]" in line]


def test_all_of_a_kind_stand_together_however_they_were_found():
    other = Finding(code=Code.CMS_STRUCTURE)
    lines = told([changed(1), other, changed(2)])

    assert 1 == sum("[unsigned-content]" in line for line in lines)


def test_what_is_the_same_everywhere_is_said_once():
    lines = told([changed(number, got=str(number)) for number in range(3)])

    assert ["      erwartet: umfasst von S0"] == [line for line in lines if "erwartet" in line]
    assert ["      gefunden: 0", "      gefunden: 1", "      gefunden: 2"] == [
        line for line in lines if "gefunden" in line
    ]


def test_one_finding_is_told_in_the_order_place_expected_got():
    labels = [line.split(":")[0].strip() for line in told([changed(1)])[1:4]]

    assert ["Stelle", "erwartet", "gefunden"] == labels


@pytest.mark.parametrize(
    ("count", "language", "last"),
    [
        (10, "de", None),
        (11, "de", "      … und 1 weitere (alle mit --json)"),
        (200, "de", "      … und 190 weitere (alle mit --json)"),
        (200, "en", "      … and 190 more (all with --json)"),
    ],
)
def test_ten_places_are_shown_and_the_others_counted(count, language, last):
    lines = told([changed(number) for number in range(count)], language)

    assert min(count, 10) == sum("anlage-" in line for line in lines)
    assert ([last] if last else []) == [line for line in lines if "…" in line]


@pytest.mark.parametrize(
    ("severities", "german", "english"),
    [
        ([Severity.ERROR] * 200, "200 Fehler, 0 Hinweise", "200 errors, 0 remarks"),
        ([Severity.ERROR, Severity.WARNING], "1 Fehler, 1 Hinweis", "1 error, 1 remark"),
        (
            [Severity.UNKNOWN, Severity.INFO, Severity.WARNING],
            "0 Fehler, 1 offene Frage, 2 Hinweise",
            "0 errors, 1 open question, 2 remarks",
        ),
        (
            [Severity.UNKNOWN] * 2,
            "0 Fehler, 2 offene Fragen, 0 Hinweise",
            "0 errors, 2 open questions, 0 remarks",
        ),
    ],
)
def test_the_last_line_counts_what_was_found(severities, german, english):
    findings = tuple(Finding(code=Code.CMS_STRUCTURE, severity=severity) for severity in severities)

    assert f"  {german}" == shown(report(OPEN, findings=findings), "de").splitlines()[-1]
    assert f"  {english}" == shown(report(OPEN, findings=findings), "en").splitlines()[-1]


@pytest.mark.parametrize(
    "name",
    ["after pass.pdf", "comment of Anna.pdf", "path", "signer", "dossier", "none", "a of b; not covered"],
)
def test_a_name_of_a_file_is_never_translated(name):
    finding = Finding(
        code=Code.CONTAINER_BAD_NAME, place=Foreign(name), expected="a name of its own", got=Foreign(name)
    )

    assert [f"      Stelle: {name}", "      erwartet: ein eigener Name", f"      gefunden: {name}"] == told(
        [finding]
    )[1:4]


def test_words_of_ours_round_a_name_are_translated():
    finding = Finding(code=Code.CERTIFICATE_UNTRUSTED, place="a.pdf, signature 1 by IHK, time-stamp 2")

    assert "      Stelle: a.pdf, Unterschrift 1 von IHK, Zeitstempel 2" in told([finding])


@pytest.mark.parametrize(
    "character", ["\n", "\t", "\r", "\x1b", "\u2028", "\u200b", "\ufeff", "\u202e", "\udcfc"]
)
def test_no_character_forges_a_line(character):
    lines = told([changed(1, got=f"a{character}b")])

    assert 5 == len(lines)
    assert "".join(lines).isprintable()
