# SPDX-License-Identifier: EUPL-1.2
"""Gateway processes that are made to fail: each takes one bundle in and writes down what it promised.

Run by ``test_intake_faults``. Imports once, then forks one victim for every line ``directory seed`` on standard input:
prints its process id, waits for it, prints its wait status. A victim opens the journal, says so on the FIFO ``ready``, blocks on
the FIFO ``go`` until a tracer is attached, and runs; its promise goes into the file ``told``. All blocking work runs in one thread, so the
n-th call of a kind is the same one in every run.
"""

import asyncio
import faulthandler
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

from intakebundles import bundle
from intakeroom import IntakeRoom, submit

from gateway.errors import GatewayFault
from gateway.spool import Spool


async def take_in(room: IntakeRoom) -> dict:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    try:
        async with room.running(publication_limit=1.0) as intake:
            outcome = await submit(intake, bundle(padding=150_000), key="k")
    except GatewayFault as fault:
        return {"kind": type(fault).__name__, "code": fault.code}
    return {"kind": type(outcome).__name__, "id": outcome.dossier_id, "receipt": outcome.receipt}


def live(directory: Path, seed: int) -> None:
    stacks = (directory / "stacks").open("w")
    faulthandler.dump_traceback_later(30, file=stacks)
    room = IntakeRoom(directory)
    room.spool = Spool(directory / "spool", room.master, Random(seed).randbytes)
    (directory / "ready").write_bytes(b"")  # from here on, and not before, a tracer may come
    (directory / "go").read_bytes()
    told = asyncio.run(take_in(room))
    (directory / "told").write_text(json.dumps(told))


def serve() -> None:
    for line in sys.stdin:
        directory, seed = line.rsplit(maxsplit=1)
        child = os.fork()
        if not child:
            try:
                live(Path(directory), int(seed))
            finally:
                os._exit(0)
        _say(child)
        _, status = os.waitpid(child, 0)
        _say(status)


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
