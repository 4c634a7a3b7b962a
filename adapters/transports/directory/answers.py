# SPDX-License-Identifier: EUPL-1.2
"""Reads what the authority's system leaves for us, and puts it aside once it is recorded.

====================================  =====================================================================
``<package>.done``                    imported: the answer ``acknowledged``; the content is not read
``<package>.err``                     not imported: ``not-imported`` with the content as message; the delivery is parked
``<package>.<word>.json``             an answer as ``gateway.model.answer`` describes it
====================================  =====================================================================

A file that cannot be read is left alone for a while (it may be half-written). Then it is reported to the gateway at
each look, with a note to the clerk beside it (``notes``), until somebody corrects or removes it: it may be a refusal,
so it is never moved, purged or passed over. It never blocks the others. Links and devices are not followed.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from adapters.transports.directory.folder import Folder
from adapters.transports.directory.notes import Fault, leave_notes
from adapters.transports.directory.placing import forget, workplace
from gateway.errors import Rejected
from gateway.model.answer import read_answer
from gateway.model.delivery import Answer, AnswerKind
from gateway.ports import Flaw, Refusal, Unreadable

_FILE = re.compile(r"(?P<package>[A-Za-z0-9_-]{1,64})\.(?:(?P<signal>done|err)|[A-Za-z0-9_-]{1,64}\.json)")
_MAX_BYTES = 64 * 1024
_MAX_MESSAGE = 2_000  # characters of an .err file
_HALF_WRITTEN_NS = 60 * 10**9
_KEEP_NS = 30 * 24 * 3600 * 10**9  # answers hold personal data; ours is no archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An answer and the file it stands in."""

    file: str
    answer: Answer


def collect(
    path: Path, *, now_ns: int, refused: Mapping[Found, Refusal] | None = None
) -> tuple[tuple[Found, ...], tuple[Unreadable, ...]]:
    """All answers that wait, and the files that should be some. Raises ``OSError`` if the directory cannot be read.

    ``refused``: what the gateway did not take; their notes stay as long as the files say the same.
    """
    found: list[Found] = []
    faults: list[Fault] = []
    with workplace(path) as (inbox, ours):
        for name in inbox.names():
            match = _FILE.fullmatch(name)
            if match is None:
                continue
            try:
                changed = inbox.changed_ns(name)
                seen = _look(inbox, match, changed)
            except FileNotFoundError:
                continue  # taken back since it was listed
            if isinstance(seen, Found):
                found.append(seen)
            # Either way: a file from the future (another machine's clock) would never grow old.
            elif abs(now_ns - changed) > _HALF_WRITTEN_NS:
                faults.append(seen)
        told = {item.file: refusal for item, refusal in (refused or {}).items() if item in found}
        leave_notes(inbox, ours, faults, told)
        for kind in ("settled", "failed"):
            _purge(ours, kind, now_ns)
    return tuple(found), tuple(Unreadable(name=fault.mark, reason=fault.reason) for fault in faults)


def settle(path: Path, found: Found) -> None:
    """Put the file aside. After ``not-imported`` the package's folder and mark go too, so it can be placed again."""
    package = found.answer.delivery_id
    with workplace(path) as (inbox, ours):
        if found.answer.kind is AnswerKind.NOT_IMPORTED and inbox.has(package):
            _put_aside(inbox, ours, "failed", package)
        # Before the file goes: a crash in between repeats this, a crash after it would never come back here.
        forget(path, package)
        if inbox.has(found.file):
            _put_aside(inbox, ours, "settled", found.file)


def _look(inbox: Folder, match: re.Match[str], changed_ns: int) -> Found | Fault:
    name = match[0]
    try:
        data = inbox.read(name, _MAX_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError:
        return Fault(file=name, reason=Flaw.NOT_ACCESSIBLE)
    if match["signal"] is None and len(data) > _MAX_BYTES:
        return Fault(file=name, reason=Flaw.TOO_LARGE, details=(f"at most {_MAX_BYTES} bytes",))
    try:
        return Found(file=name, answer=_answer(match, data, changed_ns))
    except Rejected as error:
        places = tuple(f"{finding.place}: {finding.expected}" for finding in error.findings)
        return Fault(file=name, reason=Flaw.NOT_AN_ANSWER, details=places)
    except json.JSONDecodeError as error:
        return Fault(file=name, reason=Flaw.NOT_JSON, details=(f"line {error.lineno}, column {error.colno}",))
    except (ValueError, RecursionError):
        return Fault(file=name, reason=Flaw.NOT_JSON)


def _answer(match: re.Match[str], data: bytes, changed_ns: int) -> Answer:
    package, signal = match["package"], match["signal"]
    if signal is None:
        return read_answer(json.loads(data), delivery_id=package, place=match[0])
    # A package that is placed again can fail again: the file's time makes it another answer.
    mark = sha256(changed_ns.to_bytes(8, "big") + data).hexdigest()[:16]
    if signal == "done":
        return Answer(id=f"done-{mark}", delivery_id=package, kind=AnswerKind.ACKNOWLEDGED)
    message = data.decode("utf-8", "replace").replace("\0", "\ufffd").strip()[:_MAX_MESSAGE]
    return Answer(id=f"err-{mark}", delivery_id=package, kind=AnswerKind.NOT_IMPORTED, message=message)


def _put_aside(inbox: Folder, ours: Folder, kind: str, name: str) -> None:
    with ours.inside(kind) as aside:
        # The second failure of a package must not meet the first one's folder (a rename onto it would fail).
        aside.remove(name)
        inbox.rename(name, aside, name)
        aside.sync()
        inbox.sync()


def _purge(ours: Folder, kind: str, now_ns: int) -> None:
    with ours.inside(kind) as aside:
        for name in aside.names():
            if now_ns - aside.changed_ns(name) > _KEEP_NS:
                aside.remove(name)
