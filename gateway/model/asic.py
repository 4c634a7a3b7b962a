# SPDX-License-Identifier: EUPL-1.2
"""Names inside an ASiC container (ETSI EN 319 162-1): which entry is payload, and what a META-INF file is for.

One table for the stage that opens a container and for the one that reads its signatures: a file that one takes for a
signature and the other for something else would be a signature that nobody judges.
"""

import re
from enum import Enum, auto

MIMETYPE = "mimetype"
META = "META-INF/"
MANIFEST = f"{META}manifest.xml"


class Role(Enum):
    """What a META-INF file is for, by its name."""

    XADES = auto()
    CADES = auto()
    TIMESTAMP = auto()
    EVIDENCE_RECORD = auto()
    SIGNATURE_MANIFEST = auto()
    ARCHIVE_MANIFEST = auto()
    OTHER = auto()


# Clauses 4.3.3, 4.4.3, 4.4.4 and A.7; OpenDocument, OCF and X-Road files beside them. Case is ignored: Norwegian
# containers write asicmanifest.xml, and a role that is missed would be a proof that is missed.
_ROLES = tuple(
    (re.compile(f"{META}(?:{pattern})", re.IGNORECASE), role)
    for pattern, role in (
        (r"[^/]*ASiC(Archive|EvidenceRecord)Manifest[^/]*\.xml", Role.ARCHIVE_MANIFEST),
        (r"[^/]*ASiCManifest[^/]*\.xml", Role.SIGNATURE_MANIFEST),
        (r"[^/]*evidencerecord[^/]*\.(xml|ers)", Role.EVIDENCE_RECORD),
        (r"[^/]*signatures[^/]*\.xml", Role.XADES),
        (r"[^/]*signature[^/]*\.p7s", Role.CADES),
        (r"[^/]*timestamp[^/]*\.tst", Role.TIMESTAMP),
        (r"manifest\.xml|container\.xml|metadata\.xml|[^/]*hashchain(result)?\.xml", Role.OTHER),
    )
)


def is_payload(name: str) -> bool:
    """Has a signature to cover this entry?"""
    return name != MIMETYPE and not name.startswith(META)


def role_of(name: str) -> Role | None:
    """The role of an entry of META-INF, by its whole name; ``None`` where no clause names it."""
    return next((role for pattern, role in _ROLES if pattern.fullmatch(name)), None)
