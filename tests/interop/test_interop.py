# SPDX-License-Identifier: EUPL-1.2
"""What we pack, others accept; what others make, we accept; what is tampered with, nobody accepts."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from fpdf import FPDF
from javaroom import instant, programs
from signed_bundles import POLICY, judged, packed, signing_identity, unpacked

from gateway.demo import pki
from gateway.demo.timestamping import timestamper
from gateway.errors import Rejected
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
    "unterlagen/anlage #1 & mehr!.pdf": b"%PDF-1.7 e",
    "leer.pdf": b"",
}
HUNDRED = {f"anlagen/{n:03}.pdf": b"%PDF-1.7 " + str(n).encode() * n for n in range(100)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One PKI for both sides, and a folder both can read."""

    folder: Path
    root: pki.Authority
    issuing: pki.Authority
    unit: pki.Identity
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
    return Shop(folder=folder, root=root, issuing=issuing, unit=unit, store=TrustStore(material))


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
    made["names-b.asice"] = packed(NAMES, identity=seals["p256"], moment=SIGNED)
    made["names-t.asice"] = packed(NAMES, identity=seals["p256"], moment=SIGNED, timestamper=stamp)
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
    first = next(name for name, data in entries.items() if data and not name.startswith(("META-INF", "mimetype")))
    place = next(name for name in entries if name.startswith("META-INF/signature"))
    xml = place.endswith(".xml")
    marker = b"SignatureValue" if xml else b""
    return {
        "changed-file": _zipped(entries | {first: entries[first] + b" "}),
        "missing-file": _zipped({n: d for n, d in entries.items() if n != first}),
        "changed-signature": _zipped(entries | {place: _flipped(entries[place], marker)}),
    }


def _flipped(data: bytes, marker: bytes) -> bytes:
    """One character of the signature value changed for another that base64 or DER allows."""
    if not marker:
        return data[:-2] + bytes([data[-2] ^ 1]) + data[-1:]
    at = data.index(b">", data.index(b":" + marker)) + 8
    return data[:at] + (b"B" if data[at : at + 1] != b"B" else b"C") + data[at + 1 :]


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
        name: 100 if "hundred" in name else len(NAMES) if "names" in name else len(SMALL) for name in ours
    } == scopes


def test_we_accept_what_we_pack_with_the_same_trust(shop: Shop, ours: dict[str, bytes]) -> None:
    assert {name: Indication.TOTAL_PASSED for name in ours} == {
        name: shop.ours(container).indication for name, container in ours.items()
    }


def test_what_dss_makes_passes_here(shop: Shop, theirs: dict[str, bytes]) -> None:
    for name, container in theirs.items():
        if name.endswith(".pdf"): continue
        r = shop.ours(container)
        print(name, r.indication, r.sub_indication, r.level, r.integrity, [(f.code.value, f.severity.value, f.place, f.expected, f.got) for f in r.findings])
    assert 0


def test_tampered(shop, ours, theirs):
    made = {f"{kind}-{name}": data for name, source in (ours|theirs).items() if not name.endswith(".pdf") for kind, data in _tampered(source).items()}
    said = shop.dss(made)
    for n in made:
        print(n, [(s["indication"], s["sub_indication"]) for s in said[n]["signatures"]], _refused_by_us(shop, made[n]), said[n].get("error"))
    assert 0

def test_digidoc(shop, ours, theirs):
    said = shop.digidoc4j({n: d for n, d in (ours|theirs).items() if not n.endswith(".pdf")})
    for n, s in said.items():
        print(n, s)
    assert 0
