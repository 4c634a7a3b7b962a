# SPDX-License-Identifier: EUPL-1.2
"""A third party's package, built and installed as such, is found by its entry points and keeps the contract."""

import importlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from gateway.couplings import couple
from gateway.errors import ConfigInvalid
from gateway.model.partner import Authority

TESTS = Path(__file__).parents[1]
SAMPLE = TESTS / "plugins" / "sample_adapter"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A directory the sample package is installed into, by pip, without network."""
    base = tmp_path_factory.mktemp("third-party")
    source, target = base / "source", base / "site"
    shutil.copytree(SAMPLE, source)
    if importlib.util.find_spec("pip") is not None:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index"]
    else:
        command = ["uv", "pip", "install", "--quiet", "--offline", "--python", sys.executable]
    subprocess.run(
        [*command, "--no-deps", "--no-build-isolation", "--target", str(target), str(source)],
        check=True,
        capture_output=True,
    )
    return target


@pytest.fixture
def installed_sample(site, monkeypatch):
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    yield
    sys.modules.pop("amtsbote_sample", None)


def authority(name: str, **changes) -> Authority:
    values = {
        "format": "cover-sheet",
        "transport": "postbox-file",
        "transport_settings": {"path": "/srv"},
    } | changes
    return Authority(id=name, name=name, tls_sha256=frozenset({sha256(name.encode()).hexdigest()}), **values)


def test_configuration_names_a_third_partys_adapters_like_our_own(installed_sample):
    couplings = couple([authority("weimar"), authority("hannover", format="asice")])
    assert {"weimar": "CoverSheetFormat", "hannover": "AsiceFormat"} == {
        name: type(coupling.format).__name__ for name, coupling in couplings.items()
    }
    assert "PostboxTransport" == type(couplings["weimar"].transport).__name__


def test_without_the_package_its_names_are_unknown_and_all_faults_come_at_once():
    with pytest.raises(ConfigInvalid) as refusal:
        couple(
            [
                authority("weimar"),
                authority("hannover", format="index", transport="inbox", transport_settings={}),
            ]
        )
    problems = "\n".join(refusal.value.problems)
    assert 3 == len(refusal.value.problems)
    assert "authority weimar: format: expected one of asice, index" in problems
    assert "authority hannover: transport inbox carries single-file, format index makes a folder" in problems


def test_faulty_settings_of_format_and_transport_are_reported_together(installed_sample):
    bad = authority("weimar", format_settings={"greeting": 7}, transport_settings={"pfad": "/srv"})
    with pytest.raises(ConfigInvalid) as refusal:
        couple([bad])
    assert 3 == len(refusal.value.problems)


@pytest.mark.parametrize("bug", ["TypeError", "ValueError", "KeyError"])
def test_settings_that_an_adapter_fails_at_are_a_fault_among_the_others(tmp_path, monkeypatch, bug):
    info = tmp_path / "clumsy-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: clumsy\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[amtsbote.formats]\nclumsy = clumsy_adapter:Clumsy\n")
    (tmp_path / "clumsy_adapter.py").write_text(
        f"class Clumsy:\n    @classmethod\n    def configure(cls, settings):\n        raise {bug}(settings['password'])\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "clumsy_adapter", raising=False)
    settings = {"password": "geheim"}
    clumsy = authority("weimar", format="clumsy", format_settings=settings, transport="nobodys")
    with pytest.raises(ConfigInvalid) as refusal:
        couple([clumsy])
    first, second = refusal.value.problems
    assert f"authority weimar: format clumsy: its settings end in an error of the adapter ({bug})" == first
    assert second.startswith("authority weimar: transport: expected one of")
    sys.modules.pop("clumsy_adapter", None)


def test_two_packages_that_claim_one_name_are_refused(tmp_path, monkeypatch):
    info = tmp_path / "impostor-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: impostor\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[amtsbote.formats]\nasice = impostor:Format\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ConfigInvalid, match="asice is claimed twice"):
        couple([authority("weimar", format="asice", transport="inbox", transport_settings={})])


@pytest.mark.slow
def test_the_sample_keeps_the_contract_as_a_third_party_would_check_it(site):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-k",
            "cover-sheet or postbox-file",
            "tests/adapters/test_contract.py",
        ],
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": str(site),
            "AMTSBOTE_ADAPTER_SETTINGS": json.dumps({"postbox-file": {"path": "{tmp}"}}),
        },
    )
    assert 0 == done.returncode, done.stdout
    assert "10 passed" in done.stdout
