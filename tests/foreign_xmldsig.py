# SPDX-License-Identifier: EUPL-1.2
"""libxmlsec as a second opinion on plain XML signatures: one key pinned, entries from memory, no file and no network."""

import io
from collections.abc import Mapping
from urllib.parse import unquote

import xmlsec
from lxml import etree


def libxmlsec_accepts(
    signature: etree._Element, entries: Mapping[str, bytes], certificate_der: bytes
) -> bool:
    """Value and every reference of one ``ds:Signature`` in its document. Callbacks are global: set and taken away here."""
    xmlsec.tree.add_ids(signature.getroottree().getroot(), ["Id", "ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(certificate_der, xmlsec.constants.KeyDataFormatCertDer)
    xmlsec.cleanup_callbacks()  # the default ones would look for files in the working directory
    xmlsec.register_callbacks(
        lambda uri: unquote(uri.decode()) in entries,
        lambda uri: io.BytesIO(entries[unquote(uri.decode())]),
        lambda handle, buffer: handle.readinto(buffer),
        lambda handle: handle.close(),
    )
    try:
        context.verify(signature)
    except xmlsec.Error:
        return False
    finally:
        xmlsec.cleanup_callbacks()
        xmlsec.register_default_callbacks()
    return True
