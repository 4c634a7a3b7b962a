# SPDX-License-Identifier: EUPL-1.2
"""What honest writers write is read, whole and in any size; what lies about itself is stopped while it inflates."""

import hashlib
import struct
import tracemalloc
import zlib
from dataclasses import dataclass, replace

import pytest
from zip_attacks import BIG, LIES, NESTED
from zip_forge import File, asic, deflate, files_of, forge

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.model.bundle import Entry, Method
from gateway.model.source import MemorySource
from gateway.policy import MIB, ContainerPolicy, Reaction
from gateway.stages.container import digest_entries, open_container, read_archive, read_entry

TEXT = b"<a/>" * 20
POLICY = ContainerPolicy()


def file(name="a.xml", **lies):
    return File(**({"name": name, "data": TEXT} | lies))


def zip64(*numbers):
    return struct.pack(f"<2H{len(numbers)}Q", 1, 8 * len(numbers), *numbers)


WIDE = {"size": 2**32 - 1, "packed": 2**32 - 1}
PATH = struct.pack("<2HBL", 0x7075, 10, 1, zlib.crc32(b"a.xml")) + b"a.xml"

HONEST = {
    "stored": file(method=0),
    "deflated": file(),
    "empty and stored": file(data=b"", method=0),
    "empty and deflated": file(data=b""),
    "signed descriptor": file(descriptor=16),
    "descriptor without signature": file(descriptor=12),
    "descriptor, size told before": file(descriptor=16, local={"size": len(TEXT)}),
    "descriptor, all told before": file(
        descriptor=16, local=File(name="a.xml", data=TEXT).fields() | {"flags": 8}
    ),
    "wide signed descriptor": file(descriptor=24, local_extra=zip64(0, 0), local=WIDE),
    "wide descriptor without signature": file(descriptor=20, local_extra=zip64(0, 0), local=WIDE),
    "sizes in a ZIP64 field on both sides": file(
        extra=zip64(len(TEXT)), local={"size": 2**32 - 1}, central={"size": 2**32 - 1}
    ),
    "sizes in a local ZIP64 field": file(local_extra=zip64(len(TEXT), len(deflate(TEXT))), local=WIDE),
    "compression level in the flags": file(flags=0b110),
    "time stamps in extra fields": file(
        extra=b"UT\x05\x00\x03\0\0\0\0", local_extra=b"UT\x05\x00\x01\0\0\0\0"
    ),
    "extra fields of several kinds, one without data": file(
        extra=b"UT\x05\x00\x03\0\0\0\0" + b"\x99\x99\x02\x00ab" + b"\x98\x99\x00\x00"
    ),
    "extra field of an unknown kind twice": file(extra=b"\x99\x99\x02\x00ab" * 2),
    "Unicode path of the same name": file(extra=PATH),
    "entry comment": file(comment="Für die Ausländerbehörde".encode()),
    "Unix mode": file(external=0o100644 << 16),
    "DOS archive attribute": file(external=0x20),
}


@pytest.mark.parametrize("entry", HONEST.values(), ids=HONEST)
def test_honest_entry_is_read(entry):
    assert files_of(forge([entry, file("b.xml")])) == {"a.xml": entry.data, "b.xml": TEXT}


def test_folders_are_checked_and_left_out():
    data = forge(
        [
            File(name="META-INF/", data=b"", method=0, external=(0o40755 << 16) | 0x10),
            File(name="docs/", data=b"", method=8, descriptor=16),
            file("docs/a.xml"),
        ]
    )
    assert files_of(data) == {"docs/a.xml": TEXT}


def test_archive_without_entries_is_an_archive():
    assert files_of(forge()) == {}
    assert files_of(forge(end64={})) == {}


def test_directory_may_have_another_order_than_the_files():
    one, two = file("one.xml"), file("two.xml")
    straight = forge([one, two])
    start = len(one.local_record() + one.packed + two.local_record() + two.packed)
    turned = (
        straight[:start]
        + two.central_record(len(one.local_record() + one.packed))
        + one.central_record(0)
        + straight[-22:]
    )
    assert list(files_of(turned)) == ["two.xml", "one.xml"]


def test_zip64_end_record_of_a_small_file_is_read():
    data = forge(
        [file()], end64={}, end={"size": 2**32 - 1, "offset": 2**32 - 1, "entries": 0xFFFF, "here": 0xFFFF}
    )
    assert files_of(data) == {"a.xml": TEXT}
    assert files_of(forge([file()], end64={})) == {"a.xml": TEXT}


@pytest.mark.parametrize("comment", [b"x" * 256, "LIB DigiDoc4j/5.0 ä".encode(), b"mimetype=x\r\n"])
def test_line_of_text_as_comment_is_taken(comment):
    assert files_of(forge([file()], comment=comment)) == {"a.xml": TEXT}


def test_end_record_inside_a_stored_file_is_content():
    inner = forge([file()])
    assert files_of(forge([File(name="inner.zip", data=inner, method=0)])) == {"inner.zip": inner}


def test_end_record_in_content_whose_comment_does_not_fit_is_content():
    inner = forge(end={"comment_length": 74})
    assert files_of(forge([File(name="a.bin", data=inner, method=0)])) == {"a.bin": inner}


@pytest.mark.parametrize("method", [0, 8])
def test_large_entry_comes_in_chunks(method):
    data = hashlib.shake_128(b"seed").digest(9 * MIB)
    source = MemorySource(forge([File(name="big.bin", data=data, method=method)]))
    (entry,) = read_archive(source, policy=POLICY).entries
    chunks = list(read_entry(source, entry))
    assert len(chunks) > 8
    assert b"".join(chunks) == data


