# SPDX-License-Identifier: EUPL-1.2
"""Every answer that ``schemas/openapi.yaml`` promises is brought about on a real gateway and judged, or has a reason."""

import asyncio
import json

import pytest
from contractroom import ContractBroken, Heard, Witness
from gatewayroom import WEIMAR, Site, eventually, example, seal

from gateway.client import client_context

CHAMBER, AUTHORITY = WEIMAR
BUNDLE = {"Content-Type": "application/vnd.etsi.asic-e+zip"}
UPLOADS = {"submitDossier": "/v1/dossiers", "checkDossier": "/v1/checks"}
TOO_LARGE = 10 * 1024**4
NOBODY = "00000000000000000000000000"
CHAMBERS_PAGES = ("", "/receipt", "/report", "/report.xml", "/evidence")

# What is promised and not brought about here, with the reason, and the test that brings it about elsewhere.
NOT_HERE = {
    "408": "the caller has to stall for the grace time: tests/web/test_connection_limits.py",
    "500": "only a fault of ours answers so: tests/web/test_dossier_api.py puts one in",
    "503": "a scanner has to be away: tests/e2e/test_malware.py, where this witness listens too",
}
NOT_HERE_EITHER = {
    (
        "checkDossier",
        "422",
    ): "a pre-check tells findings with 200; 422 is a worker that died: tests/test_workers.py",
}


class Party:
    """A partner who asks whatever it likes."""

    def __init__(self, site: Site, name: str, witness: Witness) -> None:
        everybody = {**site.world.chambers, **site.world.authorities, "revision": site.world.auditor}
        files = everybody[name].directory
        self._tls = client_context(files / "tls.crt", files / "tls.key", files / "gateway-ca.pem")
        self._port, self._witness = site.world.port, witness

    def ask(self, method: str, path: str, **options: object) -> Heard:
        return self._witness.ask(self._port, self._tls, method, path, **options)

    def send(self, path: str, body: bytes = b"PK\x03\x04", **headers: str) -> Heard:
        return self.ask("POST", path, body=body, headers={**BUNDLE, **_named(headers)})

    def get(self, path: str, **headers: str) -> Heard:
        return self.ask("GET", path, headers=_named(headers))

    def post(self, path: str, value: object) -> Heard:
        return self.ask(
            "POST", path, body=json.dumps(value).encode(), headers={"Content-Type": "application/json"}
        )


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def journey(chamber: Party, authority: Party, bundle: bytes, same_content: bytes) -> str:
    """A dossier from the chamber to the authority's answer; its id."""
    assert 200 == chamber.send("/v1/checks", bundle).status
    taken = chamber.send("/v1/dossiers", bundle)
    again = chamber.send("/v1/dossiers", bundle)
    assert ([201, 200], 409) == (
        [taken.status, again.status],
        chamber.send("/v1/dossiers", same_content).status,
    )
    dossier = json.loads(taken.body)["dossier_id"]
    assert taken.headers["location"] == [f"/v1/dossiers/{dossier}"]
    for page in CHAMBERS_PAGES:
        assert 200 == chamber.get(f"/v1/dossiers/{dossier}{page}").status
    assert 200 == chamber.get("/v1/events?limit=5").status
    delivery = eventually(lambda: waiting(authority, dossier), "the delivery")
    for page in ("/report", "/report.xml"):
        assert 200 == authority.get(f"{delivery}{page}").status
    part = authority.get(f"{delivery}/package", Range="bytes=10-19")
    whole = authority.get(f"{delivery}/package")
    assert (206, whole.body[10:20], bundle) == (part.status, part.body, whole.body)
    assert 200 == authority.post(f"{delivery}/acknowledgement", {}).status
    assert 200 == authority.post(f"{delivery}/answers", {"id": "1", "kind": "accepted"}).status
    return dossier


def waiting(authority: Party, dossier: str) -> str:
    """Path of the delivery, once it is there."""
    items = json.loads(authority.get("/v1/inbox?wait=1&limit=200").body)["deliveries"]
    return next((f"/v1/inbox/{item['id']}" for item in items if item["dossier_id"] == dossier), "")


def log_is_read(auditor: Party) -> None:
    size = int(auditor.get("/log/checkpoint").body.split(b"\n")[1])
    tile = "entries/000" if size >= 256 else f"entries/000.p/{size}"
    assert 200 == auditor.get(f"/log/tile/{tile}").status


def uploads_are_refused(chamber: Party, authority: Party) -> None:
    """What keeps a body from being read; in the same way for a submission and for a pre-check."""
    for path in UPLOADS.values():
        statuses = [
            chamber.send(path, X_Forwarded_Client_Cert="Hash=00").status,
            authority.send(path).status,
            chamber.send(path, b"", Content_Length=str(TOO_LARGE), Expect="100-continue").status,
            chamber.send(path, Content_Type="application/zip").status,
            chamber.send(path, Expect="a-miracle").status,
            chamber.ask("POST", path, body=b"PK", headers=BUNDLE, version="HTTP/2.0").status,
        ]
        assert [400, 403, 413, 415, 417, 505] == statuses
    assert 422 == chamber.send("/v1/dossiers", b"no container").status


