# SPDX-License-Identifier: EUPL-1.2
"""The client against the real border: retries under one key, resumed downloads, clear errors; time never passes."""

import asyncio
import hashlib
import ssl
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
from apiroom import DELIVERY, DOSSIER, event

from gateway.client import (
    CertificateRefused,
    GatewayClient,
    GatewayUnreachable,
    Patience,
    ProblemAnswered,
    TransferDamaged,
    client_context,
)
from gateway.client.wire import tls_reason
from gateway.codes import Code
from gateway.demo import pki
from gateway.errors import Unavailable

GOOD = b"PK\x03\x04" + bytes(400_000)


class Pauses:
    """A clock for the client: notes how long it would have slept, and may change the world meanwhile."""

    def __init__(self, *turns):
        self.seconds, self.turns = [], list(turns)

    async def __call__(self, seconds):
        self.seconds.append(seconds)
        if self.turns:
            self.turns.pop(0)()


@pytest.fixture
def partner(api):
    def make(identity=None, pauses=None, url=None, **options):
        certificate, key = api.world.files(identity or api.world.chamber)
        tls = client_context(certificate, key, api.world.directory / "cas" / "ca.pem")
        return GatewayClient(
            url or api.url,
            tls,
            sleep=pauses or Pauses(),
            jitter=lambda: 1.0,
            patience=Patience(attempts=3),
            **options,
        )

    return make


@pytest.fixture
def bundle(tmp_path):
    path = tmp_path / "dossier.asice"
    path.write_bytes(GOOD)
    return path


async def test_a_bundle_is_submitted_and_its_receipt_returned(api, partner, bundle):
    async with partner() as gateway:
        submission = await gateway.submit(bundle)
    assert (DOSSIER, False) == (submission.dossier_id, submission.repeated)
    assert hashlib.sha256(GOOD).hexdigest() == submission.receipt["evidence"]["bundle_sha256"]


async def test_try_later_is_obeyed_and_the_second_attempt_carries_the_same_key(api, partner, bundle):
    api.intake.fault = Unavailable(Code.SERVICE_UNAVAILABLE, "busy", retry_after=44)
    pauses = Pauses(lambda: setattr(api.intake, "fault", None))
    async with partner(pauses=pauses) as gateway:
        submission = await gateway.submit(bundle)
    assert [44] == pauses.seconds
    assert not submission.repeated
    assert 1 == len(api.intake.keys)


async def test_patience_ends_with_the_last_problem(api, partner, bundle):
    api.intake.fault = Unavailable(Code.SERVICE_UNAVAILABLE, "busy", retry_after=0)
    pauses = Pauses()
    async with partner(pauses=pauses) as gateway:
        with pytest.raises(ProblemAnswered) as caught:
            await gateway.submit(bundle)
    assert (503, "service-unavailable") == (caught.value.status, caught.value.code)
    assert [1, 2] == pauses.seconds


async def test_a_refusal_is_told_with_its_findings_and_not_repeated(api, partner, tmp_path):
    noise, pauses = tmp_path / "noise", Pauses()
    noise.write_bytes(b"noise")
    async with partner(pauses=pauses, language="en") as gateway:
        with pytest.raises(ProblemAnswered) as caught:
            await gateway.submit(noise)
        assert not (await gateway.check(noise))["passed"]
    assert ("container-not-zip", 422) == (caught.value.code, caught.value.status)
    assert ["container-not-zip"] == [finding["code"] for finding in caught.value.findings]
    assert [] == pauses.seconds


async def test_an_upload_that_is_refused_at_the_door_is_told_why_without_being_sent(api, partner, tmp_path):
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(50_000_000)
    async with partner() as gateway:
        with pytest.raises(ProblemAnswered) as caught:
            await gateway.submit(big)
    assert (413, "bundle-too-large") == (caught.value.status, caught.value.code)


async def test_nobody_listening_is_tried_again_and_then_told(api, partner, bundle):
    pauses = Pauses()
    async with partner(pauses=pauses, url="https://localhost:1") as gateway:
        with pytest.raises(GatewayUnreachable):
            await gateway.submit(bundle)
    assert 2 == len(pauses.seconds)


async def test_a_client_whose_certificate_is_revoked_hears_that_and_does_not_try_again(api, partner):
    pauses = Pauses()
    async with partner(api.world.revoked, pauses=pauses) as gateway:
        with pytest.raises(CertificateRefused, match=r"does not take our certificate: .*revoked"):
            await gateway.inbox()
    assert [] == pauses.seconds


def test_an_alert_below_a_lost_connection_is_told_as_what_it_is():
    alert = ssl.SSLError(1, "[SSL: SSLV3_ALERT_CERTIFICATE_REVOKED] sslv3 alert certificate revoked")
    alert.reason = "SSLV3_ALERT_CERTIFICATE_REVOKED"
    lost = aiohttp.ClientOSError(1, "lost")
    lost.__cause__ = alert
    assert "does not take our certificate: sslv3 alert certificate revoked" in tls_reason(lost)
    assert not tls_reason(aiohttp.ServerDisconnectedError())
    assert not tls_reason(ConnectionResetError())


