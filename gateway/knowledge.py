# SPDX-License-Identifier: EUPL-1.2
"""Builds what judgements rest on: the rules and the schema this version ships, and the trust that the operator gives."""

from pathlib import Path

from gateway.catalogue import load_rules, load_schema
from gateway.examination import Knowledge
from gateway.model.trust import SignaturePolicy, TrustMaterial
from gateway.policy import Policy
from gateway.stages.signature.trust import TrustStore


def knowledge_of(root: Path, material: TrustMaterial, policy: Policy) -> Knowledge:
    """Read rules and schema below ``root``. Raises ``ConfigInvalid`` with every fault of the tables."""
    rules = load_rules(root / "rules")
    return Knowledge(
        policy=policy,
        signature_policy=SignaturePolicy(
            algorithms=rules.algorithms, untrusted_pdf_signatures=policy.untrusted_pdf_signatures
        ),
        trust=TrustStore(material),
        rules=rules,
        schema=load_schema(root, "dossier"),
    )
