# SPDX-License-Identifier: EUPL-1.2
"""What every adapter has to keep, whoever wrote it: the installed ones by entry point, and the tests' own fakes.

A third party runs this file too; settings its adapters need are given as JSON in ``AMTSBOTE_ADAPTER_SETTINGS``:
``{"postbox-file": {"path": "{tmp}"}}``; ``{tmp}`` becomes a fresh directory.
"""

import asyncio
import json
import os
import re
from dataclasses import replace
from hashlib import sha256

import pytest
from fake_adapters import FakeFormat, FakeTransport
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_dossier import START, sample_dossier

from gateway.couplings import FORMATS, TRANSPORTS, installed
from gateway.errors import ConfigInvalid, JournalDamaged
from gateway.model.delivery import Deliverable, DeliveredFile, Package, Part, Placement
from gateway.model.source import MemorySource
from gateway.ports import Collected, Shape

SETTINGS = {"directory": {"path": "{tmp}"}, **json.loads(os.environ.get("AMTSBOTE_ADAPTER_SETTINGS", "{}"))}
ALL_FORMATS = {"fake": FakeFormat, **{name: point.load() for name, point in installed(FORMATS).items()}}
ALL_TRANSPORTS = {
    "fake": FakeTransport,
    **{name: point.load() for name, point in installed(TRANSPORTS).items()},
}
SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")

# Whatever a sender can write into a container or a dossier.
names = st.text(min_size=1, max_size=80)


def configured(kinds, name, tmp_path):
    filled = {
        key: str(value).replace("{tmp}", str(tmp_path)) for key, value in SETTINGS.get(name, {}).items()
    }
    return kinds[name].configure(filled)


def delivered(name: str, data: bytes, media_type: str = "application/pdf") -> DeliveredFile:
    return DeliveredFile(
        name=name,
        size=len(data),
        sha256=sha256(data).hexdigest(),
        media_type=media_type,
        chunks=lambda: iter([data[:10], data[10:]]),
    )


def deliverable(**changes) -> Deliverable:
    bundle = b"PK container " * 50_000
    whole = Deliverable(
        delivery_id="01JDELIVERY0000000000000001",
        dossier_id="01JDOSSIER00000000000000001",
        received_at=START,
        chamber_name="IHK Region Stuttgart",
        authority_id="ludwigsburg",
        authority_name="Landratsamt Ludwigsburg",
        dossier=sample_dossier(),
        bundle=MemorySource(bundle),
        bundle_sha256=sha256(bundle).hexdigest(),
        files=(
            delivered("dossier.xml", b"<dossier/>", "application/xml"),
            delivered("Arbeitsvertrag Müller.pdf", b"%PDF-1.7 contract"),
            delivered("pass.pdf", b"%PDF-1.7 passport"),
        ),
    )
    return replace(whole, **changes)


def package(name: str = "01JDELIVERY0000000000000001", content: bytes = b"content") -> Package:
    return Package(name=name, parts=(part("a.txt", content), part("index.xml", b"<index/>")))


def part(name: str, data: bytes) -> Part:
    return Part(
        name=name,
        size=len(data),
        sha256=sha256(data).hexdigest(),
        media_type="text/plain",
        chunks=lambda: iter([data]),
    )


def content(made: Package) -> list[tuple[str, bytes]]:
    return [(p.name, b"".join(p.chunks())) for p in made.parts]


@pytest.mark.parametrize("name", ALL_FORMATS)
class TestFormat:
    def test_unknown_keys_are_refused_all_at_once(self, name, tmp_path):
        with pytest.raises(ConfigInvalid) as refusal:
            ALL_FORMATS[name].configure({"no-such-key": 1, "nor-this": 2})
        assert "no-such-key" in str(refusal.value)
        assert "nor-this" in str(refusal.value)

    def test_the_same_dossier_gives_the_same_package_with_true_sizes_and_digests(self, name, tmp_path):
        made = configured(ALL_FORMATS, name, tmp_path).package(deliverable())
        again = configured(ALL_FORMATS, name, tmp_path).package(deliverable())
        assert content(made) == content(again)
        assert content(made) == content(made)
        assert [(len(data), sha256(data).hexdigest()) for _, data in content(made)] == [
            (p.size, p.sha256) for p in made.parts
        ]

    def test_the_package_bears_the_delivery_id_and_the_shape_it_promises(self, name, tmp_path):
        form = configured(ALL_FORMATS, name, tmp_path)
        made = form.package(deliverable())
        assert "01JDELIVERY0000000000000001" == made.name
        assert len(made.parts) == 1 or form.shape is Shape.FOLDER
        assert len(made.parts) >= 1

    @given(file_names=st.lists(names, min_size=1, max_size=5, unique=True), title=names)
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_no_name_of_a_sender_becomes_a_file_name(self, name, tmp_path, file_names, title):
        document = replace(
            sample_dossier().documents[0], file=file_names[0], title=title, type=title[:20] or "X"
        )
        made = configured(ALL_FORMATS, name, tmp_path).package(
            deliverable(
                dossier=sample_dossier(documents=(document,)),
                files=tuple(delivered(file, b"%PDF") for file in file_names),
            )
        )
        part_names = [p.name for p in made.parts]
        assert [] == [n for n in part_names if not SAFE.fullmatch(n) or ".." in n]
        assert len(set(part_names)) == len(part_names)


@pytest.mark.parametrize("name", ALL_TRANSPORTS)
class TestTransport:
    def test_unknown_keys_are_refused_all_at_once(self, name, tmp_path):
        with pytest.raises(ConfigInvalid) as refusal:
            ALL_TRANSPORTS[name].configure({"no-such-key": 1, "nor-this": 2})
        assert "no-such-key" in str(refusal.value)
        assert "nor-this" in str(refusal.value)

    def test_it_says_which_shapes_it_carries(self, name, tmp_path):
        carries = configured(ALL_TRANSPORTS, name, tmp_path).carries
        assert carries
        assert carries <= set(Shape)

    async def test_handing_over_again_succeeds_in_the_same_way(self, name, tmp_path):
        transport = configured(ALL_TRANSPORTS, name, tmp_path)
        first = await transport.hand_over(package())
        assert isinstance(first, Placement)
        assert first == await transport.hand_over(package())
        assert first == await configured(ALL_TRANSPORTS, name, tmp_path).hand_over(package())

    async def test_deliveries_may_overlap(self, name, tmp_path):
        transport = configured(ALL_TRANSPORTS, name, tmp_path)
        made = [package(f"01JDELIVERY000000000000000{n}") for n in range(8)]
        placements = await asyncio.gather(*(transport.hand_over(p) for p in made))
        assert 8 == len(placements)

    async def test_our_own_reading_error_comes_through_and_a_later_attempt_succeeds(self, name, tmp_path):
        def broken():
            yield b"con"
            raise JournalDamaged("the stored bundle cannot be read to its end")

        transport = configured(ALL_TRANSPORTS, name, tmp_path)
        bad = replace(
            package(), parts=(package().parts[0], replace(part("z.txt", b"content"), chunks=broken))
        )
        with pytest.raises(JournalDamaged):
            await transport.hand_over(bad)
        await transport.hand_over(package())

    async def test_nobody_has_answered_an_empty_inbox(self, name, tmp_path):
        assert Collected() == await configured(ALL_TRANSPORTS, name, tmp_path).collect()
