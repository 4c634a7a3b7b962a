# SPDX-License-Identifier: EUPL-1.2
"""What is refused of ASN.1 before asn1crypto sees it, because reading it would cost far more than its size.

Leaves out whether it is DER (``cms.der``) and what it means.

An arc of an object identifier is a run of bytes with the high bit set (X.690 clause 8.19.2). asn1crypto builds it up
byte by byte as one number, so its time grows with the square of the run: seconds for some hundred kilobytes. The run
itself is sought, because implicit tags and octet strings hide that something is an object identifier.
"""

import re

from asn1crypto import x509 as asn1_x509

from gateway.errors import Unreadable

MAX_RUN = 1024  # bytes; real arcs have five, and longer texts of letters beyond ASCII have a space among them
MAX_NAME_BYTES = 8 * 1024
MAX_ATTRIBUTES = 64  # of one name; real ones have a dozen, and comparing prepares each text (RFC 4518)
_RUN = re.compile(rb"[\x80-\xff]{%d}" % MAX_RUN).search


def bounded(der: bytes) -> bytes:
    """``der`` as it is. Raises ``Unreadable`` where an arc in it would be longer than ``MAX_RUN``."""
    if _RUN(der):
        raise Unreadable(f"an object identifier with an arc of more than {MAX_RUN} bytes")
    return der


def comparable(name: asn1_x509.Name) -> str:
    """A name normalised after RFC 4518, to be compared. Raises ``Unreadable`` for one larger than any real one."""
    size = len(name.dump())
    if size > MAX_NAME_BYTES:
        raise Unreadable(f"a name of {size} bytes")
    attributes = sum(len(part) for part in name.chosen)
    if attributes > MAX_ATTRIBUTES:
        raise Unreadable(f"a name with {attributes} attributes")
    return str(name.hashable)
