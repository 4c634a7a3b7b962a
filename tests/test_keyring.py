# SPDX-License-Identifier: EUPL-1.2
"""Keys and certificates: read only where they are safe, never made by themselves, never shown."""

import os
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from gateway.demo import pki
from gateway.errors import ConfigInvalid, JournalDamaged, TrustStateMissing
from gateway.keyring import (
    Keyring,
    MasterKey,
    create_master_key,
    load_certificates,
    load_master_key,
    load_private_key,
    load_revocation,
    read_secret,
    write_secret,
)

KEY, OLD, OTHER = b"k" * 32, b"o" * 32, b"x" * 32


def master(key=KEY, old=()):
    return MasterKey(key=key, old=old, entropy=os.urandom)


def test_a_wrapped_key_comes_back_for_its_context_only():
    wrapped = master().wrap(b"data key", context=b"file a")
    assert b"data key" == master().unwrap(wrapped, context=b"file a")
    with pytest.raises(JournalDamaged):
        master().unwrap(wrapped, context=b"file b")


def test_wrapping_twice_gives_different_bytes():
    assert master().wrap(b"k", context=b"") != master().wrap(b"k", context=b"")


def test_keys_wrapped_before_a_rotation_still_open_after_it():
    wrapped = master(OLD).wrap(b"data key", context=b"f")
    rotated = master(KEY, (OTHER, OLD))
    assert b"data key" == rotated.unwrap(wrapped, context=b"f")
    assert (False, True) == (
        rotated.is_current(wrapped),
        rotated.is_current(rotated.wrap(b"d", context=b"f")),
    )


def test_an_unknown_master_key_is_damage_and_says_what_to_do():
    wrapped = master(OLD).wrap(b"data key", context=b"f")
    with pytest.raises(JournalDamaged, match="old master key"):
        master(KEY).unwrap(wrapped, context=b"f")


@given(st.binary(max_size=80))
def test_any_bytes_instead_of_a_wrapped_key_are_damage(junk):
    for prefix in (b"", master().wrap(b"k" * 16, context=b"f")[:9]):
        with pytest.raises(JournalDamaged):
            master().unwrap(prefix + junk, context=b"f")


@given(st.integers(0, 8 * 53 - 1))
def test_any_flipped_bit_of_a_wrapped_key_is_damage(bit):
    wrapped = bytearray(master().wrap(b"k" * 16, context=b"f"))
    assert 53 == len(wrapped)
    wrapped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(JournalDamaged):
        master().unwrap(bytes(wrapped), context=b"f")


def test_a_master_key_shows_nothing_of_itself():
    assert "kkkk" not in repr(master())
    assert "b'" not in repr(master())


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_master_key_of_another_length_is_refused(size):
    with pytest.raises(ValueError):
        master(b"k" * size)


def test_a_created_master_key_is_private_readable_and_never_overwritten(tmp_path):
    path = tmp_path / "master.key"
    create_master_key(path, lambda size: b"m" * size)
    assert (0o600, b"m" * 32) == (path.stat().st_mode & 0o777, load_master_key(path))
    with pytest.raises(FileExistsError):
        create_master_key(path, os.urandom)


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o600, 0o640])
def test_secrets_of_owner_and_group_are_read(tmp_path, mode):
    path = tmp_path / "secret"
    write_secret(path, b"s")
    path.chmod(mode)
    assert b"s" == read_secret(path)


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660, 0o602, 0o666, 0o601, 0o650])
def test_secrets_open_to_others_are_refused_with_the_command_that_mends_it(tmp_path, mode):
    path = tmp_path / "secret"
    write_secret(path, b"s")
    path.chmod(mode)
    with pytest.raises(ConfigInvalid, match="chmod 0600"):
        read_secret(path)


def test_a_missing_secret_says_which_command_makes_it(tmp_path):
    with pytest.raises(TrustStateMissing, match="amtsbote init"):
        read_secret(tmp_path / "none")
    with pytest.raises(TrustStateMissing, match="amtsbote init"):
        Keyring(directory=tmp_path).path("none")


def test_a_directory_is_no_secret(tmp_path):
    with pytest.raises(ConfigInvalid):
        read_secret(tmp_path)


@given(st.binary(max_size=100))
def test_any_bytes_as_master_key_file_are_refused_without_quoting_them(tmp_path_factory, junk):
    path = tmp_path_factory.mktemp("k") / "master.key"
    write_secret(path, junk)
    with pytest.raises(ConfigInvalid) as caught:
        load_master_key(path)
    assert caught.value.__cause__ is None


def test_a_credential_goes_before_the_file_in_the_key_directory(tmp_path):
    files, credentials = tmp_path / "keys", tmp_path / "credentials"
    for place, byte in ((files, b"f"), (credentials, b"c")):
        place.mkdir()
        create_master_key(place / "master.key", lambda size, byte=byte: byte * size)
    create_master_key(files / "master.old", lambda size: b"o" * size)
    keyring = Keyring(directory=files, credentials=credentials)
    key = keyring.master_key("master.key", old=["master.old"], entropy=os.urandom)
    assert (b"c" * 32, (b"o" * 32,)) == (key.key, key.old)


def test_private_keys_of_the_three_kinds_are_read(tmp_path):
    authority = pki.root("Test CA")
    pems = [
        authority.issue("ec").key_pem,
        authority.timestamping("rsa").key_pem,
        ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    ]
    for number, pem in enumerate(pems):
        write_secret(tmp_path / str(number), pem)
        key = load_private_key(tmp_path / str(number))
        assert pem == key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_other_private_keys_are_refused(tmp_path):
    locked = pki.root("Test CA").identity.key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pw")
    )
    foreign = dsa.generate_private_key(2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for name, pem in (("locked", locked), ("foreign", foreign), ("junk", b"junk")):
        write_secret(tmp_path / name, pem)
        with pytest.raises(ConfigInvalid):
            load_private_key(tmp_path / name)


def test_certificates_of_a_directory_come_sorted_and_once(tmp_path):
    one, two = pki.root("One"), pki.root("Two")
    (tmp_path / "b.pem").write_bytes(two.pem + one.pem)
    (tmp_path / "a.der").write_bytes(one.identity.certificate_der)
    (tmp_path / "README").write_text("no certificate")
    assert (one.identity.certificate_der, two.identity.certificate_der) == load_certificates(tmp_path)


def test_every_unreadable_certificate_is_named(tmp_path):
    (tmp_path / "bad.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (tmp_path / "worse.der").write_bytes(b"junk")
    with pytest.raises(ConfigInvalid) as caught:
        load_certificates(tmp_path)
    assert 2 == len(caught.value.problems)
    assert "bad.pem" in caught.value.problems[0]
    assert "worse.der" in caught.value.problems[1]


def test_an_empty_anchor_directory_is_empty_and_a_missing_one_is_an_error(tmp_path):
    assert () == load_certificates(tmp_path)
    with pytest.raises(TrustStateMissing):
        load_certificates(tmp_path / "none")


def test_revocation_data_is_read_and_junk_is_named(tmp_path):
    crl = pki.root("One").crl(datetime(2026, 11, 22, tzinfo=UTC))
    (tmp_path / "one.crl").write_bytes(crl)
    assert ((crl,), ()) == (load_revocation(tmp_path).crls, load_revocation(tmp_path).ocsps)
    (tmp_path / "two.ors").write_bytes(b"junk")
    with pytest.raises(ConfigInvalid, match=r"two\.ors"):
        load_revocation(tmp_path)
