# SPDX-License-Identifier: EUPL-1.2
"""Names of dossiers and deliveries: ULIDs (github.com/ulid/spec), so that text order is time order.

48 bits of milliseconds and 80 random bits in Crockford's base 32; nothing in a name tells of its content.
"""

import re
from datetime import datetime

from gateway.model.evidence import Entropy

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FORM = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


def new_ulid(moment: datetime, entropy: Entropy) -> str:
    """A fresh name. 80 random bits: a clock that goes back cannot make two names equal."""
    milliseconds = int(moment.timestamp() * 1000)
    number = milliseconds << 80 | int.from_bytes(entropy(10), "big")
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -5, -5))


def is_ulid(text: str) -> bool:
    """Could this be a name of ours? The only spelling we make: upper case."""
    return _FORM.fullmatch(text) is not None
