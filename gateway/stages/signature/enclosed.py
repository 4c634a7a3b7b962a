# SPDX-License-Identifier: EUPL-1.2
"""Validation data that came along with a signature: does it carry the signer's path (level B-LT), and since when was it there?

The level asks whether the path can be judged without the operator's own revocation data. An empty element, or the list
of a stranger, carries nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from hashlib import sha256

from gateway.model.signature import Revocation
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.judgement import PathJudgement


def carries(
    data: Iterable[bytes], judge: Callable[[TrustStore], PathJudgement | None], store: TrustStore
) -> bool:
    """``data`` are the CRLs and OCSP responses that came along, ``judge`` judges the path with a store."""
    if not any(data):
        return False
    path = judge(store.bare)
    return path is not None and path.revocation is not Revocation.UNKNOWN


def known_since(
    objects: Iterable[bytes], time: datetime, known: Mapping[str, datetime]
) -> dict[str, datetime]:
    """``known`` with these objects, which a time-stamp of ``time`` covers; the earliest proof of each counts."""
    found = dict(known)
    for der in objects:
        digest = sha256(der).hexdigest()
        found[digest] = min(time, found.get(digest, time))
    return found
