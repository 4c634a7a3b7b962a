# SPDX-License-Identifier: EUPL-1.2
"""Any bytes at all, sent to the real gateway by a registered chamber: a problem with a known code, or a closed
connection; never a stack trace, never a hang, never half a row.
"""

import contextlib
import http.client
import json
import socket
import ssl
from dataclasses import dataclass, field

import gatewayroom
import pytest
from gatewayroom import WEIMAR, example, faults, seal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.client import client_context
from gateway.codes import Code

pytestmark = pytest.mark.slow

TRIES = 20
CODES = {code.value for code in Code}
RARELY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@dataclass(frozen=True)
class Told:
    """An answer; status 0 is a closed connection."""

    status: int
    media_type: str = ""
    body: bytes = b""


@pytest.fixture(scope="module")
def tls(gateway) -> ssl.SSLContext:
    party = gateway.world.chambers[WEIMAR[0]].directory
    return client_context(party / "tls.crt", party / "tls.key", party / "gateway-ca.pem")


@dataclass(frozen=True)
class Bundle:
    """A sealed bundle; its bytes are no part of what a failing test prints."""

    data: bytes = field(repr=False)


@pytest.fixture(scope="module")
def original(gateway, tmp_path_factory) -> Bundle:
    target = tmp_path_factory.mktemp("original") / "bundle.asice"
    return Bundle(seal(gateway.world, example(WEIMAR[0], "ORIGINAL"), target).read_bytes())


def upload(gateway, tls, body: bytes, path: str = "/v1/dossiers") -> Told:
    """Send as a client does: what is answered "try later" is sent again."""
    for _ in range(TRIES):
        told = send(gateway, tls, body, path)
        if told.status not in {429, 503}:
            break
    return told


def send(gateway, tls, body: bytes, path: str) -> Told:
    connection = http.client.HTTPSConnection(
        "localhost", gateway.world.port, context=tls, timeout=gatewayroom.PATIENCE
    )
    headers = {"Content-Type": "application/vnd.etsi.asic-e+zip", "Accept-Language": "en"}
    with contextlib.closing(connection):
        try:
            connection.request("POST", path, body=body, headers=headers)
            answer = connection.getresponse()
            return Told(answer.status, answer.headers.get_content_type(), answer.read())
        except (ConnectionError, ssl.SSLError, http.client.RemoteDisconnected):
            return Told(0)


def problem(told: Told) -> dict:
    """The problem document, held to the contract."""
    document = json.loads(told.body)
    assert "application/problem+json" == told.media_type
    codes = {finding["code"] for finding in document["findings"]}
    assert told.status == document["status"]
    assert document["type"].removeprefix("/problems/") in codes
    assert set() == codes - CODES
    assert all(finding["what"] and finding["fix"] for finding in document["findings"])
    assert b"Traceback" not in told.body
    assert b"/gateway/" not in told.body
    return document


mutations = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "drop", "repeat", "insert"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=24),
    ),
    min_size=1,
    max_size=4,
)


def mutated(data: bytes, changes) -> bytes:
    for kind, where, extra in changes:
        at = int(where * len(data))
        match kind:
            case "flip":
                piece = bytes(a ^ b for a, b in zip(data[at:], extra, strict=False))
                data = data[:at] + piece + data[at + len(piece) :]
            case "cut":
                data = data[:at]
            case "drop":
                data = data[:at] + data[at + len(extra) :]
            case "repeat":
                data = data[:at] + data[at : at + 4096] + data[at:]
            case "insert":
                data = data[:at] + extra + data[at:]
    return data


def rows(gateway) -> int:
    return gateway.rows("SELECT count(*) FROM dossier")[0][0]


@RARELY
@given(
    body=st.one_of(st.binary(max_size=2000), st.binary(max_size=500).map(lambda tail: b"PK\x03\x04" + tail))
)
def test_any_bytes_are_refused_with_a_known_code_and_a_whole_row(gateway, tls, body):
    before = rows(gateway)
    told = upload(gateway, tls, body)
    document = problem(told)

    assert 400 <= told.status < 500
    assert rows(gateway) - before == int("dossier_id" in document)
    assert [] == [path.name for path in (gateway.world.site / "state/spool").glob("*.part")]


@RARELY
@given(changes=mutations)
def test_a_bundle_that_somebody_altered_is_refused_or_is_still_the_same_dossier(
    gateway, tls, original, changes
):
    altered = mutated(original.data, changes)
    told = upload(gateway, tls, altered)
    document = json.loads(told.body) if told.status in {200, 201} else problem(told)

    assert told.status in {200, 201, 422, 409, 400, 413}, document
    # Whatever is let in in spite of a change holds exactly what its chamber sealed, and holds it once.
    one = "SELECT count(DISTINCT content_digest), count(*) FROM dossier WHERE status = 'accepted' AND instr(facts, 'ORIGINAL') > 0"
    assert gateway.rows(one) in ([(0, 0)], [(1, 1)])


@RARELY
@given(changes=mutations)
def test_the_precheck_stands_the_same_bytes_and_records_nothing(gateway, tls, original, changes):
    before = rows(gateway)
    told = upload(gateway, tls, mutated(original.data, changes), "/v1/checks")
    if told.status != 200:
        problem(told)

    assert told.status in {200, 400, 413, 422}
    assert before == rows(gateway)


heads = st.one_of(
    st.binary(min_size=1, max_size=300).filter(lambda head: head.strip()),
    st.builds(
        lambda method, path, fields: (
            b" ".join([method, path, b"HTTP/1.1\r\nHost: localhost\r\n"]) + b"".join(fields)
        ),
        st.sampled_from([b"GET", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT", b"GETT"]),
        st.sampled_from(
            [b"/v1/dossiers", b"/v1/inbox", b"/log/checkpoint", b"/", b"*", b"//", b"/v1/../etc", b"/%00"]
        ),
        st.lists(
            st.sampled_from(
                [
                    b"Content-Length: 0\r\n",
                    b"Content-Length: -1\r\n",
                    b"Content-Length: 0\r\nContent-Length: 1\r\n",
                    b"Transfer-Encoding: chunked\r\n\r\n0\r\n",
                    b"Transfer-Encoding: chunked, gzip\r\n",
                    b"Expect: 200-maybe\r\n",
                    b"Content-Encoding: gzip\r\n",
                    b"X: \x00\r\n",
                    b"X-Forwarded-For: 1.2.3.4\r\n",
                    b" folded: x\r\n",
                    b"Idempotency-Key: \xff\r\n",
                ]
            ),
            max_size=3,
        ),
    ),
)


@RARELY
@given(head=heads)
def test_any_request_head_gets_an_answer_of_ours_or_a_closed_connection(gateway, tls, head):
    with (
        socket.create_connection(("127.0.0.1", gateway.world.port), timeout=gatewayroom.PATIENCE) as plain,
        tls.wrap_socket(plain, server_hostname="localhost") as wire,
    ):
        wire.sendall(head + b"\r\n\r\n")
        answer = http.client.HTTPResponse(wire)
        try:
            answer.begin()
            told = Told(answer.status, answer.headers.get_content_type(), answer.read())
        except (ConnectionError, ssl.SSLError, http.client.HTTPException):
            told = Told(0)

    if told.status >= 400:
        problem(told)
    assert told.status in {0, 200} or 400 <= told.status < 500


def test_after_all_hostile_bytes_so_far_the_directory_is_without_a_fault(gateway):
    gateway.settle()

    assert [] == faults(gateway)
