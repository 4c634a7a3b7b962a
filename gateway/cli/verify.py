# SPDX-License-Identifier: EUPL-1.2
"""``amtsbote verify``: judge signed containers and PDFs on this machine, without any gateway and without any network."""

import argparse
from pathlib import Path

from gateway.cli import knowledge as trust
from gateway.cli.files import FileSource, write_file
from gateway.cli.terminal import Exit, Terminal, WrongUse, plain
from gateway.examination import judge_file
from gateway.model.signature import (
    ContainerState,
    Indication,
    Integrity,
    Qualification,
    QualifiedStatus,
    SignatureReport,
    Trust,
    VerificationReport,
)
from gateway.phrasebook import Language
from gateway.stages.report.codec import report_to_json
from gateway.stages.report.etsi import etsi_report

_COLOUR = {
    Indication.TOTAL_PASSED: "bold green",
    Indication.INDETERMINATE: "bold yellow",
    Indication.TOTAL_FAILED: "bold red",
}
_GERMAN = {
    Indication.TOTAL_PASSED: "gültig",
    Indication.INDETERMINATE: "nicht entscheidbar",
    Indication.TOTAL_FAILED: "ungültig",
}

_GERMAN_STATES = {
    ContainerState.OK: "in Ordnung",
    ContainerState.REFUSED: "abgewiesen",
    Integrity.INTACT: "unverändert",
    Integrity.BROKEN: "verändert",
    Integrity.UNSIGNED: "nicht unterschrieben",
    Integrity.UNCHECKED: "nicht geprüft",
    Trust.TRUSTED: "gegeben",
    Trust.UNTRUSTED: "nicht gegeben",
    Trust.UNKNOWN: "offen",
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


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "verify",
        help="verify the signatures of containers (ASiC-E, ASiC-S) and PDFs",
        description="Judges each FILE by EN 319 102-1 and prints every finding. Opens no network connection. "
        "Without --anchors nothing is trusted; integrity is still reported.",
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="containers and PDFs")
    parser.add_argument(
        "--json", action="store_true", help="one JSON report a line, in the order of the files"
    )
    parser.add_argument(
        "--etsi", type=Path, metavar="XML", help="also write the report after ETSI TS 119 102-2; for one FILE"
    )
    trust.add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Judge each file. 0 if all are TOTAL-PASSED, else 1."""
    if options.etsi and len(options.files) > 1:
        raise WrongUse(["--etsi: expected one FILE"], hint="one report is about one file")
    knowledge, moment = trust.knowledge(options), trust.moment(options)
    good = True
    for path in options.files:
        with FileSource(path) as source:
            report = judge_file(source, knowledge, moment, name=path.name)
        if options.etsi:
            write_file(options.etsi, etsi_report(report))
        good &= report.indication is Indication.TOTAL_PASSED
        if terminal.as_json:
            terminal.data({"file": str(path), **report_to_json(report)})
        else:
            _print(path, report, terminal)
    trust.remind(options, terminal)
    return Exit.GOOD if good else Exit.REFUSED


def _print(path: Path, report: VerificationReport, terminal: Terminal) -> None:
    german = terminal.language is Language.DE
    verdict = f"{report.indication}" + (f" / {report.sub_indication}" if report.sub_indication else "")
    word = f"{_GERMAN[report.indication]} ({verdict})" if german else verdict
    terminal.out.print(plain(f"{path}: ", "bold").append(plain(word, _COLOUR[report.indication])))
    labels = ("Container", "Unversehrtheit", "Vertrauen") if german else ("container", "integrity", "trust")
    states = (report.container, report.integrity, report.trust)
    values = [_GERMAN_STATES[state] for state in states] if german else states
    terminal.out.print(
        "  " + ", ".join(f"{label}: {value}" for label, value in zip(labels, values, strict=True)),
        style="dim",
    )
    for signature in report.signatures:
        _print_signature(signature, terminal)
    terminal.findings(report.findings)


def _print_signature(signature: SignatureReport, terminal: Terminal) -> None:
    german = terminal.language is Language.DE
    signer = signature.signer.subject if signature.signer else ("unbekannt" if german else "unknown")
    time = signature.best_signature_time or signature.claimed_signing_time
    stamp = f", {time:%Y-%m-%d %H:%M:%S %Z}" if time else ""
    words = ("Unterschrift von", "umfasst", "Dateien") if german else ("signature by", "covers", "files")
    level = f"{signature.form} {signature.level}".strip()
    said = f"{words[0]} {signer} ({level}{stamp})"
    terminal.out.print(plain("  ● ", _COLOUR[signature.indication]).append(plain(said, "default")))
    terminal.out.print(plain(f"    {words[1]} {len(signature.covers)} {words[2]}, {signature.place}", "dim"))
    if signature.qualification is not None:
        terminal.out.print(plain(f"    {_qualified(signature.qualification, german=german)}", "dim"))


def _qualified(qualification: Qualification, *, german: bool) -> str:
    text = _QUALIFIED[qualification.status][0 if german else 1]
    if not qualification.territory:
        return text
    words = ("Vertrauensliste", "Nr.") if german else ("trusted list of", "no.")
    listed = f"{words[0]} {qualification.territory} {words[1]} {qualification.list_sequence}"
    return f"{text} ({listed}: {qualification.provider}, {qualification.service})"