def nothing_is_found(chamber: Party, authority: Party, auditor: Party) -> None:
    """The problem each operation has beyond those that are listed one by one."""
    for page in CHAMBERS_PAGES:
        assert 404 == chamber.get(f"/v1/dossiers/{NOBODY}{page}").status
    for page in ("/package", "/report", "/report.xml"):
        assert 404 == authority.get(f"/v1/inbox/{NOBODY}{page}").status
    assert 404 == authority.post(f"/v1/inbox/{NOBODY}/acknowledgement", {}).status
    assert 422 == authority.post(f"/v1/inbox/{NOBODY}/answers", {"id": "?"}).status
    assert 400 == chamber.get("/v1/events?limit=many").status
    assert 403 == chamber.get("/v1/inbox").status
    assert 404 == auditor.get("/log/tile/7/999").status
    assert 400 == auditor.get("/log/checkpoint", X_Forwarded_Client_Cert="Hash=00").status


def everything_is_too_much(chamber: Party, authority: Party, auditor: Party) -> None:
    """With one request a second, every operation answers 429 in its turn."""
    asks = [
        *(lambda path=path: chamber.send(path) for path in UPLOADS.values()),
        *(lambda page=page: chamber.get(f"/v1/dossiers/{NOBODY}{page}") for page in CHAMBERS_PAGES),
        lambda: chamber.get("/v1/events"),
        *(
            lambda page=page: authority.get(f"/v1/inbox{page}")
            for page in ("", *(f"/{NOBODY}{page}" for page in ("/package", "/report", "/report.xml")))
        ),
        *(
            lambda page=page: authority.post(f"/v1/inbox/{NOBODY}/{page}", {})
            for page in ("acknowledgement", "answers")
        ),
        lambda: auditor.get("/log/checkpoint"),
        lambda: auditor.get("/log/tile/entries/000.p/1"),
    ]
    for ask in asks:
        eventually(lambda ask=ask: ask().status == 429, "a rate that is exceeded")


@pytest.fixture(scope="module")
def strained(tmp_path_factory):
    """A gateway that takes one request a second and wants more space than any disk has."""
    site = Site.founded(tmp_path_factory.mktemp("gw") / "w")
    text = site.world.config.read_text(encoding="utf-8")
    for name, value in (("requests_per_second", 1), ("request_burst", 1), ("reserve_mib", 10**9)):
        head, found, tail = text.partition(f"#{name} = ")
        assert found
        text = f"{head}{name} = {value}\n{tail.partition(chr(10))[2]}"
    site.world.config.write_text(text, encoding="utf-8")
    try:
        site.start()
        yield site
    finally:
        site.kill()


@pytest.mark.slow
async def test_every_promised_answer_is_given_by_a_real_gateway_or_has_a_reason(gateway, strained, tmp_path):
    witness = Witness()
    twice = example(CHAMBER, "VERTRAG-1")
    bundles = [seal(gateway.world, twice, tmp_path / name).read_bytes() for name in "ab"]

    def all_of_it() -> None:
        chamber, authority, auditor = (
            Party(gateway, name, witness) for name in (CHAMBER, AUTHORITY, "revision")
        )
        journey(chamber, authority, *bundles)
        log_is_read(auditor)
        uploads_are_refused(chamber, authority)
        nothing_is_found(chamber, authority, auditor)
        poor = [Party(strained, name, witness) for name in (CHAMBER, AUTHORITY, "revision")]
        for path in UPLOADS.values():
            eventually(lambda path=path: poor[0].send(path).status == 507, "a disk that is full")
        everything_is_too_much(*poor)

    await asyncio.to_thread(all_of_it)

    missing = witness.promised - witness.seen
    excused = {(name, status) for name, status in missing if status in NOT_HERE}
    assert NOT_HERE_EITHER.keys() == missing - excused
    assert {(name, status) for name in UPLOADS for status in NOT_HERE} == excused


GOOD = {
    "method": "GET",
    "path": "/v1/events",
    "status": 200,
    "headers": {
        "content-type": ["application/json"],
        "request-id": ["0b0f4f0a-6f0e-4b57-8f2e-0d4c3f1d2a11"],
    },
    "body": b'{"events":[],"next":0}',
}
PROBLEM = (
    b'{"type":"/problems/not-found","title":"t","status":404,"detail":"d",'
    b'"findings":[{"code":"not-found","severity":"error","what":"w","fix":"f"}]}'
)
BAD = {
    **GOOD,
    "status": 404,
    "headers": {
        **GOOD["headers"],
        "content-type": ["application/problem+json"],
        "content-language": ["de"],
    },
    "body": PROBLEM,
}


def test_an_answer_as_promised_is_remembered():
    witness = Witness()
    witness.hear(Heard(**GOOD))
    witness.hear(Heard(**BAD))

    assert {("readEvents", "200"), ("readEvents", "default")} == witness.seen


@pytest.mark.parametrize(
    "change",
    [
        {"status": 302},
        {"headers": {**GOOD["headers"], "content-type": ["text/html"]}},
        {"headers": {"content-type": ["application/json"]}},
        {"headers": {**GOOD["headers"], "request-id": ["7"]}},
        {"body": b'{"events":[]}'},
        {"body": b'{"events":[{"seq":1,"type":"x","dossier_id":"1","at":"now","body":{}}],"next":0}'},
        {"body": b"no JSON"},
        {"path": "/v1/unheard-of"},
        {"method": "POST", "path": "/v1/checks", "status": 201},
        {**BAD, "body": PROBLEM.replace(b"404", b"403")},
        {**BAD, "body": PROBLEM.replace(b"not-found", b"no-such-code")},
        {**BAD, "headers": {**BAD["headers"], "content-type": ["application/json"]}},
        {**BAD, "status": 429, "body": PROBLEM.replace(b"404", b"429")},
        {**BAD, "body": b"<html>"},
    ],
)
def test_an_answer_that_is_not_promised_is_noticed(change):
    with pytest.raises((ContractBroken, BaseExceptionGroup, AssertionError)):
        Witness().hear(Heard(**{**GOOD, **change}))
