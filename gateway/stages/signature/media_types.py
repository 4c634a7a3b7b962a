# SPDX-License-Identifier: EUPL-1.2
"""META-INF/manifest.xml against what was signed: the same files, with the same media types.

The OpenDocument manifest is not signed, so nothing is ever read from it; but a manifest that contradicts the signed
DataObjectFormat makes other readers open other content than the signer meant (digidoc4j refuses it too).
Leaves out how the manifest is read and whether its names fit the entries: that is the container stage's.
"""

from collections.abc import Mapping, Sequence

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.model.asic import MANIFEST
from gateway.stages.signature.xades.reading import UnreadSignature, XadesSignature
from gateway.stages.signature.xmldsig.references import entry_name


def check_media_types(
    signatures: Sequence[XadesSignature | UnreadSignature], declared: Mapping[str, str]
) -> tuple[Finding, ...]:
    """A finding for every signed file whose media type the manifest contradicts."""
    findings: dict[Finding, None] = {}
    for signature in signatures:
        if isinstance(signature, XadesSignature):
            for name, media_type in _signed(signature):
                if name in declared and _plain(declared[name]) != _plain(media_type):
                    finding = Finding(
                        code=Code.MANIFEST_MISMATCH,
                        place=f"{MANIFEST}, {name}",
                        expected=f"{media_type}, as signed",
                        got=declared[name],
                    )
                    findings[finding] = None
    return tuple(findings)


def _signed(signature: XadesSignature) -> list[tuple[str, str]]:
    if signature.signed is None:
        return []
    types = dict(signature.signed.media_types)
    found: list[tuple[str, str]] = []
    for reference in signature.references:
        if not reference.same_document and types.get(reference.id):
            try:
                found.append((entry_name(reference.uri, reference.place), types[reference.id]))
            except Rejected:
                continue  # named where references are checked
    return found


def _plain(media_type: str) -> str:
    return media_type.strip().casefold()
