# SPDX-License-Identifier: EUPL-1.2
"""The sending side: files -> one ASiC-E container with one XAdES-B-B (or B-T) signature over all of them.

EN 319 162-1 for the container, EN 319 132-1 for the signature. Files are read once, hashed while they are written, so
a bundle of 2 GiB needs a few MiB of memory. The bytes are the same for the same input (an ECDSA value excepted).
Leaves out LT and LTA: the gateway keeps revocation data with the receipt, a chamber need not embed it.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from struct import pack
from typing import BinaryIO
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.policy import ContainerPolicy
from gateway.stages.container.names import clashes, folded, name_faults
from gateway.stages.signature.xmldsig.signing import SignedFile, SigningKey, sign_files, write_manifest

MEDIA_TYPE = "application/vnd.etsi.asic-e+zip"
_CHUNK = 256 * 1024
_ZIP32 = 0xFFFFFFFF
_UTF8 = 1 << 11  # general purpose bit 11 (APPNOTE 4.4.4)
_REGULAR_FILE = (0o100644 << 16) & _ZIP32
_HIGHEST_ENTRIES = 0xFFFF
_READER = ContainerPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFile:
    """A file to pack. ``chunks`` gives its bytes once; ``size`` is checked against them."""

    name: str
    media_type: str
    chunks: Callable[[], Iterator[bytes]]
    size: int  # bytes
    compress: bool = True

    @classmethod
    def of(cls, name: str, media_type: str, data: bytes, *, compress: bool = True) -> "PackedFile":
        """A file from bytes in memory."""
        return cls(
            name=name,
            media_type=media_type,
            chunks=lambda: iter((data,)),
            size=len(data),
            compress=compress,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningIdentity:
    """Who signs: certificate, its key, the certificates above it (issuer first; the root may be left out)."""

    certificate_der: bytes
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    chain_der: tuple[bytes, ...] = ()
    rsa_pss: bool = False  # RSASSA-PSS instead of PKCS#1 v1.5


def pack_bundle(
    out: BinaryIO,
    files: Sequence[PackedFile],
    *,
    identity: SigningIdentity,
    moment: datetime,
    timestamper: Callable[[bytes], bytes] | None = None,
) -> None:
    """Write a signed container to ``out``, which must be seekable.

    ``timestamper`` turns a SHA-256 message imprint into a time-stamp token (DER), for XAdES-B-T.
    Raises ``Rejected`` for names or sizes a container cannot hold, before the first byte is written where that is
    possible, and for a file whose bytes do not match its ``size``.
    """
    _check(files, moment)
    archive = _Archive(out, moment)
    archive.add("mimetype", iter((MEDIA_TYPE.encode(),)), compress=False)
    signed = [_add_payload(archive, file) for file in files]
    archive.add("META-INF/manifest.xml", iter((write_manifest(MEDIA_TYPE, signed),)), compress=True)
    key = SigningKey(
        certificate_der=identity.certificate_der,
        key=identity.key,
        chain_der=identity.chain_der,
        rsa_pss=identity.rsa_pss,
    )
    signature = sign_files(signed, key=key, moment=moment, timestamper=timestamper)
    archive.add("META-INF/signatures0.xml", iter((signature,)), compress=True)
    archive.close()


def _check(files: Sequence[PackedFile], moment: datetime) -> None:
    findings: list[Finding] = []
    if not files:
        findings.append(Finding(code=Code.CONTAINER_EMPTY, expected="at least one file"))
    if moment.tzinfo is None:
        raise ValueError("moment needs a time zone")
    findings += clashes(file.name for file in files)
    for file in files:
        # The reader's own rules: a container that its maker's gateway would refuse must not be made.
        findings += name_faults(file.name, _READER)
        if _reserved(file.name):
            findings.append(
                Finding(code=Code.CONTAINER_BAD_NAME, place=file.name, expected="a name of a payload file")
            )
        if file.size > _ZIP32 - 1:
            findings.append(
                Finding(
                    code=Code.CONTAINER_LIMITS, place=file.name, expected="below 4 GiB", got=str(file.size)
                )
            )
    if len(files) > _HIGHEST_ENTRIES - 4 or sum(file.size for file in files) > _ZIP32 - (1 << 24):
        findings.append(Finding(code=Code.CONTAINER_LIMITS, expected="below 4 GiB and 65,000 files in all"))
    if findings:
        raise Rejected(findings)


def _reserved(name: str) -> bool:
    """Names of the container itself (EN 319 162-1 A.1), in any case; and folders, which have no bytes to sign."""
    first = folded(name).split("/")[0]
    return first in {"mimetype", "meta-inf"} or name.endswith("/")


def _add_payload(archive: "_Archive", file: PackedFile) -> SignedFile:
    digest = sha256()
    size = 0

    def hashed() -> Iterator[bytes]:
        nonlocal size
        for chunk in file.chunks():
            digest.update(chunk)
            size += len(chunk)
            if size > file.size:
                break
            yield chunk

    archive.add(file.name, hashed(), compress=file.compress)
    if size != file.size:
        raise Rejected(
            [
                Finding(
                    code=Code.CONTAINER_SIZE_MISMATCH,
                    place=file.name,
                    expected=f"{file.size} bytes",
                    got=f"{size} bytes" if size < file.size else "more",
                )
            ]
        )
    return SignedFile(
        name=file.name,
        uri=quote(file.name, safe="/"),
        media_type=file.media_type,
        sha256=digest.digest(),
    )


class _Archive:
    """A zip32 writer: no extra fields, no data descriptors, no comment, so every reader sees the same thing.

    Header fields known only at the end are written twice (seek back), which readers that refuse data descriptors need.
    """

    def __init__(self, out: BinaryIO, moment: datetime) -> None:
        self._out = out
        self._start = out.tell()
        self._directory: list[bytes] = []
        year = min(max(moment.year, 1980), 2107)
        self._date = (year - 1980) << 9 | moment.month << 5 | moment.day
        self._time = moment.hour << 11 | moment.minute << 5 | moment.second // 2

    def add(self, name: str, chunks: Iterator[bytes], *, compress: bool) -> None:
        """One entry, streamed."""
        offset = self._out.tell() - self._start
        encoded = name.encode()
        self._out.write(self._header(encoded, compress=compress, crc=0, packed=0, size=0))
        crc, packed, size = self._write_data(chunks, compress=compress)
        end = self._out.tell()
        if end - self._start > _ZIP32 - (1 << 24):
            raise Rejected([Finding(code=Code.CONTAINER_LIMITS, place=name, expected="below 4 GiB in all")])
        self._out.seek(self._start + offset)
        self._out.write(self._header(encoded, compress=compress, crc=crc, packed=packed, size=size))
        self._out.seek(end)
        fields = self._fields(encoded, compress=compress, crc=crc, packed=packed, size=size)
        made_by = 20 | 3 << 8  # 2.0, Unix
        self._directory.append(
            pack("<4sH", b"PK\x01\x02", made_by)
            + fields
            + pack("<HHHLL", 0, 0, 0, _REGULAR_FILE, offset)
            + encoded
        )

    def close(self) -> None:
        """Write the central directory."""
        start = self._out.tell() - self._start
        directory = b"".join(self._directory)
        count = len(self._directory)
        self._out.write(directory)
        self._out.write(pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, count, count, len(directory), start, 0))
        with suppress(OSError):
            self._out.truncate()

    def _write_data(self, chunks: Iterator[bytes], *, compress: bool) -> tuple[int, int, int]:
        deflate = zlib.compressobj(6, zlib.DEFLATED, -15) if compress else None
        crc = packed = size = 0
        for chunk in chunks:
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
            for piece in (chunk[i : i + _CHUNK] for i in range(0, len(chunk), _CHUNK)):
                packed += self._out.write(deflate.compress(piece) if deflate else piece)
        if deflate:
            packed += self._out.write(deflate.flush())
        return crc, packed, size

    def _header(self, name: bytes, *, compress: bool, crc: int, packed: int, size: int) -> bytes:
        return b"PK\x03\x04" + self._fields(name, compress=compress, crc=crc, packed=packed, size=size) + name

    def _fields(self, name: bytes, *, compress: bool, crc: int, packed: int, size: int) -> bytes:
        flags = 0 if name.isascii() else _UTF8
        method = 8 if compress else 0
        return pack("<HHHHHLLLHH", 20, flags, method, self._time, self._date, crc, packed, size, len(name), 0)
