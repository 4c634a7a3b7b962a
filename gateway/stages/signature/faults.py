# SPDX-License-Identifier: EUPL-1.2
"""From findings to one indication: EN 319 102-1 clause 5.1.3, tables 5 and 6.

A fault is a finding with the sub-indication it means. The gravest fault speaks for the signature: what is proven broken
before what is merely not proven. Without any blocking finding there is no fault, and only then is a signature passed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gateway.codes import Code
from gateway.findings import Finding, Severity, blocking
from gateway.model.signature import Indication, Integrity, SubIndication

_FAILED = (  # table 6: these prove that the signature is not valid
    SubIndication.FORMAT_FAILURE,
    SubIndication.HASH_FAILURE,
    SubIndication.SIG_CRYPTO_FAILURE,
    SubIndication.REVOKED,
    SubIndication.EXPIRED,
    SubIndication.NOT_YET_VALID,
)
_OPEN = (  # in the order of the building blocks of clause 5.2
    SubIndication.NO_SIGNING_CERTIFICATE_FOUND,
    SubIndication.SIGNED_DATA_NOT_FOUND,
    SubIndication.SIG_CONSTRAINTS_FAILURE,
    SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
    SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE,
    SubIndication.REVOKED_NO_POE,
    SubIndication.REVOKED_CA_NO_POE,
    SubIndication.CHAIN_CONSTRAINTS_FAILURE,
    SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
    SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
    SubIndication.OUT_OF_BOUNDS_NOT_REVOKED,
    SubIndication.OUT_OF_BOUNDS_NO_POE,
    SubIndication.REVOCATION_OUT_OF_BOUNDS_NO_POE,
    SubIndication.TIMESTAMP_ORDER_FAILURE,
    SubIndication.SIGNATURE_POLICY_NOT_AVAILABLE,
    SubIndication.POLICY_PROCESSING_ERROR,
    SubIndication.NO_POE,
    SubIndication.TRY_LATER,
)
_MEANING = {
    Code.SIGNATURE_STRUCTURE: SubIndication.FORMAT_FAILURE,
    Code.SIGNATURE_REFERENCE: SubIndication.FORMAT_FAILURE,
    Code.SIGNED_FILE_MISSING: SubIndication.SIGNED_DATA_NOT_FOUND,
    Code.SIGNATURE_TRANSFORM: SubIndication.FORMAT_FAILURE,
    Code.XML_COMMENT: SubIndication.FORMAT_FAILURE,
    Code.XML_DOCTYPE: SubIndication.FORMAT_FAILURE,
    Code.XML_ENCODING: SubIndication.FORMAT_FAILURE,
    Code.XML_LIMITS: SubIndication.FORMAT_FAILURE,
    Code.XML_MALFORMED: SubIndication.FORMAT_FAILURE,
    Code.CMS_STRUCTURE: SubIndication.FORMAT_FAILURE,
    Code.MANIFEST_MALFORMED: SubIndication.FORMAT_FAILURE,
    Code.MANIFEST_MISMATCH: SubIndication.FORMAT_FAILURE,
    Code.SIGNATURE_MISSING: SubIndication.FORMAT_FAILURE,
    Code.SIGNATURE_DIGEST_MISMATCH: SubIndication.HASH_FAILURE,
    Code.SIGNATURE_VALUE_INVALID: SubIndication.SIG_CRYPTO_FAILURE,
    Code.SIGNATURE_ALGORITHM: SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
    Code.SIGNATURE_ALGORITHM_EXPIRED: SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
    Code.SIGNER_BINDING: SubIndication.NO_SIGNING_CERTIFICATE_FOUND,
    Code.CERTIFICATE_MALFORMED: SubIndication.NO_SIGNING_CERTIFICATE_FOUND,
    Code.TIMESTAMP_ORDER: SubIndication.TIMESTAMP_ORDER_FAILURE,
    Code.TRUSTED_LIST_INVALID: SubIndication.TRY_LATER,
    Code.TRUSTED_LIST_STALE: SubIndication.TRY_LATER,
}
_BREAKING = frozenset(
    {
        Code.SIGNATURE_STRUCTURE,
        Code.SIGNATURE_REFERENCE,
        Code.SIGNED_FILE_MISSING,
        Code.SIGNATURE_DIGEST_MISMATCH,
        Code.SIGNATURE_VALUE_INVALID,
        Code.CMS_STRUCTURE,
        Code.MANIFEST_MALFORMED,
        Code.MANIFEST_MISMATCH,
        Code.XML_COMMENT,
        Code.XML_DOCTYPE,
        Code.XML_ENCODING,
        Code.XML_MALFORMED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A finding and what it means for the signature."""

    finding: Finding
    means: SubIndication


def faults_of(findings: Iterable[Finding]) -> list[Fault]:
    """Blocking findings as faults, each with the meaning of its code."""
    return [
        Fault(finding=f, means=_MEANING.get(f.code, SubIndication.SIG_CONSTRAINTS_FAILURE))
        for f in blocking(findings)
    ]


def judge_faults(faults: Iterable[Fault]) -> tuple[Indication, SubIndication | None]:
    """The gravest fault's indication; passed if there is none."""
    meanings = {fault.means for fault in faults}
    for sub_indication in _FAILED:
        if sub_indication in meanings:
            return Indication.TOTAL_FAILED, sub_indication
    for sub_indication in _OPEN:
        if sub_indication in meanings:
            return Indication.INDETERMINATE, sub_indication
    if meanings:
        return Indication.INDETERMINATE, next(iter(meanings))
    return Indication.TOTAL_PASSED, None


def set_aside(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The same findings where nothing rests on what they are about: warnings at most."""
    return tuple(replace(f, severity=Severity.WARNING) if blocking([f]) else f for f in findings)


def breaks_integrity(findings: Iterable[Finding]) -> bool:
    """Is something proven about digests, values or structure that should not be?"""
    return any(finding.code in _BREAKING for finding in blocking(findings))


def worst_integrity(states: Iterable[Integrity]) -> Integrity:
    """Broken before unchecked before intact."""
    found = set(states)
    for state in (Integrity.BROKEN, Integrity.UNCHECKED, Integrity.UNSIGNED):
        if state in found:
            return state
    return Integrity.INTACT if found else Integrity.UNSIGNED
