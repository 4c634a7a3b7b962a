# SPDX-License-Identifier: EUPL-1.2
"""What a certificate says of itself by QCStatements (EN 319 412-5). The issuer's claim, worth what a trusted list makes of it."""

from dataclasses import dataclass

from pyhanko.sign.ades.qualified_asn1 import get_qc_statements

from gateway.codes import Code
from gateway.stages.signature.certificates.certificate import Certificate, contained

_TYPES = "0.4.0.1862.1.6."
_POLICIES = {"0.4.0.1456.1.1": False, "0.4.0.1456.1.2": True}  # QCP, QCP+ (with SSCD) of ETSI TS 101 456


@dataclass(frozen=True, slots=True, kw_only=True)
class QcStatements:
    """The claim. ``types``: last arcs of the OIDs, 1 for signatures, 2 for seals, 3 for websites."""

    qualified: bool
    device: bool
    types: frozenset[int]
    other_law: bool  # under the law of states that are named, and so not of the Union's (clause 4.2.4)
    by_policy: bool  # by a policy from before the statements: counts for certificates of that time
    device_by_policy: bool


def read_qc_statements(certificate: Certificate) -> QcStatements:
    """Raises ``Rejected`` for statements that nobody can read."""
    return contained(
        lambda: _read(certificate), code=Code.CERTIFICATE_MALFORMED, place=certificate.summary.place
    )


def _read(certificate: Certificate) -> QcStatements:
    found = {}
    for statement in get_qc_statements(certificate.asn1):
        name = statement["statement_id"].native
        if name in found:
            raise ValueError(f"two statements {name}")
        found[name] = statement["statement_info"]
    types = found.get("qc_type") or ()
    policies = {
        policy["policy_identifier"].dotted for policy in certificate.asn1.certificate_policies_value or ()
    }
    return QcStatements(
        qualified="qc_compliance" in found,
        device="qc_sscd" in found,
        types=frozenset(int(oid.dotted.removeprefix(_TYPES)) for oid in types),
        other_law="qc_cc_legislation" in found,
        by_policy=bool(policies & _POLICIES.keys()),
        device_by_policy=any(_POLICIES.get(policy, False) for policy in policies),
    )
