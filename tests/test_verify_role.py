# SPDX-License-Identifier: EUPL-1.2
"""The verify role looks at files that other roles replace while it looks."""

from gateway.roles.verify import fingerprint_of


def test_a_list_that_is_still_written_does_not_count(tmp_path):
    (tmp_path / "ca.crl").write_bytes(b"old")
    before = fingerprint_of([tmp_path])
    (tmp_path / ".ca.crl.part").write_bytes(b"half")

    assert before == fingerprint_of([tmp_path])


def test_a_replaced_list_counts(tmp_path):
    (tmp_path / "ca.crl").write_bytes(b"old")
    before = fingerprint_of([tmp_path])
    (tmp_path / ".ca.crl.part").write_bytes(b"new")
    (tmp_path / ".ca.crl.part").rename(tmp_path / "ca.crl")

    assert before != fingerprint_of([tmp_path])


def test_a_file_that_goes_while_we_look_ends_nothing(tmp_path):
    (tmp_path / "ca.crl").symlink_to(tmp_path / "gone")  # listed, and not there when asked for

    assert () == fingerprint_of([tmp_path])
