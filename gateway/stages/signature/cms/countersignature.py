# SPDX-License-Identifier: EUPL-1.2
"""Counter-signatures in CMS (RFC 5652 clause 11.4, EN 319 122-1 clause 5.2.7): SignerInfos over the value of another one.

They stand in an unsigned attribute of the SignerInfo they countersign. Leaves out what they are worth: they are judged as
any signer is (``cms.signature``).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from asn1crypto import cms

from gateway.errors import Unreadable
from gateway.findings import Finding
from gateway.stages.signature.certificates.certificate import digest_of
from gateway.stages.signature.cms.signed_data import NO_CONTENT_TYPE, SignedData
from gateway.stages.signature.countersigned import MAX_DEPTH, excess

_COUNTER_SIGNATURE = "1.2.840.113549.1.9.6"


@dataclass(frozen=True, slots=True, kw_only=True)
class Countersigned:
    """The value of one signature as what others sign. ``data`` lends certificates and revocation data, as hints."""

    data: SignedData
    digest: Callable[[str], bytes]
    signers: tuple[cms.SignerInfo, ...]
    excess: Finding | None  # then nobody in ``signers`` is looked at


def countersigned(
    value: bytes,
    unsigned: Iterable[tuple[str, tuple[Any, ...]]],
    data: SignedData,
    *,
    depth: int,
    place: str,
) -> Countersigned | None:
    """Who signs the value of the signature with these unsigned attributes; ``None`` if nobody does."""
    signers = _signers(unsigned)
    if not signers:
        return None
    return Countersigned(
        data=replace(data, content_type=NO_CONTENT_TYPE, content=value),
        digest=lambda name: digest_of(name, value),
        signers=signers,
        excess=excess(_count(signers, depth), depth, place),
    )


def _signers(unsigned: Iterable[tuple[str, tuple[Any, ...]]]) -> tuple[cms.SignerInfo, ...]:
    found = tuple(value for name, values in unsigned if name == _COUNTER_SIGNATURE for value in values)
    if any(not isinstance(value, cms.SignerInfo) for value in found):
        raise Unreadable("a counter-signature that is no SignerInfo")
    return found


def _count(signers: Iterable[cms.SignerInfo], depth: int) -> int:
    """With those inside one another, down to where they are refused for their depth."""
    count = 0
    for signer in signers:
        attributes = signer["unsigned_attrs"] or ()
        inner = _signers((a["type"].dotted, tuple(a["values"])) for a in attributes)
        count += 1 + (_count(inner, depth + 1) if depth < MAX_DEPTH else len(inner))
    return count
