# SPDX-License-Identifier: EUPL-1.2
"""What an authority sees: its inbox, packages with ranges, acknowledgements and answers."""

import asyncio
import base64
import hashlib
import json

import pytest
from apiroom import DELIVERY, FOREIGN, kept_report, request_bytes, running_api
from hypothesis import given
from hypothesis import strategies as st
from webroom import QUICK

from gateway.errors import Rejected
from gateway.model.signature import VerificationReport
from gateway.model.wire import load
from gateway.stages.report.etsi import etsi_report
from gateway.web.ranges import Span, requested_span

PACKAGE = f"/v1/inbox/{DELIVERY}/package"


async def test_the_inbox_lists_what_waits(api):
    listed = json.loads((await api.get("/v1/inbox", api.world.authority)).body)["deliveries"]
    assert [DELIVERY] == [delivery["id"] for delivery in listed]
    assert {"id": "ihk-erfurt", "name": "IHK Erfurt"} == listed[0]["chamber"]
    assert PACKAGE == listed[0]["package"]


async def test_a_chamber_has_no_inbox(api):
    assert "sender-role-forbidden" == (await api.get("/v1/inbox")).code


async def test_a_package_comes_whole_with_its_digest_and_is_reported_as_sent(api):
    answer = await api.get(PACKAGE, api.world.authority)
    digest = hashlib.sha256(api.inbox.data)
    assert (200, api.inbox.data) == (answer.status, answer.body)
    assert f'"{digest.hexdigest()}"' == answer.headers["etag"]
    assert f"sha-256=:{base64.b64encode(digest.digest()).decode()}:" == answer.headers["repr-digest"]
    assert "bytes" == answer.headers["accept-ranges"]
    assert f'attachment; filename="{DELIVERY}.asice"' == answer.headers["content-disposition"]
    assert [(0, len(api.inbox.data), len(api.inbox.data))] == api.inbox.sent


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=100-", 100, 10242),
        ("bytes=-5", 10237, 10242),
        ("bytes=0-99999", 0, 10242),
    ],
)
async def test_a_range_is_answered_206_with_just_these_bytes(api, wanted, start, end):
    answer = await api.get(PACKAGE, api.world.authority, f"Range: {wanted}")
    assert (206, api.inbox.data[start:end]) == (answer.status, answer.body)
    assert f"bytes {start}-{end - 1}/10242" == answer.headers["content-range"]
    assert [(start, end, 10242)] == api.inbox.sent


async def test_a_range_beyond_the_end_is_416_and_names_the_size(api):
    answer = await api.get(PACKAGE, api.world.authority, "Range: bytes=10242-")
    assert (416, "bytes */10242") == (answer.status, answer.headers["content-range"])
    assert ("range-not-satisfiable", []) == (answer.code, api.inbox.sent)


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-6", "lines=1-2", "bytes=5-2", "bytes=-", "bytes=a-b", ""])
async def test_ranges_we_do_not_speak_get_the_whole(api, wanted):
    answer = await api.get(PACKAGE, api.world.authority, f"Range: {wanted}")
    assert (200, api.inbox.data) == (answer.status, answer.body)


async def test_if_range_with_our_tag_gets_the_range_and_with_another_the_whole(api):
    etag = f'"{hashlib.sha256(api.inbox.data).hexdigest()}"'
    same = await api.get(PACKAGE, api.world.authority, "Range: bytes=5-", f"If-Range: {etag}")
    other = await api.get(PACKAGE, api.world.authority, "Range: bytes=5-", 'If-Range: "00"')
    weak = await api.get(PACKAGE, api.world.authority, "Range: bytes=5-", f"If-Range: W/{etag}")
    assert (206, 200, 200) == (same.status, other.status, weak.status)


async def test_a_package_that_turns_out_damaged_never_arrives_whole_and_is_not_reported(api):
    api.inbox.fail_after = 8192
    answer = await api.get(PACKAGE, api.world.authority)
    assert len(answer.body) < len(api.inbox.data)
    assert [] == api.inbox.sent
    assert "answer-broken-off" in {line["event"] for line in api.lines}


async def test_a_reader_that_falls_asleep_is_cut_off_and_the_package_not_reported(world, tmp_path):
    async with running_api(world, tmp_path, transfer=QUICK) as api:
        api.inbox.data = b"PK" + bytes(30_000_000)
        wire = await api.open(world.authority)
        wire.writer.transport.pause_reading()
        await wire.send(request_bytes("GET", PACKAGE))
        async with asyncio.timeout(10):
            while "answer-broken-off" not in api.output.getvalue():
                await asyncio.sleep(0.01)
        assert [] == api.inbox.sent
        await wire.close()


