# SPDX-License-Identifier: EUPL-1.2
"""Bundles of the tests of the way in, and a fake of the verification workers that reads them.

A bundle is JSON text: ``{"content": name, ...changes of the dossier}``; the fake examiner reads it through the encrypted
file it is handed, as a worker does, and answers as told in it.
"""

import asyncio
import json
import os
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from hashlib import sha256

from gateway.codes import Code
from gateway.errors import Unavailable
from gateway.findings import Finding, Severity
from gateway.model.bundle import Signer
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
from gateway.model.examination import Examination, ExaminedDocument
from gateway.model.partner import Authority, Chamber
from gateway.spool import SpoolReader

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SEAL = "5" * 64
ERFURT = Chamber(
    id="ihk-erfurt",
    name="IHK Erfurt",
    tls_sha256=frozenset({"a" * 64}),
    signer_sha256=frozenset({SEAL}),
)
KASSEL = Chamber(
    id="ihk-kassel",
    name="IHK Kassel",
    tls_sha256=frozenset({"b" * 64}),
    signer_sha256=frozenset({"6" * 64}),
)
WEIMAR = Authority(
    id="weimar", name="Stadt Weimar", tls_sha256=frozenset({"c" * 64}), format="asice", transport="inbox"
)
JENA = Authority(
    id="jena", name="Stadt Jena", tls_sha256=frozenset({"d" * 64}), format="asice", transport="inbox"
)
#: Personal data of the fixture: each must be gone after erasure.
PERSONAL = (
    "Nguyễn-Öztürk",
    "Đặng Thị Ánh",
    "Mörike & Söhne",
    "celik@example.org",
    "Akte-4711",
    "Arbeitsvertrag Ánh",
)


def bundle(content="one", *, padding=0, **changes) -> bytes:
    return json.dumps({"content": content, **changes}).encode() + b" " * padding


def dossier(**changes) -> Dossier:
    address = Address(street="Markt", house_number="1", postcode="99423", town="Weimar")
    contact = Contact(name="Łucja Çelik", email="celik@example.org")
    value = Dossier(
        reference="Akte-4711",
        created=START,
        chamber=ERFURT.id,
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
            name="Mörike & Söhne",
            address=address,
            contact=contact,
            establishment=address,
            establishment_ags=changes.pop("ags", "16055000"),
        ),
        procedure=Procedure(title="18a"),
        documents=(Document(type="CONTRACT", file="Arbeitsvertrag Ánh.pdf", media_type="application/pdf"),),
        contact=contact,
    )
    return replace(value, **changes)


def examination_of(data: bytes, moment: datetime) -> Examination:
    """What a worker would answer to this bundle."""
    try:
        told = json.loads(data)
    except ValueError:
        told = None
    if not isinstance(told, dict) or "content" not in told:
        told = {"content": "", "findings": [{"code": Code.CONTAINER_NOT_ZIP.value}]}
    report = {"container": "ok", "place": "Arbeitsvertrag Ánh.pdf", "findings": []}
    findings = tuple(Finding.from_json({"severity": "error", **f}) for f in told.pop("findings", ()))
    content = told.pop("content")
    if any(f.severity in {Severity.ERROR, Severity.UNKNOWN} for f in findings):
        return Examination(findings=findings, report=report, examined_on=moment.date())
    if "kind" in told:
        told["kind"] = DossierKind(told["kind"])
    documents = (
        ExaminedDocument(name="dossier.xml", type="", media_type="application/xml", size=10, sha256="0" * 64),
        ExaminedDocument(
            name="Arbeitsvertrag Ánh.pdf",
            type="CONTRACT",
            media_type="application/pdf",
            size=20,
            sha256=sha256(content.encode()).hexdigest(),
        ),
    )
    signer = Signer(
        certificate_sha256=told.pop("seal", SEAL), subject="CN=Siegel", issuer="CN=CA", serial="01"
    )
    return Examination(
        findings=findings,
        report=report,
        examined_on=moment.date(),
        dossier=dossier(**told),
        signers=(signer,),
        documents=documents,
        content_digest=sha256(content.encode()).hexdigest(),
    )


@dataclass
class FakeWorkers:
    """The verification workers: read the encrypted file, count, answer."""

    examined: Counter[str] = field(default_factory=Counter)
    gone: bool = False
    gate: asyncio.Event | None = None

    async def examine(self, descriptor, file_key, *, moment) -> Examination:
        if self.gone:
            raise Unavailable(Code.SERVICE_UNAVAILABLE, "no verification worker is running")
        with SpoolReader.from_descriptor(os.dup(descriptor), file_key) as reader:
            data = reader.read_at(0, reader.size)
        self.examined[sha256(data).hexdigest()] += 1
        if self.gate is not None:
            await self.gate.wait()
        return examination_of(data, moment)