def test_large_well_packed_entry_comes_in_bounded_chunks():
    source = MemorySource(forge([File(name="big.bin", data=b"\0" * 30 * MIB)]))
    (entry,) = read_archive(source, policy=ContainerPolicy(ratio_free_bytes=64 * MIB)).entries
    chunks = list(read_entry(source, entry))
    assert max(map(len, chunks)) <= MIB
    assert sum(map(len, chunks)) == 30 * MIB


@pytest.mark.parametrize("lie", LIES)
def test_lie_of_a_large_entry_is_found_while_streaming(lie):
    data, code = LIES[lie]
    with pytest.raises(Rejected) as caught:
        files_of(data)
    assert [finding.code for finding in caught.value.findings] == [code]


@pytest.mark.parametrize("declared", [100, 5 * MIB])
def test_bomb_that_lies_is_stopped_one_byte_past_its_declared_size(declared):
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(bomb.compress(b"\0" * MIB) for _ in range(256)) + bomb.flush()
    entry = File(name="bomb", data=b"\0" * declared, packed=packed)
    source = MemorySource(forge([entry]))
    (listed,) = read_archive(source, policy=POLICY).entries
    tracemalloc.start()
    with pytest.raises(Rejected) as caught:
        list(read_entry(source, listed))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [finding.code for finding in caught.value.findings] == [Code.CONTAINER_SIZE_MISMATCH]
    assert peak < declared + 4 * MIB


@dataclass
class Shrinking:
    """A source that ends earlier than it says."""

    data: bytes
    size: int

    def read_at(self, offset, length):
        return self.data[offset : offset + length]


@pytest.mark.parametrize("size", [80, 5 * MIB])
def test_source_that_ends_early_is_no_pass(size):
    source = Shrinking(data=b"x" * 70, size=size)
    entry = Entry(name="a", method=Method.STORED, compressed_size=size, size=size, crc32=0, data_offset=0)
    with pytest.raises(Rejected) as caught:
        list(read_entry(source, entry))
    (finding,) = caught.value.findings
    assert (finding.code, finding.got) == (Code.CONTAINER_SIZE_MISMATCH, "the file ends earlier")


def digest(data, algorithms=("sha256",), keep=(), policy=POLICY):
    opened = open_container(MemorySource(data), policy=policy)
    return digest_entries(
        opened, policy=policy, algorithms=frozenset(algorithms), keep=lambda entry: entry.name in keep
    )


def test_every_payload_entry_is_digested_with_every_algorithm():
    digested = digest(forge(asic(file(), File(name="b.pdf", data=b"%PDF-1.7 and more text"))), ["sha512"])
    assert digested.digests == {
        name: {"sha256": hashlib.sha256(data).digest(), "sha512": hashlib.sha512(data).digest()}
        for name, data in {"a.xml": TEXT, "b.pdf": b"%PDF-1.7 and more text"}.items()
    }
    assert digested.heads == {"a.xml": TEXT[:16], "b.pdf": b"%PDF-1.7 and mor"}
    assert digested.findings == ()
    assert [entry.name for entry in digested.opened.payload] == ["a.xml", "b.pdf"]


def test_only_entries_asked_for_are_kept():
    digested = digest(forge(asic(file(), file("b.xml"))), keep=("b.xml", "META-INF/signatures0.xml"))
    assert digested.kept == {"b.xml": TEXT}


def test_an_entry_of_many_chunks_is_kept_byte_for_byte():
    digested = digest(forge(asic(file(data=BIG))), keep=("a.xml",))
    assert digested.kept["a.xml"] == BIG


def test_empty_entry_has_the_digest_of_nothing():
    digested = digest(forge(asic(file(data=b"", method=0))), keep=("a.xml",))
    assert digested.digests["a.xml"]["sha256"] == hashlib.sha256(b"").digest()
    assert digested.kept == {"a.xml": b""}


@pytest.mark.parametrize("algorithm", ["shake_128", "no-such-hash", "SHA256"])
def test_algorithm_that_gives_no_fixed_digest_proves_nothing(algorithm):
    assert set(digest(forge(asic(file())), [algorithm]).digests["a.xml"]) == {"sha256"}


def test_all_damaged_entries_are_named_and_have_no_digest():
    wrong = {"crc": 7}
    damaged = [file(f"{n}.xml", local=wrong, central=wrong) for n in range(3)]
    digested = digest(forge(asic(*damaged, file("good.xml"))), keep=("0.xml", "good.xml"))
    assert [finding.place for finding in digested.findings] == ["0.xml", "1.xml", "2.xml"]
    assert set(digested.digests) == set(digested.kept) == set(digested.heads) == {"good.xml"}


@pytest.mark.parametrize("magic", NESTED.values(), ids=NESTED)
@pytest.mark.parametrize("reaction", Reaction)
def test_archive_inside_is_reported_as_the_policy_says(magic, reaction):
    digested = digest(
        forge(asic(file(data=magic + b"rest"))), policy=replace(POLICY, nested_archive=reaction)
    )
    found = [(finding.code, finding.severity.value) for finding in digested.findings]
    assert found == ([] if reaction is Reaction.IGNORE else [(Code.CONTAINER_NESTED_ARCHIVE, reaction.value)])


@pytest.mark.parametrize(
    ("name", "magic", "told"),
    [
        ("a.docx", b"PK\x03\x04", False),
        ("a.ODT", b"PK\x03\x04", False),
        ("a.docx", b"Rar!\x1a\x07", True),
        ("a.odt", b"\x1f\x8b", True),
        ("a.docx.zip", b"PK\x03\x04", True),
    ],
)
def test_only_a_zip_file_is_an_office_document(name, magic, told):
    digested = digest(forge(asic(File(name=name, data=magic + b"rest"))))
    assert told is bool(digested.findings)
