# SPDX-License-Identifier: EUPL-1.2
"""Keys and values before the dated table: digest, algorithm with its length, curve; each counts by itself."""

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from trustroom import NOW, Realm, rsa_key, rules

from gateway.codes import Code
from gateway.model.signature import Trust
from gateway.stages.signature.certificates.certificate import Scheme
from gateway.stages.signature.certificates.instants import Instant
from gateway.stages.signature.certificates.strength import check_key, weak_points, weakness

P256 = ec.generate_private_key(ec.SECP256R1()).public_key()
ECDSA = Scheme(algorithm="ecdsa", digest="sha256")
DIGEST, ALGORITHM, CURVE = ("sha256", "digest", 0), ("ecdsa", "signature", 250), ("secp256r1", "curve", 0)


def told(findings):
    return [(f.code, f.place, f.expected, f.got) for f in findings]


NO_DIGEST = (Code.SIGNATURE_ALGORITHM, "here", "a digest algorithm of the rule table", "sha256")
NO_ALGORITHM = (
    Code.SIGNATURE_ALGORITHM,
    "here",
    "a signature algorithm of the rule table",
    "ecdsa with 256 bits",
)
NO_CURVE = (Code.SIGNATURE_ALGORITHM, "here", "a curve algorithm of the rule table", "secp256r1")


@pytest.mark.parametrize(
    ("rows", "expected", "first"),
    [
        ([DIGEST, ALGORITHM, CURVE], [], ""),
        ([ALGORITHM, CURVE], [NO_DIGEST], "sha256"),
        ([DIGEST, CURVE], [NO_ALGORITHM], "ecdsa (256 bits)"),
        ([DIGEST, ALGORITHM], [NO_CURVE], "ecdsa (secp256r1)"),
        ([CURVE], [NO_DIGEST, NO_ALGORITHM], "sha256"),
    ],
)
def test_digest_algorithm_and_curve_each_need_their_row(rows, expected, first):
    table = rules(*rows)
    assert expected == told(weak_points(table, ECDSA, P256, NOW, place="here"))
    assert first == weakness(table, ECDSA, P256, NOW)


def test_a_key_without_a_curve_needs_no_row_for_one():
    rsa = ("rsa-pss", "signature", 2048)
    assert None is check_key(rules(rsa), "rsa-pss", rsa_key(0).public_key(), NOW)
    short = check_key(
        rules(("rsa-pss", "signature", 3000)), "rsa-pss", rsa_key(0).public_key(), NOW, place="p"
    )
    assert ("p", "rsa-pss with at least 3000 bits", "rsa-pss with 2048 bits") == (
        short.place,
        short.expected,
        short.got,
    )
    edwards = ed25519.Ed25519PrivateKey.generate().public_key()
    own = Scheme(algorithm="ed25519", digest="")
    assert [] == weak_points(rules(("ed25519", "signature", 250)), own, edwards, NOW)
    assert "" == weakness(rules(("ed25519", "signature", 250)), own, edwards, NOW)


def test_data_of_a_signature_that_nobody_can_read_disturbs_nothing():
    realm = Realm()
    assert Trust.TRUSTED is realm.judge(crls=[b"x"], ocsps=[b"x"]).trust


def test_a_day_is_that_of_utc_wherever_the_machine_stands(monkeypatch):
    west = datetime(2026, 6, 1, 23, 30, tzinfo=timezone(-timedelta(hours=2)))
    with monkeypatch.context() as machine:
        machine.setenv("TZ", "UTC+9")
        time.tzset()
        day = Instant(value=west).day()
    time.tzset()
    assert (datetime(2026, 6, 2, 1, 30, tzinfo=UTC), timedelta(0)) == (day, day.utcoffset())
