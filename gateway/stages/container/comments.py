# SPDX-License-Identifier: EUPL-1.2
"""Comments of a zip file and of its entries: a bounded line of text and nothing that a reader takes for a record."""

from collections.abc import Iterator

from gateway.codes import Code
from gateway.findings import Finding
from gateway.policy import ContainerPolicy
from gateway.stages.container.records import SIGNATURES


def comment_faults(comment: bytes, place: str, policy: ContainerPolicy) -> Iterator[Finding]:
    """Real containers carry their maker's name there (72 of 227); a second zip file hides there as well."""
    if not comment:
        return
    expected = f"at most {policy.max_comment_bytes} bytes of printable UTF-8 without zip signatures"
    if len(comment) > policy.max_comment_bytes:
        yield Finding(
            code=Code.CONTAINER_COMMENT, place=place, expected=expected, got=f"{len(comment)} bytes"
        )
    if not _printable(comment):
        yield Finding(code=Code.CONTAINER_COMMENT, place=place, expected=expected, got="other bytes")
    if any(signature in comment for signature in SIGNATURES):
        yield Finding(
            code=Code.CONTAINER_MULTIPLE_EOCD, place=place, expected=expected, got="a zip signature"
        )


def _printable(comment: bytes) -> bool:
    try:
        text = comment.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(char.isprintable() or char in "\t\r\n" for char in text)
