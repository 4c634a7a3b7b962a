# SPDX-License-Identifier: EUPL-1.2
"""A certificate's name as people say it, read from the text of RFC 4514 that reports keep.

Leaves out comparing: whether two names are one is decided where certificates are read, never here.
"""

import re

_PART = re.compile(r"([A-Za-z][A-Za-z0-9]*|[0-9.]+)=((?:[^\\,+]|\\.)*)(?:[,+]|\Z)", re.DOTALL)
_MARKED = re.compile(
    r'\\([,+"\\;<>=# ])'
)  # anything else behind a backslash is a byte in hexadecimal, and stays one


def spoken(subject: str) -> str:
    """The common name, else a person's names, else the organisation, else the whole name."""
    parts = _parts(subject)
    person = " ".join(filter(None, (parts.get("GN"), parts.get("SN"))))
    return parts.get("CN") or person or parts.get("O") or subject


def introduced(subject: str) -> str:
    """``spoken`` with the organisation behind it: "Siegel 7 (IHK Erfurt)"."""
    name, organisation = spoken(subject), _parts(subject).get("O", "")
    return f"{name} ({organisation})" if organisation not in {"", name} else name


def _parts(subject: str) -> dict[str, str]:
    """The first value of each attribute."""
    found: dict[str, str] = {}
    for match in _PART.finditer(subject):
        found.setdefault(match[1], _MARKED.sub(r"\1", match[2]).strip())
    return found
