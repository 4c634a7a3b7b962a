# SPDX-License-Identifier: EUPL-1.2
"""What a chamber sees: submissions, checks, its dossiers and its events; and how faults of ours look to it."""

import asyncio
import json
import uuid

import pytest
from apiroom import DOSSIER, FOREIGN, event, kept_report, request_bytes, running_api
from webroom import QUICK

from gateway.codes import Code
from gateway.errors import JournalDamaged, Unavailable
from gateway.model.signature import VerificationReport
from gateway.model.wire import load
from gateway.stages.report.etsi import etsi_report

GOOD = b"PK\x03\x04 the rest"


async def test_a_good_bundle_is_answered_201_with_its_receipt(api):
    answer = await api.post("/v1/dossiers", GOOD)
    body = json.loads(answer.body)
    assert (201, f"/v1/dossiers/{DOSSIER}") == (answer.status, answer.headers["location"])
    assert (DOSSIER, False) == (body["dossier_id"], body["repeated"])
    assert "amtsbote-receipt/1" == body["receipt"]["format"]


async def test_the_same_bytes_again_are_answered_200_with_the_first_receipt(api):
    first, second = await api.post("/v1/dossiers", GOOD), await api.post("/v1/dossiers", GOOD)
    assert (201, 200) == (first.status, second.status)
    assert json.loads(first.body)["receipt"] == json.loads(second.body)["receipt"]
    assert json.loads(second.body)["repeated"] is True


async def test_other_bytes_under_a_used_key_are_refused_422(api):
    key = "Idempotency-Key: k-1"
    await api.post("/v1/dossiers", GOOD, None, key)
    answer = await api.post("/v1/dossiers", GOOD + b"!", None, key)
    assert (422, "idempotency-key-reused") == (answer.status, answer.code)


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 201])
async def test_a_malformed_key_is_refused_before_the_body_is_read(api, key):
    answer = await api.post("/v1/dossiers", GOOD, None, f"Idempotency-Key: {key}")
    assert "idempotency-key-malformed" == answer.code
    assert {} == api.intake.dossiers


async def test_a_refused_bundle_is_told_all_findings_and_gets_a_receipt_of_the_refusal(api):
    answer = await api.post("/v1/dossiers", b"noise")
    problem = json.loads(answer.body)
    assert (422, "container-not-zip") == (answer.status, answer.code)
    assert DOSSIER == problem["dossier_id"]
    assert "amtsbote-receipt/1" == problem["receipt"]["format"]
    finding = problem["findings"][0]
    assert ("container-not-zip", "error", "a zip", "noise") == tuple(
        finding[name] for name in ("code", "severity", "expected", "got")
    )
    assert finding["what"] == problem["title"]
    assert finding["fix"] == problem["detail"]


async def test_the_language_follows_accept_language_and_is_german_by_default(api):
    asked = {"": "de", "en": "en", "fr, en;q=0.5": "en", "en;q=0.1, de-AT": "de", "*": "de", "en;q=x": "de"}
    for header, expected in asked.items():
        answer = await api.post("/v1/dossiers", b"noise", None, f"Accept-Language: {header}")
        assert expected == answer.headers["content-language"], header


async def test_problem_and_header_carry_the_same_request_id_and_so_does_the_log_line(api):
    answer = await api.get("/v1/dossiers/nothing")
    request_id = answer.headers["request-id"]
    assert f"urn:uuid:{uuid.UUID(request_id)}" == json.loads(answer.body)["instance"]
    assert request_id in {line.get("request_id") for line in api.lines if line["event"] == "request"}


async def test_a_check_tells_the_findings_without_recording(api):
    good, bad = await api.post("/v1/checks", GOOD), await api.post("/v1/checks", b"noise")
    assert (200, 200) == (good.status, bad.status)
    assert (True, "weimar") == tuple(json.loads(good.body)[n] for n in ("passed", "authority"))
    assert ["container-not-zip"] == [f["code"] for f in json.loads(bad.body)["findings"]]
    assert {} == api.intake.dossiers


async def test_a_chamber_reads_state_receipt_and_evidence_of_its_dossier(api):
    state = json.loads((await api.get(f"/v1/dossiers/{DOSSIER}")).body)
    receipt = json.loads((await api.get(f"/v1/dossiers/{DOSSIER}/receipt")).body)
    evidence = json.loads((await api.get(f"/v1/dossiers/{DOSSIER}/evidence")).body)
    assert "accepted" == state["status"]
    assert state["findings"][0]["what"]
    assert "amtsbote-receipt/1" == receipt["format"]
    assert [{"format": "amtsbote-receipt/1"}] == evidence["receipts"]


async def test_a_chamber_reads_the_report_on_its_dossier_in_both_forms(api):
    kept = await api.get(f"/v1/dossiers/{DOSSIER}/report")
    told = await api.get(f"/v1/dossiers/{DOSSIER}/report.xml")
    assert (200, kept_report()) == (kept.status, json.loads(kept.body))
    assert (200, "application/xml") == (told.status, told.headers["content-type"])
    assert etsi_report(load(VerificationReport, kept_report())) == told.body


@pytest.mark.parametrize("tail", ["/report", "/report.xml"])
async def test_an_authority_reads_reports_of_its_deliveries_only(api, tail):
    answer = await api.get(f"/v1/dossiers/{DOSSIER}{tail}", api.world.authority)
    assert (403, "sender-role-forbidden") == (answer.status, answer.code)


