# SPDX-License-Identifier: EUPL-1.2
"""The most memory each process of the gateway needs for the largest bundle it takes, from the upload to the authority.

Once stored and fetched from the inbox, half of it by a range; once deflated and put into a hot folder as single files.
Each on a fresh gateway, because the kernel remembers the peak of a process for its whole life.
"""

import asyncio
import hashlib
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from gatewayroom import LUDWIGSBURG, WEIMAR, Site, eventually, example, running

from bench.figures import Figure
from bench.floors import take_in_chunks
from bench.material import large_file, paper
from bench.processes import peak_mib
from bench.scale import Scale
from bench.stopwatch import seconds
from gateway.demo.bundles import signing_identity
from gateway.packing import PackedFile, pack_bundle
from gateway.policy import GIB, MIB
from gateway.stages.dossier import DOSSIER_NAME, write_dossier

_AIM_MIB = 200
_LARGE = "ARBEITSVERTRAG"
_READ = 1024 * 1024
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One way through the gateway."""

    name: str
    chamber: str
    compress: bool
    receive: Callable[[Site, Path], None]


def measure(scale: Scale, directory: Path) -> list[Figure]:
    """Every process, every case."""
    size = scale.of(2 * GIB, 64 * MIB, MIB)
    needed = 5 * size
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise SystemExit(
            f"expected {needed / GIB:.1f} GiB free for the scratch directory, got {free / GIB:.1f}"
        )
    cases = (
        _Case(name="stored, inbox", chamber=WEIMAR[0], compress=False, receive=_fetch),
        _Case(name="deflated, hot folder", chamber=LUDWIGSBURG[0], compress=True, receive=_find),
    )
    figures = []
    for number, case in enumerate(cases):
        place = directory / str(number)
        place.mkdir()
        figures += _run(case, place, size)
        shutil.rmtree(place)
    return figures


def _run(case: _Case, directory: Path, size: int) -> list[Figure]:
    with running(directory / "world") as site:
        idle = eventually(partial(_idle, site), "verification workers")
        bundle = _packed(site, case, directory / "large.asice", size)
        start = time.perf_counter()
        asyncio.run(_submit(site, case, bundle))
        answered = time.perf_counter() - start
        case.receive(site, bundle)
        peaks = peak_mib(site)
        floor = seconds(partial(take_in_chunks, bundle, directory / "copy"))
    length = f"{size / MIB:,.0f} MiB {case.name}"
    return [
        *(
            Figure(
                what=f"{length}: {role}",
                value=peak,
                unit="MiB",
                beside="the same process before the bundle",
                beside_value=idle[role],
                ratio=peak / idle[role],
                aim=f"<= {_AIM_MIB} MiB",
                met=peak <= _AIM_MIB,
            )
            for role, peak in peaks.items()
        ),
        Figure(
            what=f"{length}: from the first byte to 201",
            value=answered,
            unit="s",
            beside="SHA-256 of the file as it is + a synced copy",
            beside_value=floor,
            ratio=answered / floor,
        ),
    ]


def _idle(site: Site) -> dict[str, float]:
    """Peaks before anything came, once all processes are there."""
    return peak_mib(site) if site.workers() else {}


def _packed(site: Site, case: _Case, target: Path, size: int) -> Path:
    dossier = example(case.chamber, "GROSS-1")
    documents = tuple(
        replace(d, file="dokumente/scan.jpg", media_type="image/jpeg") if d.type == _LARGE else d
        for d in dossier.documents
    )
    dossier = replace(dossier, documents=documents)
    files = [PackedFile.of(DOSSIER_NAME, "application/xml", write_dossier(dossier))]
    files += [
        large_file(d.file, d.media_type, b"\xff\xd8\xff\xe0", size, compress=case.compress)
        if d.type == _LARGE
        else PackedFile.of(d.file, d.media_type, paper(d.type, 0))
        for d in documents
    ]
    with target.open("wb") as out:
        pack_bundle(
            out,
            files,
            identity=signing_identity(site.world.chambers[case.chamber].seal),
            moment=datetime.now(UTC).replace(microsecond=0),
        )
    return target


async def _submit(site: Site, case: _Case, bundle: Path) -> None:
    async with site.client(case.chamber, attempts=1) as chamber:
        await chamber.submit(bundle)


def _fetch(site: Site, bundle: Path) -> None:
    """As an authority does whose first attempt broke off half way; then once more in one go."""
    asyncio.run(_fetched(site, bundle))


async def _fetched(site: Site, bundle: Path) -> None:
    async with site.client(WEIMAR[1], attempts=1) as authority:
        (delivery,) = await authority.inbox(wait=60)
        target = bundle.with_name("fetched.asice")
        await asyncio.to_thread(_half, bundle, target)
        for _ in range(2):
            await authority.download(delivery["id"], target)
            target.unlink()


def _half(bundle: Path, target: Path) -> None:
    """What a download leaves that broke off: the first half, and what it is the half of."""
    digest, left = hashlib.sha256(), bundle.stat().st_size // 2
    with bundle.open("rb") as whole, target.with_name(f"{target.name}.part").open("wb") as part:
        for block in iter(partial(whole.read, _READ), b""):
            digest.update(block)
            left -= part.write(block[: max(0, left)])
    etag = target.with_name(f"{target.name}.part.etag")
    etag.write_text(f'"{digest.hexdigest()}"', encoding="ascii")


def _find(site: Site, _bundle: Path) -> None:
    """The deliverer has written everything."""
    state = ""
    while state != "handed-over":
        ((state,),) = site.rows("SELECT state FROM delivery")
        if state not in {"queued", "delivering", "handed-over"}:
            raise ValueError(f"expected the delivery to reach the hot folder, it is {state}")
        time.sleep(_LOOK_SECONDS)
