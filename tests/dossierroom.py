# SPDX-License-Identifier: EUPL-1.2
"""Dossiers for tests: one good example, the ways to change it, and a strategy for any other."""

import string
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from gateway.catalogue import data_root, load_rules, load_schema
from gateway.model.bundle import ContainerForm, Digested, Entry, Method, Opened, Signer, Verified
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
from gateway.model.signature import (
    ContainerState,
    Indication,
    Integrity,
    Trust,
    VerificationReport,
)
from gateway.model.source import MemorySource
from gateway.policy import XmlPolicy
from gateway.stages.dossier import read_dossier, write_dossier

XML = XmlPolicy()
SLOW = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None, max_examples=50
)
TODAY = date(2026, 11, 22)
EXAMPLE = (data_root() / "dossier" / "1.0" / "example.xml").read_bytes()
HEADS = {
    "application/pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
}


@cache
def schema():
    return load_schema(data_root(), "dossier")


@cache
def rules():
    return load_rules(data_root() / "rules")


@cache
def example():
    return read_dossier(EXAMPLE, schema=schema(), xml=XML)


def changed(dossier=None, **changes):
    """The example with other values; dotted names reach inside: ``procedure__title="18b"``."""
    dossier = dossier or example()
    for name, value in changes.items():
        outer, _, inner = name.partition("__")
        dossier = replace(
            dossier, **{outer: replace(getattr(dossier, outer), **{inner: value}) if inner else value}
        )
    return dossier


def documents(*codes):
    return tuple(
        Document(type=code, file=f"{number}.pdf", media_type="application/pdf")
        for number, code in enumerate(codes)
    )


def digested(dossier, *, extra=(), without=(), heads=None, kept=None):
    """A container that holds what the dossier names."""
    kinds = {document.file: document.media_type for document in dossier.documents}
    names = [name for name in ("dossier.xml", *kinds, *extra) if name not in without]
    entries = tuple(
        Entry(name=name, method=Method.STORED, compressed_size=9, size=9, crc32=0, data_offset=0)
        for name in dict.fromkeys(names)
    )
    first = {name: HEADS.get(kinds.get(name, ""), b"") for name in names} | (heads or {})
    opened = Opened(source=MemorySource(b""), form=ContainerForm.ASIC_E, entries=entries, meta={})
    return Digested(
        opened=opened,
        digests={name: {"sha256": bytes(32)} for name in names},
        heads=first,
        kept={"dossier.xml": write_dossier(dossier)} if kept is None else kept,
    )


def verified(dossier, **options):
    report = VerificationReport(
        container=ContainerState.OK,
        integrity=Integrity.INTACT,
        trust=Trust.TRUSTED,
        indication=Indication.TOTAL_PASSED,
        sub_indication=None,
        level="B-B",
        moment=datetime(2026, 11, 22, tzinfo=UTC),
    )
    return Verified(
        digested=digested(dossier, **options), signers=(SIGNER,), content_digest="0" * 64, report=report
    )


SIGNER = Signer(certificate_sha256="a" * 64, subject="CN=Siegel", issuer="CN=CA", serial="1")

# -- any dossier --------------------------------------------------------------------------------------

_NAME_LETTERS = string.ascii_letters + "ÄÖÜßäöüéèñçđŁłšžạể’-. " + "ĦħʹʺẞỹǦ"
_LINE_LETTERS = _NAME_LETTERS + string.digits + "&/()§€„“!<>\"'" + "Ωά"
_PLACE_LETTERS = _NAME_LETTERS + string.digits + "&/()§€!<>\"'"


def _collapsed(alphabet, most):
    words = st.text(alphabet, min_size=1, max_size=most).map(lambda text: " ".join(text.split()))
    return words.filter(bool)


NAMES = _collapsed(_NAME_LETTERS, 40)
PLACES = _collapsed(_PLACE_LETTERS, 40)
LINES = _collapsed(_LINE_LETTERS, 60)
COUNTRIES = st.text(string.ascii_uppercase, min_size=2, max_size=2)
SLUGS = st.from_regex(r"[a-z0-9][a-z0-9\-]{0,20}", fullmatch=True)
CODES = st.from_regex(r"[A-Za-z0-9_\-]{1,20}", fullmatch=True)
DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31))
MOMENTS = st.datetimes(
    datetime(2020, 1, 3),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2199, 12, 1),  # noqa: DTZ001 - the same
    timezones=st.sampled_from(
        [UTC, timezone(timedelta(hours=1)), timezone(timedelta(hours=-9, minutes=-30))]
    ),
)
EMAILS = st.from_regex(r"[a-z0-9.+]{1,10}@[a-z0-9.]{1,10}", fullmatch=True)
PHONES = st.from_regex(r"[+0-9][0-9()/\-]{2,20}", fullmatch=True)
FILES = st.from_regex(r"[a-z0-9][a-z0-9_\-/]{0,20}\.pdf", fullmatch=True)