async def test_an_authority_reads_the_report_on_what_it_was_sent_in_both_forms(api):
    kept = await api.get(f"/v1/inbox/{DELIVERY}/report", api.world.authority)
    told = await api.get(f"/v1/inbox/{DELIVERY}/report.xml", api.world.authority)
    assert (200, kept_report()) == (kept.status, json.loads(kept.body))
    assert (200, "application/xml") == (told.status, told.headers["content-type"])
    assert etsi_report(load(VerificationReport, kept_report())) == told.body


@pytest.mark.parametrize("tail", ["report", "report.xml"])
async def test_a_chamber_reads_no_report_of_a_delivery(api, tail):
    answer = await api.get(f"/v1/inbox/{DELIVERY}/{tail}")
    assert (403, "sender-role-forbidden") == (answer.status, answer.code)


@pytest.mark.parametrize("tail", ["package", "report", "report.xml", "acknowledgement", "answers"])
async def test_somebody_elses_delivery_is_not_found(api, tail):
    path = f"/v1/inbox/{FOREIGN}/{tail}"
    if tail in {"package", "report", "report.xml"}:
        answer = await api.get(path, api.world.authority)
    else:
        body = b'{"id": "a", "kind": "accepted"}' if tail == "answers" else b"{}"
        answer = await api.post(path, body, api.world.authority, media_type="application/json")
    assert (404, "not-found") == (answer.status, answer.code)


async def test_an_acknowledgement_may_state_the_digest_or_say_nothing(api):
    path = f"/v1/inbox/{DELIVERY}/acknowledgement"
    digest = "AB" * 32
    stated = await api.post(
        path, json.dumps({"sha256": digest}).encode(), api.world.authority, media_type="application/json"
    )
    silent = await api.ask(request_bytes("POST", path, "Content-Length: 0"), api.world.authority)
    assert (200, 200) == (stated.status, silent.status)
    assert [digest.lower(), ""] == api.inbox.acknowledged
    assert "acknowledged" == json.loads(stated.body)["kind"]


@pytest.mark.parametrize(
    "body", [b'{"sha256": 1}', b'{"sha256": "xy"}', b'{"sha1": ""}', b"[]", b'"x"', b"null"]
)
async def test_an_acknowledgement_of_another_form_is_refused(api, body):
    path = f"/v1/inbox/{DELIVERY}/acknowledgement"
    answer = await api.post(path, body, api.world.authority, media_type="application/json")
    assert "answer-malformed" == answer.code
    assert [] == api.inbox.acknowledged


async def test_an_answer_is_recorded_once_and_repeated_as_first_recorded(api):
    path = f"/v1/inbox/{DELIVERY}/answers"
    said = {
        "id": "2026-17",
        "kind": "documents-requested",
        "message": "Bitte Paß nachreichen.",
        "requested_documents": ["PASSPORT"],
    }
    answers = [
        await api.post(path, json.dumps(said).encode(), api.world.authority, media_type="application/json")
        for _ in range(2)
    ]
    assert [200, 200] == [answer.status for answer in answers]
    assert answers[0].body == answers[1].body
    assert "documents-requested" == json.loads(answers[0].body)["kind"]


async def test_all_faults_of_an_answer_are_told_at_once(api):
    body = b'{"id": "/", "kind": "perhaps", "colour": 1}'
    answer = await api.post(
        f"/v1/inbox/{DELIVERY}/answers", body, api.world.authority, media_type="application/json"
    )
    places = {finding["place"] for finding in json.loads(answer.body)["findings"]}
    assert {"answer/id", "answer/kind", "answer/colour"} <= places


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b'{"id": "a", "id": "b"}', b'{"id": NaN}', b"[" * 30_000, b"1" * 5000]
)
async def test_what_is_not_json_with_one_reading_is_refused(api, body):
    answer = await api.post(
        f"/v1/inbox/{DELIVERY}/answers", body, api.world.authority, media_type="application/json"
    )
    assert answer.code in {"request-malformed", "answer-malformed"}
    assert {} == api.inbox.answers


async def test_an_answer_above_64_kib_is_refused(api):
    answer = await api.post(
        f"/v1/inbox/{DELIVERY}/answers", b" " * 70_000, api.world.authority, media_type="application/json"
    )
    assert 413 == answer.status


@given(st.text(alphabet="bytes=-0123456789, x", max_size=30), st.integers(0, 1000))
def test_any_range_header_gives_bytes_within_the_package_or_the_whole_or_a_refusal(text, size):
    try:
        span = requested_span(text, None, size=size, etag='"x"')
    except Rejected:
        return
    assert span is None or 0 <= span.start < span.end <= size


@given(st.integers(1, 10_000), st.integers(0, 9_999), st.integers(0, 9_999))
def test_a_well_formed_range_gives_what_it_says(size, first, last):
    if first > last or first >= size:
        return
    assert Span(start=first, end=min(last + 1, size), size=size) == requested_span(
        f"bytes={first}-{last}", None, size=size, etag='"x"'
    )
