# SPDX-License-Identifier: EUPL-1.2
"""partners.toml: chambers, authorities and auditors with their certificates."""

from pathlib import Path

from gateway.config.table import Table, read_toml
from gateway.model.dossier import SubmissionRole
from gateway.model.partner import Auditor, Authority, Chamber, Partners


def read_partners(path: Path, problems: list[str]) -> Partners:
    """The registered partners; faults are added to ``problems``. Raises ``TrustStateMissing`` if there is no file."""
    root = Table(read_toml(path, problems), f"{path.name}: ", problems, path.parent)
    chambers = tuple(_chamber(row) for row in root.tables("chamber"))
    authorities = tuple(_authority(row) for row in root.tables("authority"))
    auditors = tuple(_auditor(row) for row in root.tables("auditor"))
    root.finish()
    try:
        return Partners(chambers=chambers, authorities=authorities, auditors=auditors)
    except ValueError as error:
        problems.append(f"{path.name}: {error}")
        return Partners()


def _chamber(table: Table) -> Chamber:
    chamber = Chamber(
        id=table.text("id"),
        name=table.text("name"),
        tls_sha256=table.fingerprints("tls_sha256"),
        signer_sha256=table.fingerprints("signer_sha256"),
    )
    table.finish()
    return chamber


def _authority(table: Table) -> Authority:
    format_settings, transport_settings = table.table("format_settings"), table.table("transport_settings")
    authority = Authority(
        id=table.text("id"),
        name=table.text("name"),
        tls_sha256=table.fingerprints("tls_sha256"),
        format=table.text("format"),
        transport=table.text("transport"),
        format_settings=format_settings.rest(),
        transport_settings=transport_settings.rest(),
        required_role=table.choice("required_role", SubmissionRole, None),
    )
    table.finish()
    return authority


def _auditor(table: Table) -> Auditor:
    auditor = Auditor(
        id=table.text("id"), name=table.text("name"), tls_sha256=table.fingerprints("tls_sha256")
    )
    table.finish()
    return auditor
