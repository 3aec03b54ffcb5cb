"""What is pending while a new URL has yet to prove itself."""

import httpx2
from fastapi import FastAPI

from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from tests.kit.egress.receivers import OK, answers, receiver
from tests.webhooks import scenes, setting
from tests.world import World


async def test_it_is_held_and_then_goes_to_the_new_one(
    api: httpx2.AsyncClient, app: FastAPI, sessions: Sessions, keyring: Keyring, tools: WebhookContext, world: World
) -> None:
    app.state.services.verify_endpoints = True
    agency_id = world.north.agency_id
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, agency_id, "http://127.0.0.1:9/in")
    await scenes.happen(sessions, agency_id)
    await scenes.fan_all_out(tools)
    async with receiver(answers(OK)) as there:
        moved = await api.patch(f"/webhooks/endpoints/{endpoint.id}", json={"url": there.url})
        assert moved.json()["status"] == "pending_verification"
        await scenes.round_(tools)
        [row] = await scenes.deliveries(sessions, agency_id)
        assert (row.status, row.attempt_count, there.requests) == ("pending", 0, [])
        shown = (await api.get(f"/webhooks/deliveries/{row.id}")).json()
        assert (shown["status"], shown["reason"]) == ("held", "paused")
        await setting.endpoint(sessions, endpoint, status="active")
        await scenes.round_(tools)
    assert (await scenes.again(sessions, row)).status == "succeeded"
