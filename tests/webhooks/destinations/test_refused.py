"""Final refusals by a destination: the delivery ends at once and no longer holds later ones."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from app.events import catalog as events
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from app.webhooks.destinations import catalog
from app.webhooks.models import Endpoint
from tests.webhooks import scenes
from tests.webhooks.destinations.hubspot_account import TOKEN, Account, error
from tests.webhooks.destinations.receiving import Heard, Said, serving
from tests.world import World

TOLD = {"client_id": "client_1", "client_name": "Brand SA", "contact_email": "ana@brand.example"}


@pytest.fixture
async def account(tools: WebhookContext) -> AsyncIterator[tuple[Account, WebhookContext]]:
    """A HubSpot account, and tools that reach it."""
    made = Account()
    async with serving(made.answers) as address:
        yield made, replace(tools, destinations=catalog.make_destinations(hubspot_base=address))


async def make(
    sessions: Sessions, keyring: Keyring, agency_id: str, kind: str, options: dict[str, Any], **wish: Any
) -> Endpoint:
    made, _ = await scenes.make_endpoint(
        sessions, keyring, agency_id, "https://destination.example/", ("link.*",), destination=kind, options=options,
        **wish,
    )  # fmt: skip
    return made


async def test_a_company_that_hubspot_never_takes_does_not_hold_its_link(
    account: tuple[Account, WebhookContext], sessions: Sessions, keyring: Keyring, world: World
) -> None:
    hubspot, tools = account
    agency_id = world.north.agency_id
    await scenes.fan_all_out(tools)
    await make(sessions, keyring, agency_id, "hubspot", {"token": TOKEN}, ordering="by_subject")
    for what in (events.LINK_CREATED, events.LINK_SENT, events.LINK_OPENED):
        await scenes.happen(sessions, agency_id, what, link_id="link_1", **TOLD)
    await scenes.fan_all_out(tools)
    hubspot.trouble["companies/batch/upsert"] = error(400, "VALIDATION_ERROR", "Property values were not valid")
    for _ in range(3):
        await scenes.round_(tools)
    rows = await scenes.deliveries(sessions, agency_id)
    assert [(row.status, row.reason) for row in rows] == [
        ("exhausted", "refused"), ("succeeded", None), ("succeeded", None),
    ]  # fmt: skip
    assert [company["onboarding_last_event"] for company in hubspot.objects["companies"].values()] == ["link.opened"]


async def test_a_contact_that_hubspot_never_takes_is_named_and_holds_nothing(
    account: tuple[Account, WebhookContext], sessions: Sessions, keyring: Keyring, world: World
) -> None:
    hubspot, tools = account
    agency_id = world.north.agency_id
    await scenes.fan_all_out(tools)
    await make(sessions, keyring, agency_id, "hubspot", {"token": TOKEN}, ordering="by_subject")
    for what in (events.LINK_CREATED, events.LINK_SENT):
        await scenes.happen(sessions, agency_id, what, link_id="link_1", **{**TOLD, "contact_email": "ana@brand"})
    await scenes.fan_all_out(tools)
    for _ in range(2):
        await scenes.round_(tools)
    rows = await scenes.deliveries(sessions, agency_id)
    assert [(row.status, row.last_code) for row in rows] == [("succeeded", "partly_refused")] * 2
    assert len(hubspot.objects["companies"]) == 1
    explained = [made.explanation for made in await scenes.attempts(sessions, rows[0]) if made.code == "partly_refused"]
    assert len(explained) == 1
    assert "INVALID_EMAIL" in explained[0]


async def test_a_channel_that_was_archived_is_not_written_to_again(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    heard: list[Heard] = []

    def archived(request: Heard) -> Said:
        heard.append(request)
        return Said(410, "channel_is_archived")

    async with serving(archived) as address:
        tools = replace(tools, destinations=catalog.make_destinations())
        await scenes.fan_all_out(tools)
        endpoint = await make(sessions, keyring, agency_id, "slack", {"webhook_url": address}, concurrency=1)
        for what in (events.LINK_CREATED, events.LINK_SENT):
            await scenes.happen(sessions, agency_id, what, link_id="link_1", **TOLD)
        await scenes.fan_all_out(tools)
        for _ in range(3):
            await scenes.round_(tools)
    assert len(heard) == 1
    rows = [row for row in await scenes.deliveries(sessions, agency_id) if row.endpoint_id == endpoint.id]
    assert [(row.status, row.reason) for row in rows] == [("exhausted", "gone"), ("skipped", "endpoint_disabled")]
