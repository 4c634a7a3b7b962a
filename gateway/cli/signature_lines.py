# SPDX-License-Identifier: EUPL-1.2
"""One signature on a few lines: how it was judged, who made it, when as far as anybody can prove, and what it covers.

The verdict stands there as a word and not as a colour only: a screen may have none, a printed one has none.
"""

from collections.abc import Iterator

from rich.text import Text

from gateway.cli.lines import plain
from gateway.cli.moments import day_in, moment_in
from gateway.cli.terminal import Terminal
from gateway.model.signature import (
    Indication,
    Qualification,
    QualifiedStatus,
    SignatureReport,
)
from gateway.model.subject import introduced, spoken

_MARK = {
    Indication.TOTAL_PASSED: ("✓", "green", "gültig", "valid"),
    Indication.INDETERMINATE: ("?", "yellow", "offen", "open"),
    Indication.TOTAL_FAILED: ("✗", "red", "ungültig", "not valid"),
}
_QUALIFIED = {
    QualifiedStatus.QESIG: ("qualifizierte elektronische Signatur", "qualified electronic signature"),
    QualifiedStatus.QESEAL: ("qualifiziertes elektronisches Siegel", "qualified electronic seal"),
    QualifiedStatus.ADESIG_QC: (
        "fortgeschrittene Signatur mit qualifiziertem Zertifikat",
        "advanced signature with a qualified certificate",
    ),
    QualifiedStatus.ADESEAL_QC: (
        "fortgeschrittenes Siegel mit qualifiziertem Zertifikat",
        "advanced seal with a qualified certificate",
    ),
    QualifiedStatus.NOT_QUALIFIED: ("nicht qualifiziert", "not qualified"),
    QualifiedStatus.UNKNOWN: ("ob qualifiziert, ist offen", "whether qualified is open"),
}
_STAMP = "timestamp"

Line = tuple[Text, Text]


def signature_lines(
    signature: SignatureReport, terminal: Terminal, *, inside: str, number: int = 0, bare: bool
) -> Iterator[Line]:
    """Its lines with what they hang from. ``inside`` is the document it stands in; ``bare``: in a PDF, not in a container."""
    kind = ("Zeitstempel", "time-stamp") if signature.form == _STAMP else ("Unterschrift", "signature")
    yield from _own_lines(signature, terminal, kind, inside=inside, number=number)
    place = "" if bare else f", {signature.place}"
    yield plain("      "), plain(f"{_coverage(signature, terminal, bare=bare)}{place}", "dim")
    yield from _certificate(signature, terminal)
    if signature.qualification is not None:
        yield plain("      "), plain(_qualified(signature.qualification, terminal), "dim")
    yield from _counter_signatures(signature, terminal, ("Gegenzeichnung", "counter-signature"), inside)


def _counter_signatures(
    signature: SignatureReport, terminal: Terminal, kind: tuple[str, str], inside: str
) -> Iterator[Line]:
    above = ("Gegenzeichnung zu dieser", "counter-signature over that one")
    for counter in signature.counter_signatures:
        yield from _own_lines(counter, terminal, kind, inside=inside)
        yield from _certificate(counter, terminal)
        yield from _counter_signatures(counter, terminal, above, inside)


def _own_lines(
    signature: SignatureReport, terminal: Terminal, kind: tuple[str, str], *, inside: str, number: int = 0
) -> Iterator[Line]:
    sign, colour, german, english = _MARK[signature.indication]
    who = introduced(signature.signer.subject) if signature.signer else ""
    maker = who or terminal.choose("unbekannt", "unknown")
    what = f"{terminal.choose(*kind)}{f' {number}' if number else ''}"
    said = f"{f'{inside}, ' if inside else ''}{what} {terminal.choose('von', 'by')} {maker}"
    body = plain(f"{terminal.choose(german, english)}: ", colour).append(plain(said))
    if signature.sub_indication is not None:
        body.append(plain(f"  [{signature.sub_indication}]", "dim"))
    yield plain(f"  {sign} ", colour), body
    level = "" if signature.form == _STAMP else f"{signature.form} {signature.level}".strip()
    parts = [part for part in (level, *_time(signature, terminal)) if part]
    if parts:
        yield plain("      "), plain(", ".join(parts))


def _time(signature: SignatureReport, terminal: Terminal) -> Iterator[str]:
    """Which time it is has to be said: a claimed one is the word of whoever signed."""
    best, claimed = signature.best_signature_time, signature.claimed_signing_time
    if signature.form == _STAMP:
        if claimed is not None:
            moment = moment_in(terminal.language, claimed)
            yield terminal.choose(f"Zeit nach seiner Angabe: {moment}", f"says {moment}")
        return
    if best is not None:
        moment = moment_in(terminal.language, best)
        yield terminal.choose(
            f"Zeit durch Zeitstempel belegt: {moment}", f"signed on {moment} (proven by time-stamp)"
        )
        return
    if any(stamp.indication is not Indication.TOTAL_PASSED for stamp in signature.stamps):
        yield terminal.choose("Zeitstempel nicht anerkannt", "time-stamp not trusted")
    if claimed is not None:
        moment = moment_in(terminal.language, claimed)
        yield terminal.choose(
            f"unterschrieben nach eigener Angabe am {moment}", f"signed on {moment} (claimed)"
        )


def _coverage(signature: SignatureReport, terminal: Terminal, *, bare: bool) -> str:
    count = len(signature.covers)
    if bare and signature.form == _STAMP:
        return terminal.choose("über das PDF bis zu dieser Stelle", "over the PDF up to this point")
    if bare:
        return (
            terminal.choose("umfasst das PDF", "covers the PDF")
            if count
            else terminal.choose(
                "umfasst das PDF nicht, wie es jetzt ist", "does not cover the PDF as it is now"
            )
        )
    if count < 2:
        return terminal.choose(
            *(("umfasst 1 Datei", "covers 1 file") if count else ("umfasst keine Datei", "covers no file"))
        )
    return terminal.choose(f"umfasst {count} Dateien", f"covers {count} files")


def _certificate(signature: SignatureReport, terminal: Terminal) -> Iterator[Line]:
    """Who stands behind the name, and for how long."""
    if signature.signer is None:
        return
    issuer = spoken(signature.signer.issuer)
    first, last = (
        day_in(terminal.language, day) for day in (signature.signer.not_before, signature.signer.not_after)
    )
    yield (
        plain("      "),
        plain(
            terminal.choose(
                f"Zertifikat von {issuer}, gültig vom {first} bis {last}",
                f"certificate issued by {issuer}, valid from {first} to {last}",
            ),
            "dim",
        ),
    )


def _qualified(qualification: Qualification, terminal: Terminal) -> str:
    text = terminal.choose(*_QUALIFIED[qualification.status])
    if not qualification.territory:
        return text
    words = terminal.choose("Vertrauensliste", "trusted list of"), terminal.choose("Nr.", "no.")
    listed = f"{words[0]} {qualification.territory} {words[1]} {qualification.list_sequence}"
    return f"{text} ({listed}: {qualification.provider}, {qualification.service})"
