# SPDX-License-Identifier: EUPL-1.2
"""An authority in memory: a format and a transport that keep the contract, and can be told to fail."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from gateway.errors import ConfigInvalid
from gateway.model.delivery import Answer, Deliverable, Package, Part, Placement
from gateway.ports import Collected, Refusal, Shape, Unreadable


class FakeFormat:
    """One text file that lists the dossier's files."""

    shape = Shape.SINGLE_FILE

    @classmethod
    def configure(cls, settings: Mapping[str, object]):
        if settings:
            raise ConfigInvalid([f"format fake: unknown key {key}" for key in settings])
        return cls()

    def package(self, deliverable: Deliverable) -> Package:
        lines = [f"{file.sha256}  {file.name}\n" for file in deliverable.files]
        data = "".join(lines).encode()
        part = Part(
            name=f"{deliverable.dossier_id}.txt",
            size=len(data),
            sha256=sha256(data).hexdigest(),
            media_type="text/plain",
            chunks=lambda: iter((data,)),
        )
        return Package(name=deliverable.delivery_id, parts=(part,))


@dataclass
class FakeTransport:
    """Keeps packages by name. ``hooks`` run at the start of each attempt, first in first out, and may raise."""

    carries = frozenset({Shape.SINGLE_FILE, Shape.FOLDER})

    placement: Placement = Placement.HANDED_OVER
    placed: dict[str, dict[str, bytes]] = field(default_factory=dict)
    attempts: list[str] = field(default_factory=list)
    before: list[Callable[[], object]] = field(default_factory=list)
    after: list[Callable[[], object]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    refused: list[tuple[str, Refusal]] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)

    @classmethod
    def configure(cls, settings: Mapping[str, object]):
        if settings:
            raise ConfigInvalid([f"transport fake: unknown key {key}" for key in settings])
        return cls()

    async def hand_over(self, package: Package) -> Placement:
        self.attempts.append(package.name)
        await _run_first(self.before)
        self.placed[package.name] = {part.name: b"".join(part.chunks()) for part in package.parts}
        await _run_first(self.after)
        return self.placement

    async def collect(self) -> Collected:
        return Collected(answers=tuple(self.answers), unreadable=tuple(self.unreadable))

    async def settle(self, answer: Answer) -> None:
        self.answers.remove(answer)

    async def refuse(self, answer: Answer, refusal: Refusal) -> None:
        self.refused.append((answer.id, refusal))


async def _run_first(hooks: list[Callable[[], object]]) -> None:
    if hooks:
        result = hooks.pop(0)()
        if hasattr(result, "__await__"):
            await result
