# SPDX-License-Identifier: EUPL-1.2
"""Configuration: two TOML files -> frozen values. Unknown keys are errors; every fault is reported at once.

``amtsbote.toml`` says how this gateway runs, ``partners.toml`` who may talk to it. Secrets are never values here:
they are files of fixed names in ``keys``, or in the directory that systemd's LoadCredential fills (``gateway.keyring``).
Relative paths start at the directory of the file they stand in.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from gateway.config.partners import read_partners
from gateway.config.table import Table, read_toml
from gateway.config.values import (
    Config,
    ListenConfig,
    LogConfig,
    RevocationPurpose,
    RevocationSource,
    ScanConfig,
    ScannerKind,
    SpoolConfig,
    TrustConfig,
)
from gateway.confinement import WorkerLimits
from gateway.errors import ConfigInvalid
from gateway.model.partner import Partners
from gateway.model.trust import Untrusted
from gateway.policy import MIB, ContainerPolicy, Policy, Reaction, RetryPolicy, TransferPolicy

__all__ = [
    "Config",
    "ListenConfig",
    "LogConfig",
    "RevocationPurpose",
    "RevocationSource",
    "ScanConfig",
    "ScannerKind",
    "SpoolConfig",
    "TrustConfig",
    "read_config",
    "read_partners",
]

_T = TypeVar("_T")
_CRL_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}\.crl")
_HINT = "see the comments that amtsbote init writes into the file"


def read_config(path: Path) -> Config:
    """Read both files. Raises ``TrustStateMissing`` if there is none, ``ConfigInvalid`` with every fault in them."""
    problems: list[str] = []
    root = Table(read_toml(path, problems), "", problems, path.parent)
    gateway, verify, refresh, unsafe = (root.table(n) for n in ("gateway", "verify", "refresh", "unsafe"))
    state, partners = gateway.path("state", "state"), gateway.path("partners", "partners.toml")
    config = Config(
        path=path,
        gateway_id=gateway.text("id"),
        gateway_name=gateway.text("name"),
        state=state,
        journal=gateway.path_if_any("journal") or state / "journal.db",
        keys=gateway.path("keys", "keys"),
        listen=_section(root, "listen", _listen),
        trust=_section(root, "trust", _trust),
        log=_section(root, "log", _log),
        spool=_section(root, "spool", _spool),
        workers=verify.number("workers", 2, low=1, high=256),
        worker_limits=_worker_limits(verify),
        scan=_section(root, "scan", _scan),
        policy=_policy(root, verify, problems),
        partners=Partners(),
        refresh_seconds=float(refresh.number("every_seconds", 3600, low=1)),
        refresh=tuple(_revocation_source(row, problems) for row in refresh.tables("crl")),
        unsafe_clock_offset=timedelta(seconds=unsafe.number("clock_offset_seconds", 0, low=-(1 << 31))),
    )
    if config.policy.require_qualified and config.trust.lists is None:
        problems.append("verify.require_qualified: expected trusted lists, but trust.lists names none")
    for table in (gateway, verify, refresh, unsafe, root):
        table.finish()
    config = replace(config, partners=read_partners(partners, problems))
    if problems:
        raise ConfigInvalid(problems, hint=_HINT)
    return config


def _section(root: Table, name: str, build: Callable[[Table], _T]) -> _T:
    table = root.table(name)
    value = build(table)
    table.finish()
    return value


def _listen(table: Table) -> ListenConfig:
    return ListenConfig(
        host=table.text("host", "127.0.0.1"),
        port=table.number("port", 8443, low=1, high=65535),
        health_port=table.number("health_port", 0, high=65535),
        client_cas=table.path("client_cas", "anchors/tls"),
        client_crls=table.path("client_crls", "revocation/tls"),
    )


def _trust(table: Table) -> TrustConfig:
    return TrustConfig(
        signers=table.path("signers", "anchors/signers"),
        timestamping=table.path("timestamping", "anchors/timestamping"),
        intermediates=table.path("intermediates", "anchors/intermediates"),
        revocation=table.path("revocation", "revocation/signers"),
        lists=table.path_if_any("lists"),
        lotl_certificates=table.path("lotl_certificates", "anchors/lotl"),
    )


def _log(table: Table) -> LogConfig:
    return LogConfig(
        origin=table.text("origin"),
        guard=table.path("guard", "guard/log.guard"),
    )


def _spool(table: Table) -> SpoolConfig:
    return SpoolConfig(
        old_master_keys=table.strings("old_master_keys"),
        keep_refused=timedelta(days=table.number("keep_refused_days", 7, high=3650)),
        keep_refused_bytes=table.number("keep_refused_mib", 4224) * MIB,
        keep_delivered=timedelta(days=table.number("keep_delivered_days", 14, high=3650)),
        keep_undelivered=timedelta(days=table.number("keep_undelivered_days", 90, low=1, high=3650)),
    )


def _worker_limits(table: Table) -> WorkerLimits:
    default = WorkerLimits()
    return WorkerLimits(
        memory_bytes=table.number("memory_mib", default.memory_bytes // MIB, low=512, high=65536) * MIB,
        cpu_seconds=table.number("cpu_seconds", default.cpu_seconds, low=1, high=3600),
        wall_seconds=table.number("wall_seconds", default.wall_seconds, low=1, high=3600),
        bundles_per_worker=table.number(
            "bundles_per_worker", default.bundles_per_worker, low=1, high=1_000_000
        ),
    )


def _scan(table: Table) -> ScanConfig:
    return ScanConfig(
        scanner=table.choice("scanner", ScannerKind, ScannerKind.NONE) or ScannerKind.NONE,
        socket=table.path("socket", "/run/clamav/clamd.ctl"),
        seconds=table.number("seconds", 120, low=1, high=3600),
        # libclamav itself takes no file of 2 GiB or more.
        max_file_bytes=table.number("max_file_mib", 32, low=1, high=2047) * MIB,
        max_database_age=timedelta(hours=table.number("max_database_age_hours", 168, high=87_600)),
    )


def _policy(root: Table, verify: Table, problems: list[str]) -> Policy:
    strict = Untrusted.ERROR
    policy = Policy(
        container=_section(root, "container", _container),
        transfer=_section(root, "transfer", _transfer),
        retry=_section(root, "retry", _retry),
        untrusted_pdf_signatures=verify.choice("untrusted_pdf_signatures", Untrusted, strict) or strict,
        untrusted_counter_signatures=verify.choice("untrusted_counter_signatures", Untrusted, strict)
        or strict,
        require_qualified=verify.flag("require_qualified", default=False),
    )
    largest, quota = policy.container.max_bundle_bytes, policy.transfer.max_upload_bytes_per_partner
    if quota < largest:
        # The largest bundle would be told to wait for ever.
        problems.append(
            f"transfer.max_upload_mib_per_partner: expected at least container.max_bundle_mib ({largest // MIB}),"
            f" got {quota // MIB}"
        )
    return policy


def _container(table: Table) -> ContainerPolicy:
    default = ContainerPolicy()
    return ContainerPolicy(
        max_bundle_bytes=table.number("max_bundle_mib", default.max_bundle_bytes // MIB, low=1) * MIB,
        max_entries=table.number("max_entries", default.max_entries, low=1, high=65535),
        max_ratio=table.number("max_ratio", default.max_ratio, low=2, high=1024),
        mimetype=table.choice("mimetype", Reaction, default.mimetype) or default.mimetype,
        unknown_meta=table.choice("unknown_meta", Reaction, default.unknown_meta) or default.unknown_meta,
    )


def _transfer(table: Table) -> TransferPolicy:
    default = TransferPolicy()
    return TransferPolicy(
        header_seconds=table.number("header_seconds", int(default.header_seconds), low=1, high=60),
        grace_seconds=table.number("grace_seconds", int(default.grace_seconds), low=1, high=600),
        minimum_rate=table.number("minimum_bytes_per_second", default.minimum_rate, low=1),
        max_connections=table.number("max_connections", default.max_connections, low=1, high=100_000),
        max_uploads_per_partner=table.number(
            "max_uploads_per_partner", default.max_uploads_per_partner, low=1, high=1000
        ),
        max_connections_per_partner=table.number(
            "max_connections_per_partner", default.max_connections_per_partner, low=1, high=100_000
        ),
        max_upload_bytes_per_partner=table.number(
            "max_upload_mib_per_partner", default.max_upload_bytes_per_partner // MIB, low=1
        )
        * MIB,
        reserve_bytes=table.number("reserve_mib", default.reserve_bytes // MIB, low=1) * MIB,
        requests_per_second=table.number(
            "requests_per_second", default.requests_per_second, low=1, high=100_000
        ),
        request_burst=table.number("request_burst", default.request_burst, low=1, high=1_000_000),
    )


def _retry(table: Table) -> RetryPolicy:
    default = RetryPolicy()
    return RetryPolicy(
        first_seconds=table.number("first_seconds", int(default.first_seconds), low=1),
        ceiling_seconds=table.number("ceiling_seconds", int(default.ceiling_seconds), low=1),
        deadline_seconds=table.number("deadline_hours", int(default.deadline_seconds) // 3600, low=1) * 3600,
        attempt_seconds=table.number("attempt_seconds", int(default.attempt_seconds), low=1),
    )


def _revocation_source(table: Table, problems: list[str]) -> RevocationSource:
    signers = RevocationPurpose.SIGNERS
    source = RevocationSource(
        url=table.text("url"),
        file=table.text("file"),
        purpose=table.choice("purpose", RevocationPurpose, signers) or signers,
    )
    if not _CRL_FILE.fullmatch(source.file):
        # Under another name it would be fetched, installed, and never read.
        problems.append(
            f"refresh.crl: file: expected a plain name that ends in .crl, got {source.file!r}"[:300]
        )
    table.finish()
    return source
