# SPDX-License-Identifier: EUPL-1.2
"""The roles as the units run them: each a user of its own, with its own credentials and the directories of tmpfiles.

What systemd adds to that (namespaces, filters of system calls) is not here; what it takes for granted is: that file
modes and groups let the roles work together. Needs root, to become somebody else.
"""

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import gatewayroom
import pytest

from gateway.doorbell import Role

UNITS = Path(__file__).resolve().parent.parent / "systemd"
GROUP = 64_000
(UMASK,) = (
    int(line.partition("=")[2], 8)
    for line in (UNITS / "amtsbote-.service.d/10-hardening.conf").read_text().splitlines()
    if line.startswith("UMask=")
)
USERS = {"root": 0, **{f"amtsbote-{role}": GROUP + number for number, role in enumerate(Role, 1)}}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can run processes as other users"),
    pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed"),
]


def own(path: Path, user: str, mode: int) -> None:
    os.chown(path, USERS[user], GROUP)
    path.chmod(mode)


def make_directories(state: Path) -> None:
    """What systemd-tmpfiles makes of ``amtsbote.tmpfiles.conf``, below ``state``."""
    for line in (UNITS / "amtsbote.tmpfiles.conf").read_text().splitlines():
        if line.startswith("d "):
            _, path, mode, user, group, _ = line.split()
            assert "amtsbote" == group
            directory = state / Path(path).relative_to("/var/lib/amtsbote")
            directory.mkdir(exist_ok=True)
            own(directory, user, int(mode, 8))


def install(site: gatewayroom.Site, state: Path) -> None:
    """Step 3 of ``systemd/README.md``: configuration here, state there, keys for root alone."""
    world = site.world
    make_directories(state)
    for source, name, user in (
        ("state/journal.db", "journal.db", "amtsbote-receive"),
        ("state/log/checkpoint", "log/checkpoint", "amtsbote-publish"),
        ("guard/log.guard", "guard/log.guard", "amtsbote-publish"),
    ):
        shutil.copyfile(world.site / source, state / name)
        own(state / name, user, 0o660 if name == "journal.db" else 0o640)
    for source in (world.site / "revocation").rglob("*.crl"):
        target = state / source.relative_to(world.site)
        shutil.copyfile(source, target)
        own(target, "amtsbote-refresh", 0o640)
    text = world.config.read_text(encoding="utf-8")
    for key, place in (
        ("state", state),
        ("client_crls", state / "revocation/tls"),
        ("revocation", state / "revocation/signers"),
        ("guard", state / "guard/log.guard"),
    ):
        (line,) = [line for line in text.splitlines() if line.startswith(f"#{key} = ")]
        text = text.replace(line, f'{key} = "{place}"')
    world.config.write_text(text, encoding="utf-8")
    for path in (world.site, *world.site.rglob("*")):
        own(path, "root", 0o750 if path.is_dir() else 0o640)
    for path in (world.site / "keys", *(world.site / "keys").iterdir()):
        os.chown(path, 0, 0)
        path.chmod(0o700 if path.is_dir() else 0o600)
    for path in world.hot_folder.parents:
        if path.is_relative_to(world.directory):
            path.chmod(0o755)
    own(world.hot_folder, "amtsbote-deliver", 0o2770)


def credentials(site: gatewayroom.Site, role: Role, place: Path) -> Path:
    """The role's credentials directory, as its unit asks for it."""
    place.mkdir()
    unit = (UNITS / f"amtsbote-{role}.service").read_text().splitlines()
    for name in [line.partition("=")[2].split(":")[0] for line in unit if line.startswith("LoadCredential=")]:
        shutil.copyfile(site.world.site / "keys" / name, place / name)
        own(place / name, f"amtsbote-{role}", 0o400)
    own(place, f"amtsbote-{role}", 0o500)
    return place


def becoming(user: int) -> list[str]:
    """The start of a command that gives up root for this user."""
    return ["setpriv", f"--reuid={user}", f"--regid={GROUP}", "--clear-groups"]


def start(site: gatewayroom.Site, role: Role, state: Path, secrets: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "gateway", "serve", "--role", role, "--config", str(site.world.config)]
    with (site.world.directory / f"{role}.out").open("wb") as out:
        return subprocess.Popen(
            [*becoming(USERS[f"amtsbote-{role}"]), *command],
            cwd=state,
            env={**os.environ, "CREDENTIALS_DIRECTORY": str(secrets), "PYTHONDONTWRITEBYTECODE": "1"},
            umask=UMASK,
            stdout=out,
            stderr=subprocess.STDOUT,
        )


@pytest.fixture
def site():
    """Five processes of five users. Not in pytest's own directory: that one is closed to them."""
    with tempfile.TemporaryDirectory(prefix="amtsbote-") as name, contextlib.ExitStack() as running:
        place = Path(name)
        place.chmod(0o755)
        asked = [*becoming(GROUP + 1), sys.executable, "-c", "import gateway.cli"]
        if subprocess.run(asked, cwd="/", check=False).returncode:
            pytest.skip("other users cannot read the checkout or its environment")
        site = gatewayroom.Site.founded(place / "world")
        state = place / "state"
        state.mkdir()
        install(site, state)
        for role in Role:
            process = start(site, role, state, credentials(site, role, place / f"credentials-{role}"))
            running.callback(process.wait, gatewayroom.PATIENCE)
            running.callback(process.terminate)
        site.process = process  # whose end means that waiting is in vain
        gatewayroom.eventually(site._ready, "five roles that are ready")
        yield site


def lines(site: gatewayroom.Site) -> list[dict]:
    """What the roles wrote, faults only."""
    written = [
        json.loads(line)
        for role in Role
        for line in (site.world.directory / f"{role}.out").read_text().splitlines()
    ]
    return [line for line in written if line["level"] == "error"]


def test_roles_of_different_users_take_publish_and_deliver_dossiers(site, tmp_path):
    async def send(chamber: str) -> None:
        bundle = gatewayroom.seal(
            site.world, gatewayroom.example(chamber, f"APART-{chamber}"), tmp_path / f"{chamber}.asice"
        )
        async with site.client(chamber) as gateway:
            assert not (await gateway.submit(bundle)).repeated

    async def waiting(authority: str) -> int:
        async with site.client(authority) as gateway:
            return len(await gateway.inbox(wait=20))

    for chamber, _ in (gatewayroom.WEIMAR, gatewayroom.LUDWIGSBURG):
        asyncio.run(send(chamber))
    folder = site.world.hot_folder
    gatewayroom.eventually(lambda: list(folder.glob("*/index.xml")), "a dossier in the folder")

    assert 1 == asyncio.run(waiting(gatewayroom.WEIMAR[1]))
    assert [] == lines(site)
