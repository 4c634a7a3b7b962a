# SPDX-License-Identifier: EUPL-1.2
"""Rules of the whole suite: no network beyond loopback, and no silent skip where a foreign tool should be installed."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parent.parent
_LOOPBACK = ("127.", "::1", "localhost")

# A property says what holds, not how fast: by default hypothesis fails an example that a busy machine held up for 200 ms.
settings.register_profile("amtsbote", deadline=None)
settings.load_profile("amtsbote")


def _only_loopback(event: str, arguments: tuple) -> None:
    if event != "socket.connect":
        return
    address = arguments[1]
    if isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK):
        raise RuntimeError(f"a test tried to reach {address[0]}")


sys.addaudithook(_only_loopback)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with corpora, schemas and vectors of others; it stands beside the checkout and is never copied."""
    folder = Path(os.environ.get("AMTSBOTE_SHARED", REPOSITORY.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no folder with test data at {folder} (set AMTSBOTE_SHARED)")
    return folder


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """In CI a test that needs a foreign tool must run: everything it needs was installed."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("AMTSBOTE_NO_SKIP") and item.get_closest_marker("foreign"):
        report.outcome = "failed"
        report.longrepr = f"skipped where its tool should be installed: {report.longrepr}"
