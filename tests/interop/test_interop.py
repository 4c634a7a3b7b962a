# SPDX-License-Identifier: EUPL-1.2
"""What we pack, others accept; what others make, we accept; what is tampered with, nobody accepts."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from fpdf import FPDF
from javaroom import instant, programs
from signed_bundles import POLICY, judged, packed, signing_identity, unpacked

from gateway.demo import pki
from gateway.demo.timestamping import timestamper
from gateway.errors import Rejected
from gateway.findings import blocking
from gateway.model.signature import Indication, Integrity, VerificationReport
from gateway.model.trust import TrustMaterial
from gateway.stages.signature.trust import TrustStore

pytestmark = [pytest.mark.foreign, pytest.mark.slow]

# Both libraries look at the clock of the machine when they sign or extend, so the tests live in the present.
SIGNED = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
JUDGED = SIGNED + timedelta(minutes=5)
PASSWORD = b"interop"
SMALL = {"dossier.xml": b"<dossier>Test</dossier>", "pass.pdf": b"%PDF-1.7 pass"}
NAMES = {
    "dossier.xml": b"<dossier/>",
    "Führungszeugnis für Łucja.pdf": b"%PDF-1.7 a",
    "a+b.pdf": b"%PDF-1.7 b",
    "100 % sicher.pdf": b"%PDF-1.7 c",
    "schon%20kodiert.pdf": b"%PDF-1.7 d",
    "unterlagen/anlage 1 & mehr!.pdf": b"%PDF-1.7 e",
    "leer.pdf": b"",
}
# DSS writes a hash sign bare into the reference, where it begins a fragment (RFC 3986 3.5); we write %23, which it reads.
OURS_ONLY = {"anlage #2.pdf": b"%PDF-1.7 f"}
HUNDRED = {f"anlagen/{n:03}.pdf": b"%PDF-1.7 " + str(n).encode() * n for n in range(100)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One PKI for both sides, and a folder both can read."""

    folder: Path
    root: pki.Authority
    issuing: pki.Authority
    unit: pki.Identity
    revoked: pki.Identity
    store: TrustStore

    def seal(self, key: pki.PrivateKey | None = None) -> pki.Identity:
        return self.issuing.seal("IHK Erfurt", key=key)

    def dss(self, files: Mapping[str, bytes]) -> dict[str, dict]:
        """What DSS says of each."""
        return self._asked("dss", files, self.folder / "anchors", self.folder / "crls", instant(JUDGED))

    def digidoc4j(self, files: Mapping[str, bytes]) -> dict[str, dict]:
        """What digidoc4j says of each."""
        return self._asked("digidoc4j", files, self.folder / "anchors")

    def _asked(self, project: str, files: Mapping[str, bytes], *arguments: str | Path) -> dict[str, dict]:
        asked = self.folder / f"asked-{project}-{len(list(self.folder.iterdir()))}"
        asked.mkdir()
        for name, data in files.items():
            (asked / name).write_bytes(data)
        said = programs(project).run("Validate", *arguments, lines=[asked / name for name in files])
        return {Path(one["file"]).name: one for one in said}

    def ours(self, container: bytes) -> VerificationReport:
        return judged(container, store=self.store, policy=POLICY, moment=JUDGED)


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Shop:
    folder = tmp_path_factory.mktemp("interop")
    root, tsa_root = pki.root("Interop Root"), pki.root("Interop TSA Root")
    issuing = root.subordinate("Interop CA")
    unit = tsa_root.timestamping("Interop TSU")
    revoked = issuing.seal("IHK Suhl")
    issuing.revoke(revoked, SIGNED - timedelta(days=1))
    valid = {"next_update": SIGNED + timedelta(days=30)}
    crls = [a.crl(SIGNED + timedelta(minutes=3), **valid) for a in (root, issuing, tsa_root)]
    for name in ("anchors", "crls", "files", "made"):
        (folder / name).mkdir()
    for name, authority in (("root", root), ("tsa", tsa_root)):
        (folder / "anchors" / f"{name}.crt").write_bytes(authority.identity.certificate_der)
    for number, crl in enumerate(crls):
        (folder / "crls" / f"{number}.crl").write_bytes(crl)
    material = TrustMaterial(
        signer_anchors=(root.identity.certificate_der,),
        tsa_anchors=(tsa_root.identity.certificate_der,),
        crls=tuple(crls),
    )
    return Shop(
        folder=folder, root=root, issuing=issuing, unit=unit, revoked=revoked, store=TrustStore(material)
    )


