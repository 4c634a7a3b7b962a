# SPDX-License-Identifier: EUPL-1.2
"""Places one package again and again in fresh directories; the n-th time the process dies before its n-th step.

Run as a program (it forks, so it must be single-threaded): ``directory_crashes.py BASE`` leaves ``BASE/1``, ``BASE/2``, ...
and prints how many there are; the last one lived to the end.
"""

import os
import sys
from hashlib import sha256
from itertools import count
from pathlib import Path
from threading import Event

from adapters.transports.directory.placing import place
from gateway.model.delivery import Package, Part

PARTS = {
    "001-dossier.xml": [b"<dossier/>"],
    "002-passport.pdf": [b"%PDF ", b"x" * 70_000],
    "index.xml": [b"<index/>"],
}
NAME = "01JDELIVERY0000000000000001"
# Everything that changes what a directory holds raises one of these audit events (PEP 578) before it happens.
STEPS = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "open"}


class Countdown:
    def __init__(self) -> None:
        self.left = -1  # never

    def step(self) -> None:
        if self.left > 0:
            self.left -= 1
            if self.left == 0:
                os._exit(99)


def package(countdown: Countdown | None = None) -> Package:
    def reader(chunks):
        def read():
            for chunk in chunks:
                if countdown is not None:
                    countdown.step()
                yield chunk

        return read

    parts = tuple(
        Part(
            name=name,
            size=len(b"".join(chunks)),
            sha256=sha256(b"".join(chunks)).hexdigest(),
            media_type="application/octet-stream",
            chunks=reader(chunks),
        )
        for name, chunks in PARTS.items()
    )
    return Package(name=NAME, parts=parts)


def main(base: Path) -> None:
    countdown = Countdown()
    sys.addaudithook(lambda event, _: countdown.step() if event in STEPS else None)
    for number in count(1):
        directory = base / str(number)
        directory.mkdir()
        child = os.fork()
        if child == 0:
            countdown.left = number
            place(directory, package(countdown), stop=Event())
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status == 0:
            sys.stdout.write(str(number))
            return
        if status != 99:
            raise SystemExit(f"step {number} ended with {status}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
