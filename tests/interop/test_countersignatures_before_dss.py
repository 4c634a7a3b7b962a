# SPDX-License-Identifier: EUPL-1.2
"""Countersigned containers before EU DSS: both find the same signatures and say the same of their digests and values.

DSS lists a counter-signature beside the one it countersigns as one more signature of the container.
"""

from datetime import UTC, datetime

import pytest
from counterroom import (
    Counter,
    beside,
    counter_signer,
    countersigned,
    countersigned_cms,
    inside,
    with_counters,
)
from javaroom import instant, programs
from lxml import etree
from signed_bundles import judged, repacked, world
from trustroom import Realm, sign

from gateway.model.signature import Integrity
from gateway.stages.signature.countersigned import counter_signatures
from gateway.stages.signature.xmldsig.names import ds

pytestmark = [pytest.mark.foreign, pytest.mark.slow]
MOMENT = datetime(2026, 6, 2, tzinfo=UTC)
TEXT = b"Ein Text"


def _put(place, **how):
    return lambda root: place(root, Counter(**how))


def _other_value(signature: etree._Element) -> None:
    value = signature.find(ds("SignatureValue"))
    value.text = ("A" if value.text[0] != "A" else "B") + value.text[1:]


def _asic_s(*makers) -> bytes:
    p7s = countersigned_cms(sign(Realm().seal, TEXT), *makers)
    mimetype = b"application/vnd.etsi.asic-s+zip"
    return repacked({"mimetype": mimetype, "text.txt": TEXT, "META-INF/signature.p7s": p7s})


def _of(value: bytes) -> bytes:
    return counter_signer(world().seal, value).dump()


def _two(value: bytes) -> bytes:
    first = counter_signer(world().seal, value)
    return with_counters(first.dump(), _of(first["signature"].native))


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return {
        "inside.asice": countersigned(_put(inside)),
        "beside.asice": countersigned(_put(beside)),
        "tower.asice": countersigned(_put(inside), _put(inside, own_id="C2", over="C1")),
        "inside-broken.asice": countersigned(_put(inside, after=_other_value)),
        "beside-broken.asice": countersigned(_put(beside, after=_other_value)),
        "cms.asics": _asic_s(_of),
        "cms-tower.asics": _asic_s(_two),
        "cms-over-another.asics": _asic_s(lambda _: _of(b"another value")),
    }


def test_the_same_counter_signatures_are_found_and_found_intact_or_not(made, tmp_path):
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    answers = programs("dss").run(
        "Validate", nothing, nothing, instant(MOMENT), lines=[tmp_path / name for name in made]
    )
    dss = {
        name: sorted(s["data_intact"] and s["signature_intact"] for s in answer["signatures"])
        for name, answer in zip(made, answers, strict=True)
    }
    assert dss == {name: _ours(data) for name, data in made.items()}


def _ours(container: bytes) -> list[bool]:
    signatures = judged(container).signatures
    return sorted(s.integrity is Integrity.INTACT for s in (*signatures, *counter_signatures(signatures)))
