# SPDX-License-Identifier: EUPL-1.2
"""The parties of the demonstration on disk: CAs, chambers, authorities, an auditor and a founded gateway.

Everything a reader needs to repeat a step by hand lies beside the party it belongs to: certificate, key and a
``profile.toml`` that ``amtsbote submit``, ``inbox`` and ``events`` understand.
"""

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from gateway.catalogue import data_root
from gateway.demo import pki
from gateway.founding import Founding, found
from gateway.keyring import write_secret
from gateway.service import system_entropy

GATEWAY_ID = "amtsbote.example"

CHAMBERS = {
    "ihk-erfurt": "Industrie- und Handelskammer Erfurt",
    "ihk-region-stuttgart": "Industrie- und Handelskammer Region Stuttgart",
    "hwk-region-stuttgart": "Handwerkskammer Region Stuttgart",
    "ihk-hannover": "Industrie- und Handelskammer Hannover",
    "hwk-hannover": "Handwerkskammer Hannover",
}
AUTHORITIES = {
    "stadt-weimar": "Stadt Weimar, Ausländerbehörde",
    "landratsamt-ludwigsburg": "Landratsamt Ludwigsburg, Ausländerbehörde",
    "stadt-kornwestheim": "Stadt Kornwestheim, Ausländerbehörde",
    "landeshauptstadt-hannover": "Landeshauptstadt Hannover, Ausländerbehörde",
    "region-hannover": "Region Hannover, Ausländerbehörde",
    "lab-ni": "Landesaufnahmebehörde Niedersachsen, Zentralstelle Fachkräfteverfahren",
}
HOT_FOLDER = "landratsamt-ludwigsburg"
AUDITOR = "revision"
STRANGER = "hwk-unbekannt"  # a chamber with a valid certificate that nobody registered


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Somebody with a directory, a TLS identity and, for chambers, a seal."""

    id: str
    name: str
    directory: Path
    tls: pki.Identity
    seal: pki.Identity | None = None

    @property
    def profile(self) -> Path:
        """How this party reaches the gateway."""
        return self.directory / "profile.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All of it."""

    directory: Path
    port: int
    health_port: int
    seal_ca: pki.Authority
    tls_ca: pki.Authority
    tsa_ca: pki.Authority
    timestamping: pki.Identity
    chambers: Mapping[str, Party]
    authorities: Mapping[str, Party]
    auditor: Party
    stranger: Party
    revoked_seal: pki.Identity  # of ihk-hannover, on the revocation list

    @property
    def site(self) -> Path:
        """The gateway's own directory."""
        return self.directory / "gateway"

    @property
    def config(self) -> Path:
        """The gateway's configuration file."""
        return self.site / "amtsbote.toml"

    @property
    def hot_folder(self) -> Path:
        """Where the Landratsamt reads its dossiers."""
        return self.authorities[HOT_FOLDER].directory / "eingang"

    def write_crls(self, this_update: datetime, next_update: datetime) -> None:
        """New revocation lists of all CAs into the gateway's directories, as its refresher would."""
        for name, authority in (
            ("signers/seals.crl", self.seal_ca),
            ("signers/timestamping.crl", self.tsa_ca),
            ("tls/tls.crl", self.tls_ca),
        ):
            _write(self.site / "revocation" / name, authority.crl(this_update, next_update=next_update))


def build_world(directory: Path, *, now: datetime, since: datetime) -> World:
    """Make every party and found the gateway. ``since`` is when certificates begin to be valid.

    ``directory`` must be empty or absent; the caller decides about replacing an old one.
    """
    seal_ca = pki.root("Vorführ-CA Siegel", not_before=since)
    tls_ca = pki.root("Vorführ-CA TLS", not_before=since)
    tsa_ca = pki.root("Vorführ-CA Zeitstempel", not_before=since)
    chambers = {
        key: _party(directory / "chambers" / key, key, name, tls_ca, seal_ca)
        for key, name in CHAMBERS.items()
    }
    authorities = {
        key: _party(directory / "authorities" / key, key, name, tls_ca) for key, name in AUTHORITIES.items()
    }
    revoked = seal_ca.seal(f"{CHAMBERS['ihk-hannover']} alt")
    seal_ca.revoke(revoked, since + timedelta(days=100))
    port, health_port = _free_ports(2)
    world = World(
        directory=directory,
        port=port,
        health_port=health_port,
        seal_ca=seal_ca,
        tls_ca=tls_ca,
        tsa_ca=tsa_ca,
        timestamping=tsa_ca.timestamping("Vorführ-Zeitstempeldienst"),
        chambers=chambers,
        authorities=authorities,
        auditor=_party(directory / "auditor", AUDITOR, "Innenrevision", tls_ca),
        stranger=_party(
            directory / "chambers" / STRANGER, STRANGER, "Handwerkskammer Unbekannt", tls_ca, seal_ca
        ),
        revoked_seal=revoked,
    )
    _found_gateway(world, now)
    for party in (*chambers.values(), *authorities.values(), world.auditor, world.stranger):
        _write_party(party, world)
    world.hot_folder.mkdir()
    return world


