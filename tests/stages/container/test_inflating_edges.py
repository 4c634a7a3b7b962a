# SPDX-License-Identifier: EUPL-1.2
"""Large entries at the edges of the buffers they pass through; what these tests hold, mutants survived before."""

import hashlib
from dataclasses import dataclass, field

import pytest
from zip_forge import File, asic, forge

from gateway.model.source import MemorySource
from gateway.policy import MIB, ContainerPolicy
from gateway.stages.container import digest_entries, open_container, read_archive, read_entry

POLICY = ContainerPolicy(ratio_free_bytes=64 * MIB)
RANDOM = hashlib.shake_128(b"edges").digest(5 * MIB + 7)


@dataclass
class Watched:
    """A source that remembers what was asked of it."""

    data: bytes
    asked: list[tuple[int, int]] = field(default_factory=list)

    @property
    def size(self):
        return len(self.data)

    def read_at(self, offset, length):
        self.asked.append((offset, length))
        return self.data[offset : offset + length]


def listed(data):
    (entry,) = read_archive(MemorySource(data), policy=POLICY).entries
    return entry


@pytest.mark.parametrize("method", [0, 8])
def test_nothing_behind_a_large_entry_is_asked_for(method):
    data = forge([File(name="big.bin", data=RANDOM, method=method)])
    source, entry = Watched(data), listed(data)
    assert b"".join(read_entry(source, entry)) == RANDOM
    assert (
        max(offset + length for offset, length in source.asked) == entry.data_offset + entry.compressed_size
    )


def test_a_large_container_is_never_read_as_a_whole():
    document = File(name="big.bin", data=RANDOM * 2, method=0)
    source = Watched(forge(asic(document), comment=b"made by hand"))
    opened = open_container(source, policy=POLICY)
    digested = digest_entries(opened, policy=POLICY, algorithms=frozenset(), keep=lambda _: False)
    assert digested.digests["big.bin"]["sha256"] == hashlib.sha256(RANDOM * 2).digest()
    assert max(length for _, length in source.asked) <= MIB
    assert opened.comment == b"made by hand"


@pytest.mark.parametrize("more", [1, 7, 100, 164, 258])
def test_output_that_waits_for_room_after_the_last_packed_byte_is_not_lost(more):
    """One match of deflate makes up to 258 bytes; the buffer may be full in its middle, with no input left."""
    text = b"\0" * (5 * MIB + more)
    data = forge([File(name="big.bin", data=text)])
    assert sum(map(len, read_entry(MemorySource(data), listed(data)))) == len(text)
