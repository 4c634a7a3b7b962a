# SPDX-License-Identifier: EUPL-1.2
"""A PKI of three levels and what a worker knows of it."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gateway.catalogue import data_root
from gateway.demo import pki
from gateway.examination import Knowledge
from gateway.knowledge import knowledge_of
from gateway.model.trust import TrustMaterial
from gateway.policy import ContainerPolicy, Policy

_DAY = timedelta(days=1)


@dataclass(slots=True)
class Parties:
    """Root, issuing CA, and a chamber's seal."""

    moment: datetime
    root: pki.Authority = field(init=False)
    issuing: pki.Authority = field(init=False)
    seal: pki.Identity = field(init=False)

    def __post_init__(self) -> None:
        self.root = pki.root("Mess-CA")
        self.issuing = self.root.subordinate("Mess-CA Siegel")
        self.seal = self.issuing.seal("IHK Erfurt")

    def material(self, crl: bytes = b"") -> TrustMaterial:
        """Anchor and fresh CRLs; ``crl`` takes the place of the issuing CA's."""
        lists = [self._crl(self.root), crl or self._crl(self.issuing)]
        return TrustMaterial(signer_anchors=(self.root.identity.certificate_der,), crls=tuple(lists))

    def _crl(self, authority: pki.Authority) -> bytes:
        return authority.crl(self.moment - _DAY, next_update=self.moment + _DAY)


def examining(
    parties: Parties, *, anchors: bool = True, most_entries: int = 0, crl: bytes = b""
) -> Knowledge:
    """Everything a judgement rests on. ``most_entries`` raises the limits of a gateway in service."""
    material = parties.material(crl) if anchors else TrustMaterial()
    container = ContainerPolicy(max_entries=most_entries) if most_entries else ContainerPolicy()
    knowledge = knowledge_of(data_root(), material, Policy(container=container))
    if not most_entries:
        return knowledge
    return replace(
        knowledge, signature_policy=replace(knowledge.signature_policy, max_references=most_entries)
    )
