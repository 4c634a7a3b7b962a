# SPDX-License-Identifier: EUPL-1.2
"""One process of libFuzzer, driven by atheris: ``python -m fuzz.attack TARGET [libFuzzer's options and folders]``.

Imports of the judged code happen here, under instrumentation; without it, atheris would throw bytes blindly.
"""

import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from random import Random

import atheris

from fuzz import TARGETS

# Our own code, and that of libraries in Python whose branches hostile bytes reach.
_INSTRUMENTED = ("gateway", "pyhanko", "pyhanko_certvalidator", "asn1crypto")


def main() -> None:
    """Never returns: libFuzzer ends the process, with 0 after its time and with its own code at a fault."""
    name = sys.argv.pop(1)
    if name not in TARGETS:
        raise SystemExit(f"no target {name}; there are {', '.join(TARGETS)}")
    warnings.simplefilter("ignore")
    with atheris.instrument_imports(include=list(_INSTRUMENTED), enable_loader_override=False):
        target = import_module(f"fuzz.{name}").TARGET
        answer = import_module("fuzz.contract").answer
    options = {"custom_mutator": _mutator(target.mutate)} if target.mutate else {}
    atheris.Setup(sys.argv, lambda data: answer(target, data) and None, **options)
    atheris.Fuzz()


def _mutator(change: Callable[[bytes, Random], bytes | None]) -> Callable[[bytes, int, int], bytes]:
    """Half the time libFuzzer's own changes of bytes, half the time those that keep the form."""

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        random = Random(seed)
        made = change(data, random) if random.random() < 0.5 else None
        return made if made and len(made) <= most else atheris.Mutate(data, most)

    return mutate


if __name__ == "__main__":
    main()
