# SPDX-License-Identifier: EUPL-1.2
"""The hot folder: whole or not at all, once however often, and no way out of the directory."""

import asyncio
import os
import resource
import stat
import subprocess
import sys
import tempfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from threading import Event

import directory_crashes
import pytest
from directory_crashes import NAME, PARTS, package
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.transports.directory import DirectoryTransport
from adapters.transports.directory.placing import place
from gateway.codes import Code
from gateway.errors import ConfigInvalid, DeliveryFailed
from gateway.model.delivery import Package, Part, Placement

CONTENT = {name: b"".join(chunks) for name, chunks in PARTS.items()}


@pytest.fixture
def exchange(tmp_path):
    path = tmp_path / "exchange"
    path.mkdir()
    return path


@pytest.fixture
def transport(exchange):
    return DirectoryTransport.configure({"path": str(exchange)})


def seen(exchange: Path) -> dict[str, dict[str, bytes]]:
    """What the authority's system sees."""
    return {
        entry.name: {file.name: file.read_bytes() for file in entry.iterdir()}
        for entry in exchange.iterdir()
        if not entry.name.startswith(".")
    }


def part(name: str, data: bytes) -> Part:
    return Part(
        name=name,
        size=len(data),
        sha256=sha256(data).hexdigest(),
        media_type="text/plain",
        chunks=lambda: iter([data]),
    )


def failure_of(exchange: Path, made: Package) -> DeliveryFailed | None:
    try:
        asyncio.run(DirectoryTransport(exchange).hand_over(made))
    except DeliveryFailed as failure:
        return failure
    return None


async def test_the_package_appears_as_one_folder(transport, exchange):
    assert Placement.HANDED_OVER == await transport.hand_over(package())
    assert {NAME: CONTENT} == seen(exchange)


@pytest.fixture
def umask_of_the_deliver_role():
    before = os.umask(0o007)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask_of_the_deliver_role")
async def test_group_may_read_and_remove_and_others_nothing(transport, exchange):
    exchange.chmod(0o2770)
    await transport.hand_over(package())
    folder = exchange / NAME
    assert 0o2770 == stat.S_IMODE(folder.stat().st_mode)
    assert {0o660} == {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


async def test_a_package_the_authority_took_away_does_not_come_back(transport, exchange):
    await transport.hand_over(package())
    (exchange / NAME).rename(exchange.parent / "imported")
    assert Placement.HANDED_OVER == await transport.hand_over(package())
    assert {} == seen(exchange)


async def test_other_content_under_a_placed_name_is_for_a_person_to_judge(transport, exchange):
    await transport.hand_over(package())
    with pytest.raises(DeliveryFailed) as failure:
        await transport.hand_over(replace(package(), parts=(part("a.txt", b"other"),)))
    assert (Code.RECIPIENT_REFUSED, False) == (failure.value.code, failure.value.retry)
    assert {NAME: CONTENT} == seen(exchange)


async def test_a_foreign_entry_of_the_same_name_is_not_replaced(transport, exchange):
    (exchange / NAME).write_text("not ours")
    with pytest.raises(DeliveryFailed) as failure:
        await transport.hand_over(package())
    assert (Code.RECIPIENT_REFUSED, False) == (failure.value.code, failure.value.retry)
    assert "not ours" == (exchange / NAME).read_text()


@pytest.fixture(scope="module")
def crashes(tmp_path_factory):
    """Directories left by processes that died before each single step."""
    base = tmp_path_factory.mktemp("crashes")
    repo = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, directory_crashes.__file__, str(base)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(repo)},
    )
    return base, int(done.stdout)


def test_after_a_crash_at_any_step_one_repetition_leaves_exactly_one_whole_package(crashes):
    base, steps = crashes
    assert steps > 15
    for number in range(1, steps + 1):
        exchange = base / str(number)
        assert seen(exchange) in ({}, {NAME: CONTENT}), f"half a package after step {number}"
        place(exchange, package(), stop=Event())
        assert {NAME: CONTENT} == seen(exchange), f"step {number}"
        assert [] == list((exchange / ".amtsbote" / "staging").iterdir()), f"step {number}"
        # The authority takes it; the attempt is repeated once more because our record of it was lost.
        (exchange / NAME).rename(base / f"imported-{number}")
        place(exchange, package(), stop=Event())
        assert {} == seen(exchange), f"step {number}"


@given(name=st.text(max_size=30), part_name=st.text(max_size=30))
@settings(max_examples=80, deadline=None)
def test_any_name_is_a_plain_entry_or_refused_and_nothing_appears_elsewhere(name, part_name):
    with tempfile.TemporaryDirectory() as directory:
        exchange = Path(directory) / "a" / "exchange"
        exchange.mkdir(parents=True)
        failure = failure_of(exchange, Package(name=name, parts=(part(part_name, b"x"),)))
        if failure is None:
            assert {name: {part_name: b"x"}} == seen(exchange)
        else:
            assert (Code.PACKAGE_INVALID, False) == (failure.code, failure.retry)
            assert [] == list(exchange.iterdir())
        assert [exchange.parent] == list(Path(directory).iterdir())
        assert [exchange] == list(exchange.parent.iterdir())


