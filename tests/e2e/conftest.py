# SPDX-License-Identifier: EUPL-1.2
"""One running gateway for all tests that leave it as they found it: running, and with a directory without a fault."""

import itertools

import gatewayroom
import pytest
from contractroom import Witness

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def witness():
    """Whatever a real gateway answers to any client here is held to the contract."""
    witness = Witness()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gatewayroom.Site, "connect", witness.client)
        yield witness


@pytest.fixture(scope="session")
def gateway(tmp_path_factory):
    with gatewayroom.running(tmp_path_factory.mktemp("gw") / "w") as site:
        yield site
        site.settle()
        found = gatewayroom.faults(site)
        if found:
            pytest.fail("the tests left a directory with faults:\n" + "\n".join(found))


@pytest.fixture
def bundle(gateway, tmp_path):
    """Makes bundles that were never sent before."""

    def make(chamber: str = gatewayroom.WEIMAR[0], **changes):
        number = next(_NUMBERS)
        dossier = gatewayroom.example(chamber, f"E2E-{number}", **changes)
        return gatewayroom.seal(gateway.world, dossier, tmp_path / f"{number}.asice")

    return make
