# SPDX-License-Identifier: EUPL-1.2
"""The configuration says everything that is wrong with it, at once, and nothing passes unread."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalogue import data_root
from gateway.config import read_config
from gateway.errors import ConfigInvalid, TrustStateMissing
from gateway.knowledge import knowledge_of
from gateway.model.trust import TrustMaterial, Untrusted

TEMPLATES = Path(__file__).resolve().parent.parent / "schemas/config"
MARKS = {"@id@": "amtsbote.example", "@name@": "Probe", "@origin@": "amtsbote.example/log/2026"}
FINGERPRINT = "ab" * 32


@pytest.fixture
def site(tmp_path):
    for name in ("amtsbote.toml", "partners.toml"):
        text = (TEMPLATES / name).read_text()
        for mark, value in MARKS.items():
            text = text.replace(mark, value)
        (tmp_path / name).write_text(text)
    return tmp_path


def problems(site: Path) -> tuple[str, ...]:
    with pytest.raises(ConfigInvalid) as caught:
        read_config(site / "amtsbote.toml")
    return caught.value.problems


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def test_the_template_is_a_valid_configuration(site):
    config = read_config(site / "amtsbote.toml")

    assert ("amtsbote.example", 8443, 2) == (config.gateway_id, config.listen.port, config.workers)
    assert site / "state/journal.db" == config.journal


def test_every_commented_default_is_a_known_key_with_its_default(site):
    before = read_config(site / "amtsbote.toml")
    text = (site / "amtsbote.toml").read_text()
    (site / "amtsbote.toml").write_text(
        re.sub(r"^#(?=[a-z_]+ = )(?!url|file|purpose)", "", text, flags=re.MULTILINE)
    )
    after = read_config(site / "amtsbote.toml")

    assert before == after


def test_all_faults_are_reported_together(site):
    text = (site / "amtsbote.toml").read_text()
    text = text.replace("port = 8443", 'port = "https"').replace("#workers = 2", "workers = 0\nwrokers = 3")
    (site / "amtsbote.toml").write_text(
        text.replace('#mimetype = "warning"', 'mimetype = "maybe"') + "[nonsense]\nx = 1\n"
    )
    append(site / "partners.toml", '[[chamber]]\nid = "a"\ntls_sha256 = ["zz"]\n')
    found = problems(site)

    for expected in (
        "listen.port: expected a whole number, got 'https'",
        "verify.workers: expected a number from 1 to 256, got 0",
        "verify.wrokers: unknown key",
        "container.mimetype: expected one of error, warning, ignore, got 'maybe'",
        "nonsense: unknown key",
        "partners.toml: chamber[0].name: expected a text in quotes, but the key is missing",
        "partners.toml: chamber[0].tls_sha256: expected SHA-256 fingerprints of 64 hex digits, got 'zz'",
        "partners.toml: chamber[0].signer_sha256: expected at least one SHA-256 fingerprint, but there is none",
    ):
        assert expected in found


def test_two_partners_never_share_a_certificate(site):
    block = '[[auditor]]\nid = "{}"\nname = "x"\ntls_sha256 = ["' + FINGERPRINT + '"]\n'
    append(site / "partners.toml", block.format("a") + block.format("b"))

    assert any("share" in problem for problem in problems(site))


def test_fingerprints_may_be_written_as_openssl_prints_them(site):
    written = ":".join(["AB"] * 32)
    append(site / "partners.toml", f'[[auditor]]\nid = "a"\nname = "x"\ntls_sha256 = ["{written}"]\n')

    assert frozenset([FINGERPRINT]) == read_config(site / "amtsbote.toml").partners.auditors[0].tls_sha256


def test_a_missing_file_names_the_command_that_makes_it(tmp_path):
    with pytest.raises(TrustStateMissing, match="amtsbote init"):
        read_config(tmp_path / "amtsbote.toml")


def test_broken_toml_is_a_problem_and_not_a_traceback(site):
    append(site / "amtsbote.toml", "\n[[[")

    assert any("amtsbote.toml" in problem for problem in problems(site))


def test_the_clock_is_moved_only_by_a_key_called_unsafe(site):
    append(site / "amtsbote.toml", "\n[unsafe]\nclock_offset_seconds = -86400\n")

    assert timedelta(days=-1) == read_config(site / "amtsbote.toml").unsafe_clock_offset


@given(st.text(max_size=200))
def test_any_text_is_a_configuration_or_a_list_of_problems(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("config")
    (folder / "amtsbote.toml").write_text(text, encoding="utf-8", errors="replace")
    (folder / "partners.toml").write_text("")
    with pytest.raises(ConfigInvalid) as caught:
        read_config(folder / "amtsbote.toml")

    assert caught.value.problems


def test_a_revocation_list_nobody_would_read_is_a_fault(site):
    row = '[[refresh.crl]]\nurl = "http://ca.example/x"\nfile = "{}"\npurpose = "{}"\n'
    rows = [
        row.format("seals.pem", "signers"),
        row.format("../seals.crl", "tls"),
        row.format("tls.crl", "tsl"),
    ]
    append(site / "amtsbote.toml", "\n" + "\n".join(rows))
    found = "\n".join(problems(site))

    assert 3 == found.count("refresh.crl")
    assert "'seals.pem'" in found
    assert "'../seals.crl'" in found
    assert "refresh.crl[2].purpose: expected one of signers, tls, got 'tsl'" in found


@pytest.mark.parametrize("key", ["untrusted_pdf_signatures", "untrusted_counter_signatures"])
def test_untrusted_signatures_beside_the_bundles_own_refuse_unless_the_operator_says_otherwise(site, key):
    place = site / "amtsbote.toml"
    default = read_config(place).policy
    place.write_text(place.read_text().replace(f'#{key} = "error"', f'{key} = "warning"'))
    judging = [
        getattr(knowledge_of(data_root(), TrustMaterial(), policy).signature_policy, key)
        for policy in (default, read_config(place).policy)
    ]

    assert [Untrusted.ERROR, Untrusted.WARNING] == judging


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('partners = "a\\u0000b"', "gateway.partners: expected a path, got 'a\\x00b'"),
        ("keys = 0x" + "f" * 9000, "gateway.keys: expected a text in quotes, got a number that is too long"),
        ("keys = " + "9" * 9000, "amtsbote.toml: a number that is too long"),
        ("keys = " + "[" * 5000, "amtsbote.toml: nested too deep"),
        ('partners = "."', "{site}: Is a directory"),
    ],
)
def test_what_cannot_be_read_is_a_problem_like_others(site, line, expected):
    text = (site / "amtsbote.toml").read_text()
    (site / "amtsbote.toml").write_text(text.replace("[gateway]\n", f"[gateway]\n{line}\n"))

    assert expected.replace("{site}", site.name) in problems(site)


def test_a_missing_file_of_partners_hides_no_other_fault(site):
    (site / "partners.toml").unlink()
    append(site / "amtsbote.toml", "\n[nonsense]\n")

    assert ("nonsense: unknown key", f"no configuration at {site / 'partners.toml'}") == problems(site)
