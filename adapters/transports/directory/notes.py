# SPDX-License-Identifier: EUPL-1.2
"""Tells the clerk, beside an answer that cannot be read or was refused, why it has not arrived: ``<file>.problem.txt``.

A note lies there as long as its reason does. It stands in the same directory as the file and for the same readers, so
it may say what was expected where; what stood in the file it does not repeat.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from textwrap import fill

from adapters.transports.directory.folder import Folder
from gateway.ports import Flaw, Refusal

_SUFFIX = ".problem.txt"
_HEADING = "DIESE ANTWORT IST NICHT ANGEKOMMEN / THIS ANSWER HAS NOT ARRIVED"
_LIMIT = 64 * 1024  # bytes read of a note
_MAX_DETAILS = 20
_WIDTH = 118  # columns

_REASONS: Mapping[Flaw, tuple[str, str]] = {
    Flaw.NOT_ACCESSIBLE: (
        "Das Gateway darf die Datei nicht lesen, oder sie ist keine gewöhnliche Datei.",
        "The gateway may not read the file, or it is no regular file.",
    ),
    Flaw.TOO_LARGE: ("Die Datei ist zu groß.", "The file is too large."),
    Flaw.NOT_JSON: (
        "Die Datei ist kein gültiges JSON; vielleicht ist sie abgeschnitten.",
        "The file is no valid JSON; perhaps it is cut off.",
    ),
    Flaw.NOT_AN_ANSWER: (
        "Die Angaben in der Datei ergeben keine Antwort.",
        "What stands in the file does not make an answer.",
    ),
}

_NOTE = """\
{heading}

Datei: {file} (Kennzeichen im Protokoll: {mark})
Grund: {de}
Die Kammer hat diese Antwort nicht erhalten. Bitte berichtigen Sie die Datei, oder legen Sie die Antwort unter neuem
Namen ab und löschen Sie diese Datei. Dieser Hinweis verschwindet dann von selbst.

File: {file} (its mark in the log: {mark})
Reason: {en}
The chamber has not received this answer. Please correct the file, or put the answer there under a new name and delete
this file. This note then goes away by itself.
"""


_REFUSED = """\
{heading}

Datei: {file}
Das Gateway hat die Datei gelesen, aber nicht angenommen:
{de}
Die Kammer hat diese Antwort nicht erhalten. Bitte berichtigen Sie die Datei, oder legen Sie die Antwort unter neuem
Namen ab und löschen Sie diese Datei. Dieser Hinweis verschwindet dann von selbst.

File: {file}
The gateway has read the file, but not taken it:
{en}
The chamber has not received this answer. Please correct the file, or put the answer there under a new name and delete
this file. This note then goes away by itself.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A file that was meant as an answer, and why it is none."""

    file: str
    reason: Flaw
    details: tuple[str, ...] = ()  # for the note only

    @property
    def mark(self) -> str:
        """The file's name for log lines: the word in the real one is the authority's and may be a person's name."""
        return f"answer-{sha256(self.file.encode()).hexdigest()[:12]}"


def leave_notes(
    inbox: Folder, ours: Folder, faults: Sequence[Fault], refused: Mapping[str, Refusal] | None = None
) -> None:
    """One note beside each file at fault and each one that was refused, and none anywhere else."""
    notes = {file + _SUFFIX: _text_of_refusal(file, refusal) for file, refusal in (refused or {}).items()}
    notes |= {fault.file + _SUFFIX: _text(fault) for fault in faults}
    for name, text in notes.items():
        # The report to the gateway counts more than the note: a full disk must not keep it back.
        with suppress(OSError):
            if _read(inbox, name) != text:
                _write(inbox, ours, name, text)
    for name in inbox.names():
        if name.endswith(_SUFFIX) and name not in notes and _read(inbox, name).startswith(_HEADING.encode()):
            with suppress(OSError):
                inbox.remove(name)


def _write(inbox: Folder, ours: Folder, name: str, text: bytes) -> None:
    # Written aside and renamed: a link that somebody put under this name is replaced, never written through.
    with ours.inside("staging") as staging:
        staging.remove(name)
        staging.write(name, [text])
        staging.rename(name, inbox, name)


def _read(inbox: Folder, name: str) -> bytes:
    try:
        return inbox.read(name, _LIMIT)
    except OSError:
        return b""


def _text_of_refusal(file: str, refusal: Refusal) -> bytes:
    de, en = (
        "\n".join(fill(f"- {line}", _WIDTH, subsequent_indent="  ") for line in lines[:_MAX_DETAILS])
        for lines in (refusal.german, refusal.english)
    )
    return _REFUSED.format(heading=_HEADING, file=file, de=de, en=en).encode()


def _text(fault: Fault) -> bytes:
    de, en = _REASONS[fault.reason]
    text = _NOTE.format(heading=_HEADING, file=fault.file, mark=fault.mark, de=de, en=en)
    if fault.details:
        text += "\nStellen / places:\n" + "".join(f"- {line}\n" for line in fault.details[:_MAX_DETAILS])
    return text.encode()
