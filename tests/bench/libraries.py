# SPDX-License-Identifier: EUPL-1.2
"""Two libraries on our containers, the signer pinned: signxml and libxmlsec. Neither looks at a path or a zip's traps."""

import io
import zipfile
from collections.abc import Mapping
from urllib.parse import unquote

import signxml.xades
from cryptography import x509
from foreign_xmldsig import libxmlsec_accepts
from lxml import etree

from gateway.packing import SigningIdentity

_SIGNATURES = "META-INF/signatures0.xml"


def by_signxml(bundle: bytes, identity: SigningIdentity) -> None:
    """Raises what signxml raises where it does not accept."""
    entries = _unpacked(bundle)
    signxml.xades.XAdESVerifier().verify(
        entries[_SIGNATURES],
        x509_cert=x509.load_der_x509_certificate(identity.certificate_der),
        uri_resolver=lambda uri: entries[unquote(uri)],
        expect_config=signxml.xades.XAdESSignatureConfiguration(expect_references=True),
    )


def by_xmlsec(bundle: bytes, identity: SigningIdentity) -> None:
    """Raises ``ValueError`` where libxmlsec does not accept."""
    entries = _unpacked(bundle)
    signature = etree.fromstring(entries[_SIGNATURES])[0]
    if not libxmlsec_accepts(signature, entries, identity.certificate_der):
        raise ValueError("expected a signature that libxmlsec takes")


def _unpacked(bundle: bytes) -> Mapping[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}
