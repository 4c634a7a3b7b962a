# SPDX-License-Identifier: EUPL-1.2
"""Sealed bundles of the demonstration, and the same bundles after somebody laid hands on them.

The forgeries use the standard library's lenient ``zipfile`` on purpose: that is what an attacker has at hand.
"""

import io
import warnings
import zipfile
from collections.abc import Callable
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from gateway.demo import pki
from gateway.demo.papers import make_pdf
from gateway.model.dossier import Dossier
from gateway.packing import PackedFile, SigningIdentity, pack_bundle
from gateway.stages.dossier import DOSSIER_NAME, write_dossier

Stamp = Callable[[bytes], bytes]  # SHA-256 message imprint -> RFC 3161 token


def seal_bundle(
    dossier: Dossier,
    seal: pki.Identity,
    moment: datetime,
    *,
    timestamper: Stamp | None = None,
) -> bytes:
    """The dossier with all its documents in one sealed container."""
    files = [PackedFile.of(DOSSIER_NAME, "application/xml", write_dossier(dossier))]
    files += [PackedFile.of(d.file, d.media_type, make_pdf(d.type, dossier)) for d in dossier.documents]
    out = io.BytesIO()
    pack_bundle(out, files, identity=signing_identity(seal), moment=moment, timestamper=timestamper)
    return out.getvalue()


def signing_identity(seal: pki.Identity) -> SigningIdentity:
    """A seal of the demo's CA as the packer wants it."""
    return SigningIdentity(
        certificate_der=seal.certificate_der, key=seal.key, chain_der=tuple(_der(c) for c in seal.chain[:-1])
    )


def with_changed_document(bundle: bytes) -> bytes:
    """One byte of one document changed, everything else (checksums too) made to fit again."""
    return _rewritten(bundle, lambda name, data: _flip(data) if name.endswith("arbeitsvertrag.pdf") else data)


def with_unsigned_file(bundle: bytes) -> bytes:
    """One more document that no signature covers."""
    out = io.BytesIO(bundle)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("dokumente/nachtrag.pdf", b"%PDF-1.7\n% nachtraeglich hineingelegt\n")
    return out.getvalue()


def with_doubled_name(bundle: bytes) -> bytes:
    """Two files of one name: one reader would see the first, another the second."""
    out = io.BytesIO(bundle)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        archive.writestr("dokumente/pass.pdf", b"%PDF-1.7\n% ein anderer Pass\n")
    return out.getvalue()


def _rewritten(bundle: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(bundle)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            new.writestr(entry, change(entry.filename, old.read(entry)), compress_type=entry.compress_type)
    return out.getvalue()


def _flip(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)
