# SPDX-License-Identifier: EUPL-1.2
"""Rows of THREAT_MODEL, The border: what a body may be, and what is refused before ``100 Continue``."""

import pytest
from borderroom import LIMIT, POST
from webroom import CLOSE

from gateway.web.request_head import BUNDLE_MEDIA_TYPE


async def test_a_declared_length_above_the_limit_is_refused_413_before_a_byte_is_read(border, handlers):
    async with border(handlers.routes()) as gateway:
        answer = await gateway.ask(POST + b"Content-Length: 99999999999\r\n\r\n")
    assert (413, "bundle-too-large") == (answer.status, answer.code)
    assert "close" == answer.headers["connection"]


async def test_a_streamed_body_above_the_limit_is_refused_413_by_our_own_count(border, handlers):
    async with border(handlers.routes()) as gateway:
        wire = await gateway.open()
        await wire.send(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(300_000 // 10_000):
            await wire.send(b"2710\r\n" + bytes(10_000) + b"\r\n")
        assert b"413" in await wire.rest()
    assert [] == handlers.bodies


async def test_a_body_of_exactly_the_limit_passes(border, handlers):
    async with border(handlers.routes()) as gateway:
        answer = await gateway.ask(POST + f"Content-Length: {LIMIT}\r\n".encode() + CLOSE + bytes(LIMIT))
    assert 200 == answer.status
    assert [LIMIT] == [len(b) for b in handlers.bodies]


async def test_a_hundred_thousand_one_byte_chunks_arrive_whole(border, handlers):
    async with border(handlers.routes()) as gateway:
        body = b"1\r\nx\r\n" * LIMIT + b"0\r\n\r\n"
        answer = await gateway.ask(POST + b"Transfer-Encoding: chunked\r\n" + CLOSE + body)
    assert 200 == answer.status
    assert [b"x" * LIMIT] == handlers.bodies


async def test_an_encoded_body_is_refused_415_and_never_inflated(border, handlers):
    async with border(handlers.routes()) as gateway:
        answer = await gateway.ask(POST + b"Content-Encoding: gzip\r\nContent-Length: 10\r\n\r\n" + bytes(10))
    assert (415, "content-encoding-not-supported") == (answer.status, answer.code)


@pytest.mark.parametrize(
    "media_type",
    [
        "application/zip",
        "multipart/form-data; boundary=x",
        "application/octet-stream",
        f"{BUNDLE_MEDIA_TYPE}; charset=utf-8",
        "",
    ],
)
async def test_any_other_media_type_is_refused_415(border, handlers, media_type):
    head = f"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: {media_type}\r\nContent-Length: 3\r\n\r\nabc"
    async with border(handlers.routes()) as gateway:
        answer = await gateway.ask(head.encode())
    assert (415, "media-type-not-supported") == (answer.status, answer.code)


async def test_100_continue_is_sent_to_an_admitted_upload(border, handlers):
    async with border(handlers.routes()) as gateway:
        wire = await gateway.open()
        await wire.send(POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n" + CLOSE)
        assert b"HTTP/1.1 100 Continue\r\n\r\n" == await wire.head()
        assert 200 == (await wire.ask(b"abc")).status
    assert [b"abc"] == handlers.bodies


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (POST + b"Content-Length: 99999999999\r\n", "bundle-too-large"),
        (POST.replace(b"asic-e", b"asic-s") + b"Content-Length: 3\r\n", "media-type-not-supported"),
        (POST + b"Content-Length: 3\r\nClient-Cert: :AA==:\r\n", "forwarded-identity-refused"),
        (POST.replace(b"/upload", b"/nowhere") + b"Content-Length: 3\r\n", "not-found"),
    ],
)
async def test_what_will_be_refused_is_refused_before_100_continue(border, handlers, head, code):
    async with border(handlers.routes()) as gateway:
        answer = await gateway.ask(head + b"Expect: 100-continue\r\n\r\n")
    assert code == answer.code
    assert b"100 Continue" not in answer.raw


async def test_strangers_are_refused_before_100_continue(border, handlers):
    async with border(handlers.routes()) as gateway:
        head = POST + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        stranger = await gateway.ask(head, gateway.world.stranger)
        authority = await gateway.ask(head, gateway.world.authority)
    assert ("sender-not-registered", "sender-role-forbidden") == (stranger.code, authority.code)


async def test_a_full_disk_is_507_before_100_continue(border, handlers):
    async with border(handlers.routes(), free_bytes=lambda: 2) as gateway:
        answer = await gateway.ask(POST + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    assert (507, "insufficient-storage") == (answer.status, answer.code)
    assert "retry-after" in answer.headers


async def test_a_body_of_unknown_length_needs_room_for_the_longest(border, handlers):
    async with border(handlers.routes(), free_bytes=lambda: 2) as gateway:
        answer = await gateway.ask(POST + b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n")
    assert (507, "insufficient-storage") == (answer.status, answer.code)
    assert b"100 Continue" not in answer.raw


async def test_any_other_expectation_is_417(border, handlers):
    async with border(handlers.routes()) as gateway:
        answer = await gateway.ask(POST + b"Content-Length: 3\r\nExpect: foo\r\n\r\n")
    assert (417, "expectation-failed") == (answer.status, answer.code)