def _party(
    directory: Path, key: str, name: str, tls_ca: pki.Authority, seal_ca: pki.Authority | None = None
) -> Party:
    seal = seal_ca.seal(name) if seal_ca else None
    return Party(id=key, name=name, directory=directory, tls=tls_ca.tls_client(name), seal=seal)


def _found_gateway(world: World, now: datetime) -> None:
    founding = Founding(
        gateway_id=GATEWAY_ID,
        name="Amtsbote (Vorführung)",
        hosts=("localhost",),
        templates=data_root() / "config",
    )
    found(world.site, founding, clock=lambda: now, entropy=system_entropy)
    server = world.tls_ca.tls_server(GATEWAY_ID)
    seal = world.seal_ca.seal("Amtsbote (Vorführung)")
    for stem, identity in (("tls", server), ("seal", seal)):
        (world.site / f"keys/{stem}.key").unlink()
        write_secret(world.site / f"keys/{stem}.key", identity.key_pem)
        _write(world.site / f"keys/{stem}.crt", identity.certificate_pem)
    _write(world.site / "anchors/tls/ca.pem", world.tls_ca.pem)
    _write(world.site / "anchors/signers/ca.pem", world.seal_ca.pem)
    _write(world.site / "anchors/timestamping/ca.pem", world.tsa_ca.pem)
    _write_config(world)
    (world.site / "partners.toml").write_text(_partners(world), encoding="utf-8")


def _write_config(world: World) -> None:
    text = world.config.read_text(encoding="utf-8")
    text = text.replace("port = 8443", f"port = {world.port}", 1)
    text = text.replace("health_port = 8444", f"health_port = {world.health_port}", 1)
    text = text.replace("#first_seconds = 5", "first_seconds = 1", 1)
    world.config.write_text(text, encoding="utf-8")


def _partners(world: World) -> str:
    blocks = []
    for chamber in world.chambers.values():
        seals = [chamber.seal.sha256] if chamber.seal else []
        if chamber.id == "ihk-hannover":
            seals.append(world.revoked_seal.sha256)
        blocks.append(_block("chamber", chamber, signer_sha256=seals))
    for authority in world.authorities.values():
        if authority.id == HOT_FOLDER:
            more = _block(
                "authority",
                authority,
                format="index",
                transport="directory",
                required_role="unterbevollmaechtigter",
            )
            blocks.append(
                f"{more}\n[authority.transport_settings]\npath = {json.dumps(str(world.hot_folder.resolve()))}\n"
            )
        else:
            blocks.append(_block("authority", authority, format="asice", transport="inbox"))
    blocks.append(_block("auditor", world.auditor))
    return "# Partners of the demonstration. All certificates are throw-away ones.\n\n" + "\n".join(blocks)


def _block(kind: str, party: Party, **more: object) -> str:
    values = {"id": party.id, "name": party.name, "tls_sha256": [party.tls.sha256], **more}
    # JSON strings and lists of strings are TOML as well.
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join([f"[[{kind}]]", *lines, ""])


def _write_party(party: Party, world: World) -> None:
    party.directory.mkdir(parents=True, exist_ok=True)
    _write(party.directory / "tls.crt", party.tls.certificate_pem)
    write_secret(party.directory / "tls.key", party.tls.key_pem)
    _write(party.directory / "gateway-ca.pem", world.tls_ca.pem)
    if party.seal is not None:
        _write(party.directory / "seal.crt", party.seal.certificate_pem)
        write_secret(party.directory / "seal.key", party.seal.key_pem)
    party.profile.write_text(
        f'# {party.name}\ngateway = "https://localhost:{world.port}"\n'
        'certificate = "tls.crt"\nkey = "tls.key"\nca = "gateway-ca.pem"\n',
        encoding="utf-8",
    )


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(data)
    temporary.rename(path)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports
