# SPDX-License-Identifier: EUPL-1.2
"""One fictitious dossier with letters of DIN 91379, as a decoded value."""

from dataclasses import replace
from datetime import UTC, date, datetime

from gateway.model.dossier import (
    Address,
    Contact,
    Document,
    Dossier,
    DossierKind,
    Employer,
    Person,
    Procedure,
    SubmissionRole,
)

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PDF = "application/pdf"


def sample_dossier(**changes) -> Dossier:
    address = Address(street="Rathausplatz", house_number="1", postcode="71638", town="Ludwigsburg")
    contact = Contact(name="Łucja Çelik", email="celik@example.org")
    dossier = Dossier(
        reference="IHK-2026-0815",
        created=START,
        chamber="ihk-stuttgart",
        role=SubmissionRole.BOTE,
        kind=DossierKind.INITIAL,
        worker=Person(
            given_names="Đặng Thị Ánh",
            surname="Nguyễn-Öztürk",
            date_of_birth=date(1994, 5, 17),
            place_of_birth="Hà Nội",
            nationality="VN",
        ),
        employer=Employer(
            name="Mörike & Söhne GmbH",
            address=address,
            contact=contact,
            establishment=address,
            establishment_ags="08118048",
        ),
        procedure=Procedure(title="18a"),
        documents=(
            Document(
                type="EMPLOYMENT_CONTRACT",
                file="Arbeitsvertrag Müller.pdf",
                media_type=PDF,
                title="Arbeitsvertrag für Frau Nguyễn",
                language="de",
            ),
            Document(type="PASSPORT", file="pass.pdf", media_type=PDF),
        ),
        contact=contact,
    )
    return replace(dossier, **changes)
