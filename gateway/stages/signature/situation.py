# SPDX-License-Identifier: EUPL-1.2
"""What every judgement on one container shares."""

from dataclasses import dataclass
from datetime import datetime

from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.coverage import Contents


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The entries, the operator's trust and rules, and the time that counts as now."""

    contents: Contents
    store: TrustStore
    policy: SignaturePolicy
    moment: datetime
