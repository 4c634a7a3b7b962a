# SPDX-License-Identifier: EUPL-1.2
"""Reads verification reports that were kept as JSON, by a gateway or by ``amtsbote verify --json``.

They come from a file that anybody may have written: nothing in them is proven, they are only shown.
"""

import json
from collections.abc import Mapping
from typing import Any

from gateway.cli.foreign import with_own_names
from gateway.model.signature import VerificationReport
from gateway.model.wire import load

_BESIDE = {"file", "what", "fix"}  # what the commands add for their readers


def read_kept(data: bytes) -> VerificationReport:
    """The report. Raises ``ValueError`` where it is none of this version."""
    try:
        kept = _stripped(json.loads(data))
    except RecursionError as error:
        raise ValueError("expected a verification report, got deep nesting") from error
    if not isinstance(kept, Mapping):
        raise ValueError("expected a verification report, got something else")  # noqa: TRY004 - a fault of the file, not of a type
    return with_own_names(load(VerificationReport, kept))


def _stripped(value: Any) -> Any:
    """Without what stands beside the report's own fields."""
    if isinstance(value, Mapping):
        return {name: _stripped(item) for name, item in value.items() if name not in _BESIDE}
    return [_stripped(item) for item in value] if isinstance(value, list) else value
