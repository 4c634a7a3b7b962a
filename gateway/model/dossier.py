# SPDX-License-Identifier: EUPL-1.2
"""What a bundle says: the content of ``dossier.xml`` (schemas/dossier/1.0/dossier.xsd), decoded.

Names of fields follow the schema's elements; codes (titles, document types) stay strings because the tables
that define them are data with validity, not code.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class SubmissionRole(StrEnum):
    """In what capacity the chamber sends: as messenger, or under sub-authority of the employer (needs UNTERVOLLMACHT)."""

    BOTE = "bote"
    UNTERBEVOLLMAECHTIGTER = "unterbevollmaechtigter"


class DossierKind(StrEnum):
    """A first dossier, or documents that were asked for and refer to one."""

    INITIAL = "initial"
    SUPPLEMENT = "supplement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address."""

    street: str
    postcode: str
    town: str
    country: str = "DE"  # ISO 3166-1 alpha-2
    house_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person one can call."""

    name: str
    email: str
    phone: str = ""
    position: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A party named in the agreement under § 81a(2) AufenthG, with those one can call there."""

    name: str
    address: Address | None = None
    contact: Contact | None = None
    deputy: Contact | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The worker or a member of the family; names as in the passport (DIN 91379 letters)."""

    given_names: str
    surname: str
    date_of_birth: date
    place_of_birth: str
    nationality: str  # ISO 3166-1 alpha-2
    birth_name: str = ""
    sex: str = ""
    marital_status: str = ""  # "", single, married, civil-partnership, divorced, widowed
    relation: str = ""  # "", spouse, child
    address: Address | None = None
    email: str = ""
    phone: str = ""
    passport_number: str = ""
    passport_valid_until: date | None = None
    passport_type: str = ""
    passport_issuer: str = ""
    passport_mrz: str = ""  # ICAO 9303, lines joined
    azr_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Employer:
    """The employer; ``establishment_ags`` (place of business, § 31(4) AufenthV) decides the authority."""

    name: str
    address: Address
    contact: Contact
    establishment: Address
    establishment_ags: str  # eight digits
    deputy: Contact | None = None
    betriebsnummer: str = ""
    legal_form: str = ""
    register_number: str = ""
    sector: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The employment or training that is intended."""

    occupation: str
    place: str
    kldb: str = ""
    start: date | None = None
    weekly_hours: Decimal | None = None
    gross_monthly_pay: Decimal | None = None  # euro
    temporary_agency: bool = False
    duration_months: Decimal | None = None  # None: permanent
    collective_agreement: str = ""
    annual_leave_days: Decimal | None = None
    required_qualification: str = ""
    previous_post: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """What is applied for and the circumstances that decide which documents are needed."""

    title: str  # code of the residence title, e.g. 18a
    regulated_profession: bool = False
    recognition: str = "none"  # none, start, decided
    lives_in_eu_state: bool = False
    first_title_after_45: bool = False
    ba_consent_needed: bool = True
    original_language_german: bool = False
    company_based_training: bool = False
    requested_authority: str = ""  # where the law leaves a choice
    recognition_body: str = ""
    mission: str = ""  # where the visa is applied for
    check_result: str = ""  # "", complete, incomplete
    fee_status: str = ""  # "", due, paid


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document of the dossier and the container entry that holds it."""

    type: str  # code of schemas/rules/document-types.tsv
    file: str  # entry name
    media_type: str
    title: str = ""
    language: str = ""
    translation_of: str = ""  # file of the original


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """The decoded dossier."""

    reference: str  # the chamber's own file number
    created: datetime
    chamber: str  # partner id of the submitting chamber
    role: SubmissionRole
    kind: DossierKind
    worker: Person
    employer: Employer
    procedure: Procedure
    documents: tuple[Document, ...]
    contact: Contact
    family: tuple[Person, ...] = ()
    job: Job | None = None
    refers_to: str = ""  # dossier id given by the gateway, for supplements
    sub_authorised: Office | None = None
    authority: Office | None = None  # as the agreement names it; the route never follows it
