# SPDX-License-Identifier: EUPL-1.2
"""One fact about a time-stamp has one meaning, in XAdES, in CAdES, in a PDF signature and behind one.

Tokens are not signed: whoever hands a file on can spoil them or add more. So none of them ever fails a signature. What
is proven false refuses (INDETERMINATE); what merely proves nothing is set aside.
"""

import pytest
from stamproom import FORMS, judged_in

EVERY = pytest.mark.parametrize("form", FORMS)
PASSED = ("TOTAL-PASSED", None)
REFUSED = ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE")


def no_token(token: bytes) -> bytes:
    """Well-formed DER that is no ContentInfo."""
    return b"\x04" + token[1:]


def another_time(token: bytes) -> bytes:
    at = token.index(b"Z", token.index(b"\x18\x0f2026"))
    return token[: at - 1] + b"7" + token[at:]


def another_value(token: bytes) -> bytes:
    return token[:-1] + bytes([token[-1] ^ 1])


@EVERY
def test_a_sound_stamp_proves_its_time(form):
    told = judged_in(form)
    assert (PASSED, PASSED, "B-T", set()) == (told.file, told.stamp, told.signature.level, told.wrong)
    assert told.signature.best_signature_time is not None


@EVERY
@pytest.mark.parametrize(
    ("change", "own"),
    [
        (no_token, ("TOTAL-FAILED", "FORMAT_FAILURE")),
        (another_time, ("TOTAL-FAILED", "HASH_FAILURE")),
        (another_value, ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE")),
    ],
)
def test_a_token_that_is_proven_false_refuses_and_never_fails_the_signature(form, change, own):
    told = judged_in(form, change)
    assert (REFUSED, "intact", own) == (told.file, told.integrity, told.stamp)
    assert told.wrong
    assert ("B-B", None) == (told.signature.level, told.signature.best_signature_time)


@EVERY
def test_a_stamp_whose_algorithm_ended_proves_nothing_and_spoils_nothing(form):
    told = judged_in(form, ended=True)
    own = ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE")
    assert (PASSED, "intact", own, set()) == (told.file, told.integrity, told.stamp, told.wrong)
    assert ("B-B", None) == (told.signature.level, told.signature.best_signature_time)
    assert "signature-algorithm-expired" in {f.code.value for f in told.findings}


@EVERY
def test_a_stamp_of_a_unit_nobody_vouches_for_proves_nothing_and_spoils_nothing(form):
    told = judged_in(form, trusted=False)
    own = ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")
    assert (PASSED, "intact", own, set()) == (told.file, told.integrity, told.stamp, told.wrong)
    assert ("B-B", None) == (told.signature.level, told.signature.best_signature_time)


@pytest.mark.parametrize("form", ["XAdES", "CAdES"])
def test_a_token_in_ber_proves_nothing_and_spoils_nothing(form):
    told = judged_in(form, lambda token: b"\x30\x80" + token[4:] + b"\x00\x00")
    assert (PASSED, "intact", set()) == (told.file, told.integrity, told.wrong)
    assert ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE") == told.stamp
    assert ("B-B", None) == (told.signature.level, told.signature.best_signature_time)
