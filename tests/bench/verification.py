# SPDX-License-Identifier: EUPL-1.2
"""Judging a container in memory: beside inflating and hashing it, and beside two libraries on the same bytes.

"Without path" is a store without anchors: everything is read, hashed and checked, and nobody is asked who the signer is.
"Whole judgement" is what a worker does with a dossier, the signer's path and revocation known from the bundle before.
"""

import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import signxml.xades
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from foreign_xmldsig import libxmlsec_accepts
from lxml import etree

from bench import revocation
from bench.figures import Figure, timed
from bench.floors import inflate_and_hash, streams
from bench.material import dossier_bundle, many_files
from bench.parties import Parties, examining
from bench.scale import Scale
from bench.stopwatch import Times, interleaved
from gateway.demo.bundles import signing_identity
from gateway.examination import Knowledge, examine, judge
from gateway.model.signature import Indication, Integrity
from gateway.model.source import MemorySource
from gateway.packing import SigningIdentity

_SIGNATURES = "META-INF/signatures0.xml"
_FLOOR = "inflate + SHA-256"
_OURS_AIM, _WHOLE_AIM = 1.4, 1.6


def measure(scale: Scale, _directory: Path) -> list[Figure]:
    """All of it."""
    moment = datetime.now(UTC).replace(microsecond=0)
    parties = Parties(moment)
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    rounds = scale.of(300, 40, 3)
    figures: list[Figure] = []
    for name, seal in (("P-256", parties.seal), ("RSA-3072", parties.issuing.seal("IHK Erfurt", key=key))):
        figures += _kind(f"{name}, deflated", signing_identity(seal), parties, rounds)
    figures += _kind("P-256, stored", signing_identity(parties.seal), parties, rounds, compress=False)
    figures += _size(parties, scale)
    figures += revocation.measure(parties, scale)
    return figures


def _kind(
    name: str, identity: SigningIdentity, parties: Parties, rounds: int, *, compress: bool = True
) -> list[Figure]:
    """One kind of container: ours without and with path, the floor, the rivals."""
    bundle = dossier_bundle(1, identity, parties.moment, compress=compress)
    nobody, known = examining(parties, anchors=False), examining(parties)
    rivals = {
        "floor": partial(inflate_and_hash, bundle, streams(bundle)),
        "ours": partial(_open_and_verify, bundle, nobody, parties.moment),
        "whole": partial(_judge_whole, bundle, known, parties.moment),
        "signxml": partial(_signxml, bundle, identity),
        "xmlsec": partial(_xmlsec, bundle, identity),
    }
    times = interleaved(rivals, rounds=rounds)
    floor = times["floor"]
    return [
        timed(
            f"{name}: open + verify, no path", times["ours"], beside=_FLOOR, floor=floor, at_most=_OURS_AIM
        ),
        timed(
            f"{name}: whole judgement, path cached",
            times["whole"],
            beside=_FLOOR,
            floor=floor,
            at_most=_WHOLE_AIM,
        ),
        timed(f"{name}: signxml, signer pinned", times["signxml"], beside=_FLOOR, floor=floor),
        timed(f"{name}: xmlsec, signer pinned", times["xmlsec"], beside=_FLOOR, floor=floor),
    ]


def _open_and_verify(bundle: bytes, knowledge: Knowledge, moment: datetime) -> None:
    report, _ = judge(MemorySource(bundle), knowledge, moment)
    _require(report.integrity is Integrity.INTACT, "an intact container")


def _judge_whole(bundle: bytes, knowledge: Knowledge, moment: datetime) -> None:
    examination = examine(MemorySource(bundle), knowledge, moment)
    _require(examination.dossier is not None, "a dossier that passes")


def _signxml(bundle: bytes, identity: SigningIdentity) -> None:
    entries = _unpacked(bundle)
    signxml.xades.XAdESVerifier().verify(
        entries[_SIGNATURES],
        x509_cert=x509.load_der_x509_certificate(identity.certificate_der),
        uri_resolver=lambda uri: entries[unquote(uri)],
        expect_config=signxml.xades.XAdESSignatureConfiguration(expect_references=True),
    )


def _xmlsec(bundle: bytes, identity: SigningIdentity) -> None:
    entries = _unpacked(bundle)
    signature = etree.fromstring(entries[_SIGNATURES])[0]
    _require(
        libxmlsec_accepts(signature, entries, identity.certificate_der), "a signature that libxmlsec takes"
    )


def _unpacked(bundle: bytes) -> Mapping[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def _size(parties: Parties, scale: Scale) -> list[Figure]:
    """Does twice as much take twice as long? Files of 1 KB, so that the cost of a file is what is seen."""
    counts = {Scale.FULL: (100, 800, 1000, 10_000), Scale.QUICK: (100, 800, 2000), Scale.TINY: (10, 40)}[
        scale
    ]
    knowledge = examining(parties, most_entries=counts[-1] + 10)
    rivals = {}
    for count in counts:
        bundle = many_files(count, signing_identity(parties.seal), parties.moment)
        rivals[f"floor {count}"] = partial(inflate_and_hash, bundle, streams(bundle))
        rivals[f"ours {count}"] = partial(_pass, bundle, knowledge, parties.moment)
    times = interleaved(rivals, rounds=scale.of(20, 5, 2))
    figures = []
    first = _per_file(times[f"ours {counts[0]}"], counts[0])
    for count in counts:
        ours, floor = (_per_file(times[f"{who} {count}"], count) for who in ("ours", "floor"))
        growth = f"{ours.median / first.median:.2f} x the time per file at {counts[0]}"
        linear = ours.median <= 1.25 * first.median
        figures.append(
            Figure(
                what=f"{count:,} files of 1 KB: per file, path cached",
                value=ours.median * 1e6,
                p99=ours.p99 * 1e6,
                unit="us",
                beside=_FLOOR,
                beside_value=floor.median * 1e6,
                ratio=ours.over(floor),
                aim=f"linear: {growth}",
                met=linear,
            )
        )
    return figures


def _per_file(times: Times, count: int) -> Times:
    return Times(tuple(value / count for value in times.seconds))


def _pass(bundle: bytes, knowledge: Knowledge, moment: datetime) -> None:
    report, _ = judge(MemorySource(bundle), knowledge, moment)
    _require(report.indication is Indication.TOTAL_PASSED, "a container that passes")


def _require(held: bool, expected: str) -> None:
    if not held:
        raise ValueError(f"expected {expected}: what fails early would be fast")
