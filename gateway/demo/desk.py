# SPDX-License-Identifier: EUPL-1.2
"""The desk of the chambers in the demonstration: makes dossiers, numbers them and seals them."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from gateway.demo import bundles, people, pki
from gateway.demo.world import Party
from gateway.model.dossier import Dossier, Employer, Person, SubmissionRole


class Desk:
    """One desk for one performance, which is today at ``now``."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._number = 0

    def dossier(
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
    ) -> Dossier:
        """A dossier with the next number. ``more`` and ``without`` are kinds of documents."""
        self._number += 1
        moment = at or self._now
        return people.skilled_dossier(
            reference=f"{chamber.upper()}-{moment.year}-{self._number:04}",
            created=moment.replace(microsecond=0),
            chamber=chamber,
            worker=worker,
            company=company,
            occupation=job,
            role=role,
            more=tuple(more),
            without=tuple(without),
        )

    async def sealed(
        self,
        dossier: Dossier,
        seal: pki.Identity,
        *,
        at: datetime | None = None,
        stamp: bundles.Stamp | None = None,
    ) -> bytes:
        """The bundle of a dossier."""
        moment = (at or self._now).replace(microsecond=0)
        return await asyncio.to_thread(bundles.seal_bundle, dossier, seal, moment, timestamper=stamp)


def company_at(name: str, place: people.Place) -> Employer:
    """A company in a place."""
    return people.employer(name, place, "Schillerstraße", "Käthe Müßiggang")


def inn() -> Employer:
    """The inn at Weimar."""
    return company_at("Gasthaus Zum Weißen Schwan GmbH", people.WEIMAR)


def seal_of(party: Party) -> pki.Identity:
    """The party's seal. Raises ``ValueError`` where it has none."""
    if party.seal is None:
        raise ValueError(f"{party.id} has no seal")
    return party.seal
