# SPDX-License-Identifier: EUPL-1.2
"""The operator's trust material, parsed once, and the judgements made from it.

A store belongs to one ``TrustMaterial`` and dies with it: new material means a new store, so no judgement outlives
the data it was made from. Within the store a judgement is kept with the exact span of time in which every comparison
that led to it comes out the same (``instants``), so it does not outlive the dates in that data either.

Owned by one thread. Bounded: the least recently used cases go first.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from types import MappingProxyType
from typing import TypeVar

from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.model.trust import SignaturePolicy, TrustMaterial
from gateway.stages.signature.certificates.brought import Brought
from gateway.stages.signature.certificates.certificate import Certificate, read_certificate
from gateway.stages.signature.certificates.crl import Crl
from gateway.stages.signature.certificates.crl_reader import read_crl
from gateway.stages.signature.certificates.instants import NOTHING, Moments, Span
from gateway.stages.signature.certificates.ocsp import Response
from gateway.stages.signature.certificates.ocsp_reader import read_response
from gateway.stages.signature.certificates.revocation import RevocationData
from gateway.stages.signature.certificates.usage import Purpose
from gateway.stages.signature.judgement import PathJudgement
from gateway.stages.signature.qualified.lists import TrustedLists

MAX_CASES = 1024  # a case is some 10 KiB
MAX_SPANS = 8  # judgements on one case at different times
MAX_BROUGHT_CRLS = 8  # parsed ones that came with signatures; each may be some MiB
MAX_BROUGHT_RESPONSES = 64  # as many as one signature may bring, some 2 MiB each at worst

Parsed = TypeVar("Parsed", Certificate, Crl, Response)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything a judgement depends on besides the store and the time. ``digest`` covers all bytes."""

    purpose: Purpose
    policy: SignaturePolicy
    proven: bool
    covered: frozenset[str]  # by a time-stamp, of whatever time
    certificate: bytes
    hints: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    ocsps: tuple[bytes, ...]
    digest: bytes

    @classmethod
    def of(
        cls,
        *,
        purpose: Purpose,
        policy: SignaturePolicy,
        proven: bool,
        covered: frozenset[str] = frozenset(),
        certificate: bytes,
        hints: Sequence[bytes],
        crls: Sequence[bytes],
        ocsps: Sequence[bytes],
    ) -> "Case":
        """A case with its digest; every part is digested by itself, so parts cannot be shifted into each other."""
        groups = ((certificate,), hints, crls, ocsps)
        inner = [b"".join(sha256(part).digest() for part in group) for group in groups]
        return cls(
            purpose=purpose,
            policy=policy,
            proven=proven,
            covered=covered,
            certificate=bytes(certificate),
            hints=tuple(hints),
            crls=tuple(crls),
            ocsps=tuple(ocsps),
            digest=sha256(b"".join(sha256(group).digest() for group in inner)).digest(),
        )

    @property
    def key(self) -> tuple[Purpose, SignaturePolicy, bool, frozenset[str], bytes]:
        """What is equal exactly when the case is."""
        return self.purpose, self.policy, self.proven, self.covered, self.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remembered:
    now: Span
    proof: Span
    objects: Mapping[str, Span]
    judgement: PathJudgement

    def holds(self, moments: Moments) -> bool:
        """Would every comparison come out the same at these times? The case has the same objects."""
        return (
            self.now.holds(moments.now.value)
            and self.proof.holds(moments.proof.value)
            and all(span.holds(moments.of_object(sha256).value) for sha256, span in self.objects.items())
        )


class TrustStore:
    """Anchors, intermediates, CRLs and OCSP responses of one ``TrustMaterial``, plus judgements made with them.

    Unreadable material is left out and named in ``findings``: less material means less trust, never more.
    """

    def __init__(self, material: TrustMaterial, lists: TrustedLists | None = None) -> None:
        self.lists = lists or TrustedLists()
        self._material = material
        findings: list[Finding] = []
        self._anchors = {
            Purpose.SIGNER: _by_digest(_all(material.signer_anchors, read_certificate, "anchor", findings)),
            Purpose.TSA: _by_digest(_all(material.tsa_anchors, read_certificate, "TSA anchor", findings)),
        }
        self.intermediates = tuple(_all(material.intermediates, read_certificate, "intermediate", findings))
        self._data = RevocationData(
            crls=tuple(_all(material.crls, read_crl, "CRL", findings)),
            responses=tuple(_all(material.ocsps, read_response, "OCSP response", findings)),
        )
        self.findings = tuple(findings)
        self._cases: OrderedDict[object, list[_Remembered]] = OrderedDict()
        self._crls = Brought(read_crl, limit=MAX_BROUGHT_CRLS)
        self._responses = Brought(read_response, limit=MAX_BROUGHT_RESPONSES)
        self._own = frozenset[str]().union(
            *self._anchors.values(),
            (one.sha256 for one in self.intermediates),
            (one.sha256 for one in self._data.crls),
            (one.sha256 for one in self._data.responses),
        )

    @cached_property
    def bare(self) -> "TrustStore":
        """The same anchors without the operator's revocation data: what came along has to speak for itself."""
        return TrustStore(replace(self._material, crls=(), ocsps=()))

    def anchors(self, purpose: Purpose) -> Mapping[str, Certificate]:
        """By SHA-256 of the DER."""
        return self._anchors[purpose]

    def revocation_data(self, case: Case) -> RevocationData:
        """The operator's data and what the signature brought along."""
        return RevocationData(
            crls=(*self._data.crls, *self._crls.readable(case.crls)),
            responses=(*self._data.responses, *self._responses.readable(case.ocsps)),
        )

    def concerned(self, covered: Mapping[str, datetime], brought: Iterable[bytes]) -> Mapping[str, datetime]:
        """Of the objects that a time-stamp covers, those a judgement may ask for: its own and the operator's.

        A file may name any number of others, and what is kept of a judgement must not grow with them.
        """
        if not covered:
            return NOTHING
        asked = self._own.union(sha256(der).hexdigest() for der in brought)
        return {digest: covered[digest] for digest in asked if digest in covered}

    def recall(self, case: Case, moments: Moments) -> PathJudgement | None:
        """A judgement that was made on the same case and still holds at these times."""
        for known in self._cases.get(case.key, ()):
            if known.holds(moments):
                self._cases.move_to_end(case.key)
                return known.judgement
        return None

    def remember(self, case: Case, moments: Moments, judgement: PathJudgement) -> None:
        """Keep a judgement for the span in which it holds. ``moments`` are those the judgement compared with."""
        known = self._cases.setdefault(case.key, [])
        objects = {sha256: instant.span for sha256, instant in moments.objects.items()}
        spans = _Remembered(
            now=moments.now.span, proof=moments.proof.span, objects=objects, judgement=judgement
        )
        known.insert(0, spans)
        del known[MAX_SPANS:]
        self._cases.move_to_end(case.key)
        if len(self._cases) > MAX_CASES:
            self._cases.popitem(last=False)


def _all(
    ders: Iterable[bytes], read: Callable[..., Parsed], kind: str, findings: list[Finding]
) -> Iterable[Parsed]:
    for number, der in enumerate(ders, 1):
        try:
            yield read(der, place=f"{kind} {number}")
        except Rejected as refusal:
            findings += refusal.findings


def _by_digest(certificates: Iterable[Certificate]) -> Mapping[str, Certificate]:
    return MappingProxyType({c.sha256: c for c in certificates})
