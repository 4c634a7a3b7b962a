# SPDX-License-Identifier: EUPL-1.2
"""Lines of text for a console: what others wrote stays on its line, long ones hang, and any encoding can show them."""

import codecs
import io
import sys

from rich.console import Console
from rich.text import Text

from gateway.findings import escaped

_NARROWEST = 24  # columns for a text, however far it is indented
# What our screens are made of, for terminals that have ASCII or Latin-1 only: a "?" is a mark of its own there.
_SPELLED = str.maketrans(
    {
        "✓": "+", "✗": "x", "→": "->", "…": "...", "·": "-", "–": "-", "„": '"', "“": '"', "”": '"', "’": "'",
        "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "§": "Par.",
    }
)  # fmt: skip
_SPELLING = "amtsbote.spelling"


def plain(text: str, style: str = "") -> Text:
    """What others wrote, shown as it is: no markup is read in it, nothing in it drives the terminal or ends the line.

    The style is that of these words only and not of what is appended to them.
    """
    return Text.assemble((escaped(text), style))


def hang(console: Console, lead: Text, body: Text, *, indent: int = 0) -> None:
    """``lead`` and ``body``; on a terminal the body is broken between words and stays right of the lead, or of ``indent``."""
    if not console.is_terminal:
        console.print(Text.assemble(lead, body))
        return
    left = indent or lead.cell_len
    width = max(console.width - left, _NARROWEST)
    for number, line in enumerate(body.wrap(console, width)):
        line.rstrip()
        console.print(Text.assemble(lead if number == 0 else " " * left, line))


def speak_any_encoding() -> None:
    """From now on a character that standard output or error cannot encode is spelled, never a crash."""
    codecs.register_error(_SPELLING, _spelled)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_SPELLING)


def _spelled(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    part = error.object[error.start : error.end].translate(_SPELLED)
    return part.encode("ascii", "replace").decode("ascii"), error.end
