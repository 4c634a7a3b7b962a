# SPDX-License-Identifier: EUPL-1.2
"""The moves of the demonstration: each is one thing a chamber, an authority or the auditor does over HTTPS.

A move says what happened and remembers it; whether that was right, the script says beforehand (``expected``).
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.client import GatewayClient, ProblemAnswered, Submission, client_context
from gateway.demo.stage import Stage
from gateway.demo.world import AUTHORITIES, Party, World
from gateway.mirror import mirror_log

_PLAIN = str.maketrans({" ": "-", ",": None, "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_WAIT = 20  # seconds to wait for something that must come


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the script says must become of a bundle: an authority that gets it, a code it is refused with, or a repeat."""

    authority: str = ""
    refused: str = ""
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Moves:
    """All moves in one world, told on one stage."""

    world: World
    stage: Stage

    async def send(self, chamber: str, data: bytes, title: tuple[str, str], expected: Expected) -> str:
        """A chamber sends a bundle; the dossier's id, empty where it was refused."""
        party = self.world.chambers.get(chamber, self.world.stranger)
        path = party.directory / "bundles" / f"{self._next_number():02}-{_slug(title[0])}.asice"
        await asyncio.to_thread(_store, path, data)
        try:
            async with self._client(party) as gateway:
                submission = await gateway.submit(path)
                summary = await gateway.dossier(submission.dossier_id)
        except ProblemAnswered as problem:
            self._refused(chamber, title, problem, expected)
            return ""
        await asyncio.to_thread(_store_json, path.with_suffix(".receipt.json"), submission.receipt)
        self._taken(chamber, title, submission, summary, expected)
        return submission.dossier_id

    def _taken(
        self,
        chamber: str,
        title: tuple[str, str],
        submission: Submission,
        summary: Mapping[str, Any],
        expected: Expected,
    ) -> None:
        authority = str(summary.get("authority", ""))
        what = self.stage.pick(*title)
        if submission.repeated:
            result = self.stage.pick("war schon da", "was there already")
            good = expected.repeated
        else:
            result = f"→ {authority}"
            good = authority == expected.authority and not expected.repeated
        told = f"→ {AUTHORITIES.get(authority, authority)}"
        if submission.repeated:
            told = self.stage.pick(
                "war schon da, die erste Quittung gilt", "was there already, the first receipt holds"
            )
        self.stage.done(f"{chamber}: {what} {told}", f"{chamber}: {what} {told}")
        self.stage.outcome(who=chamber, what=what, result=result, good=good)

    def _refused(
        self, chamber: str, title: tuple[str, str], problem: ProblemAnswered, expected: Expected
    ) -> None:
        codes = list(dict.fromkeys(str(finding.get("code")) for finding in problem.findings)) or [
            problem.code
        ]
        what = self.stage.pick(*title)
        self.stage.say(f"{chamber}: {what}", f"{chamber}: {what}")
        self.stage.refusal(problem.findings)
        result = self.stage.pick("abgewiesen", "refused")
        self.stage.outcome(
            who=chamber, what=what, result=result, codes=tuple(codes), good=expected.refused in codes
        )

    async def fetch(self, authority: str) -> str:
        """An authority fetches the first package of its inbox and acknowledges it; the delivery's id."""
        party = self.world.authorities[authority]
        async with self._client(party) as gateway:
            waiting = await gateway.inbox(wait=_WAIT)
            if not waiting:
                self.stage.failed(f"{authority}: nichts im Posteingang", f"{authority}: nothing in the inbox")
                return ""
            delivery = str(waiting[0]["id"])
            target = party.directory / "inbox" / f"{delivery}.asice"
            await asyncio.to_thread(target.parent.mkdir, parents=True, exist_ok=True)
            sha256 = await gateway.download(delivery, target)
            await gateway.acknowledge(delivery, sha256=sha256)
        self.stage.done(f"{authority}: abgeholt und bestätigt", f"{authority}: fetched and acknowledged")
        return delivery

    async def answer(
        self,
        authority: str,
        delivery: str,
        kind: str,
        message: str,
        *,
        reference: str = "",
        documents: tuple[str, ...] = (),
    ) -> None:
        """An authority answers."""
        async with self._client(self.world.authorities[authority]) as gateway:
            await gateway.answer(
                delivery,
                answer_id=f"{kind}-1",
                kind=kind,
                message=message,
                reference=reference,
                requested_documents=documents,
            )
        self.stage.done(f"{authority} antwortet: {message}", f"{authority} answers ({kind}): {message}")

    async def hot_folder(self, chamber: str) -> None:
        """The Landratsamt finds a package in its folder and confirms it by a file; the chamber sees that."""
        folder = self.world.hot_folder
        async with asyncio.timeout(_WAIT):
            while not (packages := await asyncio.to_thread(_packages, folder)):
                await asyncio.sleep(0.05)
        name, files = packages[0]
        shown = ", ".join(files[:2]) + f" … {files[-1]}"
        self.stage.done(
            f"im Ordner liegen {len(files)} Dateien: {shown}", f"the folder holds {len(files)} files: {shown}"
        )
        await asyncio.to_thread((folder / f"{name}.done").touch)
        async with self._client(self.world.chambers[chamber]) as gateway, asyncio.timeout(_WAIT):
            await _until_event(gateway, "acknowledgement")
        self.stage.done(
            "das Landratsamt bestätigt mit einer .done-Datei", "the Landratsamt confirms by a .done file"
        )

    async def keep_receipts(self, chamber: str) -> None:
        """A chamber reads its feed and keeps every receipt."""
        party = self.world.chambers[chamber]
        async with self._client(party) as gateway:
            page = await gateway.events(limit=200)
            stored = 0
            for dossier_id in dict.fromkeys(str(event["dossier_id"]) for event in page.events):
                evidence = await gateway.evidence(dossier_id)
                for number, receipt in enumerate(evidence["receipts"], 1):
                    target = party.directory / "receipts" / f"{dossier_id}-{number:02}.receipt.json"
                    await asyncio.to_thread(_store_json, target, receipt)
                    stored += 1
        self.stage.done(
            f"{chamber}: {len(page.events)} Ereignisse gelesen, {stored} Quittungen behalten",
            f"{chamber}: {len(page.events)} events read, {stored} receipts kept",
        )

    async def mirror(self) -> None:
        """The auditor copies the log."""
        async with self._client(self.world.auditor) as gateway:
            size = await mirror_log(gateway, self.world.auditor.directory / "log", progress=_silent)
        self.stage.done(
            f"Protokoll mit {size} Einträgen heruntergeladen", f"log with {size} entries downloaded"
        )

    def _client(self, party: Party) -> GatewayClient:
        directory = party.directory
        context = client_context(directory / "tls.crt", directory / "tls.key", directory / "gateway-ca.pem")
        return GatewayClient(
            f"https://localhost:{self.world.port}", context, language=self.stage.language.value
        )

    def _next_number(self) -> int:
        return sum(1 for _ in self.world.directory.glob("chambers/*/bundles/*.asice")) + 1


async def _until_event(gateway: GatewayClient, kind: str) -> None:
    seen = 0
    while True:
        page = await gateway.events(after=seen, wait=2)
        if any(event["type"] == kind for event in page.events):
            return
        seen = page.next


def _packages(folder: Path) -> list[tuple[str, Sequence[str]]]:
    whole = [path for path in sorted(folder.iterdir()) if path.is_dir() and (path / "index.xml").is_file()]
    return [(path.name, sorted(part.name for part in path.iterdir())) for path in whole]


def _slug(text: str) -> str:
    return text.lower().translate(_PLAIN)[:40]


def _store(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _store_json(path: Path, value: object) -> None:
    _store(path, (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode())


def _silent(_done: int, _total: int) -> None:
    """No progress is shown for a log this small."""
