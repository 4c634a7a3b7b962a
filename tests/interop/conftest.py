# SPDX-License-Identifier: EUPL-1.2
"""What the foreign libraries and we are asked about, made once: what we pack, and what DSS signs with the same keys."""

from datetime import timedelta
from pathlib import Path

import pytest
from counterparts import HUNDRED, NAMES, OURS_ONLY, SIGNED, SMALL, Shop, in_pkcs12, paper
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from javaroom import instant, programs
from signed_bundles import packed, signing_identity

from gateway.demo import pki
from gateway.demo.timestamping import timestamper
from gateway.model.trust import TrustMaterial
from gateway.stages.signature.certificates.trust import TrustStore


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def theirs(shop: Shop) -> dict[str, bytes]:
    """Containers and PDFs by DSS, with the same keys and the same certificates."""
    # Straight below the root: DSS embeds no list of an intermediate CA whose certificate names no distribution point.
    for name, identity in (("seal", shop.root.seal("IHK Gera")), ("tsa", shop.unit)):
        (shop.folder / f"{name}.p12").write_bytes(in_pkcs12(identity))
    for name, data in NAMES.items():
        (shop.folder / "files" / Path(name).name).write_bytes(data)
    (shop.folder / "paper.pdf").write_bytes(paper())
    programs("dss").run("Make", shop.folder, instant(SIGNED + timedelta(minutes=1)))
    return {path.name: path.read_bytes() for path in sorted((shop.folder / "made").iterdir())}
