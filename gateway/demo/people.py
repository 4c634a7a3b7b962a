# SPDX-License-Identifier: EUPL-1.2
"""Fictitious workers and employers. Nobody here exists; names are chosen for the letters they need (DIN 91379)."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from gateway.model.dossier import (
    Address,
    Contact,
    Document,
    Dossier,
    DossierKind,
    Employer,
    Job,
    Office,
    Person,
    Procedure,
    SubmissionRole,
)

NGUYEN = Person(
    given_names="Thị Hồng Ngọc",
    surname="Nguyễn",
    date_of_birth=date(1994, 3, 17),
    place_of_birth="Đà Nẵng",
    nationality="VN",
    sex="female",
    address=Address(street="Trần Phú", house_number="12", postcode="550000", town="Đà Nẵng", country="VN"),
    email="ngoc.nguyen@example.org",
    phone="+84 236 0000 001",
    passport_number="C4X7K2P9",
    passport_valid_until=date(2031, 5, 2),
)
OEZTUERK = Person(
    given_names="Şükrü Çağrı",
    surname="Öztürk",
    date_of_birth=date(1989, 11, 2),
    place_of_birth="Kahramanmaraş",
    nationality="TR",
    sex="male",
    address=Address(
        street="Atatürk Caddesi", house_number="7", postcode="46000", town="Kahramanmaraş", country="TR"
    ),
    email="sukru.ozturk@example.org",
    phone="+90 344 0000 002",
    passport_number="U23098417",
    passport_valid_until=date(2033, 1, 14),
)
HADZIC = Person(
    given_names="Đorđe Aleksandar",
    surname="Hadžić-Śliwiński",
    date_of_birth=date(1991, 7, 29),
    place_of_birth="Čačak",
    nationality="RS",
    sex="male",
    address=Address(street="Knjaza Miloša", house_number="3", postcode="32000", town="Čačak", country="RS"),
    email="djordje@example.org",
    phone="+381 32 000 003",
    passport_number="015873642",
    passport_valid_until=date(2030, 9, 30),
)
KHATIB = Person(
    given_names="Ẓāhir",
    surname="al-Ḫaṭīb",
    date_of_birth=date(1996, 1, 8),
    place_of_birth="Ḥamāh",
    nationality="SY",
    sex="male",
    address=Address(
        street="Šāriʿ al-Ǧumhūrīya", house_number="21", postcode="00963", town="Ḥamāh", country="SY"
    ),
    email="zahir@example.org",
    phone="+963 33 000 004",
    passport_number="N012847106",
    passport_valid_until=date(2032, 12, 1),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A municipality by its official key."""

    ags: str
    town: str
    postcode: str


WEIMAR = Place(ags="16055000", town="Weimar", postcode="99423")
HANNOVER = Place(ags="03241001", town="Hannover", postcode="30159")
GARBSEN = Place(ags="03241005", town="Garbsen", postcode="30823")
MARBACH = Place(ags="08118049", town="Marbach am Neckar", postcode="71672")
KORNWESTHEIM = Place(ags="08118046", town="Kornwestheim", postcode="70806")


def employer(name: str, place: Place, street: str, contact: str) -> Employer:
    """A company with its place of business in ``place``."""
    address = Address(street=street, house_number="12", postcode=place.postcode, town=place.town)
    first = (
        contact.rsplit(maxsplit=1)[-1]
        .lower()
        .replace("ü", "ue")
        .replace("ö", "oe")
        .replace("ä", "ae")
        .replace("ß", "ss")
    )
    return Employer(
        name=name,
        address=address,
        contact=Contact(
            name=contact, email=f"{first}@example.com", phone="+49 30 23125 000", position="Personal"
        ),
        establishment=address,
        establishment_ags=place.ags,
        deputy=Contact(name="Jörg Weißmüller", email="vertretung@example.com", phone="+49 30 23125 001"),
        betriebsnummer="12345678",
    )


def document(kind: str, *, language: str = "de") -> Document:
    """A PDF in the place where the chambers of the demo put it."""
    return Document(
        type=kind, file=f"dokumente/{kind.lower()}.pdf", media_type="application/pdf", language=language
    )


_ADVISER = Contact(name="Friederike Großmann", email="fachkraefte@example.com", phone="+49 30 23125 111")


def _chamber_office(chamber: str) -> Office:
    """The chamber as the party that acts under sub-authority of the employer."""
    return Office(
        name=chamber.upper().replace("-", " "),
        address=Address(street="Kammerplatz", house_number="1", postcode="70174", town="Stuttgart"),
        contact=_ADVISER,
        deputy=Contact(name="Ömer Schöneweiß", email="vertretung.fachkraefte@example.com"),
    )


BASE_DOCUMENTS = ("VOLLMACHT_FACHKRAFT", "VEREINBARUNG_81A", "PASS", "LEBENSLAUF", "VERTRETUNG_ARBEITGEBER")
SKILLED_DOCUMENTS = (
    *BASE_DOCUMENTS,
    "ERKL_BESCHAEFTIGUNG",
    "ARBEITSVERTRAG",
    "QUALIFIKATION",
    "UEBERSETZUNG",
    "ANERKENNUNG",
)


def skilled_dossier(
    *,
    reference: str,
    created: datetime,
    chamber: str,
    worker: Person,
    company: Employer,
    occupation: str,
    role: SubmissionRole = SubmissionRole.BOTE,
    more: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
    recognition: str = "decided",
) -> Dossier:
    """A complete dossier for a skilled worker with vocational training (§ 18a)."""
    kinds = tuple(k for k in (*SKILLED_DOCUMENTS, *more) if k not in without)
    return Dossier(
        reference=reference,
        created=created,
        chamber=chamber,
        role=role,
        kind=DossierKind.INITIAL,
        worker=worker,
        employer=company,
        procedure=Procedure(title="18a", recognition=recognition),
        documents=tuple(document(kind) for kind in kinds),
        contact=_ADVISER,
        sub_authorised=_chamber_office(chamber) if role is SubmissionRole.UNTERBEVOLLMAECHTIGTER else None,
        job=Job(
            occupation=occupation,
            place=company.establishment.town,
            start=date(2027, 2, 1),
            weekly_hours=Decimal("38.5"),
            gross_monthly_pay=Decimal("3280.00"),
        ),
    )


def supplement(
    first: Dossier, *, dossier_id: str, reference: str, created: datetime, kinds: tuple[str, ...]
) -> Dossier:
    """Documents an authority asked for, referring to the first dossier by the id the gateway gave it."""
    return replace(
        first,
        reference=reference,
        created=created,
        kind=DossierKind.SUPPLEMENT,
        refers_to=dossier_id,
        documents=tuple(document(kind) for kind in kinds),
    )
