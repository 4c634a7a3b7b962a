# SPDX-License-Identifier: EUPL-1.2
"""``amtsbote verify``: judge signed containers and PDFs on this machine, without any gateway and without any network."""

import argparse
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from gateway.catalogue import data_root
from gateway.cli import knowledge as trust
from gateway.cli.files import FileSource, read_file, write_new
from gateway.cli.judging import judge_confined
from gateway.cli.kept import read_kept
from gateway.cli.report_screen import show_report, show_total
from gateway.cli.terminal import Exit, Terminal, WrongUse
from gateway.examination import Knowledge
from gateway.model.signature import Indication, VerificationReport
from gateway.model.wire import dump
from gateway.phrasebook import Audience, Phrasebook
from gateway.stages.report.etsi import etsi_report

_DESCRIPTION = """\
Judges each FILE by EN 319 102-1 and prints every finding. Opens no network connection. \
Without --anchors nothing is trusted; integrity is still reported."""
_EPILOGUE = """\
signatures: ✓ valid, ✗ not valid, ? open: neither can be said as long as something is not known or not proven
exit codes: 0 all files valid, 1 a file is not valid or open, 2 wrong use or a file that cannot be read, 3 our own fault
example: amtsbote verify antrag.asice --anchors anchors --revocation revocation"""
_Report = Callable[[Path], VerificationReport]


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "verify",
        help="verify the signatures of containers (ASiC-E, ASiC-S) and PDFs",
        description=_DESCRIPTION,
        epilog=_EPILOGUE,
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="containers and PDFs")
    parser.add_argument(
        "--json", action="store_true", help="one JSON report a line, in the order of the files"
    )
    parser.add_argument(
        "--etsi",
        type=Path,
        metavar="XML",
        help="also write the report after ETSI TS 119 102-2 to a new file; for one FILE",
    )
    parser.add_argument(
        "--show", action="store_true", help="show each FILE that is a report kept as JSON; nothing is judged"
    )
    trust.add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Every file in turn. 0 if all are TOTAL-PASSED, 1 if one is not, 2 if one could not be read."""
    _refuse_wrong_targets(options)
    reader = replace(terminal, phrasebook=Phrasebook.load(data_root(), Audience.RECIPIENT))
    if options.show:
        return _all(options.files, _kept, reader)
    knowledge, moment = trust.knowledge(options), trust.moment(options)
    trust.warn_of_nothing(options, terminal)
    code = _all(options.files, lambda path: _judged(path, knowledge, moment, options.etsi), reader)
    trust.remind(options, terminal)
    return code


def _refuse_wrong_targets(options: argparse.Namespace) -> None:
    """Before anything is read or printed."""
    if options.etsi is None:
        return
    if options.show:
        raise WrongUse(
            ["--etsi and --show do not go together"], hint="the XML is written where a file is judged"
        )
    if len(options.files) > 1:
        raise WrongUse(["--etsi: expected one FILE"], hint="one report is about one file")
    if options.etsi.exists():
        if options.files[0].exists() and options.etsi.samefile(options.files[0]):
            raise WrongUse(["--etsi: will not overwrite the file being verified"])
        raise WrongUse([f"{options.etsi} exists already"], hint="choose another name; nothing is overwritten")


def _all(files: list[Path], report_on: _Report, terminal: Terminal) -> int:
    """A file that cannot be read stops none of the others: whoever counts lines gets one for each."""
    good = unread = 0
    for number, path in enumerate(files):
        try:
            report = report_on(path)
        except WrongUse as fault:
            unread += 1
            _tell_unread(path, fault, terminal)
            continue
        good += report.indication is Indication.TOTAL_PASSED
        if terminal.as_json:
            told = {**dump(report), "findings": terminal.told(report.findings)}
            terminal.data({"file": _legible(path), **told})
        else:
            if number > unread:
                terminal.out.print()
            show_report(str(path), report, terminal)
    if len(files) > 1 and not terminal.as_json:
        show_total(good, len(files), terminal)
    if unread:
        return Exit.USAGE
    return Exit.GOOD if good == len(files) else Exit.REFUSED


def _tell_unread(path: Path, fault: WrongUse, terminal: Terminal) -> None:
    for problem in fault.problems:
        terminal.error(problem)
    if fault.hint:
        terminal.hint(fault.hint)
    if terminal.as_json:
        terminal.data({"file": _legible(path), "error": "; ".join(fault.problems)})


def _judged(path: Path, knowledge: Knowledge, moment: datetime, etsi: Path | None) -> VerificationReport:
    with FileSource(path) as source:
        report = judge_confined(source, knowledge, moment, name=_legible(Path(path.name)))
    if etsi:
        write_new(etsi, etsi_report(report))
    return report


def _kept(path: Path) -> VerificationReport:
    try:
        return read_kept(read_file(path))
    except ValueError as error:
        raise WrongUse([f"{path}: not a verification report of this version"]) from error


def _legible(path: Path) -> str:
    """A name that is no UTF-8 is no text that JSON could hold."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
