# SPDX-License-Identifier: EUPL-1.2
"""The services of a national list that issue qualified certificates: TS 119 612 clauses 5.4 to 5.6.

Every other type of service is left out, so a time-stamping service never vouches for a signer. A service keeps its
whole history; past entries name it by subject and key identifier only, so the certificates of the present entry are
those of all. An entry that is not understood stays, marked as such: left out, the one before it would seem to last on.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lxml import etree

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.stages.signature.qualified.lists.criteria import Criteria, read_criteria
from gateway.stages.signature.qualified.lists.names import CA_QC, extension, extra, tsl
from gateway.stages.signature.qualified.lists.scheme import certificates_in, moment_of
from gateway.stages.signature.xmldsig.structure import elements, local_name, only_child, refusal, text_of

_INFO = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/"
_OLD_INFO = "http://uri.etsi.org/TrstSvc/eSigDir-1999-93-EC-TrustedList/SvcInfoExt/"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_HARMLESS = {tsl("ExpiredCertsRevocationInfo"), extra("TakenOverBy"), extension("TakenOverBy")}


class Qualifier(StrEnum):
    """Clause 5.5.9.2.3: what a list may say about some certificates of a service."""

    STATEMENT = "QCStatement"
    NOT_QUALIFIED = "NotQualified"
    FOR_SIGNATURE = "QCForESig"
    FOR_SEAL = "QCForESeal"
    FOR_WEBSITE = "QCForWSA"
    FOR_LEGAL_PERSON = "QCForLegalPerson"
    WITH_DEVICE = "QCWithQSCD"
    NO_DEVICE = "QCNoQSCD"
    DEVICE_AS_IN_CERTIFICATE = "QCQSCDStatusAsInCert"
    DEVICE_MANAGED = "QCQSCDManagedOnBehalf"
    WITH_OLD_DEVICE = "QCWithSSCD"
    NO_OLD_DEVICE = "QCNoSSCD"
    OLD_DEVICE_AS_IN_CERTIFICATE = "QCSSCDStatusAsInCert"


class Use(StrEnum):
    """What qualified certificates are for (EN 319 412-5 clause 4.2.3, TS 119 612 clause 5.5.9.4)."""

    SIGNATURE = "ForeSignatures"
    SEAL = "ForeSeals"
    WEBSITE = "ForWebSiteAuthentication"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The state of a service from ``start`` until the next entry starts."""

    start: datetime
    status: str
    uses: frozenset[Use]
    root: bool  # certificates may stand several steps below it
    qualifications: tuple[tuple[Criteria, frozenset[Qualifier]], ...]
    understood: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service that issues qualified certificates. ``entries``: the newest first."""

    provider: str
    name: str
    certificates: tuple[bytes, ...]  # DER
    entries: tuple[Entry, ...]


def read_services(root: etree._Element, place: str) -> tuple[Service, ...]:
    """The services in the order of the list. Raises ``Rejected`` where an entry has no type, status or date."""
    found = []
    for provider in root.iterfind(f"{tsl('TrustServiceProviderList')}/{tsl('TrustServiceProvider')}"):
        info = only_child(provider, tsl("TSPInformation"), place)
        name = _name(only_child(info, tsl("TSPName"), place))
        for service in provider.iterfind(f"{tsl('TSPServices')}/{tsl('TSPService')}"):
            current = only_child(service, tsl("ServiceInformation"), place)
            if _type(current, place) == CA_QC:
                found.append(_service(service, current, name, place))
    return tuple(found)


def _service(service: etree._Element, current: etree._Element, provider: str, place: str) -> Service:
    past = service.findall(f"{tsl('ServiceHistory')}/{tsl('ServiceHistoryInstance')}")
    name = _name(only_child(current, tsl("ServiceName"), place))
    identity = only_child(current, tsl("ServiceDigitalIdentity"), place)
    entries = [_entry(element, place) for element in (current, *past)]
    return Service(
        provider=provider,
        name=name,
        certificates=certificates_in(identity, place),
        entries=tuple(sorted(entries, key=lambda entry: entry.start, reverse=True)),
    )


def _entry(element: etree._Element, place: str) -> Entry:
    start = moment_of(text_of(only_child(element, tsl("StatusStartingTime"), place), place), place)
    status = text_of(only_child(element, tsl("ServiceStatus"), place), place)
    try:
        uses, root, qualifications = _extensions(element, place)
    except Rejected:
        return Entry(
            start=start, status=status, uses=frozenset(), root=False, qualifications=(), understood=False
        )
    return Entry(
        start=start,
        status=status,
        uses=uses,
        root=root,
        qualifications=qualifications,
        understood=_type(element, place) == CA_QC,  # a service that was something else then
    )


def _extensions(
    element: etree._Element, place: str
) -> tuple[frozenset[Use], bool, tuple[tuple[Criteria, frozenset[Qualifier]], ...]]:
    """Clause 5.5.9. Raises ``Rejected`` for a critical one that is not understood."""
    uses: set[Use] = set()
    root = False
    qualifications: list[tuple[Criteria, frozenset[Qualifier]]] = []
    for item in element.iterfind(f"{tsl('ServiceInformationExtensions')}/{tsl('Extension')}"):
        for content in elements(item):
            if content.tag == extension("Qualifications"):
                qualifications += [_qualification(part, place) for part in elements(content)]
            elif content.tag == tsl("AdditionalServiceInformation"):
                about = text_of(only_child(content, tsl("URI"), place), place)
                if about in {_INFO + use for use in Use}:
                    uses.add(Use(about.removeprefix(_INFO)))
                root |= about == f"{_INFO}RootCA-QC"
            elif content.tag not in _HARMLESS and item.get("Critical", "true") not in {"false", "0"}:
                raise refusal(
                    Code.TRUSTED_LIST_INVALID,
                    place,
                    expected="a known extension",
                    got=local_name(content.tag),
                )
    return frozenset(uses), root, tuple(qualifications)


def _qualification(element: etree._Element, place: str) -> tuple[Criteria, frozenset[Qualifier]]:
    qualifiers = only_child(element, extension("Qualifiers"), place)
    found = frozenset(_qualifier(item, place) for item in elements(qualifiers))
    return read_criteria(only_child(element, extension("CriteriaList"), place), place), found


def _qualifier(element: etree._Element, place: str) -> Qualifier:
    uri = element.get("uri", "")
    try:
        return Qualifier(uri.removeprefix(_INFO).removeprefix(_OLD_INFO))
    except ValueError as error:
        raise refusal(Code.TRUSTED_LIST_INVALID, place, expected="a known qualifier", got=uri) from error


def _type(element: etree._Element, place: str) -> str:
    return text_of(only_child(element, tsl("ServiceTypeIdentifier"), place), place)


def _name(element: etree._Element) -> str:
    """In English where there is one: clause 5.1.4 demands it of every list, and it is in letters all can read."""
    names = [child for child in elements(element) if child.tag == tsl("Name")]
    english = [name for name in names if name.get(_LANGUAGE) == "en"]
    return next(((name.text or "").strip() for name in (*english, *names)), "")
