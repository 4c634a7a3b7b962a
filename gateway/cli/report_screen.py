# SPDX-License-Identifier: EUPL-1.2
"""A verification report as a person reads it: verdict, what it means, every signature by name, every finding.

Shows what was judged just now and what a gateway kept in the same words. Leaves out nothing that changes the verdict;
certificates, digests and covered files one by one are in ``--json``.
"""

from gateway.cli.conclusions import MEANING
from gateway.cli.findings import counted
from gateway.cli.lines import hang, plain
from gateway.cli.moments import moment_in
from gateway.cli.signature_lines import signature_lines
from gateway.cli.terminal import Terminal
from gateway.model.signature import ContainerState, Indication, Integrity, Trust, VerificationReport

_COLOUR = {
    Indication.TOTAL_PASSED: "bold green",
    Indication.INDETERMINATE: "bold yellow",
    Indication.TOTAL_FAILED: "bold red",
}
_VERDICT = {
    Indication.TOTAL_PASSED: ("gültig", "valid"),
    Indication.INDETERMINATE: ("nicht entscheidbar", "undecided"),
    Indication.TOTAL_FAILED: ("ungültig", "not valid"),
}
_STATES = {
    ContainerState.OK: ("in Ordnung", "sound"),
    ContainerState.REFUSED: ("abgewiesen", "refused"),
    Integrity.INTACT: ("unverändert", "intact"),
    Integrity.BROKEN: ("verändert", "broken"),
    Integrity.UNSIGNED: ("nicht unterschrieben", "unsigned"),
    Integrity.UNCHECKED: ("nicht geprüft", "unchecked"),
    Trust.TRUSTED: ("gegeben", "given"),
    Trust.UNTRUSTED: ("nicht gegeben", "not given"),
    Trust.UNKNOWN: ("offen", "open"),
}


def show_report(name: str, report: VerificationReport, terminal: Terminal) -> None:
    """``name`` is what the person calls the file."""
    _show_verdict(name, report, terminal)
    bare = is_bare_pdf(report)
    for signature in report.signatures:
        for indent, text in signature_lines(signature, terminal, inside="", bare=bare):
            hang(terminal.out, indent, text)
    for document in () if bare else report.documents:
        for number, signature in enumerate(document.signatures, 1):
            for indent, text in signature_lines(
                signature, terminal, inside=document.name, number=number, bare=True
            ):
                hang(terminal.out, indent, text)
    terminal.findings(report.findings)
    if report.findings:
        terminal.out.print(plain(f"  {counted((f.severity for f in report.findings), terminal.language)}"))


def show_total(good: int, files: int, terminal: Terminal) -> None:
    """The last line for several files."""
    colour = "bold green" if good == files else "bold red"
    terminal.out.print()
    terminal.say(f"{good} von {files} Dateien gültig", f"{good} of {files} files valid", style=colour)


def is_bare_pdf(report: VerificationReport) -> bool:
    """A PDF is its own only document (``pdf.report``); no container has the digest of a file inside."""
    return [report.sha256] == [document.sha256 for document in report.documents]


def _show_verdict(name: str, report: VerificationReport, terminal: Terminal) -> None:
    technical = f"{report.indication}" + (f" / {report.sub_indication}" if report.sub_indication else "")
    word = terminal.choose(*_VERDICT[report.indication])
    headline = plain(f"{name}: ", "bold").append(plain(f"{word} ({technical})", _COLOUR[report.indication]))
    hang(terminal.out, plain(""), headline, indent=4)
    if report.sub_indication is not None:
        hang(terminal.out, plain("  "), plain(terminal.worded(MEANING[report.sub_indication])))
    moment = moment_in(terminal.language, report.moment)
    said = [terminal.choose(f"geprüft zum {moment}", f"judged as of {moment}"), *_states(report, terminal)]
    hang(terminal.out, plain("  "), plain(", ".join(said), "dim"))


def _states(report: VerificationReport, terminal: Terminal) -> list[str]:
    said = []
    if not is_bare_pdf(report):
        said.append(
            f"{terminal.choose('Container', 'container')}: {terminal.choose(*_STATES[report.container])}"
        )
    said.append(
        f"{terminal.choose('Unversehrtheit', 'integrity')}: {terminal.choose(*_STATES[report.integrity])}"
    )
    said.append(f"{terminal.choose('Vertrauen', 'trust')}: {terminal.choose(*_STATES[report.trust])}")
    if report.scan is not None:
        said.append(
            terminal.choose(
                f"Schadsoftware gesucht mit {report.scan.get('engine')}",
                f"searched for malware with {report.scan.get('engine')}",
            )
        )
    return said
