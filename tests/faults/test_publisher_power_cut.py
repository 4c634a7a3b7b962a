# SPDX-License-Identifier: EUPL-1.2
"""The power goes at every single step of publishing; after the next start the log is as if nothing had happened.

The disk is played in memory with what POSIX promises and no more: content lasts from its fsync, names last from the
fsync of their directory. The journal is the real one.
"""

import shutil

import pytest
from logroom import VERIFIER, LogRoom, publish_all

from gateway.audit import audit_log
from gateway.stages.receipt import read_receipt
from gateway.tlog.checkpoint import open_checkpoint
from gateway.tlog.proof import read_proof


class PowerCut(BaseException):
    """Not an Exception: nothing may catch it and go on."""


class FragileDisk:
    """A disk whose power goes before step ``cut_at``; ``keeps`` says what becomes of what was not fsynced."""

    def __init__(self, *, keeps=False):
        self.seen = {}  # path -> content, as a program sees it
        self.safe = {}  # path -> content, what is there after the power comes back
        self.folders = set()
        self.safe_folders = set()
        self.keeps = keeps
        self.steps = 0
        self.cut_at = None
        self.failure = PowerCut

    def step(self):
        self.steps += 1
        if self.cut_at is not None and self.steps == self.cut_at:
            raise self.failure

    def restart(self):
        self.cut_at = None
        if not self.keeps:
            self.folders = set(self.safe_folders)
            self.seen = {p: d for p, d in self.safe.items() if self.is_reachable(p)}

    def is_reachable(self, path):
        return all(p in self.safe_folders for p in path.parents if "log" in p.parts)

    def read(self, path):
        return self.seen.get(path)

    def write(self, path, data):
        self.step()
        assert path.parent in self.folders or "log" not in path.parts
        self.seen[path] = data[: len(data) // 2]  # torn until the fsync
        self.step()
        self.seen[path] = data

    def rename(self, source, target):
        self.step()
        assert target.parent in self.folders or "log" not in target.parts
        self.seen[target] = self.seen.pop(source)

    def make_directory(self, path):
        self.step()
        self.folders.add(path)

    def sync_directory(self, path):
        self.step()
        self.safe = {p: d for p, d in self.safe.items() if p.parent != path}
        self.safe |= {p: d for p, d in self.seen.items() if p.parent == path}
        self.safe_folders |= {p for p in self.folders if p.parent == path}

    def remove_directory(self, path):
        self.step()
        self.folders.discard(path)
        self.seen = {p: d for p, d in self.seen.items() if p.parent != path}

    def lock(self, path):
        return lambda: None


BEFORE, MORE, LATER = 253, 6, 4  # a tile fills up, a level begins, partials are outgrown


class Stage:
    """An opened and partly published log with ``MORE`` entries waiting, set up again as often as needed."""

    def __init__(self, directory):
        self.directory = directory
        disk = FragileDisk()
        room = LogRoom(directory, disk=disk).open()
        publisher = room.publisher()
        room.append(2)
        publish_all(publisher)
        room.append(BEFORE - 3)
        publish_all(publisher)
        room.append(MORE)
        self.shut(room)
        shutil.copy(room.journal_path, directory / "template.db")
        self.disk = disk

    def set_up(self, *, keeps=False):
        shutil.copy(self.directory / "template.db", self.directory / "journal.db")
        disk = FragileDisk(keeps=keeps)
        for name in ("seen", "safe", "folders", "safe_folders"):
            setattr(disk, name, getattr(self.disk, name).copy())
        room = LogRoom(self.directory, disk=disk)
        # This power cut is played; the journal's disk has power. Set outside any transaction, as SQLite wants it.
        room.journal._connection.execute("PRAGMA synchronous = OFF")
        publisher = room.publisher()
        publisher.start()
        return room, publisher, disk

    def shut(self, room):
        room.journal.flush()
        room.journal.close()


def end_state(room, disk):
    """Everything that lasts: public files, guard, receipts."""
    public = {str(p.relative_to(room.log)): d for p, d in disk.seen.items() if room.log in p.parents}
    public = {name: data for name, data in public.items() if not name.startswith(".staging")}
    return public, disk.seen[room.guard], [room.receipt(idx) for idx in range(BEFORE + MORE + LATER)]


def go_on(room, publisher):
    publish_all(publisher)
    room.append(LATER)
    publish_all(publisher)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    return Stage(tmp_path_factory.mktemp("stage"))


@pytest.fixture(scope="module")
def undisturbed(stage):
    """The steps of one publication, and the end state without any fault."""
    room, publisher, disk = stage.set_up()
    start = disk.steps
    publish_all(publisher)
    steps = disk.steps - start
    go_on(room, publisher)
    assert audit_disk(room, disk).proven
    state = end_state(room, disk)
    stage.shut(room)
    return steps, state


def check_promises(room, disk):
    """What was promised before the cut still holds on what the disk kept."""
    guard = open_checkpoint(disk.seen[room.guard], VERIFIER)
    public = open_checkpoint(disk.seen[room.log / "checkpoint"], VERIFIER)
    assert room.published_size() >= guard.size >= public.size
    for idx in range(BEFORE, BEFORE + MORE):
        receipt = room.receipt(idx)
        if receipt is not None:
            promised = open_checkpoint(read_proof(read_receipt(receipt).proof).checkpoint, VERIFIER)
            assert public.size >= promised.size


def audit_disk(room, disk):
    return audit_log(
        lambda path: disk.seen.get(room.log / path),
        VERIFIER.vkey,
        receipts={str(idx): room.receipt(idx) for idx in range(1, BEFORE + MORE + LATER)},
    )


@pytest.mark.parametrize("keeps", [False, True])
def test_a_power_cut_at_any_step_leaves_a_log_that_goes_on_as_if_nothing_had_happened(
    stage, undisturbed, keeps
):
    steps, expected = undisturbed
    for cut in range(1, steps + 1):
        room, publisher, disk = stage.set_up(keeps=keeps)
        disk.cut_at = disk.steps + cut
        with pytest.raises(PowerCut):
            publish_all(publisher)
        disk.restart()
        check_promises(room, disk)
        go_on(room, room.publisher())
        assert expected == end_state(room, disk)
        stage.shut(room)


def test_a_second_cut_during_the_recovery_from_the_first_changes_nothing(stage, undisturbed):
    steps, expected = undisturbed
    for cut in range(1, steps + 1, 6):
        for again in (2, 5, 9):
            room, publisher, disk = stage.set_up()
            disk.cut_at = disk.steps + cut
            with pytest.raises(PowerCut):
                publish_all(publisher)
            disk.restart()
            disk.cut_at = disk.steps + again
            with pytest.raises(PowerCut):
                publish_all(room.publisher())
            disk.restart()
            check_promises(room, disk)
            go_on(room, room.publisher())
            assert expected == end_state(room, disk)
            stage.shut(room)


def test_an_error_of_the_disk_at_any_step_is_survived_by_the_running_publisher(stage, undisturbed):
    steps, expected = undisturbed
    for cut in range(1, steps + 1):
        room, publisher, disk = stage.set_up(keeps=True)
        disk.cut_at = disk.steps + cut
        disk.failure = OSError(28, "No space left on device")
        with pytest.raises(OSError, match="No space"):
            publish_all(publisher)
        check_promises(room, disk)
        disk.cut_at = None
        go_on(room, publisher)
        assert expected == end_state(room, disk)
        stage.shut(room)
