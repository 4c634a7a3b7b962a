# SPDX-License-Identifier: EUPL-1.2
"""What we accept: limits with unit and source. Frozen, no weak defaults; loosening is named ``unsafe_...``."""

from dataclasses import dataclass, field
from enum import StrEnum

from gateway.model.trust import Untrusted

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


class Reaction(StrEnum):
    """What a rule's violation means."""

    ERROR = "error"
    WARNING = "warning"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerPolicy:
    """Bounds of the container. Peers: DSS 1,000 files and ratio 100; FIT-Connect 2 GB in total."""

    max_bundle_bytes: int = 2 * GIB + 64 * MIB
    max_entries: int = 1_000
    max_entry_bytes: int = 2 * GIB
    max_total_bytes: int = 8 * GIB  # inflated, all entries together (4 x upload limit)
    max_ratio: int = 100  # inflated / deflated, applied above `ratio_free_bytes`
    ratio_free_bytes: int = 8 * MIB  # real containers reach ratio 996 on small XML (digidoc4j corpus)
    max_meta_bytes: int = 16 * MIB  # one META-INF entry; signatures with embedded CRLs are large
    max_name_bytes: int = 200
    max_depth: int = 4
    max_comment_bytes: int = 256
    mimetype: Reaction = Reaction.WARNING  # 37 % of real containers break a mimetype rule
    unknown_meta: Reaction = Reaction.WARNING
    nested_archive: Reaction = Reaction.WARNING


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlPolicy:
    """Bounds of any XML that came from outside (libxml2's own: depth 256, text node 10 MB)."""

    max_bytes: int = 64 * MIB
    max_nodes: int = 500_000
    max_depth: int = 200
    max_attributes: int = 256  # per element


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPolicy:
    """Deadlines of the HTTP border, in seconds, and rates: nobody holds a connection by being slow."""

    handshake_seconds: float = 10
    header_seconds: float = 10
    keepalive_seconds: float = 15
    linger_seconds: float = 2  # a refused body is read this long, so the answer is not lost to a TCP reset
    grace_seconds: float = 10  # before the minimum rate applies
    minimum_rate: int = 64 * KIB  # bytes per second
    max_connections: int = 512
    max_connections_per_partner: int = 128  # of one certificate: leaves room for others
    max_handshakes: int = 128  # TLS handshakes not finished yet, of strangers too; the oldest makes room
    max_uploads_per_partner: int = 16
    max_upload_bytes_per_partner: int = 4 * GIB + 128 * MIB  # under way: two of the largest
    reserve_bytes: int = 256 * MIB  # of the spool's disk: deliveries and the log need room when intake stops
    requests_per_second: int = 50  # of one partner, on average
    request_burst: int = 500  # what a partner that was quiet may ask at once


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Attempts of one delivery: exponential back-off with full jitter, a deadline, then parked with alarm."""

    first_seconds: float = 5
    factor: float = 2
    ceiling_seconds: float = 3600
    deadline_seconds: float = 3 * 24 * 3600
    attempt_seconds: float = 300  # one attempt may take this long


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All of it."""

    container: ContainerPolicy = field(default_factory=ContainerPolicy)
    xml: XmlPolicy = field(default_factory=XmlPolicy)
    transfer: TransferPolicy = field(default_factory=TransferPolicy)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    untrusted_pdf_signatures: Untrusted = Untrusted.ERROR
    untrusted_counter_signatures: Untrusted = Untrusted.ERROR
    require_qualified: bool = False
