# SPDX-License-Identifier: EUPL-1.2
"""Trusted lists (TS 119 612) as XML that nobody signed yet: heads, pointers, services with history and qualifications."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from trustroom import DAY, DER, NOW

from gateway.demo import pki

URI = "http://uri.etsi.org/TrstSvc"
GRANTED = f"{URI}/TrustedList/Svcstatus/granted"
WITHDRAWN = f"{URI}/TrustedList/Svcstatus/withdrawn"
UNDER_SUPERVISION = f"{URI}/TrustedList/Svcstatus/undersupervision"
CA_QC, QTST = f"{URI}/Svctype/CA/QC", f"{URI}/Svctype/TSA/QTST"
LOTL_TYPE, TL_TYPE = f"{URI}/TrustedList/TSLType/EUlistofthelists", f"{URI}/TrustedList/TSLType/EUgeneric"
START = datetime(2020, 1, 1, tzinfo=UTC)


def policies(*oids: str) -> str:
    """A criterion: all these policies."""
    inner = "".join(
        f"<sie:PolicyIdentifier><xades:Identifier>{oid}</xades:Identifier></sie:PolicyIdentifier>"
        for oid in oids
    )
    return f"<sie:PolicySet>{inner}</sie:PolicySet>"


def key_usage(**bits: bool) -> str:
    """A criterion: these bits have these values."""
    inner = "".join(
        f'<sie:KeyUsageBit name="{name}">{str(value).lower()}</sie:KeyUsageBit>'
        for name, value in bits.items()
    )
    return f"<sie:KeyUsage>{inner}</sie:KeyUsage>"


def qualification(*qualifiers: str, criteria: str = "", combination: str = "all") -> str:
    """A qualification element; without criteria it speaks of every certificate that may sign."""
    named = "".join(
        f'<sie:Qualifier uri="{URI}/TrustedList/SvcInfoExt/{qualifier}"/>' for qualifier in qualifiers
    )
    return (
        f"<sie:QualificationElement><sie:Qualifiers>{named}</sie:Qualifiers>"
        f'<sie:CriteriaList assert="{combination}">{criteria or key_usage(keyCertSign=False)}</sie:CriteriaList>'
        "</sie:QualificationElement>"
    )


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The state of a service from ``start`` on."""

    status: str = GRANTED
    start: datetime = START
    uses: Sequence[str] = ("ForeSeals",)
    qualifications: Sequence[str] = ()
    further: str = ""  # extensions
    type: str = CA_QC

    def xml(self, identity: str) -> str:
        uses = "".join(
            '<Extension Critical="true"><AdditionalServiceInformation><URI xml:lang="en">'
            f"{URI}/TrustedList/SvcInfoExt/{use}</URI></AdditionalServiceInformation></Extension>"
            for use in self.uses
        )
        named = "".join(self.qualifications)
        if named:
            named = f'<Extension Critical="true"><sie:Qualifications>{named}</sie:Qualifications></Extension>'
        return (
            f"<ServiceTypeIdentifier>{self.type}</ServiceTypeIdentifier>"
            '<ServiceName><Name xml:lang="de">Siegeldienst</Name><Name xml:lang="en">Seal service</Name></ServiceName>'
            f"<ServiceDigitalIdentity>{identity}</ServiceDigitalIdentity><ServiceStatus>{self.status}</ServiceStatus>"
            f"<StatusStartingTime>{instant(self.start)}</StatusStartingTime>"
            f"<ServiceInformationExtensions>{uses}{named}{self.further}</ServiceInformationExtensions>"
        )


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service of a CA: the present entry first. Past ones name the CA as real lists do, without its certificate."""

    ca: pki.Identity
    entries: Sequence[Entry] = (Entry(),)

    def xml(self) -> str:
        name = self.ca.certificate.subject.rfc4514_string()
        past = "".join(
            "<ServiceHistoryInstance>"
            + entry.xml(f"<DigitalId><X509SubjectName>{name}</X509SubjectName></DigitalId>")
            + "</ServiceHistoryInstance>"
            for entry in self.entries[1:]
        )
        identity = f"<DigitalId><X509Certificate>{certificate_text(self.ca)}</X509Certificate></DigitalId>"
        return (
            f"<TSPService><ServiceInformation>{self.entries[0].xml(identity)}</ServiceInformation>"
            f"<ServiceHistory>{past}</ServiceHistory></TSPService>"
        )


def scheme(
    *,
    kind: str,
    territory: str,
    sequence: int,
    issued: datetime,
    next_update: datetime | None,
    pointers: str,
    version: str = "6",
) -> str:
    """The head of a list."""
    until = f"<dateTime>{instant(next_update)}</dateTime>" if next_update else ""
    return (
        f"<SchemeInformation><TSLVersionIdentifier>{version}</TSLVersionIdentifier>"
        f"<TSLSequenceNumber>{sequence}</TSLSequenceNumber><TSLType>{kind}</TSLType>"
        f"<SchemeTerritory>{territory}</SchemeTerritory><PointersToOtherTSL>{pointers}</PointersToOtherTSL>"
        f"<ListIssueDateTime>{instant(issued)}</ListIssueDateTime><NextUpdate>{until}</NextUpdate></SchemeInformation>"
    )


def head(**changes: Any) -> str:
    """The head of a list of lists that nobody signed yet."""
    dates = {"issued": NOW - DAY, "next_update": NOW + DAY}
    return scheme(**{"kind": LOTL_TYPE, "territory": "EU", "sequence": 4, "pointers": "", **dates, **changes})


def pointer(
    territory: str,
    kind: str,
    operators: Sequence[pki.Identity],
    *,
    media_type: str = "application/vnd.etsi.tsl+xml",
) -> str:
    """To a list, with who may sign it."""
    inner = "".join(
        f"<DigitalId><X509Certificate>{certificate_text(operator)}</X509Certificate></DigitalId>"
        for operator in operators
    )
    return (
        f"<OtherTSLPointer><ServiceDigitalIdentities><ServiceDigitalIdentity>{inner}</ServiceDigitalIdentity>"
        f"</ServiceDigitalIdentities><TSLLocation>https://list.example/{territory}.xml</TSLLocation>"
        f"<AdditionalInformation><OtherInformation><TSLType>{kind}</TSLType></OtherInformation><OtherInformation>"
        f"<SchemeTerritory>{territory}</SchemeTerritory></OtherInformation><OtherInformation>"
        f"<add:MimeType>{media_type}</add:MimeType></OtherInformation></AdditionalInformation>"
        "</OtherTSLPointer>"
    )


def instant(moment: datetime) -> str:
    """As the lists have it: UTC, whole seconds."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def certificate_text(identity: pki.Identity) -> str:
    """As XML has it: base64 of the DER."""
    return b64encode(identity.certificate.public_bytes(DER)).decode()
