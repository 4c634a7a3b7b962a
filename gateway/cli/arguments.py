# SPDX-License-Identifier: EUPL-1.2
"""Arguments and help in the language of the person: argparse speaks through ``gateway.wording`` like everything else.

The verbs write their help in English; a finished parser is turned into German in one go, so no verb knows of languages.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from gateway.phrasebook import Language

Speak = Callable[[str], str]
_LANGUAGE = "--language"


def parser_class(speak: Speak) -> type[argparse.ArgumentParser]:
    """A parser, and with it the parsers of its verbs, whose own words go through ``speak``."""

    class Formatter(argparse.HelpFormatter):
        def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
            super().add_usage(usage, actions, groups, speak("usage: ") if prefix is None else prefix)

        def _fill_text(self, text: str, width: int, indent: str) -> str:
            # Each line that was set by hand stays a line.
            return "\n".join(
                super(Formatter, self)._fill_text(line, width, indent) for line in text.splitlines()
            )

    class Parser(argparse.ArgumentParser):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**{"formatter_class": Formatter, **settings})

        def error(self, message: str) -> NoReturn:
            self.print_usage(sys.stderr)
            self.exit(2, f"{self.prog}: {speak('error')}: {speak(message)}\n")

    return Parser


def speak_in(parser: argparse.ArgumentParser, speak: Speak) -> None:
    """Put everything the parser and the parsers of its verbs show into ``speak``'s words."""
    _speak(parser, ("description", "epilog"), speak)
    for group in parser._action_groups:  # noqa: SLF001 - argparse has no other way to its groups
        _speak(group, ("title", "description"), speak)
    for action in parser._actions:  # noqa: SLF001 - nor to its actions
        _speak(action, ("help", "metavar"), speak)
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - nor to what add_subparsers returns
            for line in action._choices_actions:  # noqa: SLF001 - the lines of the overview
                _speak(line, ("help",), speak)
            for verb in action.choices.values():
                speak_in(verb, speak)


def _speak(part: object, names: Sequence[str], speak: Speak) -> None:
    for name in names:
        if isinstance(text := getattr(part, name), str):
            setattr(part, name, speak(text))


def language_of(words: Sequence[str]) -> tuple[Language, list[str]]:
    """The language asked for, wherever ``--language`` stands, or that of LANG; and the words with it in front."""
    front: list[str] = []
    rest: list[str] = []
    pending = list(words)
    while pending:
        word = pending.pop(0)
        name, _, value = word.partition("=")
        if word == "--":
            rest += [word, *pending]
            break
        if name not in {_LANGUAGE, "--lang"}:
            rest.append(word)
        elif value or pending:
            front = [_LANGUAGE, value or pending.pop(0)]
        else:
            rest.append(_LANGUAGE)  # argparse says that its value is missing
    known = front[1:] and front[1] in set(Language)
    return (Language(front[1]) if known else _of_the_surroundings()), [*front, *rest]


def _of_the_surroundings() -> Language:
    value = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return Language.DE if value.startswith("de") else Language.EN
