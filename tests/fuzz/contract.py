# SPDX-License-Identifier: EUPL-1.2
"""What every fuzz target promises: any bytes give an answer, soon, in little memory, and the answer is no nonsense.

An answer is ``ACCEPTED`` or ``REFUSED``. Any exception that leaves ``judge`` is a fault, ``Broken`` among them: an
invariant that the target checks itself, by a second reader or by changing what was signed.
"""

import resource
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from gateway.codes import Code
from gateway.findings import Finding

REPOSITORY = Path(__file__).resolve().parents[2]
VECTORS = REPOSITORY / "tests" / "vectors" / "fuzz"
ACCEPTED, REFUSED = "accepted", "refused"
_KIB = 1024


class Broken(AssertionError):
    """An answer that must not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One border. ``seeds`` makes inputs whose names begin with the answer that is right for them."""

    name: str
    judge: Callable[[bytes], str]
    seeds: Callable[[], Mapping[str, bytes]]
    words: tuple[bytes, ...]  # tokens that chance alone would not find
    neighbours: str  # pattern: which files of other people's collections are inputs of this kind
    mutate: Callable[[bytes, Random], bytes | None] | None = (
        None  # changes that keep the form; bytes are changed too
    )
    max_bytes: int = 16 * _KIB
    seconds: float = 2  # CPU time of one input, instrumented
    mebibytes: int = 192  # by which one input may raise the peak of memory


def answer(target: Target, data: bytes) -> str:
    """The target's answer, with time and memory held to its bounds."""
    started, before = time.process_time(), _peak()
    result = target.judge(data)
    spent, grown = time.process_time() - started, (_peak() - before) / _KIB
    must(spent <= target.seconds, f"{spent:.1f} s for {len(data)} bytes")
    must(grown <= target.mebibytes, f"{grown:.0f} MiB for {len(data)} bytes")
    must(result in {ACCEPTED, REFUSED}, f"answer {result!r}")
    return result


def must(holds: object, otherwise: str) -> None:
    """Not ``assert``: invariants are checked under ``python -O`` as well."""
    if not holds:
        raise Broken(otherwise)


def nothing_unforeseen(findings: Iterable[Finding]) -> None:
    """The last resort that turns unknown exceptions into "not valid" keeps bundles out, and shows a hole all the same."""
    for finding in findings:
        must(finding.code is not Code.VERIFICATION_FAILED, f"an exception nobody foresaw: {finding.got}")


def kept(target: str) -> list[Path]:
    """The kept inputs of a target, seeds and old faults."""
    return sorted(path for path in (VECTORS / target).iterdir() if path.is_file())


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB
