# SPDX-License-Identifier: EUPL-1.2
"""Spool files: durable, encrypted from the first byte, readable in any order, gone when they must be."""

import errno
import hashlib
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.codes import Code
from gateway.errors import JournalDamaged, Rejected, TrustStateMissing, Unavailable
from gateway.keyring import MasterKey
from gateway.spool import Spool, SpoolReader
from gateway.spool.stream import SEGMENT_BYTES, stored_size

MARKER = b"Muster-Nachname-im-Klartext"


@pytest.fixture
def directory(tmp_path):
    path = tmp_path / "spool"
    path.mkdir()
    return path


@pytest.fixture
def spool(directory):
    return Spool(directory, MasterKey(key=bytes(32), entropy=os.urandom), os.urandom)


def store(spool, data, step=100_000):
    writer = spool.writer(limit=1 << 30)
    for start in range(0, len(data), step):
        writer.write(data[start : start + step])
    writer.seal()
    return writer.commit()


@pytest.mark.parametrize("size", [0, 1, SEGMENT_BYTES, 3 * SEGMENT_BYTES + 5])
def test_a_committed_file_reads_back_with_size_and_digest(spool, size):
    data = hashlib.shake_128(b"x").digest(size)
    file = store(spool, data)
    with spool.open(file.name, file.wrapped_key) as reader:
        assert (size, data) == (reader.size, reader.read_at(0, size + 10))
    assert (size, hashlib.sha256(data).hexdigest()) == (file.size, file.sha256)
    assert {file.name: size} == spool.sizes()


@given(st.integers(0, 200_000), st.integers(0, 200_000))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_random_access_equals_slicing(spool, offset, length):
    data = hashlib.shake_128(b"slices").digest(150_000)
    file = store(spool, data)
    with spool.open(file.name, file.wrapped_key) as reader:
        assert data[offset : offset + length] == reader.read_at(offset, length)
    spool.remove(file.name)


def test_no_plaintext_touches_the_disk_at_any_time(spool, directory):
    writer = spool.writer(limit=1 << 30)
    for _ in range(40):
        writer.write(MARKER * 2000)
        assert not any(MARKER in path.read_bytes() for path in directory.iterdir())
    writer.seal()
    writer.commit()
    assert not any(MARKER in path.read_bytes() for path in directory.iterdir())


def test_files_are_closed_to_others_open_to_the_roles_group_and_named_at_random(spool, directory):
    names = {store(spool, b"same").name for _ in range(3)}
    assert 3 == len(names)
    assert {0o640} == {stat.S_IMODE((directory / name).stat().st_mode) for name in names}


def test_an_aborted_file_leaves_nothing_and_a_committed_one_survives_abort(spool, directory):
    writer = spool.writer(limit=10)
    writer.write(b"x")
    writer.abort()
    writer.abort()
    assert [] == list(directory.iterdir())
    kept = spool.writer(limit=10)
    kept.seal()
    file = kept.commit()
    kept.abort()
    assert [file.name] == [path.name for path in directory.iterdir()]


def test_a_write_that_outlives_its_abort_touches_no_foreign_descriptor(spool):
    writer = spool.writer(limit=1 << 30)
    writer.abort()
    with pytest.raises(ValueError):
        writer.write(bytes(2 * SEGMENT_BYTES))


def test_the_descriptor_for_the_worker_is_read_only_and_works_with_the_file_key(spool):
    writer = spool.writer(limit=100)
    writer.write(b"bundle")
    writer.seal()
    descriptor = writer.open_descriptor()
    with pytest.raises(OSError):
        os.write(descriptor, b"x")
    with SpoolReader.from_descriptor(descriptor, writer.file_key) as reader:
        writer.commit()
        assert b"bundle" == reader.read_at(0, 100)


def test_an_unsealed_file_cannot_be_read_and_is_sealed_by_commit(spool):
    writer = spool.writer(limit=100)
    writer.write(b"x")
    with pytest.raises(ValueError):
        writer.open_descriptor()
    file = writer.commit()
    assert {file.name: 1} == spool.sizes()


def test_more_than_the_limit_is_refused_before_it_is_written(spool, directory):
    writer = spool.writer(limit=5)
    with pytest.raises(Rejected) as caught:
        writer.write(b"123456")
    assert [Code.BUNDLE_TOO_LARGE] == [f.code for f in caught.value.findings]
    with pytest.raises(Rejected):
        writer.reserve(6)
    writer.abort()


@pytest.mark.parametrize("sent", [b"", b"1234", b"123456"])
def test_another_length_than_announced_is_incomplete(spool, sent):
    writer = spool.writer(limit=100)
    writer.reserve(5)
    writer.write(sent)
    with pytest.raises(Rejected) as caught:
        writer.seal()
    assert [Code.BUNDLE_INCOMPLETE] == [f.code for f in caught.value.findings]
    writer.abort()


def test_reserved_space_is_exactly_what_the_file_needs(spool, directory):
    writer = spool.writer(limit=1 << 30)
    writer.reserve(100_000)
    (part,) = directory.iterdir()
    assert stored_size(100_000) == part.stat().st_size
    writer.write(bytes(100_000))
    writer.seal()
    assert stored_size(100_000) == (directory / writer.commit().name).stat().st_size


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, Code.INSUFFICIENT_STORAGE),
        (errno.EDQUOT, Code.INSUFFICIENT_STORAGE),
        (errno.EIO, Code.SERVICE_UNAVAILABLE),
    ],
)
@pytest.mark.parametrize("call", ["write", "posix_fallocate", "open"])
def test_a_disk_that_refuses_means_try_later(spool, monkeypatch, call, number, code):
    def refuse(*_arguments, **_named):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(Unavailable) as caught:
        spool.writer(limit=100).reserve(50)
    assert code == caught.value.code
    monkeypatch.undo()


@pytest.mark.parametrize("failing", [1, 2])
def test_a_failed_fsync_is_damage_and_is_not_tried_again(spool, monkeypatch, failing):
    calls = []

    def fsync(descriptor):
        calls.append(descriptor)
        if len(calls) == failing:
            raise OSError(errno.EIO, "injected")

    writer = spool.writer(limit=100)
    writer.seal()
    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(JournalDamaged):
        writer.commit()
    assert failing == len(calls)
    writer.abort()


def test_short_writes_are_continued(spool, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:1000]))
    file = store(spool, b"d" * 5000)
    with spool.open(file.name, file.wrapped_key) as reader:
        assert b"d" * 5000 == reader.read_at(0, 5000)


def test_a_file_cannot_be_opened_with_another_files_key_or_name(spool, directory):
    one, two = store(spool, b"one"), store(spool, b"two")
    with pytest.raises(JournalDamaged):
        spool.open(one.name, two.wrapped_key)
    (directory / two.name).replace(directory / one.name)
    with pytest.raises(JournalDamaged):
        spool.open(one.name, one.wrapped_key)


@pytest.mark.parametrize("name", ["../journal", "", "a" * 31, "A" * 32, "0" * 32 + "/", "0" * 32 + ".part"])
def test_names_that_are_not_ours_never_become_paths(spool, name):
    with pytest.raises(JournalDamaged):
        spool.open_descriptor(name)
    with pytest.raises(JournalDamaged):
        spool.remove(name)


def test_a_symbolic_link_is_not_followed(spool, directory, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"x" * 100)
    (directory / ("0" * 32)).symlink_to(secret)
    with pytest.raises(JournalDamaged):
        spool.open_descriptor("0" * 32)


def test_a_missing_or_cut_file_is_damage(spool, directory):
    file = store(spool, b"d" * 100)
    with (directory / file.name).open("ab") as out:
        out.truncate(50)
    with pytest.raises(JournalDamaged):
        spool.open(file.name, file.wrapped_key)
    spool.remove(file.name)
    spool.remove(file.name)
    with pytest.raises(JournalDamaged):
        spool.open(file.name, file.wrapped_key)


def test_a_failed_open_leaks_no_descriptor(spool):
    file = store(spool, b"x")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(10):
        with pytest.raises(JournalDamaged):
            spool.open(file.name, b"not a key")
    assert before == len(list(Path("/proc/self/fd").iterdir()))


def test_sweeping_removes_abandoned_parts_and_old_orphans_and_nothing_else(spool, directory):
    now = datetime.now(UTC)
    known, orphan = store(spool, b"known").name, store(spool, b"orphan").name
    living = spool.writer(limit=10)
    (directory / ("1" * 32 + ".part")).write_bytes(b"a crash left this")
    (directory / "README").write_bytes(b"not ours")
    young = spool.sweep({known}, moment=now)
    assert (1, 0) == (young.parts, young.orphans)
    old = spool.sweep({known}, moment=now + timedelta(hours=2))
    assert (0, 1) == (old.parts, old.orphans)
    living.seal()
    assert {known, living.commit().name, "README"} == {path.name for path in directory.iterdir()}
    assert orphan not in spool.sizes()


def test_a_spool_without_directory_says_how_to_make_it(tmp_path):
    with pytest.raises(TrustStateMissing, match="amtsbote init"):
        Spool(tmp_path / "none", MasterKey(key=bytes(32), entropy=os.urandom), os.urandom)
