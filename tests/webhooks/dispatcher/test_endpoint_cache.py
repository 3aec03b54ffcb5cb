"""Endpoints kept ready to be sent to: what changes about them changes what is sent."""

from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from app.kit import clock
from app.kit.database import Sessions
from app.kit.encryption import Keyring, new_key
from app.kit.jobs import POISON_AFTER
from app.webhooks.context import WebhookContext
from app.webhooks.dispatcher import endpoint_cache
from app.webhooks.dispatcher.worker import Dispatcher
from app.webhooks.endpoints import signing_secrets as secrets
from tests.kit.egress.receivers import Receiver, answers, receiver
from tests.webhooks import scenes, setting
from tests.world import TESTS, World

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def accepts(there: Receiver, secret: str) -> bool:
    """Whether the last request verifies with this secret."""
    head, _, body = there.requests[-1].partition(b"\r\n\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head.decode().split("\r\n")[1:])}
    try:
        Webhook(secret).verify(body.decode(), headers)
    except WebhookVerificationError:
        return False
    return True


async def send_one(tools: WebhookContext, worker: Dispatcher, agency_id: str) -> None:
    await scenes.happen(tools.sessions, agency_id)
    await scenes.fan_all_out(tools)
    await worker.once()


async def test_a_worker_signs_with_the_secret_of_now(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id, worker = world.north.agency_id, Dispatcher(tools)
    async with receiver(answers(OK)) as there:
        endpoint, old = await scenes.make_endpoint(sessions, keyring, agency_id, there.url)
        await send_one(tools, worker, agency_id)
        assert accepts(there, old)
        async with sessions.begin() as session:
            _, new = await secrets.rotate_secret(
                session, agency_id, endpoint.id, grace=timedelta(days=1), keyring=keyring, actor=TESTS
            )
        await send_one(tools, worker, agency_id)
        assert accepts(there, old)
        assert accepts(there, new)
        async with sessions.begin() as session:
            _, before = await secrets.show_secrets(session, agency_id, endpoint.id, actor=TESTS)
            await secrets.end_secret(session, agency_id, endpoint.id, before.id, actor=TESTS)
        await send_one(tools, worker, agency_id)
        assert not accepts(there, old)
        assert accepts(there, new)


async def test_a_full_shelf_is_cleared_without_losing_what_is_asked_for(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency_id, worker = world.north.agency_id, Dispatcher(tools)
    monkeypatch.setattr(endpoint_cache, "AT_MOST", 0)
    async with receiver(answers(OK)) as there:
        await scenes.make_endpoint(sessions, keyring, agency_id, there.url)
        await send_one(tools, worker, agency_id)
        await scenes.make_endpoint(sessions, keyring, agency_id, there.url)
        await send_one(tools, worker, agency_id)
    assert [row.status for row in await scenes.deliveries(sessions, agency_id)] == ["succeeded"] * 3


async def test_an_endpoint_whose_seal_is_broken_stops_nobody_else(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    async with receiver(answers(OK)) as there:
        bad, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, there.url)
        await scenes.make_endpoint(sessions, keyring, world.south.agency_id, there.url)
        await setting.endpoint(sessions, bad, headers_encrypted=b"broken")
        await scenes.happen(sessions, world.north.agency_id)
        await scenes.happen(sessions, world.south.agency_id)
        await scenes.fan_all_out(tools)
        await scenes.round_(tools)
    [lost] = await scenes.deliveries(sessions, world.north.agency_id)
    [sent] = await scenes.deliveries(sessions, world.south.agency_id)
    assert sent.status == "succeeded"
    assert (lost.status, lost.attempt_count, lost.lease_token) == ("pending", 0, None)


async def test_what_was_queued_before_the_key_was_lost_waits_for_it_however_long(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World, api: httpx2.AsyncClient
) -> None:
    agency_id, without = world.north.agency_id, replace(tools, keyring=Keyring.from_text(new_key()))
    async with receiver(answers(OK)) as there:
        endpoint, secret = await scenes.make_endpoint(sessions, keyring, agency_id, there.url)
        await scenes.send_test(sessions, agency_id, endpoint.id)
        await scenes.happen(sessions, agency_id)
        await scenes.fan_all_out(tools)
        for _ in range(POISON_AFTER + 2):
            await scenes.round_(without)
            for row in await scenes.deliveries(sessions, agency_id):
                assert row.due_at is not None
                assert row.due_at > clock.now()
                await scenes.change(sessions, row, due_at=clock.now())
        shown = (await api.get("/webhooks/deliveries")).json()["data"]
        assert [(each["status"], each["reason"], each["attempt_count"]) for each in shown] == [
            ("pending", "key_missing", 0)
        ] * 2
        assert there.requests == []
        await scenes.round_(tools)
        assert accepts(there, secret)
    assert [(row.status, row.reason) for row in await scenes.deliveries(sessions, agency_id)] == [
        ("succeeded", None)
    ] * 2
