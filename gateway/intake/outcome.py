# SPDX-License-Identifier: EUPL-1.2
"""What a chamber is told about a bundle: accepted, accepted before, refused; or only looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.findings import Finding, blocking


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The gateway is responsible from here on: recorded, logged, published, queued for delivery."""

    dossier_id: str
    receipt: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """The same bytes came before; nothing happened now. ``receipt`` is the first one."""

    dossier_id: str
    receipt: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Not accepted, and recorded as such; the receipt proves the refusal."""

    dossier_id: str
    findings: tuple[Finding, ...]
    receipt: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What a submission of these bytes would have met just now; nothing was recorded."""

    findings: tuple[Finding, ...]
    report: Mapping[str, Any]
    authority: str | None  # who would receive it

    @property
    def passed(self) -> bool:
        """Would it have been accepted?"""
        return not blocking(self.findings)


Outcome = Accepted | Repeated | Refused
