# SPDX-License-Identifier: EUPL-1.2
"""For any bytes: a value or ``Rejected``; and whatever we accept, other readers see the same names and bytes in."""

import io
import struct
import zipfile
from contextlib import suppress

from hypothesis import example, given, settings
from hypothesis import strategies as st
from zip_forge import File, asic, files_of, forge
from zip_readers import stdlib_files, streamed_files

from gateway.errors import Rejected
from gateway.findings import blocking
from gateway.model.bundle import Opened
from gateway.model.source import MemorySource
from gateway.policy import ContainerPolicy
from gateway.stages.container import digest_entries, open_container

POLICY = ContainerPolicy()
NAMES = st.sampled_from(
    ["a.xml", "A.xml", "b/c.pdf", "b", "META-INF/x.xml", "ä.txt", "../x", "x/", "mimetype"]
)
SMALL = st.binary(max_size=60)
EDGES = st.sampled_from([0, 1, 8, 9, 12, 20, 22, 0x7FFF, 0xFFFF, 0x10000, 2**31, 2**32 - 1])


def walk(data):
    """The whole way in; a container or the findings that kept it out."""
    try:
        opened = open_container(MemorySource(data), policy=POLICY)
    except Rejected as rejected:
        return rejected.findings
    digest_entries(opened, policy=POLICY, algorithms=frozenset({"sha256"}), keep=lambda entry: True)
    return opened


@given(st.binary(max_size=400))
@example(b"PK\5\6" + b"\0" * 18)
@example(b"PK\5\6" + b"\xff" * 18)
@example(b"PK\6\7" + b"\xff" * 16 + b"PK\5\6" + b"\xff" * 16 + b"\0\0")
@settings(deadline=None)
def test_any_bytes_give_a_container_or_findings(data):
    assert isinstance(walk(data), Opened | tuple)


BASE = forge(
    [
        *asic(File(name="a.xml", data=b"<a/>" * 9, descriptor=16), File(name="b.txt", method=0)),
        File(name="x/", data=b"", method=0),
    ],
    comment=b"made by hand",
    end64={},
)


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_any_damage_gives_a_container_or_findings_and_one_reading(data):
    damaged = bytearray(BASE)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 4))
        kind = data.draw(st.sampled_from(["byte", "short", "long", "cut", "insert"]))
        if kind == "byte":
            damaged[at] = data.draw(st.integers(0, 255))
        elif kind == "short":
            struct.pack_into("<H", damaged, at, data.draw(EDGES) & 0xFFFF)
        elif kind == "long":
            struct.pack_into("<L", damaged, at, data.draw(EDGES))
        elif kind == "cut" and len(damaged) > 100:
            del damaged[at : at + data.draw(st.integers(1, 30))]
        else:
            damaged[at:at] = data.draw(SMALL)
    agree(bytes(damaged))


def agree(data):
    value = walk(data)
    assert isinstance(value, Opened | tuple)
    with suppress(Rejected):
        ours = files_of(data)
        assert ours == stdlib_files(data)
        assert ours == streamed_files(data)


LIES = st.fixed_dictionaries(
    {},
    optional={
        "flags": st.sampled_from([0, 1, 2, 8, 0x800, 0x808, 0x2000]),
        "method": st.sampled_from([0, 8, 9, 12]),
        "crc": st.sampled_from([0, 1]),
        "packed": EDGES,
        "size": EDGES,
        "version": st.sampled_from([10, 20, 45, 51]),
    },
)
FILES = st.builds(
    File,
    name=NAMES,
    data=SMALL,
    method=st.sampled_from([0, 8]),
    descriptor=st.sampled_from([0, 0, 12, 16, 20, 24]),
    extra=st.sampled_from([b"", b"", b"UT\x01\x00\x00", b"xyz", b"\x01\x00\x08\x00" + b"\0" * 8]),
    comment=st.sampled_from([b"", b"", b"text", b"PK\5\6"]),
    external=st.sampled_from([0, 0, 0x10, 0o100644 << 16, 0o120777 << 16]),
    local=st.one_of(st.just({}), LIES),
    central=st.one_of(st.just({}), LIES),
    before=st.sampled_from([b"", b"", b"gap", b"PK\3\4"]),
    after=st.sampled_from([b"", b"", b"gap"]),
    listed=st.sampled_from([True, True, True, False]),
)


@given(
    files=st.lists(FILES, max_size=4),
    prefix=st.sampled_from([b"", b"", b"", b"MZ"]),
    suffix=st.sampled_from([b"", b"", b"", b"tail"]),
    comment=st.sampled_from([b"", b"", b"text", forge([File(name="x")])]),
    end=st.one_of(
        st.just({}),
        st.fixed_dictionaries(
            {}, optional={"entries": EDGES.filter(lambda n: n < 2**16), "size": EDGES, "offset": EDGES}
        ),
    ),
)
@settings(max_examples=400, deadline=None)
def test_any_forged_archive_gives_findings_or_one_reading(files, prefix, suffix, comment, end):
    agree(forge(files, prefix=prefix, suffix=suffix, comment=comment, end=end))


HONEST = st.lists(
    st.builds(
        File,
        name=st.text("abcäöüß0 -", min_size=1, max_size=12).map(lambda text: f"f{text}f.xml"),
        data=st.binary(max_size=3000),
        method=st.sampled_from([0, 8]),
    ),
    max_size=6,
    unique_by=lambda file: file.name.decode().casefold(),
)


@given(HONEST)
@settings(deadline=None)
def test_every_honest_archive_is_read_as_it_was_written(files):
    from unicodedata import normalize

    files = [file for file in files if normalize("NFC", file.name.decode()) == file.name.decode()]
    keys = {file.name.decode().casefold() for file in files}
    if len(keys) == len(files):
        assert files_of(forge(files)) == {file.name.decode(): file.data for file in files}


@given(HONEST)
@settings(deadline=None)
def test_what_the_standard_library_writes_is_read(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in files:
            archive.writestr(
                file.name.decode(),
                file.data,
                [zipfile.ZIP_STORED, None, zipfile.ZIP_DEFLATED][file.method // 4],
            )
    assert files_of(buffer.getvalue()) == {file.name.decode(): file.data for file in files}


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_manifest_gives_findings_only(data):
    files = [*asic(File(name="a.xml")), File(name="META-INF/manifest.xml", data=data)]
    value = walk(forge(files))
    assert isinstance(value, Opened)
    assert blocking(value.findings)
