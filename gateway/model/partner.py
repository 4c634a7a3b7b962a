# SPDX-License-Identifier: EUPL-1.2
"""Who may talk to the gateway, and how: chambers, authorities, auditors. Identity is the certificate, never the CN."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.model.dossier import SubmissionRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """Somebody with a registered TLS client certificate (SHA-256 of its DER, hex; several while one is replaced)."""

    id: str
    name: str
    tls_sha256: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chamber(Partner):
    """A sender. ``signer_sha256``: certificates whose signatures count as this chamber's."""

    signer_sha256: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority(Partner):
    """A recipient: which format on which transport, and what it demands of senders."""

    format: str
    transport: str
    format_settings: Mapping[str, object] = field(default_factory=dict)  # read by the format itself
    transport_settings: Mapping[str, object] = field(default_factory=dict)  # read by the transport itself
    required_role: SubmissionRole | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Auditor(Partner):
    """A reader of the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partners:
    """All registered partners. Raises ``ValueError`` if two share an id or a certificate: identity must be unambiguous."""

    chambers: tuple[Chamber, ...] = ()
    authorities: tuple[Authority, ...] = ()
    auditors: tuple[Auditor, ...] = ()

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for partner in self.all():
            for mark in {partner.id, *partner.tls_sha256}:
                if mark in seen:
                    raise ValueError(f"two partners share the id or certificate {mark}")
                seen.add(mark)

    def all(self) -> tuple[Partner, ...]:
        """Every partner, chambers first."""
        return (*self.chambers, *self.authorities, *self.auditors)

    def by_certificate(self, sha256: str) -> Partner | None:
        """The partner whose TLS certificate this is."""
        return next((p for p in self.all() if sha256 in p.tls_sha256), None)

    def chamber(self, chamber_id: str) -> Chamber | None:
        """The chamber with this id."""
        return next((c for c in self.chambers if c.id == chamber_id), None)

    def authority(self, authority_id: str) -> Authority | None:
        """The authority with this id."""
        return next((a for a in self.authorities if a.id == authority_id), None)
