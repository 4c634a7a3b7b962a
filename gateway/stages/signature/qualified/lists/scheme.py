# SPDX-License-Identifier: EUPL-1.2
"""What a trusted list says about itself (TS 119 612 clause 5.3): which list, which edition, until when, and pointers.

Dates have to be whole moments; one without a zone is UTC, as clause 5.1.4 demands of all. Leaves out who signed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

from gateway.codes import Code
from gateway.stages.signature.qualified.lists.names import MEDIA_TYPE, VERSIONS, extra, tsl
from gateway.stages.signature.xmldsig.structure import base64_of, elements, only_child, refusal, text_of

_MAX_POINTERS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """To another list: which one, and the certificates its signature has to verify under."""

    type: str
    territory: str
    certificates: tuple[bytes, ...]  # DER


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One edition of one list. ``next_update`` is ``None`` for a list that was closed (clause 5.3.15)."""

    type: str
    territory: str
    sequence: int
    issued: datetime
    next_update: datetime | None
    pointers: tuple[Pointer, ...]

    def certificates_for(self, territory: str, kind: str) -> tuple[bytes, ...]:
        """DER, of every pointer to that list; empty where there is none."""
        return tuple(
            certificate
            for pointer in self.pointers
            if (pointer.territory, pointer.type) == (territory, kind)
            for certificate in pointer.certificates
        )


def read_scheme(root: etree._Element, place: str) -> Scheme:
    """The scheme information of a list. Raises ``Rejected``."""
    if root.tag != tsl("TrustServiceStatusList"):
        raise refusal(Code.TRUSTED_LIST_INVALID, place, expected="a trusted list", got=str(root.tag))
    scheme = only_child(root, tsl("SchemeInformation"), place)
    version = _text(scheme, "TSLVersionIdentifier", place)
    if version not in VERSIONS:
        raise refusal(Code.TRUSTED_LIST_INVALID, place, expected="version 5 or 6", got=version)
    sequence = _text(scheme, "TSLSequenceNumber", place)
    if not (sequence.isascii() and sequence.isdigit() and len(sequence) <= 9):
        raise refusal(Code.TRUSTED_LIST_INVALID, place, expected="a sequence number", got=sequence)
    return Scheme(
        type=_text(scheme, "TSLType", place),
        territory=_text(scheme, "SchemeTerritory", place),
        sequence=int(sequence),
        issued=moment_of(_text(scheme, "ListIssueDateTime", place), place),
        next_update=_next_update(scheme, place),
        pointers=_pointers(scheme, place),
    )


def moment_of(text: str, place: str) -> datetime:
    """An xs:dateTime. Raises ``Rejected``."""
    try:
        value = datetime.fromisoformat(text)
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    except ValueError as error:
        raise refusal(Code.TRUSTED_LIST_INVALID, place, expected="date and time", got=text) from error


def certificates_in(identity: etree._Element, place: str) -> tuple[bytes, ...]:
    """The certificates (DER, not yet read) of a service digital identity."""
    found = identity.findall(f"{tsl('DigitalId')}/{tsl('X509Certificate')}")
    return tuple(dict.fromkeys(base64_of(element, place) for element in found))


def _next_update(scheme: etree._Element, place: str) -> datetime | None:
    found = elements(only_child(scheme, tsl("NextUpdate"), place))
    return moment_of(text_of(found[0], place), place) if found else None


def _pointers(scheme: etree._Element, place: str) -> tuple[Pointer, ...]:
    found = scheme.findall(f"{tsl('PointersToOtherTSL')}/{tsl('OtherTSLPointer')}")
    if len(found) > _MAX_POINTERS:
        raise refusal(
            Code.TRUSTED_LIST_INVALID,
            place,
            expected=f"at most {_MAX_POINTERS} pointers",
            got=str(len(found)),
        )
    return tuple(pointer for element in found for pointer in _pointer(element, place))


def _pointer(element: etree._Element, place: str) -> tuple[Pointer, ...]:
    """A pointer to a list in XML; the human-readable editions have pointers of their own."""
    about = element.findall(f"{tsl('AdditionalInformation')}/{tsl('OtherInformation')}")
    facts = {fact.tag: text_of(fact, place) for other in about for fact in elements(other) if not len(fact)}
    if facts.get(extra("MimeType")) != MEDIA_TYPE:
        return ()
    identities = element.findall(f"{tsl('ServiceDigitalIdentities')}/{tsl('ServiceDigitalIdentity')}")
    certificates = dict.fromkeys(der for identity in identities for der in certificates_in(identity, place))
    return (
        Pointer(
            type=facts.get(tsl("TSLType"), ""),
            territory=facts.get(tsl("SchemeTerritory"), ""),
            certificates=tuple(certificates),
        ),
    )


def _text(parent: etree._Element, name: str, place: str) -> str:
    return text_of(only_child(parent, tsl(name), place), place)
