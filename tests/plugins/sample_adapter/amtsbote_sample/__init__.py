# SPDX-License-Identifier: EUPL-1.2
"""A third party's adapters: a cover sheet of one page as format, a tar file that grows as transport.

Small on purpose, and complete: configuration with all faults named, determinism, durability, once however often.
"""

import asyncio
import io
import os
import tarfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Self

from gateway.codes import Code
from gateway.errors import ConfigInvalid, DeliveryFailed
from gateway.model.delivery import Answer, Deliverable, Package, Part, Placement
from gateway.ports import Collected, Refusal, Shape


class CoverSheetFormat:
    """One text file: who sends what. Setting: ``greeting``."""

    shape = Shape.SINGLE_FILE

    def __init__(self, greeting: str) -> None:
        self._greeting = greeting

    @classmethod
    def configure(cls, settings: Mapping[str, object]) -> Self:
        """Reads ``greeting``."""
        problems = [f"format cover-sheet: unknown key {key}" for key in settings if key != "greeting"]
        greeting = settings.get("greeting", "Guten Tag")
        if not isinstance(greeting, str):
            problems.append(f"format cover-sheet: greeting: expected a text, got {greeting!r}")
        if problems:
            raise ConfigInvalid(problems)
        return cls(str(greeting))

    def package(self, deliverable: Deliverable) -> Package:
        """The sheet."""
        lines = [self._greeting, deliverable.chamber_name, deliverable.dossier.reference]
        lines += [f"{file.sha256}  {file.name}" for file in deliverable.files]
        data = ("\n".join(lines) + "\n").encode()
        part = Part(
            name=f"{deliverable.delivery_id}.txt",
            size=len(data),
            sha256=sha256(data).hexdigest(),
            media_type="text/plain",
            chunks=lambda: iter((data,)),
        )
        return Package(name=deliverable.delivery_id, parts=(part,))


class PostboxTransport:
    """Puts packages as tar files into a directory. Setting: ``path``."""

    carries = frozenset({Shape.SINGLE_FILE, Shape.FOLDER})

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def configure(cls, settings: Mapping[str, object]) -> Self:
        """Reads ``path``."""
        problems = [f"transport postbox-file: unknown key {key}" for key in settings if key != "path"]
        path = settings.get("path")
        if not isinstance(path, str):
            problems.append(f"transport postbox-file: path: expected a path, got {path!r}")
        if problems:
            raise ConfigInvalid(problems)
        return cls(Path(str(path)))

    async def hand_over(self, package: Package) -> Placement:
        """Write, fsync, rename, fsync of the directory."""
        try:
            await asyncio.to_thread(self._place, package)
        except OSError as error:
            raise DeliveryFailed(Code.RECIPIENT_UNREACHABLE, type(error).__name__) from error
        return Placement.HANDED_OVER

    async def collect(self) -> Collected:
        """Nobody answers here."""
        return Collected()

    async def settle(self, answer: Answer) -> None:
        """Nothing to do."""

    async def refuse(self, answer: Answer, refusal: Refusal) -> None:
        """Nothing to do: nobody answers here."""

    def _place(self, package: Package) -> None:
        temporary = self._path / f".{package.name}.part"
        with temporary.open("wb") as out:
            with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
                for part in package.parts:
                    data = b"".join(part.chunks())
                    member = tarfile.TarInfo(part.name)
                    member.size = len(data)
                    archive.addfile(member, io.BytesIO(data))
            out.flush()
            os.fsync(out.fileno())
        temporary.rename(self._path / f"{package.name}.tar")
        directory = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
