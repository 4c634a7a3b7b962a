# SPDX-License-Identifier: EUPL-1.2
"""A screen of a command as text: on a terminal of 80 columns, or in a pipe; and reports to be shown on it."""

import io
from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Console

from gateway.catalogue import data_root
from gateway.cli.report_screen import show_report
from gateway.cli.terminal import Terminal
from gateway.model.signature import (
    CertificateSummary,
    ContainerState,
    DocumentReport,
    Indication,
    Integrity,
    Revocation,
    SignatureReport,
    StampKind,
    SubIndication,
    TimeStampReport,
    Trust,
    VerificationReport,
)
from gateway.phrasebook import Audience, Language, Phrasebook
from gateway.wording import Wording

MOMENT = datetime(2026, 11, 22, 12, 7, 31, 250_000, tzinfo=UTC)
SIGNED = datetime(2026, 11, 21, 12, 7, tzinfo=UTC)
SEAL = CertificateSummary(
    sha256="00" * 32,
    subject="CN=IHK Fremdheim Siegel,O=IHK Fremdheim,C=DE",
    issuer="CN=Fremde CA,O=Fremde CA,C=DE",
    serial="3e4b",
    not_before=datetime(2025, 1, 1, tzinfo=UTC),
    not_after=datetime(2028, 12, 31, tzinfo=UTC),
)
PASSED = SignatureReport(
    id="S0",
    place="META-INF/signatures0.xml",
    form="XAdES",
    level="B-B",
    indication=Indication.TOTAL_PASSED,
    integrity=Integrity.INTACT,
    trust=Trust.TRUSTED,
    revocation=Revocation.GOOD,
    signer=SEAL,
    chain=(SEAL,),
    claimed_signing_time=SIGNED,
    covers=("dossier.xml", "dokumente/pass.pdf"),
)
OPEN = replace(
    PASSED,
    id="S1",
    place="META-INF/signatures1.xml",
    indication=Indication.INDETERMINATE,
    sub_indication=SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
    trust=Trust.UNTRUSTED,
)
FAILED = replace(
    PASSED,
    id="S2",
    place="META-INF/signatures2.xml",
    indication=Indication.TOTAL_FAILED,
    sub_indication=SubIndication.HASH_FAILURE,
    integrity=Integrity.BROKEN,
    covers=(),
)
INSIDE = replace(OPEN, id="p#1 Sig", place="dokumente/pass.pdf", form="PAdES", covers=("dokumente/pass.pdf",))
STAMP = TimeStampReport(
    sha256="11" * 32,
    kind=StampKind.SIGNATURE,
    indication=Indication.TOTAL_PASSED,
    sub_indication=None,
    time=SIGNED,
)


def document(name: str, *signatures: SignatureReport) -> DocumentReport:
    return DocumentReport(name=name, size=1, sha256="22" * 32, covered_by=("S0",), signatures=signatures)


def report(*signatures: SignatureReport, documents=(), findings=(), **other) -> VerificationReport:
    """As bad as its first signature."""
    first = signatures[0] if signatures else PASSED
    return VerificationReport(
        **{
            "container": ContainerState.OK,
            "integrity": first.integrity,
            "trust": first.trust,
            "indication": first.indication,
            "sub_indication": first.sub_indication,
            "level": "B-B",
            "moment": MOMENT,
            "signatures": signatures,
            "documents": documents or (document("dossier.xml"), document("dokumente/pass.pdf")),
            "findings": findings,
            **other,
        }
    )


def terminal(language: str, *, columns: int = 0, colour: bool = False) -> Terminal:
    """With columns a terminal, else a pipe; its output is ``.out.file.getvalue()``."""
    screen = Console(
        file=io.StringIO(),
        force_terminal=bool(columns),
        width=columns or None,
        color_system="standard" if colour else None,
        no_color=not colour,
        highlight=False,
        soft_wrap=True,
    )
    return Terminal(
        phrasebook=Phrasebook.load(data_root(), Audience.RECIPIENT),
        wording=Wording.load(data_root()),
        language=Language(language),
        out=screen,
        err=screen,
    )


def shown(what: VerificationReport, language: str, name: str = "antrag.asice", **how) -> str:
    """The screen of one report."""
    screen = terminal(language, **how)
    show_report(name, what, screen)
    return screen.out.file.getvalue()
