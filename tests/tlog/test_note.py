# SPDX-License-Identifier: EUPL-1.2
"""Signed notes, checkpoints and proofs: published vectors, one spelling only, every changed byte refused."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.tlog.checkpoint import Checkpoint, open_checkpoint, read_checkpoint, sign_checkpoint
from gateway.tlog.note import Note, NoteSignature, NoteSigner, NoteVerifier, read_note, verify_note
from gateway.tlog.proof import Proof, read_proof, verify_proof, write_proof
from gateway.tlog.tree import EMPTY_ROOT, inclusion_proof, leaf_hash, node_hash

# C2SP signed-note, section "Example".
SPEC_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()

SIGNER = NoteSigner("gateway.example/audit", bytes(range(32)))
VKEY = "gateway.example/audit+e7b99c16+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
ENTRIES = (b'{"e":0}', b'{"e":1}', b'{"e":2}')
PROOF = """c2sp.org/tlog-proof@v1
index 1
JuTO42fq9VqEaksJ8tt4LydSKghZ14FeO+EsaG7xhJk=
D0BnvuwZ/cSTDVKAcApJF9iiTHlK47/cS7m2aniSKIc=

gateway.example/audit
3
1ictSYlYxzI3hw8Bfy4iA4sMFqhsoOp0EwXjsANoOAs=

