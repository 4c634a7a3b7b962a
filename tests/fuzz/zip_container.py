# SPDX-License-Identifier: EUPL-1.2
"""The container: what we open, Python's reader and one that walks from the front see with the same names and bytes."""

from collections.abc import Mapping

import pdfroom
from zip_forge import ASIC_S, File, asic, forge, mimetype
from zip_readers import stdlib_files, streamed_files

from fuzz.contract import ACCEPTED, REFUSED, Target, must
from gateway.errors import Rejected
from gateway.findings import blocking
from gateway.model.source import MemorySource
from gateway.policy import ContainerPolicy
from gateway.stages.container import digest_entries, open_container

_POLICY = ContainerPolicy()
_MANIFEST = (
    b'<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><m:file-entry m:full-path="/" '
    b'm:media-type="application/vnd.etsi.asic-e+zip"/><m:file-entry m:full-path="a.xml" m:media-type="text/xml"/>'
    b"</m:manifest>"
)


def judge(data: bytes) -> str:
    try:
        opened = open_container(MemorySource(data), policy=_POLICY)
    except Rejected:
        return REFUSED
    digested = digest_entries(
        opened, policy=_POLICY, algorithms=frozenset({"sha256", "sha512"}), keep=lambda _: True
    )
    if blocking(digested.findings):  # a nested archive is a warning
        must(set(digested.kept) != {entry.name for entry in opened.payload}, "a fault, and every entry whole")
        return REFUSED
    ours = {**opened.meta, **digested.kept}
    must(len(ours) == len(opened.entries), "an entry that nobody read")
    must(ours == stdlib_files(data), "Python reads other files")
    must(ours == streamed_files(data), "a reader from the front reads other files")
    return ACCEPTED


def seeds(_: pdfroom.PdfRoom) -> Mapping[str, bytes]:
    small = File(name="a.xml", data=b"<a/>" * 9)
    deflated = asic(small, File(name="META-INF/manifest.xml", data=_MANIFEST))
    return {
        "accepted-deflated": forge(deflated),
        "accepted-simple": forge([mimetype(ASIC_S), small, File(name="META-INF/signature.p7s")]),
        "accepted-stored": forge(asic(File(name="a.xml", method=0), File(name="b/ä.pdf", method=0))),
        **{
            f"accepted-descriptor-{size}": forge(asic(File(name="a.xml", descriptor=size)))
            for size in (12, 16)
        },
        "accepted-comment": forge(asic(small), comment=b"made by hand"),
        "accepted-zip64-end": forge(asic(small), end64={}),
        "accepted-folder": forge(asic(File(name="x/", data=b"", method=0), File(name="x/a.xml"))),
        "accepted-extra": forge(asic(File(name="a.xml", extra=b"UT\x05\x00\x01\0\0\0\0"))),
        "refused-prefix": forge(asic(small), prefix=b"MZ", shift=2),
        "refused-twice": forge(asic(small, small)),
        "refused-climbing": forge(asic(File(name="../a.xml"))),
        "refused-lying-name": forge(asic(File(name="a.xml", local={"name": b"b.xml"}))),
        "refused-zip64-lies": forge(asic(small), end64={"entries": 1}),
        "refused-encrypted": forge(asic(File(name="a.xml", flags=1))),
        "refused-checksum": forge(asic(File(name="a.xml", local={"crc": 1}, central={"crc": 1}))),
        "refused-link": forge(asic(File(name="a.xml", external=0o120777 << 16))),
        "refused-overlap": forge(asic(small, File(name="b.xml", written=False, central={"offset": 0}))),
    }


TARGET = Target(
    name="zip_container",
    judge=judge,
    seeds=seeds,
    words=(
        *(b"PK\1\2", b"PK\3\4", b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\7\x08"),
        *(b"mimetype", b"META-INF/", b"META-INF/signatures0.xml", b"application/vnd.etsi.asic-e+zip"),
        *(b"\xff\xff\xff\xff", b"\x01\x00\x10\x00", b"up\x05\x00", b"../", b"\x08\x08", b"\x00\x08"),
    ),
    neighbours=r"(?s).*",
)