async def test_a_gateway_with_another_ca_is_not_talked_to(api, tmp_path, partner):
    other = tmp_path / "other.pem"
    other.write_bytes(pki.root("Other CA").pem)
    certificate, key = api.world.files(api.world.chamber)
    async with GatewayClient(api.url, client_context(certificate, key, other)) as gateway:
        with pytest.raises(CertificateRefused, match="not trusted here"):
            await gateway.events()
    assert [] == api.lines


async def test_a_chamber_reads_its_dossier_receipt_evidence_and_the_log(api, partner):
    (api.log / "checkpoint").write_bytes(b"note")
    async with partner() as gateway:
        assert "accepted" == (await gateway.dossier(DOSSIER))["status"]
        assert "amtsbote-receipt/1" == (await gateway.receipt(DOSSIER))["format"]
        assert 1 == len((await gateway.evidence(DOSSIER))["receipts"])
        assert b"note" == await gateway.log_file("checkpoint")


async def test_following_the_feed_yields_each_event_once_in_order(api, partner):
    api.docket.events += [event(seq) for seq in (1, 2)]
    seen = []
    async with partner() as gateway:
        async for one in gateway.follow():
            seen.append(one["seq"])
            if len(seen) == 2:
                api.docket.events.append(event(3))
                api.docket.rung.set()
            if len(seen) == 3:
                break
    assert [1, 2, 3] == seen


async def test_an_authority_lists_downloads_acknowledges_and_answers(api, partner, tmp_path):
    target = tmp_path / "package.asice"
    async with partner(api.world.authority) as gateway:
        (delivery,) = await gateway.inbox()
        digest = await gateway.download(delivery["id"], target)
        await gateway.acknowledge(delivery["id"], sha256=digest)
        recorded = await gateway.answer(delivery["id"], answer_id="a-1", kind="accepted")
    assert api.inbox.data == target.read_bytes()
    assert [hashlib.sha256(api.inbox.data).hexdigest()] == api.inbox.acknowledged == [digest]
    assert "accepted" == recorded["kind"]
    assert [target] == list(tmp_path.glob("package*"))


async def test_a_download_that_breaks_off_goes_on_where_it_was(api, partner, tmp_path):
    target = tmp_path / "package.asice"
    api.inbox.data = b"PK" + bytes(range(256)) * 8000
    api.inbox.fail_after = 1_200_000
    pauses = Pauses(lambda: setattr(api.inbox, "fail_after", None))
    async with partner(api.world.authority, pauses) as gateway:
        await gateway.download(DELIVERY, target)
    assert api.inbox.data == target.read_bytes()
    ((start, end, size),) = api.inbox.sent
    assert 0 < start < end == size


async def test_a_part_of_another_package_is_thrown_away(api, partner, tmp_path):
    target = tmp_path / "package.asice"
    target.with_name("package.asice.part").write_bytes(b"old")
    target.with_name("package.asice.part.etag").write_text('"' + "0" * 64 + '"')
    async with partner(api.world.authority) as gateway:
        await gateway.download(DELIVERY, target)
    assert api.inbox.data == target.read_bytes()


async def test_wrong_bytes_never_become_the_target(api, partner, tmp_path):
    target, digest = tmp_path / "package.asice", hashlib.sha256(api.inbox.data).hexdigest()
    target.with_name("package.asice.part").write_bytes(b"XX")
    target.with_name("package.asice.part.etag").write_text(f'"{digest}"')
    async with partner(api.world.authority) as gateway:
        with pytest.raises(TransferDamaged):
            await gateway.download(DELIVERY, target)
        assert not target.exists()
        await gateway.download(DELIVERY, target)
    assert api.inbox.data == target.read_bytes()


@asynccontextmanager
async def lossy(port, *, cut_after):
    """A TCP proxy that breaks the first connections after so many bytes of the answer: an acknowledgement gets lost."""
    cuts, tasks = list(cut_after), set()

    async def serve(reader, writer):
        tasks.add(asyncio.current_task())
        limit = cuts.pop(0) if cuts else None
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        there = asyncio.create_task(pump(reader, far_writer, None))
        try:
            await pump(far_reader, writer, limit)
        finally:
            there.cancel()
            for one in (writer, far_writer):
                one.transport.abort()
                with suppress(ConnectionError):
                    await one.wait_closed()

    async def pump(source, sink, limit):
        moved = 0
        while data := await source.read(65536):
            moved += len(data)
            if limit is not None and moved > limit:
                return
            sink.write(data)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("cut", [0, 500, 2200, 2600])
async def test_a_lost_connection_is_tried_again_under_the_same_key(api, partner, bundle, cut):
    async with (
        lossy(api.server.port, cut_after=[cut]) as port,
        partner(url=f"https://localhost:{port}") as gateway,
    ):
        submission = await gateway.submit(bundle)
    assert DOSSIER == submission.dossier_id
    assert 1 == len(api.intake.keys) == len(api.intake.dossiers)


def test_the_client_offers_nothing_below_tls_1_2(api):
    certificate, key = api.world.files(api.world.chamber)
    context = client_context(certificate, key, api.world.directory / "cas" / "ca.pem")
    assert (ssl.TLSVersion.TLSv1_2, ssl.CERT_REQUIRED, True) == (
        context.minimum_version,
        context.verify_mode,
        context.check_hostname,
    )
