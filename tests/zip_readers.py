# SPDX-License-Identifier: EUPL-1.2
"""How others read a zip file: by its directory, as Python does, and from the front, as Java's ZipInputStream does."""

import io
import struct
import zipfile
import zlib

from zip_forge import DESCRIPTOR


def stdlib_files(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}


def streamed_files(data):
    """A reader that walks from the front and never looks at the directory."""
    files, at = {}, 0
    while data.startswith(b"PK\3\4", at):
        flags, method = struct.unpack_from("<2H", data, at + 6)
        packed, _, name_length, extra_length = struct.unpack_from("<2L2H", data, at + 18)
        name = data[at + 30 : at + 30 + name_length].decode()
        at += 30 + name_length + extra_length
        if method == 8:
            inflater = zlib.decompressobj(-15)
            content = inflater.decompress(data[at:])
            at = len(data) - len(inflater.unused_data)
        else:
            content = data[at : at + packed]
            at += packed
        if flags & DESCRIPTOR:
            at += 16 if data.startswith(b"PK\7\x08", at) else 12
        if not name.endswith("/"):
            files[name] = content
    assert data.startswith((b"PK\1\2", b"PK\5\6", b"PK\6\6"), at)
    return files
