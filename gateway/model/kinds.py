# SPDX-License-Identifier: EUPL-1.2
"""What a file is by its first bytes, in a word for the person who sent another one than was meant.

A guess for findings; nothing is decided by it except that an archive inside a container is worth a remark.
"""

HEAD = 16  # bytes that are enough
ZIP = "a ZIP archive"
_ARCHIVES = {
    b"PK\x03\x04": ZIP,
    b"PK\x05\x06": ZIP,
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"MSCF": "a cabinet archive",
    b"\x04\x22\x4d\x18": "an lz4 archive",
}
_OTHERS = {
    b"%PDF-": "a PDF file",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "a Microsoft Office file",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
}


def archive_kind(head: bytes) -> str:
    """The kind of archive, "" for anything else."""
    return next((kind for magic, kind in _ARCHIVES.items() if head.startswith(magic)), "")


def file_kind(head: bytes) -> str:
    """The kind of file that begins like this."""
    if not head:
        return f"{len(head)} bytes"
    known = next((kind for magic, kind in _OTHERS.items() if head.startswith(magic)), "")
    return archive_kind(head) or known or _text_kind(head)


def _text_kind(head: bytes) -> str:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end < len(head):  # else only the last letter is cut
            return "other bytes"
        text = head[: error.start].decode("utf-8")
    if not all(letter.isprintable() or letter.isspace() for letter in text.removeprefix("\ufeff")):
        return "other bytes"
    return "XML or HTML" if text.removeprefix("\ufeff").lstrip().startswith("<") else "text"