@pytest.fixture(scope="module")
def ours(shop: Shop) -> dict[str, bytes]:
    """Containers by our packer."""
    seals = {
        "p256": signing_identity(shop.seal()),
        "p384": signing_identity(shop.seal(ec.generate_private_key(ec.SECP384R1()))),
    }
    rsa_seal = shop.seal(rsa.generate_private_key(public_exponent=65537, key_size=3072))
    seals |= {"rsa": signing_identity(rsa_seal), "pss": signing_identity(rsa_seal, rsa_pss=True)}
    stamp = timestamper(shop.unit, SIGNED + timedelta(minutes=1))
    made = {}
    for name, identity in seals.items():
        made[f"{name}-b.asice"] = packed(SMALL, identity=identity, moment=SIGNED)
        made[f"{name}-t.asice"] = packed(SMALL, identity=identity, moment=SIGNED, timestamper=stamp)
    made["names-b.asice"] = packed(NAMES | OURS_ONLY, identity=seals["p256"], moment=SIGNED)
    made["names-t.asice"] = packed(
        NAMES | OURS_ONLY, identity=seals["p256"], moment=SIGNED, timestamper=stamp
    )
    made["hundred-b.asice"] = packed(HUNDRED, identity=seals["p256"], moment=SIGNED)
    return made


@pytest.fixture(scope="module")
def theirs(shop: Shop) -> dict[str, bytes]:
    """Containers and PDFs by DSS, with the same keys and the same certificates."""
    # Straight below the root: DSS embeds no list of an intermediate CA whose certificate names no distribution point.
    for name, identity in (("seal", shop.root.seal("IHK Gera")), ("tsa", shop.unit)):
        (shop.folder / f"{name}.p12").write_bytes(_pkcs12(identity))
    for name, data in NAMES.items():
        (shop.folder / "files" / Path(name).name).write_bytes(data)
    (shop.folder / "paper.pdf").write_bytes(_paper())
    programs("dss").run("Make", shop.folder, instant(SIGNED + timedelta(minutes=1)))
    return {path.name: path.read_bytes() for path in sorted((shop.folder / "made").iterdir())}


def _pkcs12(identity: pki.Identity) -> bytes:
    return pkcs12.serialize_key_and_certificates(
        b"key",
        identity.key,
        identity.certificate,
        identity.chain,
        serialization.BestAvailableEncryption(PASSWORD),
    )


def _paper() -> bytes:
    sheet = FPDF()
    sheet.set_creation_date(SIGNED)
    sheet.add_page()
    sheet.set_font("Helvetica", size=12)
    sheet.cell(text="Interop")
    return bytes(sheet.output())


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


def _passed_by_dss(report: dict) -> bool:
    return bool(report["signatures"]) and all(s["indication"] == "TOTAL_PASSED" for s in report["signatures"])


def _refused_by_us(shop: Shop, container: bytes) -> bool:
    try:
        return shop.ours(container).indication is not Indication.TOTAL_PASSED
    except Rejected:
        return True


def test_dss_accepts_what_we_pack(shop: Shop, ours: dict[str, bytes]) -> None:
    said = shop.dss(ours)
    assert {name: said[name] for name in ours if not _passed_by_dss(said[name])} == {}
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
    assert {name: said[name] for name in theirs if not _passed_by_dss(said[name])} == {}


def test_nobody_accepts_what_was_tampered_with(
    shop: Shop, ours: dict[str, bytes], theirs: dict[str, bytes]
) -> None:
    sources = ours | _containers(theirs)
    made = {
        f"{kind}-{name}": data for name, source in sources.items() for kind, data in _tampered(source).items()
    }
    said = shop.dss(made)
    assert {name for name in made if _passed_by_dss(said[name])} == set()
    assert {name for name in made if not _refused_by_us(shop, made[name])} == set()


def test_nobody_accepts_a_revoked_seal(shop: Shop) -> None:
    container = packed(SMALL, identity=signing_identity(shop.revoked), moment=SIGNED)
    assert not _passed_by_dss(shop.dss({"revoked.asice": container})["revoked.asice"])
    assert _refused_by_us(shop, container)


def test_dss_takes_a_file_that_only_the_signature_does_not_cover_and_we_do_not(
    shop: Shop, ours: dict[str, bytes]
) -> None:
    """A disagreement on purpose: what no signature covers is refused here (EN 319 162-1 leaves it to the reader)."""
    entries = unpacked(ours["p256-b.asice"])
    container = _zipped(entries | {"nachtrag.pdf": b"%PDF-1.7 nachtrag"})
    assert _passed_by_dss(shop.dss({"more.asice": container})["more.asice"])
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
