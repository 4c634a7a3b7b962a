# SPDX-License-Identifier: EUPL-1.2
"""Judging a container in memory: beside inflating and hashing it, and beside two libraries on the same bytes.

- open + verify, no path: a store without anchors; all is read, hashed and checked, nobody asks who the signer is
- judgement, path cached: the signer's path and revocation are known from the bundle before
- examination: what a worker does with a dossier; looks into every PDF, then schema and completeness
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from zlib_ng import zlib_ng

from bench import revocation, signed_papers
from bench.figures import Figure, timed
from bench.floors import inflate_and_hash, streams
from bench.libraries import by_signxml, by_xmlsec
from bench.material import dossier_bundle, many_files
from bench.parties import Parties, examining
from bench.scale import Scale
from bench.stopwatch import CPU, Times, Work, interleaved
from gateway.demo.bundles import signing_identity
from gateway.examination import Knowledge, examine
from gateway.model.signature import Indication, Integrity, VerificationReport
from gateway.model.source import MemorySource
from gateway.packing import SigningIdentity
from gateway.stages.container import digest_entries, open_container, read_entry
from gateway.stages.signature import judge_signatures, read_signatures

_FLOOR = "inflate + SHA-256"
_ROWS: Mapping[str, float | None] = {
    "open + verify, no path": 1.4,  # the most times the floor that we aim for
    "judgement, path cached": 1.6,
    "examination, 10 PDFs looked into": None,
    "signxml, signer pinned": None,
    "xmlsec, signer pinned": None,
    "the floor with our inflater, zlib-ng": None,
}


def measure(scale: Scale, _directory: Path) -> list[Figure]:
    """All of it."""
    moment = datetime.now(UTC).replace(microsecond=0)
    parties = Parties(moment)
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    ec_seal = signing_identity(parties.seal)
    rsa_seal = signing_identity(parties.issuing.seal("IHK Erfurt", key=key))
    rounds = scale.of(200, 30, 2)
    return [
        *_kind("P-256, deflated", dossier_bundle(1, ec_seal, moment), ec_seal, parties, rounds),
        *_kind("RSA-3072, deflated", dossier_bundle(1, rsa_seal, moment), rsa_seal, parties, rounds),
        *_kind("P-256, stored", dossier_bundle(1, ec_seal, moment, compress=False), ec_seal, parties, rounds),
        *_sizes(parties, scale),
        *signed_papers.measure(scale),
        *revocation.measure(parties, scale),
    ]


def _kind(name: str, bundle: bytes, identity: SigningIdentity, parties: Parties, rounds: int) -> list[Figure]:
    """One kind of container: ours, the floor, the rivals."""
    moment = parties.moment
    nobody, known = examining(parties, anchors=False), examining(parties)
    works: tuple[Work, ...] = (
        lambda: _require(_judged(bundle, nobody, moment).integrity is Integrity.INTACT),
        lambda: _require(_judged(bundle, known, moment).indication is Indication.TOTAL_PASSED),
        lambda: _require(examine(MemorySource(bundle), known, moment).dossier is not None),
        partial(by_signxml, bundle, identity),
        partial(by_xmlsec, bundle, identity),
        partial(inflate_and_hash, bundle, streams(bundle), zlib_ng.decompress),
    )
    floor = partial(inflate_and_hash, bundle, streams(bundle))
    times = interleaved({**dict(zip(_ROWS, works, strict=True)), _FLOOR: floor}, rounds=rounds, clock=CPU)
    return [
        timed(
            f"{name}: {row}",
            times[row],
            beside=_FLOOR,
            floor=times[_FLOOR],
            at_most=aim if "deflated" in name else None,  # what the aims were set for
        )
        for row, aim in _ROWS.items()
    ]


def _judged(bundle: bytes, knowledge: Knowledge, moment: datetime) -> VerificationReport:
    """As ``gateway.examination.judge`` does, without looking into PDFs."""
    opened = open_container(MemorySource(bundle), policy=knowledge.policy.container)
    signatures = read_signatures(opened, xml=knowledge.policy.xml, policy=knowledge.signature_policy)
    digested = digest_entries(
        opened,
        policy=knowledge.policy.container,
        algorithms=signatures.digest_algorithms | {"sha256"},
        keep=lambda entry: entry.name == "dossier.xml",
    )
    return judge_signatures(
        signatures,
        digested,
        trust=knowledge.trust,
        policy=knowledge.signature_policy,
        moment=moment,
        read=lambda entry: read_entry(opened.source, entry),
    )


def _sizes(parties: Parties, scale: Scale) -> list[Figure]:
    """Do ten times as many files take ten times as long? Files of 1 KB, so that the cost of a file is what is seen."""
    counts = {Scale.FULL: (100, 800, 1000, 10_000), Scale.QUICK: (100, 800, 2000), Scale.TINY: (10, 40)}[
        scale
    ]
    knowledge = examining(parties, most_entries=counts[-1] + 10)
    rivals: dict[str, Work] = {}
    for count in counts:
        bundle = many_files(count, signing_identity(parties.seal), parties.moment)
        rivals[f"floor {count}"] = partial(inflate_and_hash, bundle, streams(bundle))
        rivals[f"ours {count}"] = partial(_passes, bundle, knowledge, parties.moment)
    times = interleaved(rivals, rounds=scale.of(20, 5, 1), clock=CPU)
    first = _per_file(times, "ours", counts[0])
    return [_size(times, count, first, counts[0]) for count in counts]


def _size(times: Mapping[str, Times], count: int, first: Times, least: int) -> Figure:
    ours, floor = (_per_file(times, who, count) for who in ("ours", "floor"))
    growth = ours.median / first.median
    return Figure(
        what=f"{count:,} files of 1 KB: judgement a file, path cached",
        value=ours.median * 1e6,
        p99=ours.p99 * 1e6,
        unit="us",
        beside=_FLOOR,
        beside_value=floor.median * 1e6,
        ratio=ours.over(floor),
        aim=f"linear: {growth:.2f} x the time at {least:,}",
        met=growth <= 1.25,
    )


def _per_file(times: Mapping[str, Times], who: str, count: int) -> Times:
    return Times(tuple(value / count for value in times[f"{who} {count}"].seconds))


def _passes(bundle: bytes, knowledge: Knowledge, moment: datetime) -> None:
    _require(_judged(bundle, knowledge, moment).indication is Indication.TOTAL_PASSED)


def _require(held: object) -> None:
    if not held:
        raise ValueError("expected a container that passes: what fails early would be fast")
