# SPDX-License-Identifier: EUPL-1.2
"""Transport ``directory``: a hot folder, one sub-directory a dossier, watched by the authority's document system.

Settings::

    path = "/srv/exchange/ludwigsburg"     # an existing directory on one file system, no link
    marker = "MOUNTED"                     # optional: a file that must be there, so an unmounted share is noticed

What appears in it is whole (``placing``), what comes back is read by ``answers``. Blocking calls run in one thread of
the transport's own: a share that hangs holds up this authority and nobody else.
"""

import asyncio
import errno
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Self, TypeVar

from adapters.transports.directory.answers import Found, collect, settle
from adapters.transports.directory.folder import Folder, safe_name
from adapters.transports.directory.placing import place
from gateway.codes import Code
from gateway.errors import ConfigInvalid, DeliveryFailed
from gateway.model.delivery import Answer, Package, Placement
from gateway.ports import Collected, Refusal, Shape

_T = TypeVar("_T")

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# A link where a directory should be, or a name the file system cannot hold: waiting mends neither.
_WRONG = {errno.ELOOP, errno.ENOTDIR, errno.EXDEV, errno.ENAMETOOLONG}


class DirectoryTransport:
    """Places packages as folders; collects ``.done``, ``.err`` and ``.json`` files."""

    carries = frozenset({Shape.SINGLE_FILE, Shape.FOLDER})

    def __init__(self, path: Path, *, marker: str | None = None) -> None:
        self._path, self._marker = path, marker
        # One thread: an attempt that outlived its time limit and its successor never write at the same time.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="directory")
        # Both are used on the event loop only.
        self._found: dict[tuple[str, str], Found] = {}  # collected and not settled
        self._refused: dict[Found, Refusal] = {}  # of those, what the gateway did not take

    @classmethod
    def configure(cls, settings: Mapping[str, object]) -> Self:
        """Reads ``path`` and ``marker``."""
        problems = [
            f"transport directory: unknown key {key}" for key in settings if key not in {"path", "marker"}
        ]
        path, marker = settings.get("path"), settings.get("marker")
        if not isinstance(path, str) or not Path(path).is_absolute():
            problems.append(f"transport directory: path: expected an absolute path, got {path!r}")
        if marker is not None and (not isinstance(marker, str) or not _is_name(marker)):
            problems.append(f"transport directory: marker: expected a file name, got {marker!r}")
        if problems:
            raise ConfigInvalid(problems)
        return cls(Path(str(path)), marker=None if marker is None else str(marker))

    async def hand_over(self, package: Package) -> Placement:
        """Place the package; durable when this returns."""
        stop = Event()
        try:
            await self._blocking(lambda: place(self._path, package, stop=stop))
        finally:
            stop.set()
        return Placement.HANDED_OVER

    async def collect(self) -> Collected:
        """Answers found, and what cannot be read; files stay where they are."""
        refused = dict(self._refused)
        found, unreadable = await self._blocking(
            lambda: collect(self._path, now_ns=time.time_ns(), refused=refused)
        )
        self._found = {(item.answer.delivery_id, item.answer.id): item for item in found}
        self._refused = {item: refusal for item, refusal in refused.items() if item in found}
        return Collected(answers=tuple(item.answer for item in found), unreadable=unreadable)

    async def settle(self, answer: Answer) -> None:
        """Put the answer's file aside; one that is not there any more is settled."""
        item = self._found.pop((answer.delivery_id, answer.id), None)
        if item is not None:
            await self._blocking(lambda: settle(self._path, item))

    async def refuse(self, answer: Answer, refusal: Refusal) -> None:
        """The clerk finds a note beside the file at the next look."""
        item = self._found.get((answer.delivery_id, answer.id))
        if item is not None:
            self._refused[item] = refusal

    async def _blocking(self, work: Callable[[], _T]) -> _T:
        def checked() -> _T:
            self._check_mounted()
            return work()

        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, checked)
        except OSError as error:
            raise _failure(error) from error

    def _check_mounted(self) -> None:
        if self._marker is not None:
            with Folder.opened(self._path) as inbox:
                if not inbox.has(self._marker):
                    raise FileNotFoundError(errno.ENOENT, "the marker file is not there")


def _failure(error: OSError) -> DeliveryFailed:
    # The system's own words for the number, never the exception's text: that may hold a path.
    reason = f"{errno.errorcode.get(error.errno or 0, type(error).__name__)}"
    if error.errno in _FULL:
        return DeliveryFailed(Code.RECIPIENT_REFUSED, f"no space left in the exchange directory ({reason})")
    if error.errno in _WRONG:
        return DeliveryFailed(
            Code.RECIPIENT_CONFIGURATION,
            f"the exchange directory is not what it should be ({reason})",
            retry=False,
        )
    return DeliveryFailed(Code.RECIPIENT_UNREACHABLE, f"the exchange directory cannot be used ({reason})")


def _is_name(text: str) -> bool:
    try:
        safe_name(text)
    except ValueError:
        return False
    return True
