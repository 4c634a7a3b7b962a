# SPDX-License-Identifier: EUPL-1.2
"""Work counted in calls, where a test bounds it: the same on every machine, which seconds are not."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

Result = TypeVar("Result")


def calls_in(attempt: Callable[[], Result]) -> tuple[Result, int]:
    """What ``attempt`` returns, and how many functions were called for it, those in C included."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        result = attempt()
    finally:
        sys.setprofile(before)
    return result, calls
