# SPDX-License-Identifier: EUPL-1.2
"""The lowest versions that ``pyproject.toml`` allows are those without known holes, and nothing below them is locked or installed.

``pip-audit`` needs a service on the network and passes without it; a floor is a fact of this repository.
The floors of the house are import-linter's; what is held here is that its list for adapters forgets no module.
"""

import pkgutil
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import gateway

REPOSITORY = Path(__file__).resolve().parent.parent
SETTINGS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = SETTINGS["project"]
LOCKS = ("run.txt", "demo.txt", "dev.txt")

# The last advisory that each floor closes.
SECURE = {
    "aiohttp": "3.14.4",  # PYSEC-2026-4394: base64 multipart bypasses the size limit
    "lxml": "6.1.0",  # CVE-2026-41066: external entities in iterparse()
}

# What adapters, also those of others, may import of the gateway.
FOR_ADAPTERS = {"ports", "model", "errors", "findings", "codes", "policy", "markup"}


def number(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.match(r"\d+(\.\d+)*", text)[0].split("."))


def floors() -> dict[str, str]:
    pairs = [requirement.partition(">=") for requirement in PROJECT["dependencies"]]
    return {name: floor for name, _, floor in pairs}


def test_every_direct_dependency_has_a_floor():
    assert [] == [name for name, floor in floors().items() if not floor]


@pytest.mark.parametrize("name", SECURE)
def test_the_floor_is_not_below_the_last_advisory(name):
    assert number(floors()[name]) >= number(SECURE[name])


@pytest.mark.parametrize("name", floors())
def test_what_is_installed_and_what_is_locked_is_not_below_the_floor(name):
    locked = [
        match[1]
        for lock in LOCKS
        for match in re.finditer(
            rf"^{re.escape(name)}==(\S+)", (REPOSITORY / "requirements" / lock).read_text(), re.MULTILINE
        )
    ]

    assert len(LOCKS) == len(locked)
    assert [] == [found for found in (version(name), *locked) if number(found) < number(floors()[name])]


def test_every_module_of_the_gateway_is_either_for_adapters_or_closed_to_them():
    (contract,) = (
        one
        for one in SETTINGS["tool"]["importlinter"]["contracts"]
        if one["name"] == "adapters see only the ports"
    )
    closed = [name.removeprefix("gateway.") for name in contract["forbidden_modules"]]

    assert sorted({module.name for module in pkgutil.iter_modules(gateway.__path__)}) == sorted(
        [*closed, *FOR_ADAPTERS]
    )
