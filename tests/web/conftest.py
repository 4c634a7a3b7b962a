# SPDX-License-Identifier: EUPL-1.2
"""Fixtures of the HTTP border; what they are made of stands in ``tests/webroom.py`` and ``tests/apiroom.py``."""

from collections.abc import AsyncIterator
from functools import partial

import pytest
from apiroom import Api, running_api
from borderroom import Counting
from webroom import World, make_world, running_border


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> World:
    return make_world(tmp_path_factory.mktemp("web"))


@pytest.fixture
def border(world):
    """``async with border(routes) as gateway``."""
    return partial(running_border, world=world)


@pytest.fixture
def handlers() -> Counting:
    return Counting()


@pytest.fixture
async def api(world, tmp_path) -> AsyncIterator[Api]:
    async with running_api(world, tmp_path) as running:
        yield running