— gateway.example/audit 57mcFiEqQX//BTiMjeVM2JYs/nqYlmgAqY7DcO5qxisKjk5PgzyTc65Q9wL8Wif9AUmcVYn4T57240oueLN9bjP8QgQ=
""".encode()
CHECKPOINT = PROOF.partition(b"\n\n")[2]


def test_the_example_of_the_specification_verifies():
    verifier = NoteVerifier.parse(SPEC_VKEY)
    assert (verifier,) == verify_note(read_note(SPEC_NOTE), [verifier])
    assert SPEC_VKEY == verifier.vkey


def test_our_proof_is_byte_for_byte_the_one_other_tools_verified():
    hashes = [leaf_hash(entry) for entry in ENTRIES]

    def node(level, index):
        return hashes[index] if level == 0 else node_hash(hashes[0], hashes[1])

    root = node_hash(node(1, 0), hashes[2])
    note = sign_checkpoint(3, root, SIGNER)
    assert CHECKPOINT == note
    assert PROOF == write_proof(1, inclusion_proof(1, 3, node), note)
    assert VKEY == SIGNER.verifier.vkey


def test_a_good_proof_verifies_to_its_checkpoint():
    checkpoint = verify_proof(read_proof(PROOF), leaf_hash(ENTRIES[1]), SIGNER.verifier)
    assert 3 == checkpoint.size


def test_the_secret_key_text_reads_back_and_never_shows_in_repr():
    assert SIGNER.verifier == NoteSigner.parse(SIGNER.skey).verifier
    secret = SIGNER.skey.rpartition("+")[2]
    assert secret not in repr(SIGNER)


@pytest.mark.parametrize(
    "vkey",
    [
        "", "name", VKEY.replace("e7b99c16", "e7b99c17"), VKEY[:-4], VKEY + "x", VKEY.replace("/audit", "/other"),
        "a b" + VKEY, VKEY.replace("+AQ", "+AA"), "+" + VKEY,
    ],
)  # fmt: skip
def test_a_malformed_verifier_key_is_refused(vkey):
    with pytest.raises(ValueError):
        NoteVerifier.parse(vkey)


@pytest.mark.parametrize(
    "skey", ["", VKEY, SIGNER.skey[8:], SIGNER.skey.replace("e7b99c16", "00000000"), SIGNER.skey[:-2]]
)
def test_a_malformed_signer_key_is_refused_without_the_secret_in_the_message(skey):
    with pytest.raises(ValueError) as refused:
        NoteSigner.parse(skey)
    assert SIGNER.skey.rpartition("+")[2] not in str(refused.value)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: (t + "\n\n— a " + t + "\n").encode()))
def test_any_bytes_are_a_note_in_its_one_spelling_or_refused(data):
    try:
        note = read_note(data)
    except Rejected:
        return
    assert data == note.to_bytes()


@given(st.integers(0, len(CHECKPOINT) - 1), st.integers(1, 255))
def test_any_changed_byte_of_a_checkpoint_is_refused(at, flip):
    changed = bytearray(CHECKPOINT)
    changed[at] ^= flip
    with pytest.raises(Rejected):
        open_checkpoint(bytes(changed), SIGNER.verifier)


@given(st.integers(0, len(PROOF) - 1), st.integers(1, 255))
def test_any_changed_byte_of_a_proof_is_refused(at, flip):
    changed = bytearray(PROOF)
    changed[at] ^= flip
    with pytest.raises(Rejected):
        verify_proof(read_proof(bytes(changed)), leaf_hash(ENTRIES[1]), SIGNER.verifier)


@given(st.integers(0, len(PROOF) - 1))
def test_a_proof_cut_anywhere_is_refused(at):
    with pytest.raises(Rejected):
        verify_proof(read_proof(PROOF[:at]), leaf_hash(ENTRIES[1]), SIGNER.verifier)


@given(
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    st.none() | st.binary(max_size=40),
)
def test_a_written_proof_reads_back(index, hashes, extra):
    proof = Proof(index=index, hashes=tuple(hashes), checkpoint=CHECKPOINT, extra=extra)
    assert proof == read_proof(proof.to_bytes())


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda tail: PROOF[:80] + tail))
def test_any_bytes_are_a_proof_in_its_one_spelling_or_refused(data):
    try:
        proof = read_proof(data)
    except Rejected:
        return
    assert data == proof.to_bytes()


@given(st.text(max_size=100))
def test_any_text_is_a_checkpoint_in_its_one_spelling_or_refused(text):
    try:
        checkpoint = read_checkpoint(text)
    except Rejected:
        return
    assert text == checkpoint.text


def test_extension_lines_are_kept_and_signed():
    checkpoint = Checkpoint(origin="gateway.example/audit", size=1, root=b"r" * 32, extensions=("one", "two"))
    assert checkpoint == open_checkpoint(SIGNER.sign(checkpoint.text), SIGNER.verifier)


@pytest.mark.parametrize(
    "text",
    [
        "o\n0\n" + base64.b64encode(b"x" * 32).decode() + "\n",  # size 0 with a root
        "o\n01\n" + base64.b64encode(b"x" * 32).decode() + "\n",
        "o\n9223372036854775808\n" + base64.b64encode(b"x" * 32).decode() + "\n",
        "o\n1\n" + base64.b64encode(b"x" * 31).decode() + "\n",
        "o\n1\n" + base64.b64encode(b"x" * 32).decode().replace("g=", "h=") + "\n",
        "o\n1\n" + base64.b64encode(b"x" * 32).decode() + "\n\n",
        "o\n1\n" + base64.b64encode(b"x" * 32).decode(),
    ],
)
def test_checkpoints_in_another_spelling_are_refused(text):
    with pytest.raises(Rejected):
        read_checkpoint(text)


def test_the_checkpoint_of_another_log_is_refused_by_its_origin():
    other = NoteSigner("other.example/audit", bytes(32))
    with pytest.raises(Rejected) as refused:
        open_checkpoint(sign_checkpoint(0, EMPTY_ROOT, other), SIGNER.verifier)
    assert Code.LOG_ORIGIN_MISMATCH == refused.value.findings[0].code


def test_a_foreign_key_under_our_origin_is_refused():
    impostor = NoteSigner(SIGNER.verifier.name, bytes(32))
    with pytest.raises(Rejected) as refused:
        open_checkpoint(sign_checkpoint(0, EMPTY_ROOT, impostor), SIGNER.verifier)
    assert [Code.LOG_SIGNATURE_INVALID] == [finding.code for finding in refused.value.findings]


def test_signatures_of_strangers_do_no_harm_and_a_wrong_one_of_ours_spoils_the_note():
    note = read_note(sign_checkpoint(0, EMPTY_ROOT, SIGNER))
    stranger = NoteSignature(name="w.example", key_id=b"1234", value=b"x" * 64)
    crowd = tuple(NoteSignature(name=f"w{i}.example", key_id=b"1234", value=b"x" * 64) for i in range(20))
    cosigned = Note(text=note.text, signatures=(stranger, *note.signatures, *crowd))
    assert 0 == open_checkpoint(cosigned.to_bytes(), SIGNER.verifier).size
    ours = note.signatures[0]
    spoiled = Note(
        text=note.text, signatures=(NoteSignature(name=ours.name, key_id=ours.key_id, value=b"x" * 64),)
    )
    with pytest.raises(Rejected):
        open_checkpoint(spoiled.to_bytes(), SIGNER.verifier)


def test_a_note_is_verified_by_no_key_if_none_is_known():
    with pytest.raises(Rejected):
        verify_note(read_note(SPEC_NOTE), [])


@pytest.mark.parametrize("size", [1_000_001, 5_000_000])
def test_notes_and_proofs_beyond_all_measure_are_refused(size):
    with pytest.raises(Rejected):
        read_note(b"x" * size)
    with pytest.raises(Rejected):
        read_proof(PROOF + b"x" * size)