@pytest.mark.parametrize("bad", ["../x", "a/b", "", ".", "..", ".hidden", "a\0b", "-rf", "ü", "x" * 201])
async def test_unsafe_names_are_refused_before_anything_is_written(transport, exchange, bad):
    for made in (Package(name=bad, parts=(part("a", b"x"),)), Package(name="ok", parts=(part(bad, b"x"),))):
        with pytest.raises(DeliveryFailed) as failure:
            await transport.hand_over(made)
        assert Code.PACKAGE_INVALID is failure.value.code
    assert [] == list(exchange.iterdir())


async def test_two_parts_of_one_name_are_refused(transport, exchange):
    with pytest.raises(DeliveryFailed) as failure:
        await transport.hand_over(Package(name="ok", parts=(part("a.pdf", b"1"), part("A.pdf", b"2"))))
    assert Code.PACKAGE_INVALID is failure.value.code


async def test_a_link_in_place_of_the_directory_is_refused_for_good(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(DeliveryFailed) as failure:
        await DirectoryTransport(tmp_path / "link").hand_over(package())
    assert (Code.RECIPIENT_CONFIGURATION, False) == (failure.value.code, failure.value.retry)
    assert [] == list((tmp_path / "real").iterdir())


@pytest.mark.parametrize(
    "inner", [".amtsbote", ".amtsbote/staging", ".amtsbote/placed", f".amtsbote/staging/{NAME}"]
)
def test_a_link_put_into_our_own_directory_leads_nowhere(exchange, tmp_path, inner):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("kept")
    (exchange / inner).parent.mkdir(parents=True, exist_ok=True)
    (exchange / inner).symlink_to(elsewhere)
    failure = failure_of(exchange, package())
    assert failure is None or Code.RECIPIENT_CONFIGURATION is failure.code
    assert {"kept"} == {entry.name for entry in elsewhere.iterdir()}


async def test_a_missing_directory_is_tried_again(tmp_path):
    with pytest.raises(DeliveryFailed) as failure:
        await DirectoryTransport(tmp_path / "unmounted").hand_over(package())
    assert (Code.RECIPIENT_UNREACHABLE, True) == (failure.value.code, failure.value.retry)
    assert str(tmp_path) not in str(failure.value)


async def test_without_its_marker_a_share_counts_as_not_mounted(exchange):
    transport = DirectoryTransport.configure({"path": str(exchange), "marker": "MOUNTED"})
    with pytest.raises(DeliveryFailed) as failure:
        await transport.hand_over(package())
    assert (Code.RECIPIENT_UNREACHABLE, True) == (failure.value.code, failure.value.retry)
    assert [] == list(exchange.iterdir())
    (exchange / "MOUNTED").touch()
    assert Placement.HANDED_OVER == await transport.hand_over(package())


async def test_a_file_that_does_not_fit_leaves_nothing_visible_and_is_tried_again(transport, exchange):
    big = Package(name=NAME, parts=(part("big.bin", b"x" * 2_000_000), part("index.xml", b"<index/>")))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(DeliveryFailed) as failure:
            await transport.hand_over(big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (Code.RECIPIENT_REFUSED, True) == (failure.value.code, failure.value.retry)
    assert {} == seen(exchange)
    await transport.hand_over(big)
    assert [NAME] == list(seen(exchange))


async def test_an_attempt_cut_off_by_the_time_limit_stops_writing_and_the_next_one_succeeds(
    transport, exchange
):
    writing, go_on = Event(), Event()

    def slow():
        yield b"first"
        writing.set()
        go_on.wait(20)
        yield b"second"

    stuck = Package(name=NAME, parts=(replace(part("a.txt", b"firstsecond"), chunks=slow),))
    attempt = asyncio.create_task(transport.hand_over(stuck))
    await asyncio.to_thread(writing.wait, 20)
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    go_on.set()
    await transport.hand_over(replace(stuck, parts=(part("a.txt", b"firstsecond"),)))
    assert {NAME: {"a.txt": b"firstsecond"}} == seen(exchange)


@pytest.mark.parametrize(
    ("settings_", "faults"),
    [
        ({}, 1),
        ({"path": "relative"}, 1),
        ({"path": 7, "marker": "a/b", "x": 1}, 3),
        ({"path": "/srv", "marker": ".hidden"}, 1),
    ],
)
def test_every_fault_of_the_settings_is_named(settings_, faults):
    with pytest.raises(ConfigInvalid) as refusal:
        DirectoryTransport.configure(settings_)
    assert faults == len(refusal.value.problems)
