# SPDX-License-Identifier: EUPL-1.2
"""The roles as the units run them: each a user of its own, with its own credentials and the directories of tmpfiles.

What systemd adds to that (namespaces, filters of system calls) is not here; what it takes for granted is: that file
modes and groups let the roles work together, and keep them apart where they have nothing in common. Needs root, to
become somebody else.
"""

import asyncio
import contextlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import gatewayroom
import pytest

from gateway.doorbell import Role

UNITS = Path(__file__).resolve().parent.parent / "systemd"
GROUPS = {"amtsbote": 64_000, "amtsbote-files": 64_001}
(UMASK,) = (
    int(line.partition("=")[2], 8)
    for line in (UNITS / "amtsbote-.service.d/10-hardening.conf").read_text().splitlines()
    if line.startswith("UMask=")
)
IMPORT_GROUP = 65_100  # and user: an authority's import account
USERS = {"root": 0, **{f"amtsbote-{role}": 64_010 + number for number, role in enumerate(Role)}}
# What each role can read below the state directory, by file modes alone.
WORKING_WITH_DOSSIERS = {"journal", "spool", "log", "revocation", "run"}
READS = {
    Role.RECEIVE: WORKING_WITH_DOSSIERS,
    Role.PUBLISH: {*WORKING_WITH_DOSSIERS, "guard"},
    Role.DELIVER: WORKING_WITH_DOSSIERS,
    Role.VERIFY: {"revocation", "run"},
    Role.REFRESH: {"revocation", "run"},
}
# Run as a role: what it can do with each of the paths that it is given.
ATTEMPTS = """
import json, os, socket, stat, sys
paths, done = json.load(sys.stdin), {}
def attempt(what, path, action):
    try:
        action()
    except PermissionError:
        return
    except OSError:
        pass  # gone, or not listening: it was permitted
    done.setdefault(what, []).append(path)
def connect(path):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_UNIX, kind) as sock:
            try:
                sock.connect(path)
            except PermissionError:
                raise
            except OSError:
                pass
def swap(path):
    os.rename(path, path + "~")
    os.rename(path + "~", path)
def create(path):
    os.mkdir(path + "/mine")
    os.rmdir(path + "/mine")
for path, mode in paths.items():
    attempt("change", path, lambda: swap(path))
    if stat.S_ISSOCK(mode):
        attempt("connect", path, lambda: connect(path))
    elif stat.S_ISDIR(mode):
        attempt("read", path, lambda: os.listdir(path))
        attempt("change within", path, lambda: create(path))
    else:
        attempt("read", path, lambda: open(path, "rb").close())
        attempt("change", path, lambda: open(path, "r+b").close())
print(json.dumps(done))
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can run processes as other users"),
    pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed"),
]


def own(path: Path, user: str, mode: int, group: str = "amtsbote") -> None:
    os.chown(path, USERS[user], GROUPS[group])
    path.chmod(mode)


def make_directories(state: Path) -> None:
    """What systemd-tmpfiles makes of ``amtsbote.tmpfiles.conf``, below ``state``."""
    for line in (UNITS / "amtsbote.tmpfiles.conf").read_text().splitlines():
        if line.startswith("d "):
            _, path, mode, user, group, _ = line.split()
            directory = state / Path(path).relative_to("/var/lib/amtsbote")
            directory.mkdir(exist_ok=True)
            own(directory, user, int(mode, 8), group)


def install(site: gatewayroom.Site, state: Path) -> None:
    """Step 3 of ``systemd/README.md``: configuration here, state there, keys for root alone."""
    world = site.world
    make_directories(state)
    for source, name, mode, user, group in (
        ("state/journal.db", "journal/journal.db", 0o660, "amtsbote-receive", "amtsbote-files"),
        ("state/log/checkpoint", "log/checkpoint", 0o640, "amtsbote-publish", "amtsbote-files"),
        ("guard/log.guard", "guard/log.guard", 0o600, "amtsbote-publish", "amtsbote"),
    ):
        shutil.copyfile(world.site / source, state / name)
        own(state / name, user, mode, group)
    for source in (world.site / "revocation").rglob("*.crl"):
        target = state / source.relative_to(world.site)
        shutil.copyfile(source, target)
        own(target, "amtsbote-refresh", 0o640)
    text = world.config.read_text(encoding="utf-8")
    for key, place in (
        ("state", state),
        ("journal", state / "journal/journal.db"),
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
    # Step 5: of a group that the deliver role is not in, so no right can come from its own.
    os.chown(world.hot_folder, USERS["amtsbote-deliver"], IMPORT_GROUP)
    world.hot_folder.chmod(0o2770)


def credentials(site: gatewayroom.Site, role: Role, place: Path) -> Path:
    """The role's credentials directory, as its unit asks for it."""
    place.mkdir()
    unit = (UNITS / f"amtsbote-{role}.service").read_text().splitlines()
    for name in [line.partition("=")[2].split(":")[0] for line in unit if line.startswith("LoadCredential=")]:
        shutil.copyfile(site.world.site / "keys" / name, place / name)
        own(place / name, f"amtsbote-{role}", 0o400)
    own(place, f"amtsbote-{role}", 0o500)
    return place


def becoming(user: str) -> list[str]:
    """The start of a command that gives up root for this user, with the groups of ``amtsbote.sysusers.conf``."""
    lines = (UNITS / "amtsbote.sysusers.conf").read_text().splitlines()
    groups = [str(GROUPS[line.split()[2]]) for line in lines if line.startswith(f"m {user} ")]
    return [
        "setpriv",
        f"--reuid={USERS[user]}",
        f"--regid={GROUPS['amtsbote']}",
        f"--groups={','.join(groups)}",
        "--inh-caps=-all",
        "--bounding-set=-all",
        "--no-new-privs",
    ]


