# SPDX-License-Identifier: EUPL-1.2
"""Trusted lists as the operator installed them, each believed only as far as signatures carry it.

The chain of trust (TS 119 615 clauses 4.1 and 4.2, without fetching anything)
1. the certificates of the list of lists that the operator took from the Official Journal
2. editions of the list of lists, oldest first: one that verifies names who may sign the next ("pivots")
3. the newest edition that verifies: its pointers name who may sign each national list
4. each national list, where it says of itself what the pointer says of it; of several editions the newest

An edition older than one that was seen before is refused. Whether a list is out of date depends on the moment of
the question, so it is left to ``qualification``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from asn1crypto import x509 as asn1_x509

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, Severity
from gateway.model.trust import AlgorithmRule
from gateway.policy import XmlPolicy
from gateway.stages.signature.certificates.certificate import contained
from gateway.stages.signature.certificates.encoding import bounded, comparable
from gateway.stages.signature.qualified.lists.editions import Edition, ListedService, ListFile, TrustedLists
from gateway.stages.signature.qualified.lists.envelope import Envelope, open_envelope, signer_of
from gateway.stages.signature.qualified.lists.keyholder import keyholders
from gateway.stages.signature.qualified.lists.names import LIST_OF_LISTS, NATIONAL_LIST, UNION
from gateway.stages.signature.qualified.lists.scheme import Scheme, read_scheme
from gateway.stages.signature.qualified.lists.services import Service, read_services
from gateway.stages.signature.xmldsig.structure import refusal

_MAX_FILES = 256  # thirty-one national lists, the list of lists and its pivots, and room


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Opened:
    """As the file says; believed once the signer is known. Without the tree, of which one at a time is enough."""

    envelope: Envelope
    scheme: Scheme
    services: tuple[Service, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    algorithms: Sequence[AlgorithmRule]
    limits: XmlPolicy
    seen: Mapping[str, int]


def read_trusted_lists(
    files: Sequence[ListFile],
    anchors: Sequence[bytes],
    *,
    algorithms: Sequence[AlgorithmRule],
    limits: XmlPolicy,
    seen: Mapping[str, int] | None = None,
) -> TrustedLists:
    """Verify and read the lists. ``anchors`` (DER) sign the list of lists; ``seen``: sequence numbers by territory.

    Never raises for bad lists: what does not verify is left out and named in ``findings``.
    """
    rules = _Rules(algorithms=algorithms, limits=limits, seen=seen or {})
    findings: list[Finding] = []
    opened = list(_open_all(files, rules, findings))
    union = [item for item in opened if item.scheme.type == LIST_OF_LISTS]
    newest = _follow(union, anchors, rules, findings)
    if newest is None:
        expected = "a list of lists that one of the operator's certificates for it verifies"
        missing = Finding(code=Code.TRUSTED_LIST_INVALID, place=UNION, expected=expected, got="none")
        findings.append(_invalid(missing))
        return TrustedLists(installed=True, findings=tuple(findings))
    nationals = [item for item in opened if item.scheme.type != LIST_OF_LISTS]
    listed = _nationals(nationals, newest[1], rules, findings)
    return TrustedLists(
        installed=True,
        union=newest[0],
        territories=frozenset(p.territory for p in newest[1].pointers if p.type == NATIONAL_LIST),
        editions=tuple(listed[territory][0] for territory in sorted(listed)),
        by_subject=_by_subject(listed.values()),
        findings=tuple(findings),
    )


def _open_all(files: Sequence[ListFile], rules: _Rules, findings: list[Finding]) -> Iterable[_Opened]:
    for file in files[:_MAX_FILES]:
        try:
            yield contained(partial(_open, file, rules), code=Code.TRUSTED_LIST_INVALID, place=file.name)
        except Rejected as refused:
            findings += map(_invalid, refused.findings)
    if len(files) > _MAX_FILES:
        expected = f"at most {_MAX_FILES} files"
        finding = Finding(code=Code.TRUSTED_LIST_INVALID, expected=expected, got=str(len(files)))
        findings.append(_invalid(finding))


def _open(file: ListFile, rules: _Rules) -> _Opened:
    envelope, content = open_envelope(file.data, place=file.name, limits=rules.limits)
    scheme = read_scheme(content, file.name)
    services = read_services(content, file.name) if scheme.type == NATIONAL_LIST else ()
    return _Opened(envelope=envelope, scheme=scheme, services=services)


def _follow(
    editions: Sequence[_Opened], anchors: Sequence[bytes], rules: _Rules, findings: list[Finding]
) -> tuple[Edition, Scheme] | None:
    """Steps 2 and 3. Of editions that nobody vouches for only those count that claim to be newer than what is believed:
    a new anchor makes old pivots unneeded.
    """
    trusted: Sequence[bytes] = anchors
    newest: tuple[Edition, Scheme] | None = None
    passed_over: list[Finding] = []
    for item in sorted(editions, key=lambda item: item.scheme.sequence):
        try:
            newest = (_union(item, trusted, rules), item.scheme)
        except Rejected as refused:
            passed_over += refused.findings
            continue
        # Replaced, not added to: a key that the Union took away must not sign the next edition.
        trusted, passed_over = item.scheme.certificates_for(UNION, LIST_OF_LISTS), []
    findings += map(_invalid, passed_over)
    if newest is not None and newest[0].sequence < rules.seen.get(UNION, 0):
        findings.append(_rolled_back(newest[0], rules))
        return None
    return newest


def _union(item: _Opened, trusted: Sequence[bytes], rules: _Rules) -> Edition:
    scheme, place = item.scheme, item.envelope.where
    if scheme.territory != UNION:
        raise refusal(Code.TRUSTED_LIST_INVALID, place, expected=f"territory {UNION}", got=scheme.territory)
    return _edition(item, trusted, rules)


def _nationals(
    items: Sequence[_Opened], union: Scheme, rules: _Rules, findings: list[Finding]
) -> dict[str, tuple[Edition, tuple[Service, ...]]]:
    """Step 4. A file that does not hold is named, unless a newer edition of the same list does."""
    found: dict[str, tuple[Edition, tuple[Service, ...]]] = {}
    for item in sorted(items, key=lambda item: item.scheme.sequence, reverse=True):
        territory = item.scheme.territory
        if territory in found:
            continue
        try:
            edition = contained(
                partial(_national, item, union, rules),
                code=Code.TRUSTED_LIST_INVALID,
                place=item.envelope.where,
            )
        except Rejected as refused:
            findings += map(_invalid, refused.findings)
            continue
        found[territory] = edition, item.services
    return found


def _national(item: _Opened, union: Scheme, rules: _Rules) -> Edition:
    scheme, place = item.scheme, item.envelope.where
    if scheme.type != NATIONAL_LIST:
        raise refusal(Code.TRUSTED_LIST_INVALID, place, expected="a list of a Member State", got=scheme.type)
    edition = _edition(item, union.certificates_for(scheme.territory, NATIONAL_LIST), rules)
    if edition.sequence < rules.seen.get(edition.territory, 0):
        raise Rejected([_rolled_back(edition, rules)])
    return edition


def _edition(item: _Opened, trusted: Sequence[bytes], rules: _Rules) -> Edition:
    scheme = item.scheme
    signer = signer_of(item.envelope, keyholders(trusted), rules=rules.algorithms, issued=scheme.issued)
    return Edition(
        file=item.envelope.where,
        territory=scheme.territory,
        sequence=scheme.sequence,
        issued=scheme.issued,
        next_update=scheme.next_update,
        signer=signer.sha256,
    )


def _rolled_back(edition: Edition, rules: _Rules) -> Finding:
    return _invalid(
        Finding(
            code=Code.TRUSTED_LIST_INVALID,
            place=f"{edition.territory}, {edition.file}",
            expected=f"sequence number {rules.seen[edition.territory]} or more",
            got=str(edition.sequence),
        )
    )


def _by_subject(
    listed: Iterable[tuple[Edition, tuple[Service, ...]]],
) -> Mapping[str, tuple[ListedService, ...]]:
    found: dict[str, list[ListedService]] = {}
    for edition, services in listed:
        for service in services:
            entry = ListedService(service=service, edition=edition)
            for subject in dict.fromkeys(map(_subject, service.certificates)):
                found.setdefault(subject, []).append(entry)
    return MappingProxyType({subject: tuple(entries) for subject, entries in found.items()})


def _subject(der: bytes) -> str:
    """The name that stands as issuer in what this certificate signed; "" is nobody's issuer."""
    try:
        return contained(
            lambda: comparable(asn1_x509.Certificate.load(bounded(der), strict=True).subject),
            code=Code.CERTIFICATE_MALFORMED,
            place="",
        )
    except Rejected:
        return ""


def _invalid(finding: Finding) -> Finding:
    """A fault of a list refuses no bundle by itself: the code says what it is about, and the severity what it means."""
    return Finding(
        code=Code.TRUSTED_LIST_INVALID,
        severity=Severity.WARNING,
        place=finding.place,
        expected=finding.expected,
        got=finding.got or finding.code.value,
    )
