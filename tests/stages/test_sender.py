# SPDX-License-Identifier: EUPL-1.2
"""The chamber on the line, the seal and the name in the dossier must be one."""

from dataclasses import replace

import pytest
from dossierroom import SIGNER, example

from gateway.codes import Code
from gateway.model.partner import Chamber
from gateway.stages.sender import check_sender

ERFURT = Chamber(
    id="ihk-erfurt",
    name="IHK Erfurt",
    tls_sha256=frozenset({"t" * 64}),
    signer_sha256=frozenset({SIGNER.certificate_sha256}),
)
STRANGER = replace(SIGNER, certificate_sha256="b" * 64)


def codes(chamber, signers):
    return [finding.code for finding in check_sender(chamber, signers, example())]


def test_one_and_the_same_chamber_passes():
    assert [] == codes(ERFURT, [SIGNER])


def test_another_signature_may_stand_beside_the_seal():
    assert [] == codes(ERFURT, [STRANGER, SIGNER])


@pytest.mark.parametrize("signers", [[], [STRANGER], [replace(STRANGER, subject=SIGNER.subject)]])
def test_without_the_seal_of_the_chamber_nothing_passes(signers):
    assert [Code.SENDER_SIGNER_MISMATCH] == codes(ERFURT, signers)


def test_a_chamber_without_registered_seals_sends_nothing():
    assert [Code.SENDER_SIGNER_MISMATCH] == codes(replace(ERFURT, signer_sha256=frozenset()), [SIGNER])


def test_a_tls_certificate_is_no_seal():
    chamber = replace(ERFURT, signer_sha256=frozenset(), tls_sha256=frozenset({SIGNER.certificate_sha256}))
    assert [Code.SENDER_SIGNER_MISMATCH] == codes(chamber, [SIGNER])


def test_sending_under_another_name_is_refused():
    assert [Code.SENDER_SUBMITTER_MISMATCH] == codes(replace(ERFURT, id="hwk-hannover"), [SIGNER])


def test_both_contradictions_are_told_at_once():
    assert [Code.SENDER_SIGNER_MISMATCH, Code.SENDER_SUBMITTER_MISMATCH] == codes(
        replace(ERFURT, id="hwk-hannover"), [STRANGER]
    )
