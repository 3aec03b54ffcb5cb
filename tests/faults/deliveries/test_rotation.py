"""Secrets changed while a worker runs: it signs with those that sign now, from the next delivery on."""

import asyncio

import httpx2
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from app.kit.database import Sessions
from app.settings import Settings
from tests.faults.deliveries import stage
from tests.forked import Forks
from tests.kit.egress.receivers import OK, Receiver, answers, receiver
from tests.webhooks import scenes
from tests.world import World


async def test_a_running_worker_signs_with_the_secrets_of_the_moment(
    forks: Forks, settings: Settings, sessions: Sessions, world: World, api: httpx2.AsyncClient
) -> None:
    async with receiver(answers(OK)) as there, stage.workers(forks, settings):
        made = (await api.post("/webhooks/endpoints", json={"url": there.url, "event_types": ["access.*"]})).json()
        secrets = f"/webhooks/endpoints/{made['id']}/secret"
        first = made["secret"]
        await _signed_by(there, sessions, world, good=[first])
        second = (await api.post(f"{secrets}/rotation", json={})).json()
        await _signed_by(there, sessions, world, good=[second["secret"], first])
        third = (await api.post(f"{secrets}/rotation", json={"force": True})).json()
        await _signed_by(there, sessions, world, good=[third["secret"], second["secret"]], bad=[first])
        assert (await api.delete(f"{secrets}s/{second['id']}")).status_code == 204
        await _signed_by(there, sessions, world, good=[third["secret"]], bad=[first, second["secret"]])
        fourth = (await api.post(f"{secrets}/rotation", json={"grace_seconds": 0})).json()
        await _signed_by(there, sessions, world, good=[fourth["secret"]], bad=[third["secret"]])


async def _signed_by(
    there: Receiver, sessions: Sessions, world: World, *, good: list[str], bad: list[str] | None = None
) -> None:
    """The next delivery verifies with each of these, the first of which signed first, and with none of those."""
    number = len(there.requests)
    await scenes.happen(sessions, world.north.agency_id, client_name="Zoë – 東京 💼")
    async with asyncio.timeout(stage.LONGEST):
        while len(there.requests) == number:  # noqa: ASYNC110 - another program sends
            await asyncio.sleep(0.02)
    headers, body = stage.read(there.requests[-1])
    tokens = headers["webhook-signature"].split(" ")
    assert len(tokens) == len(good)
    for secret, token in zip(good, tokens, strict=True):
        Webhook(secret).verify(body, headers)
        Webhook(secret).verify(body, {**headers, "webhook-signature": token})
    for secret in bad or []:
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, headers)
