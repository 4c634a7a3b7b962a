# SPDX-License-Identifier: EUPL-1.2
"""The log over HTTP: the paths of C2SP tlog-tiles and nothing else of the disk."""

import pytest
from aiohttp import web

NOTE = "gateway.example/log\n1\nabc=\n\n— gateway.example/log xyz=\n".encode()


@pytest.fixture
def files(api):
    (api.log / "tile" / "0" / "x001").mkdir(parents=True)
    (api.log / "tile" / "entries" / "000.p").mkdir(parents=True)
    (api.log / "checkpoint").write_bytes(NOTE)
    (api.log / "tile" / "0" / "000").write_bytes(b"h" * 32)
    (api.log / "tile" / "0" / "x001" / "234").write_bytes(b"i" * 32)
    (api.log / "tile" / "entries" / "000.p" / "7").write_bytes(b"\0\1e")
    (api.log / "secret").write_bytes(b"secret")
    (api.log / "tile" / "0" / "007").symlink_to(api.log / "secret")
    (api.log / "tile" / "0" / "008").mkdir()
    return api


async def test_the_checkpoint_is_text_and_must_be_asked_for_again(files):
    answer = await files.get("/log/checkpoint", files.world.auditor)
    assert (200, NOTE) == (answer.status, answer.body)
    assert "text/plain; charset=utf-8" == answer.headers["content-type"]
    assert "no-cache" == answer.headers["cache-control"]


@pytest.mark.parametrize(
    ("path", "content"),
    [("tile/0/000", b"h" * 32), ("tile/0/x001/234", b"i" * 32), ("tile/entries/000.p/7", b"\0\1e")],
)
async def test_tiles_are_bytes_that_never_change(files, path, content):
    answer = await files.get(f"/log/{path}", files.world.auditor)
    assert (200, content) == (answer.status, answer.body)
    assert "application/octet-stream" == answer.headers["content-type"]
    assert "immutable" in answer.headers["cache-control"]


async def test_every_registered_partner_may_read_the_log(files):
    for who in (files.world.chamber, files.world.authority, files.world.auditor):
        assert 200 == (await files.get("/log/checkpoint", who)).status


@pytest.mark.parametrize(
    "path",
    [
        "secret",
        "tile/0/001",
        "tile/0/007",
        "tile/0/008",
        "tile/../secret",
        "tile/0/%2e%2e/%2e%2e/secret",
        "tile/0/..%2f..%2fsecret",
        "tile/0/000/",
        "tile//0/000",
        "tile/64/000",
        "tile/00/000",
        "tile/-1/000",
        "tile/0/0",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/007",
        "tile/entries/000.p",
        "tile/0/000%00",
        "tile/0/000%0a",
        "tile/0/\u0660\u0660\u0660",
        ".staging",
        "",
    ],
)
async def test_no_other_path_reads_anything(files, path):
    answer = await files.get(f"/log/{path}".encode().decode("latin-1"), files.world.auditor)
    assert answer.status in {400, 404}
    assert b"secret" not in answer.body
    assert web.HTTPNotFound.status_code == (await files.get("/log/secret")).status
