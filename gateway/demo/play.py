# SPDX-License-Identifier: EUPL-1.2
"""The script of the demonstration: three cooperations, everything that must be refused, answers, proof.

Every step goes over HTTPS with a client certificate, as a chamber's or an authority's system would do it.
The script knows what must happen; anything else is shown and ends with exit code 1.
"""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from gateway.client import GatewayClient, ProblemAnswered, client_context
from gateway.demo import bundles, people, pki
from gateway.demo.house import running_gateway
from gateway.demo.stage import Stage
from gateway.demo.timestamping import timestamper
from gateway.demo.world import AUTHORITIES, Party, World
from gateway.mirror import mirror_log
from gateway.model.dossier import Dossier, Employer, Person, SubmissionRole

_BEFORE = datetime.fromisoformat("2025-11-03T08:30:00+00:00")  # while Hannover's own offices were responsible
_PLAIN = str.maketrans("äöü ", "aou-", ",ß")
_WAIT = 20  # seconds to wait for a delivery


class Play:
    """One performance. ``now`` is read once, so every date in it fits every other."""

    def __init__(self, world: World, stage: Stage, now: datetime) -> None:
        self._world, self._stage, self._now = world, stage, now

    async def perform(self) -> None:
        """All scenes."""
        await self._hannover_before()
        self._world.write_crls(self._now - timedelta(hours=1), self._now + timedelta(days=60))
        async with running_gateway(self._world):
            await self._weimar()
            await self._hannover_after()
            await self._ludwigsburg()
            await self._refusals()
            await self._receipts()
            await self._mirror_log()

    async def _hannover_before(self) -> None:
        self._stage.scene(
            "1  Hannover im November 2025: Landeshauptstadt und Region sind selbst zuständig",
            "1  Hannover in November 2025: city and region are responsible themselves",
        )
        self._world.write_crls(_BEFORE - timedelta(hours=1), self._now + timedelta(days=60))
        async with running_gateway(self._world, clock_offset=_BEFORE - self._now):
            lhh = _company("Leinewerk Maschinenbau GmbH", people.HANNOVER)
            region = _company("Garbsener Backstube e. K.", people.GARBSEN)
            await self._accepted(
                "ihk-hannover", people.HADZIC, lhh, "Mechatroniker", "landeshauptstadt-hannover", at=_BEFORE
            )
            await self._accepted(
                "hwk-hannover", people.OEZTUERK, region, "Bäcker", "region-hannover", at=_BEFORE
            )
            for authority in ("landeshauptstadt-hannover", "region-hannover"):
                await self._fetch_and_acknowledge(authority)

    async def _hannover_after(self) -> None:
        self._stage.scene(
            "3  Hannover heute: seit 1. Januar 2026 ist die Landesaufnahmebehörde zuständig",
            "3  Hannover today: since 1 January 2026 the Landesaufnahmebehörde is responsible",
        )
        lhh = _company("Leinewerk Maschinenbau GmbH", people.HANNOVER)
        await self._accepted("ihk-hannover", people.MENSAH, lhh, "Mechatroniker", "lab-ni")
        await self._fetch_and_acknowledge("lab-ni")

    async def _weimar(self) -> None:
        self._stage.scene(
            "2  Weimar: die IHK Erfurt reicht ein, die Stadt holt das versiegelte Original ab",
            "2  Weimar: IHK Erfurt submits, the city fetches the sealed original",
        )
        hotel = _company("Gasthaus Zum Weißen Schwan GmbH", people.WEIMAR)
        stamp = timestamper(self._world.timestamping, self._now)
        await self._accepted("ihk-erfurt", people.NGUYEN, hotel, "Köchin", "stadt-weimar", stamp=stamp)
        delivery = await self._fetch_and_acknowledge("stadt-weimar")
        await self._answer(
            "stadt-weimar", delivery, "accepted", "Das Verfahren ist eröffnet.", reference="33.2-2026-0815"
        )

    async def _ludwigsburg(self) -> None:
        self._stage.scene(
            "4  Ludwigsburg: Kammern handeln unter Untervollmacht, das Landratsamt liest einen Ordner",
            "4  Ludwigsburg: chambers act under sub-authority, the Landratsamt reads a folder",
        )
        role = SubmissionRole.UNTERBEVOLLMAECHTIGTER
        marbach = _company("Schillerpflege gGmbH", people.MARBACH)
        first = self._dossier(
            "ihk-region-stuttgart",
            people.NGUYEN,
            marbach,
            "Pflegefachfrau",
            role=role,
            more=("UNTERVOLLMACHT",),
        )
        await self._submit("ihk-region-stuttgart", first, expected="landratsamt-ludwigsburg", what="Marbach")
        await self._hot_folder()
        kornwestheim = _company("Salamander Werkstätten GmbH", people.KORNWESTHEIM)
        await self._supplement(kornwestheim)
        without = self._dossier("hwk-region-stuttgart", people.HADZIC, marbach, "Altenpfleger", role=role)
        await self._submit(
            "hwk-region-stuttgart", without, refused="document-missing", what="Marbach, ohne Untervollmacht"
        )

    async def _supplement(self, company: Employer) -> None:
        chamber, authority = "hwk-region-stuttgart", "stadt-kornwestheim"
        self._stage.say(
            "Kornwestheim liegt im selben Landkreis, hat aber eine eigene Ausländerbehörde.",
            "Kornwestheim lies in the same district but has an office of its own.",
        )
        first = self._dossier(
            chamber, people.OEZTUERK, company, "Schuhmacher", without=("ANERKENNUNG",), recognition="start"
        )
        dossier_id = await self._submit(chamber, first, expected=authority, what="Kornwestheim")
        delivery = await self._fetch_and_acknowledge(authority)
        await self._answer(
            authority,
            delivery,
            "documents-requested",
            "Bitte reichen Sie den Sprachnachweis nach.",
            documents=("SPRACHNACHWEIS",),
        )
        more = people.supplement(
            first,
            dossier_id=dossier_id,
            reference=first.reference + "-N1",
            created=self._now,
            kinds=("SPRACHNACHWEIS",),
        )
        await self._submit(chamber, more, expected=authority, what="Kornwestheim, Nachreichung")
        delivery = await self._fetch_and_acknowledge(authority)
        await self._answer(
            authority, delivery, "accepted", "Die Unterlagen sind vollständig.", reference="KW-4711"
        )

    async def _refusals(self) -> None:
        self._stage.scene("5  Was nicht hineinkommt", "5  What is not let in")
        world, now = self._world, self._now
        weimar = _company("Gasthaus Zum Weißen Schwan GmbH", people.WEIMAR)
        erfurt, hannover = world.chambers["ihk-erfurt"], world.chambers["ihk-hannover"]
        good = self._dossier("ihk-erfurt", people.MENSAH, weimar, "Koch")
        sealed = bundles.seal_bundle(good, _seal(erfurt), now)
        for what, data, code in (
            ("ein Byte verändert", bundles.with_changed_document(sealed), "signature-digest-mismatch"),
            ("eine Datei ohne Siegel dazu", bundles.with_unsigned_file(sealed), "unsigned-content"),
            ("zwei Dateien mit einem Namen", bundles.with_doubled_name(sealed), "container-duplicate-name"),
        ):
            await self._send("ihk-erfurt", data, what=what, refused=code)
        lacking = self._dossier("ihk-erfurt", people.MENSAH, weimar, "Koch", without=("PASS", "LEBENSLAUF"))
        both = bundles.with_unsigned_file(bundles.seal_bundle(lacking, _seal(erfurt), now))
        await self._submit(
            "ihk-erfurt", lacking, refused="document-missing", what="Pass und Lebenslauf fehlen"
        )
        await self._send("ihk-erfurt", both, what="beides zugleich", refused="unsigned-content")
        revoked = self._dossier("ihk-hannover", people.HADZIC, _company("Leinewerk", people.HANNOVER), "Koch")
        data = bundles.seal_bundle(revoked, world.revoked_seal, now)
        await self._send("ihk-hannover", data, what="gesperrtes Siegel", refused="certificate-revoked")
        foreign = bundles.seal_bundle(
            self._dossier("ihk-hannover", people.HADZIC, weimar, "Koch"), _seal(hannover), now
        )
        await self._send("ihk-erfurt", foreign, what="unter fremdem Namen", refused="sender-signer-mismatch")
        stranger = bundles.seal_bundle(
            self._dossier(world.stranger.id, people.HADZIC, weimar, "Koch"), _seal(world.stranger), now
        )
        await self._send(
            world.stranger.id, stranger, what="unbekannte Kammer", refused="sender-not-registered"
        )
        await self._send("ihk-erfurt", sealed, what="unversehrt", expected="stadt-weimar")
        await self._send("ihk-erfurt", sealed, what="dasselbe noch einmal", repeated=True)

    # -- the moves -----------------------------------------------------------------------------------

    async def _accepted(
        self,
        chamber: str,
        worker: Person,
        company: Employer,
        job: str,
        authority: str,
        *,
        at: datetime | None = None,
        stamp: bundles.Stamp | None = None,
    ) -> None:
        dossier = self._dossier(chamber, worker, company, job, at=at)
        data = bundles.seal_bundle(
            dossier, _seal(self._world.chambers[chamber]), at or self._now, timestamper=stamp
        )
        await self._send(chamber, data, what=company.establishment.town, expected=authority)

    def _dossier(
        self,
        chamber: str,
        worker: Person,
        company: Employer,
        job: str,
        *,
        at: datetime | None = None,
        role: SubmissionRole = SubmissionRole.BOTE,
        more: Sequence[str] = (),
        without: Sequence[str] = (),
        recognition: str = "decided",
    ) -> Dossier:
        number = sum(1 for _ in self._world.directory.rglob("*.asice")) + 1
        return people.skilled_dossier(
            reference=f"{chamber.upper()}-{(at or self._now).year}-{number:04}",
            created=(at or self._now).replace(microsecond=0),
            chamber=chamber,
            worker=worker,
            company=company,
            occupation=job,
            role=role,
            more=tuple(more),
            without=tuple(without),
            recognition=recognition,
        )

    async def _submit(
        self, chamber: str, dossier: Dossier, *, what: str, expected: str = "", refused: str = ""
    ) -> str:
        data = await asyncio.to_thread(bundles.seal_bundle, dossier, _seal(self._party(chamber)), self._now)
        return await self._send(chamber, data, what=what, expected=expected, refused=refused)

    async def _send(
        self,
        chamber: str,
        data: bytes,
        *,
        what: str,
        expected: str = "",
        refused: str = "",
        repeated: bool = False,
    ) -> str:
        party = self._party(chamber)
        path = (
            party.directory
            / "bundles"
            / f"{sum(1 for _ in self._world.directory.rglob('*.asice')) + 1:02}-{_slug(what)}.asice"
        )
        await asyncio.to_thread(_store, path, data)
        try:
            async with self._client(party) as gateway:
                submission = await gateway.submit(path)
                summary = await gateway.dossier(submission.dossier_id)
        except ProblemAnswered as problem:
            self._refused(chamber, what, problem, refused)
            return ""
        await asyncio.to_thread(_store_json, path.with_suffix(".receipt.json"), submission.receipt)
        self._taken(
            chamber,
            what,
            str(summary.get("authority", "")),
            expected,
            wanted_repeat=repeated,
            repeated=submission.repeated,
        )
        return submission.dossier_id

    def _taken(
        self, chamber: str, what: str, authority: str, expected: str, *, wanted_repeat: bool, repeated: bool
    ) -> None:
        good = repeated if wanted_repeat else authority == expected and not repeated
        if repeated:
            self._stage.done(
                f"{chamber}: „{what}“ war schon da, die erste Quittung gilt",
                f"{chamber}: “{what}” was there already, the first receipt holds",
            )
            result = self._stage.pick("war schon da", "was there already")
        else:
            name = AUTHORITIES.get(authority, authority)
            self._stage.done(
                f"{chamber}: „{what}“ angenommen, geht an {name}",
                f"{chamber}: “{what}” accepted, goes to {name}",
            )
            result = f"→ {authority}"
        self._stage.outcome(who=chamber, what=what, result=result, good=good)

    def _refused(self, chamber: str, what: str, problem: ProblemAnswered, expected: str) -> None:
        codes = [str(finding.get("code")) for finding in problem.findings] or [problem.code]
        self._stage.say(f"{chamber}: „{what}“ abgewiesen:", f"{chamber}: “{what}” refused:")
        self._stage.refusal(problem.findings)
        result = self._stage.pick("abgewiesen", "refused")
        self._stage.outcome(
            who=chamber,
            what=what,
            result=result,
            code=", ".join(dict.fromkeys(codes)),
            good=expected in codes,
        )

    async def _fetch_and_acknowledge(self, authority: str) -> str:
        party = self._world.authorities[authority]
        async with self._client(party) as gateway:
            waiting = await gateway.inbox(wait=_WAIT)
            if not waiting:
                self._stage.failed(
                    f"{authority}: nichts im Posteingang", f"{authority}: nothing in the inbox"
                )
                return ""
            delivery = str(waiting[0]["delivery_id"])
            target = party.directory / "inbox" / f"{delivery}.asice"
            await asyncio.to_thread(target.parent.mkdir, parents=True, exist_ok=True)
            sha256 = await gateway.download(delivery, target)
            await gateway.acknowledge(delivery, sha256=sha256)
        self._stage.done(
            f"{authority}: abgeholt und bestätigt ({target.name})",
            f"{authority}: fetched and acknowledged ({target.name})",
        )
        return delivery

    async def _answer(
        self,
        authority: str,
        delivery: str,
        kind: str,
        message: str,
        *,
        reference: str = "",
        documents: tuple[str, ...] = (),
    ) -> None:
        async with self._client(self._world.authorities[authority]) as gateway:
            await gateway.answer(
                delivery,
                answer_id=f"{kind}-1",
                kind=kind,
                message=message,
                reference=reference,
                requested_documents=documents,
            )
        self._stage.done(f"{authority} antwortet: {message}", f"{authority} answers ({kind}): {message}")

    async def _hot_folder(self) -> None:
        folder = self._world.hot_folder
        async with asyncio.timeout(_WAIT):
            while not (
                packages := [p for p in folder.iterdir() if p.is_dir() and (p / "index.xml").is_file()]
            ):
                await asyncio.sleep(0.05)
        package = packages[0]
        names = ", ".join(sorted(p.name for p in package.iterdir())[:3])
        self._stage.done(
            f"im Ordner liegt {package.name}: {names} …", f"the folder holds {package.name}: {names} …"
        )
        (folder / f"{package.name}.done").touch()
        async with (
            self._client(self._world.chambers["ihk-region-stuttgart"]) as gateway,
            asyncio.timeout(_WAIT),
        ):
            seen = 0
            while True:
                page = await gateway.events(after=seen, wait=2)
                if any(event["type"] == "acknowledgement" for event in page.events):
                    break
                seen = page.next
        self._stage.done(
            "das Landratsamt bestätigt mit einer .done-Datei",
            "the Landratsamt acknowledges with a .done file",
        )

    async def _receipts(self) -> None:
        self._stage.scene("6  Die Kammern lesen, was geschah", "6  The chambers read what happened")
        for chamber in self._world.chambers.values():
            async with self._client(chamber) as gateway:
                page = await gateway.events(limit=200)
                stored = 0
                for dossier_id in dict.fromkeys(event["dossier_id"] for event in page.events):
                    evidence = await gateway.evidence(dossier_id)
                    for number, receipt in enumerate(evidence["receipts"], 1):
                        target = chamber.directory / "receipts" / f"{dossier_id}-{number:02}.receipt.json"
                        await asyncio.to_thread(_store_json, target, receipt)
                        stored += 1
            self._stage.done(
                f"{chamber.id}: {len(page.events)} Ereignisse, {stored} Quittungen",
                f"{chamber.id}: {len(page.events)} events, {stored} receipts",
            )

    async def _mirror_log(self) -> None:
        self._stage.scene(
            "7  Die Revision prüft ohne das Gateway", "7  The auditor proves without the gateway"
        )
        target = self._world.auditor.directory / "log"
        async with self._client(self._world.auditor) as gateway:
            size = await mirror_log(gateway, target, progress=lambda _done, _total: None)
        self._stage.done(
            f"Protokoll mit {size} Einträgen heruntergeladen", f"log with {size} entries downloaded"
        )

    def _party(self, chamber: str) -> Party:
        return self._world.chambers.get(chamber, self._world.stranger)

    def _client(self, party: Party) -> GatewayClient:
        directory = party.directory
        context = client_context(directory / "tls.crt", directory / "tls.key", directory / "gateway-ca.pem")
        return GatewayClient(
            f"https://localhost:{self._world.port}", context, language=self._stage.language.value
        )


def _company(name: str, place: people.Place) -> Employer:
    return people.employer(name, place, "Schillerstraße", "Käthe Müßiggang")


def _seal(party: Party) -> pki.Identity:
    if party.seal is None:
        raise ValueError(f"{party.id} has no seal")
    return party.seal


def _slug(text: str) -> str:
    plain = text.lower().translate(_PLAIN)
    return plain[:40]


def _store(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _store_json(path: Path, value: object) -> None:
    _store(path, (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode())
