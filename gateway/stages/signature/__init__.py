# SPDX-License-Identifier: EUPL-1.2
"""Signatures of a container, from bytes to a judgement in the words of EN 319 102-1.

``read_signatures`` reads, ``judge_signatures`` judges, ``verified`` opens the door to what may be believed.
Pure; the operator's trust material comes in as a ``TrustStore``.
"""

from gateway.stages.signature.door import verified
from gateway.stages.signature.reading import Signatures, read_signatures
from gateway.stages.signature.verdict import judge_signatures

__all__ = ["Signatures", "judge_signatures", "read_signatures", "verified"]
