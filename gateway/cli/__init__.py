# SPDX-License-Identifier: EUPL-1.2
"""The command ``amtsbote``: one module per verb, no logic of its own beyond reading arguments and printing results."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from gateway import __version__
from gateway.catalogue import data_root
from gateway.cli.arguments import Speak, language_of, parser_class, speak_in
from gateway.cli.lines import speak_any_encoding
from gateway.cli.terminal import Exit, Terminal, WrongUse
from gateway.errors import ConfigInvalid, DeliveryFailed, GatewayFault, NotReady, Rejected
from gateway.phrasebook import Language, Phrasebook
from gateway.wording import Wording

_VERBS = (
    "init",
    "serve",
    "demo",
    "pack",
    "check",
    "submit",
    "events",
    "inbox",
    "verify",
    "lists",
    "audit",
    "deliveries",
    "dossier",
    "backup",
    "restore",
)

_EPILOGUE = """\
exit codes: 0 good, 1 refused or not proven, 2 wrong use, 3 our own fault
language: German or English after LANG, or --language"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point. Returns the exit code; a traceback appears only with ``--debug``."""
    speak_any_encoding()
    language, words = language_of(sys.argv[1:] if arguments is None else arguments)
    wording = Wording.load(data_root())
    options = _parser(words, wording.german if language is Language.DE else str).parse_args(words)
    terminal = Terminal(
        phrasebook=Phrasebook.load(data_root()),
        wording=wording,
        language=language,
        as_json=getattr(options, "json", False),
    )
    try:
        return int(options.run(options, terminal))
    except Rejected as rejected:
        if terminal.as_json:
            terminal.data({"findings": terminal.told(rejected.findings)})
        else:
            terminal.findings(rejected.findings)
        return Exit.REFUSED
    except (GatewayFault, DeliveryFailed) as fault:
        _tell(fault, terminal)
        return Exit.USAGE if isinstance(fault, WrongUse) else Exit.FAULT
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.GOOD
    except Exception as error:
        if options.debug:
            raise
        terminal.error(
            f"unexpected {type(error).__name__}: {error}", hint="run again with --debug and report it"
        )
        return Exit.FAULT


def _tell(fault: GatewayFault | DeliveryFailed, terminal: Terminal) -> None:
    """Everything that is wrong, each with what helps."""
    if isinstance(fault, NotReady):
        for lack in fault.faults:
            _tell(lack, terminal)
    elif isinstance(fault, ConfigInvalid):
        for problem in fault.problems:
            terminal.error(problem)
        if fault.hint:
            terminal.hint(fault.hint)
    else:
        terminal.error(fault.detail, hint=getattr(fault, "hint", ""))


def _parser(words: Sequence[str], speak: Speak = str) -> argparse.ArgumentParser:
    parser = parser_class(speak)(
        prog="amtsbote",
        description="Secure document exchange between chambers and authorities.",
        epilog=_EPILOGUE,
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"amtsbote {__version__}",
        help="show program's version number and exit",
    )
    parser.add_argument(
        "--language", choices=[language.value for language in Language], help="language of the texts"
    )
    parser.add_argument(
        "--debug", action="store_true", help="show a traceback where something unexpected happens"
    )
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    # Only the verb that was asked for is loaded: a role's process starts without the code of every other command.
    asked = [word for word in words if word in _VERBS][:1]
    for verb in asked or _VERBS:
        import_module(f"gateway.cli.{verb}").register(verbs)
    speak_in(parser, speak)
    return parser
