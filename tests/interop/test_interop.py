# SPDX-License-Identifier: EUPL-1.2
"""What we pack, others accept; what others make, we accept; what is tampered with, nobody accepts."""

import io
import zipfile
from collections.abc import Mapping

import pytest
from asn1crypto import cms
from counterparts import NAMES, OURS_ONLY, SIGNED, SMALL, Shop, passed_by_dss
from signed_bundles import packed, signing_identity, unpacked

from gateway.errors import Rejected
from gateway.findings import blocking
from gateway.model.signature import Indication, Integrity

pytestmark = [pytest.mark.foreign, pytest.mark.slow]


def _tampered(container: bytes) -> dict[str, bytes]:
    """The same container after somebody laid hands on it."""
    entries = unpacked(container)
    first = next(
        name for name, data in entries.items() if data and not name.startswith(("META-INF", "mimetype"))
    )
    place = next(name for name in entries if name.startswith("META-INF/signature"))
    return {
        "changed-file": _zipped(entries | {first: entries[first] + b" "}),
        "missing-file": _zipped({n: d for n, d in entries.items() if n != first}),
        "changed-signature": _zipped(entries | {place: _flipped(entries[place])}),
    }


def _flipped(signature: bytes) -> bytes:
    """One byte of the signature value changed, in XML for a letter that base64 allows."""
    if signature.startswith(b"<"):
        at = signature.index(b">", signature.index(b":SignatureValue")) + 8
        return signature[:at] + (b"C" if signature[at : at + 1] == b"B" else b"B") + signature[at + 1 :]
    value = cms.ContentInfo.load(signature)["content"]["signer_infos"][0]["signature"].native
    at = signature.index(value) + len(value) - 1
    return signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :]


def _containers(made: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in made.items() if not name.endswith(".pdf")}


def _level(name: str) -> str:
    """``xades-e-lt.asice`` -> ``B-LT``"""
    level = name.split(".", maxsplit=1)[0].split("-")[2].upper()
    return "B-B" if level == "B" else f"B-{level}"


def _zipped(entries: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


def _refused_by_us(shop: Shop, container: bytes) -> bool:
    try:
        return shop.ours(container).indication is not Indication.TOTAL_PASSED
    except Rejected:
        return True


def test_dss_accepts_what_we_pack(shop: Shop, ours: dict[str, bytes]) -> None:
    said = shop.dss(ours)
    assert {name: said[name] for name in ours if not passed_by_dss(said[name])} == {}
    levels = {name: [s["level"] for s in said[name]["signatures"]] for name in ours}
    wanted = {name: [f"XAdES-BASELINE-{name[-7].upper()}"] for name in ours}
    assert wanted == levels
    scopes = {name: said[name]["signatures"][0]["scopes"] for name in ours}
    assert {
        name: 100 if "hundred" in name else len(NAMES | OURS_ONLY) if "names" in name else len(SMALL)
        for name in ours
    } == scopes


def test_we_accept_what_we_pack_with_the_same_trust(shop: Shop, ours: dict[str, bytes]) -> None:
    assert dict.fromkeys(ours, Indication.TOTAL_PASSED) == {
        name: shop.ours(container).indication for name, container in ours.items()
    }


def test_what_dss_makes_passes_here(shop: Shop, theirs: dict[str, bytes]) -> None:
    containers = _containers(theirs)
    reports = {name: shop.ours(container) for name, container in containers.items()}
    assert dict.fromkeys(containers, (Indication.TOTAL_PASSED, Integrity.INTACT, ())) == {
        name: (report.indication, report.integrity, blocking(report.findings))
        for name, report in reports.items()
    }
    levels = {name: {s.level for s in report.signatures} for name, report in reports.items()}
    wanted = {name: {_level(name)} for name in containers}
    assert wanted == levels
    assert len(reports["xades-e-b-twice.asice"].signatures) == 2


def test_dss_accepts_its_own_under_our_trust(shop: Shop, theirs: dict[str, bytes]) -> None:
    """Else the test above would compare our judgement with nothing."""
    said = shop.dss(theirs)
    assert {name: said[name] for name in theirs if not passed_by_dss(said[name])} == {}


def test_nobody_accepts_what_was_tampered_with(
    shop: Shop, ours: dict[str, bytes], theirs: dict[str, bytes]
) -> None:
    sources = ours | _containers(theirs)
    made = {
        f"{kind}-{name}": data for name, source in sources.items() for kind, data in _tampered(source).items()
    }
    said = shop.dss(made)
    assert {name for name in made if passed_by_dss(said[name])} == set()
    assert {name for name in made if not _refused_by_us(shop, made[name])} == set()


def test_nobody_accepts_a_revoked_seal(shop: Shop) -> None:
    container = packed(SMALL, identity=signing_identity(shop.revoked), moment=SIGNED)
    assert not passed_by_dss(shop.dss({"revoked.asice": container})["revoked.asice"])
    assert _refused_by_us(shop, container)


def test_dss_takes_a_file_that_only_the_signature_does_not_cover_and_we_do_not(
    shop: Shop, ours: dict[str, bytes]
) -> None:
    """A disagreement on purpose: what no signature covers is refused here (EN 319 162-1 leaves it to the reader)."""
    entries = unpacked(ours["p256-b.asice"])
    container = _zipped(entries | {"nachtrag.pdf": b"%PDF-1.7 nachtrag"})
    assert passed_by_dss(shop.dss({"more.asice": container})["more.asice"])
    assert _refused_by_us(shop, container)


# What digidoc4j misses in every container outside the Estonian profile: trusted list, OCSP, qualified time-stamp.
PROFILE = {
    "The certificate validation is not conclusive!",
    "No revocation data found for the certificate!",
    "The trust service(s) related to the time-stamp does not have the expected type identifier!",
    "The certificate is not related to a TSA/QTST!",
    "Signature has an invalid timestamp",
}


def test_digidoc4j_reads_what_we_pack_and_misses_only_its_profile(shop: Shop, ours: dict[str, bytes]) -> None:
    asked = {name: ours[name] for name in ("p256-b.asice", "rsa-b.asice", "p256-t.asice", "names-b.asice")}
    said = shop.digidoc4j(asked)
    assert {name: [] for name in asked} == {name: said[name]["container_errors"] for name in asked}
    errors = {name: {e for s in said[name]["signatures"] for e in s["errors"]} - PROFILE for name in asked}
    assert {name: set() for name in asked} == errors
    assert len(said["names-b.asice"]["signatures"]) == 1
    assert len(NAMES | OURS_ONLY) == said["names-b.asice"]["files"]


def test_digidoc4j_sees_that_it_was_tampered_with(shop: Shop, ours: dict[str, bytes]) -> None:
    made = {f"{kind}.asice": data for kind, data in _tampered(ours["p256-b.asice"]).items()}
    said = shop.digidoc4j(made)
    unmoved = {
        name
        for name in made
        if not said[name]["container_errors"]
        and not {e for s in said[name]["signatures"] for e in s["errors"]} - PROFILE
    }
    assert unmoved == set()
