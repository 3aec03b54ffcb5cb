"""From an event to its deliveries: whom it reaches, and that it is harmless to do it again."""

import hashlib
import json
from datetime import timedelta

from sqlalchemy import func, select, update

from app.events import catalog
from app.events.models import EventPersonal, OutboxEntry
from app.events.recorder import record
from app.events.schema import AccessData
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from app.webhooks.models import WebhookBody
from tests.webhooks import scenes
from tests.webhooks.scenes import fan_out
from tests.world import TESTS, World

URL = "https://hooks.example.com/in"


async def bodies(sessions: Sessions, agency_id: str) -> list[WebhookBody]:
    async with sessions() as session:
        return list((await session.scalars(select(WebhookBody).where(WebhookBody.agency_id == agency_id))).all())


async def marks(sessions: Sessions, agency_id: str) -> int:
    query = select(func.count()).select_from(OutboxEntry).where(OutboxEntry.agency_id == agency_id)
    async with sessions() as session:
        return (await session.execute(query)).scalar_one()


async def test_it_reaches_those_of_its_agency_who_want_it(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    north, south = world.north.agency_id, world.south.agency_id
    all_access_requests, _ = await scenes.make_endpoint(sessions, keyring, north, URL, ["access.*"])
    verified, _ = await scenes.make_endpoint(sessions, keyring, north, URL, ["link.opened", "access.verified"])
    await scenes.make_endpoint(sessions, keyring, north, URL, ["link.*"])
    await scenes.make_endpoint(sessions, keyring, south, URL, ["*"])
    await scenes.fan_all_out(tools)
    event = await scenes.happen(sessions, north, link_id="link_7")
    await scenes.fan_all_out(tools)
    made = [row for row in await scenes.deliveries(sessions, north) if row.event_id == event.id]
    assert {delivery.endpoint_id for delivery in made} == {all_access_requests.id, verified.id}
    assert {(row.event_id, row.event_type, row.subject_id, row.status, row.origin) for row in made} == {
        (event.id, "access.verified", "link_7", "pending", "event")
    }
    assert {row.expires_at for row in made} == {event.occurred_at + timedelta(days=5)}
    assert not [row for row in await scenes.deliveries(sessions, south) if row.event_id == event.id]
    assert await marks(sessions, north) == 0


async def test_a_body_is_rendered_once_for_each_shape(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    for wish in ({}, {}, {"payload_mode": "thin"}, {"payload_mode": "flat"}, {"personal": False}):
        await scenes.make_endpoint(sessions, keyring, agency_id, URL, **wish)
    await scenes.happen(sessions, agency_id, client_name="Zoë", link_id="link_7")
    await scenes.fan_all_out(tools)
    rendered = {(body.mode, body.personal): body for body in await bodies(sessions, agency_id)}
    assert set(rendered) == {("full", True), ("thin", True), ("flat", True), ("full", False)}
    used = [row.body_id for row in await scenes.deliveries(sessions, agency_id)]
    assert len(used) == 5
    assert used.count(rendered["full", True].id) == 2
    assert json.loads(rendered["full", True].content)["data"]["client_name"] == "Zoë"
    assert json.loads(rendered["full", False].content)["data"]["client_name"] is None
    assert json.loads(rendered["flat", True].content)["client_name"] == "Zoë"
    assert "client_name" not in json.loads(rendered["thin", True].content)["data"]
    for body in rendered.values():
        assert body.sha256 == hashlib.sha256(body.content).digest()


async def test_doing_it_again_makes_no_second_delivery(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    await scenes.make_endpoint(sessions, keyring, agency_id, URL)
    event = await scenes.happen(sessions, agency_id)
    await scenes.fan_all_out(tools)
    await scenes.mark(sessions, event)
    await scenes.fan_all_out(tools)
    assert len(await scenes.deliveries(sessions, agency_id)) == 1


async def test_an_event_that_somebody_else_fans_out_is_left_to_them(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    await scenes.make_endpoint(sessions, keyring, agency_id, URL)
    await scenes.fan_all_out(tools)
    await scenes.happen(sessions, agency_id)
    async with sessions() as other:
        await other.execute(select(OutboxEntry).where(OutboxEntry.agency_id == agency_id).with_for_update())
        assert await fan_out(sessions, keyring) == 0
    assert await bodies(sessions, agency_id) == []
    assert await fan_out(sessions, keyring) == 1
    assert len(await scenes.deliveries(sessions, agency_id)) == 1


async def test_one_event_that_cannot_be_fanned_out_holds_up_no_other(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    await scenes.make_endpoint(sessions, keyring, agency_id, URL)
    await scenes.fan_all_out(tools)
    broken = await scenes.happen(sessions, agency_id)
    whole = await scenes.happen(sessions, agency_id)
    async with sessions.begin() as session:
        wrong = EventPersonal(agency_id=agency_id, id=broken.id, data={"answers": ["no", "text"]})
        session.add(wrong)
    assert await fan_out(sessions, keyring) == 2
    assert [row.event_id for row in await scenes.deliveries(sessions, agency_id)] == [whole.id]
    assert await marks(sessions, agency_id) == 1
    async with sessions.begin() as session:
        await session.delete(wrong)
        await session.execute(update(OutboxEntry).where(OutboxEntry.agency_id == agency_id).values(due_at=func.now()))
    assert await fan_out(sessions, keyring) == 1
    assert len(await scenes.deliveries(sessions, agency_id)) == 2


async def test_a_disabled_endpoint_gets_a_skipped_delivery(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    await scenes.make_endpoint(sessions, keyring, agency_id, URL, enabled=False)
    await scenes.happen(sessions, agency_id)
    await scenes.fan_all_out(tools)
    [row] = await scenes.deliveries(sessions, agency_id)
    assert (row.status, row.reason, row.due_at) == ("skipped", "endpoint_disabled", None)


async def test_a_filter_keeps_out_other_links_and_presets(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    await scenes.make_endpoint(
        sessions, keyring, agency_id, URL, ["*"], filter={"link_id": "link_7", "preset": "audit-only"}
    )
    await scenes.happen(sessions, agency_id, catalog.LINK_OPENED, link_id="link_8", preset="audit-only")
    await scenes.happen(sessions, agency_id, catalog.LINK_OPENED, link_id="link_7", preset="run-campaigns")
    wanted = await scenes.happen(sessions, agency_id, catalog.LINK_OPENED, link_id="link_7", preset="audit-only")
    await scenes.fan_all_out(tools)
    assert [row.event_id for row in await scenes.deliveries(sessions, agency_id)] == [wanted.id]


async def test_news_of_an_endpoint_goes_to_others_that_ask_for_it(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    failing, _ = await scenes.make_endpoint(sessions, keyring, agency_id, URL, ["webhook.*"])
    watching, _ = await scenes.make_endpoint(sessions, keyring, agency_id, URL, ["webhook.delivery.exhausted"])
    await scenes.make_endpoint(sessions, keyring, agency_id, URL, ["*"])
    event = await scenes.happen(sessions, agency_id, catalog.DELIVERY_EXHAUSTED, endpoint_id=failing.id)
    await scenes.fan_all_out(tools)
    reached = [row.endpoint_id for row in await scenes.deliveries(sessions, agency_id) if row.event_id == event.id]
    assert reached == [watching.id]


async def test_business_change_and_event_go_together(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    await scenes.make_endpoint(sessions, keyring, agency_id, URL)
    await scenes.fan_all_out(tools)
    async with sessions() as session:
        await record(
            session, catalog.ACCESS_VERIFIED, agency_id=agency_id, subject_id="link_1", actor=TESTS,
            data=AccessData.known(),
        )  # fmt: skip
        await session.rollback()
    assert await marks(sessions, agency_id) == 0


async def test_agencies_take_turns_however_much_one_of_them_has(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    north, south = world.north.agency_id, world.south.agency_id
    for agency_id in (north, south):
        await scenes.make_endpoint(sessions, keyring, agency_id, URL)
    await scenes.fan_all_out(tools)
    much = [await scenes.happen(sessions, north) for _ in range(30)]
    little = [await scenes.happen(sessions, south) for _ in range(3)]
    assert await fan_out(sessions, keyring, limit=10) == 8  # five and three
    done = [row.event_id for row in await scenes.deliveries(sessions, north)]
    assert done == [event.id for event in much[:5]]
    assert [row.event_id for row in await scenes.deliveries(sessions, south)] == [event.id for event in little]
    assert await fan_out(sessions, keyring, limit=10) == 10
    await scenes.fan_all_out(tools)
    assert len(await scenes.deliveries(sessions, north)) == 30


async def test_of_more_agencies_than_are_served_at_once_those_that_waited_longest_come_first(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agencies = sorted([world.north.agency_id, world.south.agency_id], reverse=True)
    for agency_id in agencies:
        await scenes.make_endpoint(sessions, keyring, agency_id, URL)
    await scenes.fan_all_out(tools)
    for agency_id in agencies:
        await scenes.happen(sessions, agency_id)
    for served, waiting in ((0, 1), (1, 0)):
        assert await fan_out(sessions, keyring, limit=1) == 1
        assert len(await scenes.deliveries(sessions, agencies[served])) == 1
        assert len(await scenes.deliveries(sessions, agencies[1])) == 1 - waiting
