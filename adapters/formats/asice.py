# SPDX-License-Identifier: EUPL-1.2
"""Format ``asice``: the chamber's signed container, byte for byte as it came.

The recipient can check the chamber's seal with any ASiC tool (ETSI EN 319 162-1). No settings.
"""

from collections.abc import Iterator, Mapping
from typing import Self

from gateway.errors import ConfigInvalid
from gateway.model.bundle import ByteSource
from gateway.model.delivery import Deliverable, Package, Part
from gateway.ports import Shape

_MEDIA_TYPE = "application/vnd.etsi.asic-e+zip"
_CHUNK = 256 * 1024  # bytes; four segments of the spool


class AsiceFormat:
    """The original container as the package's only part."""

    shape = Shape.SINGLE_FILE

    @classmethod
    def configure(cls, settings: Mapping[str, object]) -> Self:
        """Takes no keys."""
        if settings:
            raise ConfigInvalid([f"format asice: unknown key {key}" for key in settings])
        return cls()

    def package(self, deliverable: Deliverable) -> Package:
        """One part that reads the original."""
        source = deliverable.bundle
        part = Part(
            name=f"dossier-{deliverable.dossier_id}.asice",
            size=source.size,
            sha256=deliverable.bundle_sha256,
            media_type=_MEDIA_TYPE,
            chunks=lambda: _read(source),
            source=source,
        )
        return Package(name=deliverable.delivery_id, parts=(part,))


def _read(source: ByteSource) -> Iterator[bytes]:
    for offset in range(0, source.size, _CHUNK):
        yield source.read_at(offset, _CHUNK)