def _or_empty(strategy):
    return st.one_of(st.just(""), strategy)


def _amounts(most):
    return st.decimals(min_value=1, max_value=most, places=2)


ADDRESSES = st.builds(
    Address,
    street=PLACES,
    postcode=st.from_regex(r"[A-Z0-9\-]{1,12}", fullmatch=True),
    town=PLACES,
    country=COUNTRIES,
    house_number=_or_empty(_collapsed(string.digits + string.ascii_lowercase, 6)),
)
CONTACTS = st.builds(Contact, name=PLACES, email=EMAILS, phone=_or_empty(PHONES), position=_or_empty(LINES))
OFFICES = st.builds(
    Office,
    name=LINES,
    address=st.none() | ADDRESSES,
    contact=st.none() | CONTACTS,
    deputy=st.none() | CONTACTS,
)


def _persons(relations, births):
    return st.builds(
        Person,
        given_names=NAMES,
        surname=NAMES,
        date_of_birth=births,
        place_of_birth=PLACES,
        nationality=COUNTRIES,
        birth_name=_or_empty(NAMES),
        sex=st.sampled_from(["", "female", "male", "diverse", "unspecified"]),
        relation=relations,
        address=st.none() | ADDRESSES,
        email=_or_empty(EMAILS),
        phone=_or_empty(PHONES),
        passport_number=_or_empty(st.from_regex(r"[A-Z0-9]{1,24}", fullmatch=True)),
        passport_valid_until=st.none() | DAYS,
        marital_status=st.sampled_from(["", "single", "married", "civil-partnership", "divorced", "widowed"]),
        passport_mrz=_or_empty(st.from_regex(r"[A-Z0-9<]{72,90}", fullmatch=True)),
    )


@st.composite
def _documents(draw):
    files = draw(st.lists(FILES, min_size=1, max_size=4, unique=True))
    return tuple(
        Document(
            type=draw(CODES),
            file=file,
            media_type=draw(st.sampled_from(sorted(HEADS))),
            title=draw(_or_empty(LINES)),
            language=draw(st.sampled_from(["", "de", "vie"])),
            translation_of=draw(st.sampled_from(["", *(other for other in files if other != file)])),
        )
        for file in files
    )


@st.composite
def dossiers(draw):
    """Any dossier the schema and the rules of content allow."""
    kind = draw(st.sampled_from(DossierKind))
    return Dossier(
        reference=draw(LINES),
        created=draw(MOMENTS),
        chamber=draw(SLUGS),
        role=draw(st.sampled_from(SubmissionRole)),
        kind=kind,
        worker=draw(_persons(st.just(""), st.dates(date(1900, 1, 1), date(2019, 12, 31)))),
        employer=draw(
            st.builds(
                Employer,
                name=LINES,
                address=ADDRESSES,
                contact=CONTACTS,
                establishment=ADDRESSES,
                establishment_ags=st.from_regex(r"[0-9]{8}", fullmatch=True),
                deputy=st.none() | CONTACTS,
                betriebsnummer=_or_empty(st.from_regex(r"[0-9]{8}", fullmatch=True)),
                sector=_or_empty(LINES),
            )
        ),
        procedure=draw(
            st.builds(
                Procedure,
                title=CODES,
                regulated_profession=st.booleans(),
                recognition=st.sampled_from(["none", "start", "decided"]),
                lives_in_eu_state=st.booleans(),
                first_title_after_45=st.booleans(),
                ba_consent_needed=st.booleans(),
                original_language_german=st.booleans(),
                company_based_training=st.booleans(),
                requested_authority=_or_empty(SLUGS),
                recognition_body=_or_empty(LINES),
                mission=_or_empty(LINES),
                check_result=st.sampled_from(["", "complete", "incomplete"]),
                fee_status=st.sampled_from(["", "due", "paid"]),
            )
        ),
        documents=draw(_documents()),
        contact=draw(CONTACTS),
        family=tuple(draw(st.lists(_persons(st.sampled_from(["spouse", "child"]), DAYS), max_size=3))),
        job=draw(
            st.none()
            | st.builds(
                Job,
                occupation=LINES,
                place=PLACES,
                kldb=_or_empty(st.from_regex(r"[0-9]{5}", fullmatch=True)),
                start=st.none() | DAYS,
                weekly_hours=st.none() | _amounts(168),
                gross_monthly_pay=st.none() | _amounts(99_999),
                temporary_agency=st.booleans(),
                duration_months=st.none() | st.decimals(min_value=1, max_value=600, places=1),
                annual_leave_days=st.none() | st.decimals(min_value=0, max_value=366, places=1),
                previous_post=_or_empty(LINES),
            )
        ),
        refers_to=draw(CODES) if kind is DossierKind.SUPPLEMENT else "",
        sub_authorised=draw(st.none() | OFFICES),
        authority=draw(st.none() | OFFICES),
    )
