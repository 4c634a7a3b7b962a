# SPDX-License-Identifier: EUPL-1.2
"""What the operator trusts: anchors, revocation data and algorithm rules, as bytes and dated rows.

Nothing here is fetched; a separate role keeps the files fresh. An empty anchor set accepts nothing.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustMaterial:
    """DER certificates, CRLs and OCSP responses as the operator installed or the refresher fetched them."""

    signer_anchors: tuple[bytes, ...] = ()
    tsa_anchors: tuple[bytes, ...] = ()
    intermediates: tuple[bytes, ...] = ()  # hints for path building, trusted for nothing
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlgorithmRule:
    """One row of schemas/rules/algorithms.tsv: acceptable for ``usage`` while ``valid_from <= moment <= valid_until``."""

    algorithm: str  # sha256, rsa-pkcs1v15, rsa-pss, ecdsa, ed25519; secp256r1 for a curve
    usage: str  # digest, signature, curve
    min_key_bits: int
    valid_from: date
    valid_until: date | None
    source: str


class Untrusted(StrEnum):
    """What an intact signature means that cannot be led back to an anchor, and that the bundle does not rest on."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignaturePolicy:
    """Rules for judging signatures (EN 319 102-1 clause 5.1.4: chain, cryptographic and element constraints)."""

    algorithms: tuple[AlgorithmRule, ...]
    max_revocation_age: timedelta = timedelta(
        hours=24 * 7
    )  # of a CRL without nextUpdate; nextUpdate always binds
    clock_skew: timedelta = timedelta(minutes=5)
    max_signatures: int = 16
    max_references: int = 2_000
    require_all_signatures: bool = True  # one bad signature refuses the bundle
    active_content_in_pdf: bool = False  # allowed?
    require_qualified: bool = False  # of the bundle's own signatures: QESig or QESeal, or refused
    # Broken and revoked ones refuse in any case.
    untrusted_pdf_signatures: Untrusted = Untrusted.ERROR
    untrusted_counter_signatures: Untrusted = Untrusted.ERROR