def start(site: gatewayroom.Site, role: Role, state: Path, secrets: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "gateway", "serve", "--role", role, "--config", str(site.world.config)]
    with (site.world.directory / f"{role}.out").open("wb") as out:
        return subprocess.Popen(
            [*becoming(f"amtsbote-{role}"), *command],
            cwd=state,
            env={**os.environ, "CREDENTIALS_DIRECTORY": str(secrets), "PYTHONDONTWRITEBYTECODE": "1"},
            umask=UMASK,
            stdout=out,
            stderr=subprocess.STDOUT,
        )


@pytest.fixture(scope="module")
def site():
    """Five processes of five users. Not in pytest's own directory: that one is closed to them."""
    with tempfile.TemporaryDirectory(prefix="amtsbote-") as name, contextlib.ExitStack() as running:
        place = Path(name)
        place.chmod(0o755)
        asked = [*becoming("amtsbote-receive"), sys.executable, "-c", "import gateway.cli"]
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


def send(site: gatewayroom.Site, chamber: str, reference: str, folder: Path) -> None:
    """A dossier of this chamber."""

    async def submit() -> None:
        bundle = gatewayroom.seal(
            site.world, gatewayroom.example(chamber, reference), folder / f"{reference}.asice"
        )
        async with site.client(chamber) as gateway:
            assert not (await gateway.submit(bundle)).repeated

    asyncio.run(submit())


def bound(role: Role, *keys: str) -> set[str]:
    """Places below the state directory that the role's unit mounts."""
    unit = (UNITS / f"amtsbote-{role}.service").read_text().splitlines()
    mounted = [
        path for line in unit if line.partition("=")[0] in keys for path in line.partition("=")[2].split()
    ]
    return {str(Path(path).relative_to("/var/lib/amtsbote")) for path in mounted}


def attempted(site: gatewayroom.Site, role: Role) -> dict[str, set[str]]:
    """What the role's user can do with everything there is in the state directory, and with the keys."""
    state = site.world.directory.parent / "state"
    paths = [state, *state.rglob("*"), *(site.world.site / "keys").iterdir()]
    asked = [*becoming(f"amtsbote-{role}"), sys.executable, "-I", "-c", ATTEMPTS]
    modes = json.dumps({str(path): path.lstat().st_mode for path in paths})
    told = subprocess.run(asked, cwd="/", input=modes, capture_output=True, text=True, check=True).stdout
    return {
        what: {os.path.relpath(path, state) for path in found} for what, found in json.loads(told).items()
    }


def within(places: set[str], path: str) -> bool:
    return any(path.startswith(f"{place}/") for place in places)


def test_roles_of_different_users_take_publish_and_deliver_dossiers(site, tmp_path):
    async def waiting(authority: str) -> int:
        async with site.client(authority) as gateway:
            return len(await gateway.inbox(wait=20))

    for chamber, _ in (gatewayroom.WEIMAR, gatewayroom.LUDWIGSBURG):
        send(site, chamber, f"APART-{chamber}", tmp_path)
    folder = site.world.hot_folder
    gatewayroom.eventually(lambda: list(folder.glob("*/index.xml")), "a dossier in the folder")

    assert asyncio.run(waiting(gatewayroom.WEIMAR[1]))
    assert [] == lines(site)


def test_the_account_of_the_folders_group_takes_what_was_delivered_and_nobody_else_does(site, tmp_path):
    send(site, gatewayroom.LUDWIGSBURG[0], "APART-FOLDER", tmp_path)
    folder = site.world.hot_folder
    gatewayroom.eventually(lambda: list(folder.glob("*/index.xml")), "a dossier in the folder")
    index = next(folder.glob("*/index.xml"))
    assert (0o2770, IMPORT_GROUP) == (stat.S_IMODE(index.parent.stat().st_mode), index.parent.stat().st_gid)
    assert (0o660, IMPORT_GROUP) == (stat.S_IMODE(index.stat().st_mode), index.stat().st_gid)

    for group, taken in ((IMPORT_GROUP + 1, False), (IMPORT_GROUP, True)):
        account = [
            "setpriv",
            f"--reuid={IMPORT_GROUP}",
            f"--regid={group}",
            "--clear-groups",
            "--inh-caps=-all",
        ]
        script = 'test -s "$0" && mv "$0" "$0.taken" && mv "$0.taken" "$0"'
        done = subprocess.run([*account, "sh", "-c", script, index], capture_output=True, check=False)
        assert taken == (done.returncode == 0)


def test_no_role_changes_what_is_not_its_own(site, tmp_path):
    """Writing, creating, renaming and removing: exactly where the role's unit mounts a directory to write to."""
    send(site, gatewayroom.WEIMAR[0], "APART-CHANGES", tmp_path)
    for role in Role:
        found, own_places = attempted(site, role), bound(role, "BindPaths")

        assert own_places <= found["change within"]
        assert set() == {
            p for p in found["change within"] if p not in own_places and not within(own_places, p)
        }
        assert set() == {path for path in found["change"] if not within(own_places, path)}


def test_no_role_reads_what_is_not_its_business(site, tmp_path):
    send(site, gatewayroom.WEIMAR[0], "APART-READS", tmp_path)
    for role in Role:
        found = attempted(site, role)

        assert READS[role] == {path.partition("/")[0] for path in found["read"]} - {"."}
        assert bound(role, "BindPaths", "BindReadOnlyPaths") <= found["read"]


def test_only_roles_that_work_with_dossiers_reach_the_workers(site):
    reached = {role: "run/verify/sock" in attempted(site, role)["connect"] for role in Role}

    assert [Role.REFRESH] == [role for role in Role if not reached[role]]
