# SPDX-License-Identifier: EUPL-1.2
"""The script of the demonstration: three cooperations, everything that must be refused, answers, proof.

The script knows what must happen; anything else is shown in the table and ends with exit code 1.
"""

from datetime import datetime, timedelta

from gateway.demo import bundles, people
from gateway.demo.desk import Desk, company_at, inn, seal_of
from gateway.demo.house import running_gateway
from gateway.demo.moves import Expected, Moves
from gateway.demo.stage import Stage
from gateway.demo.timestamping import timestamper
from gateway.demo.world import World
from gateway.model.dossier import Dossier, Employer, Person, SubmissionRole

_BEFORE = datetime.fromisoformat("2025-11-03T08:30:00+00:00")  # Hannover's own offices were responsible
_FRESH = timedelta(hours=1)  # age of revocation lists
_LIST_LIFETIME = timedelta(days=60)
_UNDER_AUTHORITY = SubmissionRole.UNTERBEVOLLMAECHTIGTER


class Play:
    """One performance. ``now`` is read once, so every date in it fits every other."""

    def __init__(self, world: World, stage: Stage, now: datetime) -> None:
        self._world, self._stage, self._now = world, stage, now
        self._moves = Moves(world, stage)
        self._desk = Desk(now)

    async def perform(self) -> None:
        """All scenes. The gateway runs twice: once with its clock in 2025, then on today's."""
        self._world.write_crls(_BEFORE - _FRESH, self._now + _LIST_LIFETIME)
        async with running_gateway(self._world, clock_offset=_BEFORE - self._now):
            await self._hannover_before()
        self._world.write_crls(self._now - _FRESH, self._now + _LIST_LIFETIME)
        async with running_gateway(self._world):
            await self._hannover_today()
            await self._weimar()
            await self._ludwigsburg()
            await self._kornwestheim()
            await self._altered()
            await self._not_theirs()
            await self._receipts()
            self._stage.scene(
                "8  Die Revision prüft ohne das Gateway", "8  The auditor proves without the gateway"
            )
            await self._moves.mirror()

    async def _hannover_before(self) -> None:
        self._stage.scene(
            "1  Hannover im November 2025: Landeshauptstadt und Region sind zuständig",
            "1  Hannover in November 2025: city and region are responsible",
        )
        self._stage.say(
            "Die Uhr des Gateways steht auf dem 3. November 2025.",
            "The gateway's clock stands at 3 November 2025.",
        )
        works = company_at("Leinewerk Maschinenbau GmbH", people.HANNOVER)
        bakery = company_at("Garbsener Backstube e. K.", people.GARBSEN)
        await self._deal(
            "ihk-hannover", people.HADZIC, works, "Mechatroniker", "landeshauptstadt-hannover", at=_BEFORE
        )
        await self._deal("hwk-hannover", people.OEZTUERK, bakery, "Bäcker", "region-hannover", at=_BEFORE)
        for authority in ("landeshauptstadt-hannover", "region-hannover"):
            await self._moves.fetch(authority)
        for chamber in ("ihk-hannover", "hwk-hannover"):
            await self._moves.keep_receipts(chamber)

    async def _hannover_today(self) -> None:
        self._stage.scene(
            "2  Hannover heute: seit 1. Januar 2026 ist die Landesaufnahmebehörde zuständig",
            "2  Hannover today: since 1 January 2026 the Landesaufnahmebehörde is responsible",
        )
        self._stage.say(
            "Die Vorgänge von 2025 hat das Gateway nach Frist gelöscht; ihre Quittungen bleiben beweisbar.",
            "The gateway has erased the dossiers of 2025 in time; their receipts stay provable.",
        )
        works = company_at("Leinewerk Maschinenbau GmbH", people.HANNOVER)
        await self._deal("ihk-hannover", people.KHATIB, works, "Mechatroniker", "lab-ni")
        await self._moves.fetch("lab-ni")

    async def _weimar(self) -> None:
        self._stage.scene(
            "3  Weimar: die IHK Erfurt reicht ein, die Stadt holt das versiegelte Original ab",
            "3  Weimar: IHK Erfurt submits, the city fetches the sealed original",
        )
        stamp = timestamper(self._world.timestamping, self._now)
        await self._deal("ihk-erfurt", people.NGUYEN, inn(), "Köchin", "stadt-weimar", stamp=stamp)
        delivery = await self._moves.fetch("stadt-weimar")
        await self._moves.answer(
            "stadt-weimar", delivery, "accepted", "Das Verfahren ist eröffnet.", reference="33.2-2026-0815"
        )

    async def _ludwigsburg(self) -> None:
        self._stage.scene(
            "4  Ludwigsburg: unter Untervollmacht, in einen Ordner des Landratsamts",
            "4  Ludwigsburg: under sub-authority, into a folder of the Landratsamt",
        )
        care = company_at("Schillerpflege gGmbH", people.MARBACH)
        good = self._desk.dossier(
            "ihk-region-stuttgart",
            people.NGUYEN,
            care,
            "Köchin",
            role=_UNDER_AUTHORITY,
            more=("UNTERVOLLMACHT",),
        )
        await self._submit(
            "ihk-region-stuttgart",
            good,
            ("Marbach", "Marbach"),
            Expected(authority="landratsamt-ludwigsburg"),
        )
        await self._moves.hot_folder("ihk-region-stuttgart")
        lacking = self._desk.dossier(
            "hwk-region-stuttgart", people.HADZIC, care, "Koch", role=_UNDER_AUTHORITY
        )
        title = ("Marbach, ohne Untervollmacht", "Marbach, without sub-authority")
        await self._submit("hwk-region-stuttgart", lacking, title, Expected(refused="document-missing"))

    async def _kornwestheim(self) -> None:
        self._stage.scene(
            "5  Kornwestheim: eigene Ausländerbehörde im selben Landkreis, eine Nachreichung",
            "5  Kornwestheim: an office of its own in the same district, a supplement",
        )
        chamber, authority = "hwk-region-stuttgart", "stadt-kornwestheim"
        shoes = company_at("Schuhwerkstätten Kornwestheim GmbH", people.KORNWESTHEIM)
        first = self._desk.dossier(chamber, people.OEZTUERK, shoes, "Schuhmacher")
        dossier_id = await self._submit(
            chamber, first, ("Kornwestheim", "Kornwestheim"), Expected(authority=authority)
        )
        delivery = await self._moves.fetch(authority)
        await self._moves.answer(
            authority,
            delivery,
            "documents-requested",
            "Bitte reichen Sie Arbeitszeugnisse nach.",
            documents=("ARBEITSZEUGNISSE",),
        )
        more = people.supplement(
            first,
            dossier_id=dossier_id,
            reference=f"{first.reference}-N1",
            created=self._now.replace(microsecond=0),
            kinds=("ARBEITSZEUGNISSE",),
        )
        title = ("Kornwestheim, Nachreichung", "Kornwestheim, supplement")
        await self._submit(chamber, more, title, Expected(authority=authority))
        delivery = await self._moves.fetch(authority)
        await self._moves.answer(
            authority, delivery, "accepted", "Die Unterlagen sind vollständig.", reference="KW-4711"
        )

    async def _altered(self) -> None:
        self._stage.scene(
            "6  Was nicht hineinkommt: Verändertes, Unvollständiges",
            "6  What is not let in: altered, incomplete",
        )
        erfurt = seal_of(self._world.chambers["ihk-erfurt"])
        sealed = await self._desk.sealed(
            self._desk.dossier("ihk-erfurt", people.KHATIB, inn(), "Koch"), erfurt
        )
        await self._moves.send(
            "ihk-erfurt", sealed, ("unversehrt", "intact"), Expected(authority="stadt-weimar")
        )
        for title, data, code in (
            (
                ("ein Byte verändert", "one byte changed"),
                bundles.with_changed_document(sealed),
                "signature-digest-mismatch",
            ),
            (
                ("eine Datei ohne Siegel", "a file without seal"),
                bundles.with_unsigned_file(sealed),
                "unsigned-content",
            ),
            (
                ("zwei Dateien, ein Name", "two files, one name"),
                bundles.with_doubled_name(sealed),
                "container-duplicate-name",
            ),
        ):
            await self._moves.send("ihk-erfurt", data, title, Expected(refused=code))
        lacking = self._desk.dossier(
            "ihk-erfurt", people.KHATIB, inn(), "Koch", without=("PASS", "LEBENSLAUF")
        )
        incomplete = await self._desk.sealed(lacking, erfurt)
        title = ("Pass und Lebenslauf fehlen", "passport and CV are missing")
        await self._moves.send("ihk-erfurt", incomplete, title, Expected(refused="document-missing"))
        both = bundles.with_unsigned_file(incomplete)
        await self._moves.send(
            "ihk-erfurt", both, ("beides zugleich", "both at once"), Expected(refused="unsigned-content")
        )
        await self._moves.send(
            "ihk-erfurt", sealed, ("noch einmal dasselbe", "the same once more"), Expected(repeated=True)
        )

    async def _not_theirs(self) -> None:
        self._stage.scene("7  Wer nicht hineinkommt", "7  Who is not let in")
        world = self._world
        old = self._desk.dossier(
            "ihk-hannover", people.HADZIC, company_at("Leinewerk", people.HANNOVER), "Koch"
        )
        data = await self._desk.sealed(old, world.revoked_seal)
        await self._moves.send(
            "ihk-hannover",
            data,
            ("gesperrtes Siegel", "revoked seal"),
            Expected(refused="certificate-revoked"),
        )
        foreign = self._desk.dossier("ihk-hannover", people.HADZIC, inn(), "Koch")
        data = await self._desk.sealed(foreign, seal_of(world.chambers["ihk-hannover"]))
        title = ("unter fremdem Namen", "under another's name")
        await self._moves.send("ihk-erfurt", data, title, Expected(refused="sender-signer-mismatch"))
        stranger = self._desk.dossier(world.stranger.id, people.HADZIC, inn(), "Koch")
        data = await self._desk.sealed(stranger, seal_of(world.stranger))
        title = ("unbekannte Kammer", "unknown chamber")
        await self._moves.send(world.stranger.id, data, title, Expected(refused="sender-not-registered"))

    async def _receipts(self) -> None:
        self._stage.scene("   Die Kammern lesen, was geschah", "   The chambers read what happened")
        for chamber in self._world.chambers:
            if chamber != "hwk-hannover":  # kept its receipts in scene 1
                await self._moves.keep_receipts(chamber)

    async def _deal(
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
        dossier = self._desk.dossier(chamber, worker, company, job, at=at)
        data = await self._desk.sealed(dossier, seal_of(self._world.chambers[chamber]), at=at, stamp=stamp)
        town = company.establishment.town
        await self._moves.send(chamber, data, (town, town), Expected(authority=authority))

    async def _submit(
        self, chamber: str, dossier: Dossier, title: tuple[str, str], expected: Expected
    ) -> str:
        data = await self._desk.sealed(dossier, seal_of(self._world.chambers[chamber]))
        return await self._moves.send(chamber, data, title, expected)
