# SPDX-License-Identifier: EUPL-1.2
"""The configuration as frozen values."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from gateway.confinement import WorkerLimits
from gateway.model.partner import Partners
from gateway.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenConfig:
    """Where and how HTTPS is served."""

    host: str
    port: int
    health_port: int  # 0: none
    client_cas: Path  # directory
    client_crls: Path  # directory


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustConfig:
    """Directories with certificates and revocation data; none is ever written by the gateway but ``revocation``."""

    signers: Path
    timestamping: Path
    intermediates: Path
    revocation: Path
    lists: Path | None  # EU trusted lists; None: none are asked
    lotl_certificates: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class LogConfig:
    """The transparency log."""

    origin: str
    guard: Path  # outside of backups: it remembers the newest signed size


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolConfig:
    """Bundles at rest."""

    old_master_keys: tuple[str, ...]  # names of secrets that still open older bundles
    keep_refused: timedelta
    keep_refused_bytes: int  # of one chamber
    keep_delivered: timedelta
    keep_undelivered: timedelta


class ScannerKind(StrEnum):
    """The malware scanners we can talk to."""

    NONE = "none"
    CLAMD = "clamd"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanConfig:
    """Whether and how bundles are scanned for malware."""

    scanner: ScannerKind
    socket: Path
    seconds: int  # for all files of one bundle
    max_file_bytes: int
    max_database_age: timedelta  # zero: never too old


class RevocationPurpose(StrEnum):
    """Whose certificates a revocation list speaks of."""

    SIGNERS = "signers"
    TLS = "tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationSource:
    """One CRL that the refresher fetches: from this place only, to this file name only."""

    url: str
    file: str
    purpose: RevocationPurpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All of it."""

    path: Path
    gateway_id: str
    gateway_name: str
    state: Path
    journal: Path  # SQLite keeps two more files beside it
    keys: Path  # directory of secrets: tls.key, master.key, log.key, seal.key and their certificates
    listen: ListenConfig
    trust: TrustConfig
    log: LogConfig
    spool: SpoolConfig
    workers: int
    worker_limits: WorkerLimits
    scan: ScanConfig
    policy: Policy
    partners: Partners
    refresh: tuple[RevocationSource, ...]
    refresh_seconds: float
    unsafe_clock_offset: timedelta = field(default_factory=timedelta)

    @property
    def run(self) -> Path:
        """Sockets of the roles, in a directory each."""
        return self.state / "run"

    @property
    def verify_socket(self) -> Path:
        """Where verification workers are asked."""
        return self.run / "verify" / "sock"

    @property
    def log_directory(self) -> Path:
        """Tiles and checkpoint, as served under ``/log/``."""
        return self.state / "log"

    @property
    def spool_directory(self) -> Path:
        """Encrypted bundles."""
        return self.state / "spool"
