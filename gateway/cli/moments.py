# SPDX-License-Identifier: EUPL-1.2
"""Moments and days in one form on every screen. Programs get ISO 8601 from ``--json``."""

import re
from datetime import UTC, datetime

from gateway.phrasebook import Language

# As findings have them: 2026-11-21T12:07:00.123456+00:00. No name in a container holds a colon.
_ISO = re.compile(
    r"(?<![\w-])(\d{4})-(\d\d)-(\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:\.\d+)?(?:\+00:00|Z| UTC)(?![\w:])"
)
_FORMS = {Language.DE: r"\3.\2.\1, \4\5 UTC", Language.EN: r"\1-\2-\3 \4\5 UTC"}


def moment_in(language: Language, moment: datetime) -> str:
    """To the minute, in UTC."""
    utc = moment.astimezone(UTC)
    return f"{utc:%d.%m.%Y, %H:%M} UTC" if language is Language.DE else f"{utc:%Y-%m-%d %H:%M} UTC"


def day_in(language: Language, moment: datetime) -> str:
    """The day in UTC."""
    utc = moment.astimezone(UTC)
    return f"{utc:%d.%m.%Y}" if language is Language.DE else f"{utc:%Y-%m-%d}"


def moments_in(language: Language, text: str) -> str:
    """The text with its moments in that form; seconds stay, because two moments in one sentence may differ in them."""
    return _ISO.sub(_FORMS[language], text)
