# SPDX-License-Identifier: EUPL-1.2
"""The systemd units say what README's table of roles says: who has which key, and who has a network."""

import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.doorbell import Role

UNITS = Path(__file__).resolve().parent.parent / "systemd"


def settings(role: Role) -> list[str]:
    lines = (UNITS / f"amtsbote-{role}.service").read_text().splitlines()
    return [line.strip() for line in lines if line and not line.startswith("#")]


def credentials(role: Role) -> set[str]:
    return {line.split("=")[1].split(":")[0] for line in settings(role) if line.startswith("LoadCredential=")}


def test_every_role_has_a_unit_and_runs_as_a_user_of_its_own():
    users = [line for role in Role for line in settings(role) if line.startswith("User=")]

    assert [f"User=amtsbote-{role}" for role in Role] == users


def test_the_log_key_is_with_the_publisher_alone():
    assert [Role.PUBLISH] == [role for role in Role if "log.key" in credentials(role)]


def test_workers_and_refresher_have_no_key_at_all():
    assert [set(), set()] == [credentials(Role.VERIFY), credentials(Role.REFRESH)]


@pytest.mark.parametrize("role", [Role.RECEIVE, Role.VERIFY, Role.PUBLISH])
def test_roles_without_a_reason_have_no_network(role):
    assert {"PrivateNetwork=yes", "RestrictAddressFamilies=AF_UNIX", "IPAddressDeny=any"} <= set(
        settings(role)
    )


def mounted(role: Role, *keys: str) -> set[str]:
    lines = [line for line in settings(role) if line.partition("=")[0] in keys]
    return {path for line in lines for path in line.partition("=")[2].split()}


def test_each_role_sees_only_the_parts_of_the_state_that_it_works_with():
    """The whole state directory is empty to a unit, but for what is named here."""
    see = {role: mounted(role, "BindPaths", "BindReadOnlyPaths") for role in Role}
    among = {
        name: {role for role in Role if f"/var/lib/amtsbote/{name}" in see[role]}
        for name in ("journal", "spool", "log", "guard")
    }

    assert {
        "journal": {Role.RECEIVE, Role.PUBLISH, Role.DELIVER},
        "spool": {Role.RECEIVE, Role.DELIVER},
        "log": {Role.RECEIVE, Role.PUBLISH},
        "guard": {Role.PUBLISH},
    } == among
    assert (
        "TemporaryFileSystem=/var/lib/amtsbote:ro"
        in (UNITS / "amtsbote-.service.d/10-hardening.conf").read_text().splitlines()
    )
    assert {"/var/lib/amtsbote/run/verify", "/var/lib/amtsbote/revocation/signers"} == see[Role.VERIFY]


def test_what_a_role_writes_to_belongs_to_it_or_is_the_journal():
    lines = (UNITS / "amtsbote.tmpfiles.conf").read_text().splitlines()
    owners = {line.split()[1]: line.split()[3] for line in lines if line.startswith("d ")}
    written = {(role, path) for role in Role for path in mounted(role, "BindPaths")}

    assert {(role, owners[path]) for role, path in written if not path.endswith("/journal")} == {
        (role, f"amtsbote-{role}") for role in Role
    }
    assert mounted(Role.RECEIVE, "BindReadOnlyPaths") <= owners.keys()


def test_the_groups_of_a_unit_are_those_of_its_user():
    lines = (UNITS / "amtsbote.sysusers.conf").read_text().splitlines()
    members = {role for role in Role if f"m amtsbote-{role} amtsbote-files" in lines}

    assert members == {role for role in Role if "SupplementaryGroups=amtsbote-files" in settings(role)}


@pytest.mark.parametrize("role", list(Role))
def test_the_role_is_started_as_the_command_understands_it(role):
    (line,) = [line for line in settings(role) if line.startswith("ExecStart=")]

    assert line.endswith(f"serve --role {role} --config /etc/amtsbote/amtsbote.toml")


def test_no_fault_leaves_a_role_down_for_good():
    dropin = (UNITS / "amtsbote-.service.d/10-hardening.conf").read_text().splitlines()

    assert {"Restart=on-failure", "StartLimitIntervalSec=0"} <= set(dropin)


@pytest.mark.foreign
def test_systemd_understands_the_units_and_their_exposure_is_within_its_bounds():
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    result = subprocess.run([UNITS / "exposure.sh"], capture_output=True, text=True, check=False)

    assert 0 == result.returncode, result.stdout + result.stderr
