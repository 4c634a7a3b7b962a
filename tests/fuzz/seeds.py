# SPDX-License-Identifier: EUPL-1.2
"""``make fuzz-seeds``: every kept input whose name is an answer, made anew by our own packers, with anchors of their own.

What once failed (``once-...``) and what fuzzing made of our own inputs alone (``found-...``) stays as it is.
"""

import sys
from importlib import import_module

import pdfroom

from fuzz import TARGETS
from fuzz.contract import ACCEPTED, REFUSED, VECTORS
from fuzz.trust import FOLDER, kept_trust


def main() -> None:
    """Write all of them; one throw-away PKI signs them all."""
    room = pdfroom.PdfRoom()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, data in kept_trust(room).items():
        (FOLDER / name).write_bytes(data)
    for name in TARGETS:
        folder = VECTORS / name
        folder.mkdir(exist_ok=True)
        for old in [*folder.glob(f"{ACCEPTED}-*"), *folder.glob(f"{REFUSED}-*")]:
            old.unlink()
        inputs = import_module(f"fuzz.{name}").TARGET.seeds(room)
        for label, data in inputs.items():
            (folder / label).write_bytes(data)
        sys.stdout.write(f"{name:14} {len(inputs):3} inputs, {sum(map(len, inputs.values())):7} bytes\n")


if __name__ == "__main__":
    main()