@pytest.mark.parametrize("tail", ["", "/receipt", "/evidence", "/report", "/report.xml"])
async def test_a_dossier_that_is_not_the_chambers_is_not_found(api, tail):
    answer = await api.get(f"/v1/dossiers/{FOREIGN}{tail}")
    assert (404, "not-found") == (answer.status, answer.code)


async def test_events_come_in_order_and_say_where_to_go_on(api):
    api.docket.events += [event(seq) for seq in (3, 5, 8)]
    page = json.loads((await api.get("/v1/events?after=3&limit=1")).body)
    assert ([5], 5) == ([e["seq"] for e in page["events"]], page["next"])
    rest = json.loads((await api.get("/v1/events?after=8")).body)
    assert {"events": [], "next": 8} == rest


async def test_a_waiting_reader_gets_the_event_when_it_happens(api):
    asking = asyncio.create_task(api.get("/v1/events?wait=30"))
    while not api.docket.waiting:
        await asyncio.sleep(0)
    api.docket.events.append(event(1))
    api.docket.rung.set()
    assert 1 == json.loads((await asking).body)["next"]


async def test_a_reader_that_leaves_stops_waiting(api):
    wire = await api.open()
    await wire.send(request_bytes("GET", "/v1/events?wait=60"))
    while not api.docket.waiting:
        await asyncio.sleep(0)
    await wire.close()
    async with asyncio.timeout(5):
        while api.docket.waiting:
            await asyncio.sleep(0)


async def test_stopping_the_server_answers_waiting_readers_at_once(api):
    asking = asyncio.create_task(api.get("/v1/events?wait=60"))
    while not api.docket.waiting:
        await asyncio.sleep(0)
    await api.server.stop(grace=10)
    assert {"events": [], "next": 0} == json.loads((await asking).body)


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "after=%D9%A1", "wait=61", "after=1&after=2", "limit=1e3"]
)
async def test_a_query_that_is_no_number_in_range_is_refused(api, query):
    assert "request-malformed" == (await api.get(f"/v1/events?{query}")).code


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/dossiers", "POST"),
        ("DELETE", "/v1/inbox", "GET"),
        ("HEAD", f"/v1/dossiers/{DOSSIER}", "GET"),
    ],
)
async def test_other_methods_are_405_and_name_the_right_ones(api, method, path, allow):
    answer = await api.ask(request_bytes(method, path))
    assert (405, allow) == (answer.status, answer.headers["allow"])


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/dossiers/", "/v1/dossiers/../inbox", "/v1/dossiers/xyz", "//x"]
)
async def test_unknown_paths_are_404(api, path):
    assert "not-found" == (await api.get(path)).code


async def test_a_body_where_none_is_read_is_refused(api):
    answer = await api.ask(request_bytes("GET", f"/v1/dossiers/{DOSSIER}", "Content-Length: 3") + b"abc")
    assert ("request-malformed", "close") == (answer.code, answer.headers["connection"])


async def test_a_gateway_that_cannot_now_says_503_and_when(api):
    api.intake.fault = Unavailable(Code.REVOCATION_UNKNOWN, "no CRL", retry_after=77)
    answer = await api.post("/v1/dossiers", GOOD)
    assert (503, "77", "revocation-unknown") == (answer.status, answer.headers["retry-after"], answer.code)


async def test_a_damaged_journal_is_500_and_tells_the_chamber_nothing_about_us(api):
    api.intake.fault = JournalDamaged("row 17 of /var/lib/amtsbote", hint="look")
    answer = await api.post("/v1/dossiers", GOOD)
    assert 500 <= answer.status
    assert b"/var/lib" not in answer.raw


async def test_a_bug_of_ours_is_500_with_an_id_and_without_a_trace_anywhere(api):
    api.intake.fault = ZeroDivisionError("Erika Mustermann, DE02 1203 0000 0000 2020 51")
    answer = await api.post("/v1/dossiers", GOOD)
    assert (500, "internal-error") == (answer.status, answer.code)
    assert b"Mustermann" not in answer.raw
    assert b"Traceback" not in answer.raw
    assert "Mustermann" not in api.output.getvalue()
    line = next(line for line in api.lines if line["event"] == "request-failed")
    assert ("ZeroDivisionError", answer.headers["request-id"]) == (line["error"], line["request_id"])


async def test_what_a_caller_writes_never_forges_a_log_line(api):
    await api.get("/v1/events?after=%0A%7B%22event%22:%22forged%22%7D%1b%E2%80%A8")
    await api.get("/v1/dossiers/x%0d%0aforged")
    assert {"request"} == {line["event"] for line in api.lines}
    assert "forged" not in api.output.getvalue()


async def test_requests_are_counted_by_route_status_and_code(api):
    await api.post("/v1/dossiers", GOOD)
    await api.get(f"/v1/dossiers/{FOREIGN}")
    page = api.metrics.exposition()
    assert 'amtsbote_requests_total{route="/v1/dossiers",status="201",code=""} 1' in page
    assert 'route="/v1/dossiers/{dossier_id}",status="404",code="not-found"} 1' in page


async def test_an_upload_that_stalls_in_the_middle_leaves_nothing_behind(world, tmp_path):
    async with running_api(world, tmp_path, transfer=QUICK) as api:
        head = ("Content-Type: application/vnd.etsi.asic-e+zip", "Content-Length: 500")
        answer = await api.ask(request_bytes("POST", "/v1/dossiers", *head) + GOOD)
        assert (408, "request-timeout") == (answer.status, answer.code)
        assert {} == api.intake.dossiers
