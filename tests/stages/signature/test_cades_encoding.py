# SPDX-License-Identifier: EUPL-1.2
"""CMS signatures as bytes: strict DER, bytes that were changed, any bytes, and signatures of others."""

import csv
import re
import zipfile
from hashlib import new as new_hash

import pytest
from cadesroom import CONTENT, PLACE, Room
from hypothesis import given, settings
from hypothesis import strategies as st
from trustroom import (
    DAY,
    NOW,
    POLICY,
    sign,
)

from gateway.codes import Code
from gateway.findings import blocking
from gateway.model.signature import Indication, Integrity, SubIndication
from gateway.model.trust import TrustMaterial
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.cms.cades import cades_digest_algorithms, judge_cades
from gateway.stages.signature.cms.der import non_der


@pytest.fixture(scope="module")
def room():
    return Room()


def indefinite(data):
    """The outer SEQUENCE with an indefinite length."""
    header = 2 if data[1] < 0x80 else 2 + (data[1] & 0x7F)
    return b"\x30\x80" + data[header:] + b"\x00\x00"


def test_indefinite_lengths_are_refused(room):
    data = sign(room.seal, CONTENT).dump()
    report = room.check(indefinite(data))
    assert (PLACE, "DER encoding") in [
        (f.place, f.expected) for f in blocking(report.findings) if f.code is Code.CMS_STRUCTURE
    ]
    assert "" == non_der(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\x30\x80\x00\x00",
        b"\x30\x81\x01\x00",
        b"\x30\x82\x00\x80" + bytes(0x80),
        b"\x30\x05\x02\x01\x01",
        b"\x1f\x1f\x00",
        b"\x30",
        b"\x30\x85\x01\x00\x00\x00\x00",
    ],
)
def test_what_is_not_der_is_seen(data):
    assert non_der(data)


def test_bytes_after_the_signature_are_refused(room):
    report = room.check(sign(room.seal, CONTENT).dump() + b"\x00")
    assert (SubIndication.FORMAT_FAILURE, "") == (report.sub_indication, report.level)


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_no_changed_byte_passes_for_another_signature(data):
    room, info = _shared()
    spoilt = bytearray(info)
    spoilt[data.draw(st.integers(0, len(info) - 1))] ^= data.draw(st.integers(1, 255))
    report = room.check(bytes(spoilt))
    # A changed CA certificate or version number may pass; the signer and what was signed may not change.
    if report.indication is Indication.TOTAL_PASSED:
        assert (room.seal.sha256, NOW - DAY) == (report.signer.sha256, report.claimed_signing_time)


@settings(max_examples=120, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_are_reported_and_never_pass(data):
    room, _ = _shared()
    assert Indication.TOTAL_FAILED is room.check(data).indication
    assert frozenset() == cades_digest_algorithms(data)


_SHARED = []


def _shared():
    if not _SHARED:
        room = Room()
        _SHARED.append((room, sign(room.seal, CONTENT).dump()))
    return _SHARED[0]


# The text file in it has not the digest that was signed, under any line ending.
NOT_WHAT_WAS_SIGNED = {"0889823b-containerWithCounterSig.asics"}


def _detached_parts(container):
    """(p7s name, p7s, signed bytes) of every CAdES signature whose content can be found by simple means."""
    names = container.namelist()
    signatures = [n for n in names if n.startswith("META-INF/") and n.endswith(".p7s")]
    manifests = [n for n in names if n.startswith("META-INF/") and n.lower().endswith(".xml")]
    payload = [n for n in names if n != "mimetype" and not n.startswith("META-INF/")]
    for name in signatures:
        reference = rb'SigReference[^>]*URI="%s"' % re.escape(name.encode())
        signed = [m for m in manifests if re.search(reference, container.read(m))]
        content = signed or payload
        if len(content) == 1:
            yield name, container.read(name), container.read(content[0])


def test_signatures_of_the_corpus_that_are_cryptographically_good_are_intact(shared):
    table = (shared / "corpus/containers.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(table.splitlines(), delimiter="\t")
    checked, broken = 0, []
    for row in rows:
        path = shared / "corpus" / row["file"]
        if (
            path.name in NOT_WHAT_WAS_SIGNED
            or "cades" not in row["form"]
            or row["expected"] not in {"pass", "crypto-pass"}
            or not path.exists()
        ):
            continue
        with zipfile.ZipFile(path) as container:
            for name, p7s, content in _detached_parts(container):
                report = judge_cades(
                    p7s,
                    place=name,
                    content_digest=lambda n, c=content: new_hash(n, c).digest(),
                    store=TrustStore(TrustMaterial()),
                    policy=POLICY,
                    moment=NOW,
                )
                checked += 1
                if report.integrity is not Integrity.INTACT:
                    broken.append((path.name, name, [str(f) for f in report.findings]))
    assert [] == broken
    assert checked >= 10
