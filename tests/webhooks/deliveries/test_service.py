"""Sending a delivery again, calling it off, deleting what it carried."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from app.events.models import Event
from app.kit import clock, ids
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from app.webhooks.models import Attempt, Delivery, Endpoint, WebhookBody
from tests.kit.egress.receivers import OK, answers, receiver
from tests.webhooks import scenes, setting
from tests.world import World

PATH = "/webhooks/deliveries"
OVER: dict[str, Any] = {
    "status": "exhausted", "reason": "attempts_used", "due_at": None, "attempt_count": 5, "attempts_since_requeue": 5,
    "last_code": "http_500",
}  # fmt: skip


@pytest.fixture
async def endpoint(sessions: Sessions, keyring: Keyring, world: World) -> Endpoint:
    made, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, "https://h.example/")
    return made


@pytest.fixture
async def row(endpoint: Endpoint, tools: WebhookContext, sessions: Sessions, world: World) -> Delivery:
    """A delivery that is due."""
    await scenes.happen(sessions, world.north.agency_id)
    await scenes.fan_all_out(tools)
    [made] = await scenes.deliveries(sessions, world.north.agency_id)
    return made


async def post(api: httpx2.AsyncClient, row: Delivery, what: str) -> tuple[int, str | None]:
    answer = await api.post(f"{PATH}/{row.id}/{what}")
    return answer.status_code, answer.json().get("code")


async def bodies(sessions: Sessions, agency_id: str) -> int:
    async with sessions() as session:
        query = select(func.count()).select_from(WebhookBody).where(WebhookBody.agency_id == agency_id)
        return (await session.execute(query)).scalar_one()


@pytest.mark.parametrize("status", ["exhausted", "cancelled", "skipped", "succeeded"])
async def test_what_is_over_begins_anew(
    api: httpx2.AsyncClient, sessions: Sessions, row: Delivery, status: str
) -> None:
    await scenes.change(sessions, row, **{**OVER, "status": status}, expires_at=func.now() - timedelta(days=1))
    answer = await api.post(f"{PATH}/{row.id}/retry")
    assert answer.status_code == 202, answer.text
    shown = answer.json()
    assert (shown["status"], shown["reason"], shown["attempt_count"], shown["attempts_since_requeue"]) == (
        "pending",
        None,
        5,
        0,
    )
    after = await scenes.again(sessions, row)
    assert (after.slot_class, after.replay_id, after.body_id) == ("retry", None, row.body_id)
    assert after.expires_at > clock.now() + timedelta(days=4)


async def test_it_is_really_sent_with_the_same_id(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    async with receiver(answers(OK)) as there:
        await scenes.make_endpoint(sessions, keyring, world.north.agency_id, there.url)
        event = await scenes.happen(sessions, world.north.agency_id)
        await scenes.fan_all_out(tools)
        row = await scenes.attempt(tools)
        assert row.status == "succeeded"
        assert await post(api, row, "retry") == (202, None)
        row = await scenes.attempt(tools)
    assert (row.status, row.attempt_count) == ("succeeded", 2)
    assert [event.id.encode() in request for request in there.requests] == [True, True]


@pytest.mark.parametrize("status", ["pending", "retrying"])
async def test_what_is_not_over_is_not_begun_anew(
    api: httpx2.AsyncClient, sessions: Sessions, row: Delivery, status: str
) -> None:
    await scenes.change(sessions, row, status=status)
    answer = await api.post(f"{PATH}/{row.id}/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "delivery_not_over")
    assert "cancel" in answer.json()["hint"]


async def test_nothing_is_sent_again_to_what_is_not_there(
    api: httpx2.AsyncClient, sessions: Sessions, endpoint: Endpoint, row: Delivery
) -> None:
    await scenes.change(sessions, row, **OVER)
    for status in ("disabled", "pending_verification"):
        await setting.endpoint(sessions, endpoint, status=status)
        assert await post(api, row, "retry") == (409, "endpoint_disabled")
    await setting.endpoint(sessions, endpoint, deleted_at=func.now())
    assert await post(api, row, "retry") == (409, "endpoint_deleted")


async def test_a_body_dropped_for_its_age_is_rendered_again(
    api: httpx2.AsyncClient, sessions: Sessions, row: Delivery
) -> None:
    await scenes.change(sessions, row, **OVER, body_created_at=func.now() - timedelta(days=40))
    assert await post(api, row, "retry") == (202, None)
    after = await scenes.again(sessions, row)
    assert after.body_id != row.body_id
    assert await bodies(sessions, row.agency_id) == 2


async def test_calling_off(api: httpx2.AsyncClient, sessions: Sessions, row: Delivery) -> None:
    answer = await api.post(f"{PATH}/{row.id}/cancellation")
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["reason"]) == ("cancelled", "user")
    assert (await scenes.again(sessions, row)).due_at is None
    assert await post(api, row, "cancellation") == (409, "delivery_over")


async def test_calling_off_what_is_in_flight_takes_it_from_its_worker(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, row: Delivery
) -> None:
    await scenes.claimed(tools)
    answer = await api.post(f"{PATH}/{row.id}/cancellation")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    after = await scenes.again(sessions, row)
    assert (after.lease_token, after.lease_until, after.due_at) == (None, None, None)


async def test_calling_off_what_waits_in_order_lets_the_next_go(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, row: Delivery
) -> None:
    for _ in range(2):
        await scenes.happen(sessions, row.agency_id)
    await scenes.fan_all_out(tools)
    first, second, third = await scenes.deliveries(sessions, row.agency_id)
    await scenes.change(sessions, first, ordered=True)
    for each in (second, third):
        await scenes.change(sessions, each, ordered=True, due_at=None, reason="ordering")
    assert await post(api, second, "cancellation") == (200, None)
    assert (await scenes.again(sessions, third)).due_at is None, "the first is not over"
    assert await post(api, first, "cancellation") == (200, None)
    after = await scenes.again(sessions, third)
    assert (after.due_at is not None, after.reason) == (True, None)


async def test_what_begins_anew_in_order_goes_before_later_ones(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, endpoint: Endpoint, row: Delivery
) -> None:
    await setting.endpoint(sessions, endpoint, ordering="by_subject")
    await scenes.happen(sessions, row.agency_id)
    await scenes.fan_all_out(tools)
    first, second = await scenes.deliveries(sessions, row.agency_id)
    await scenes.change(sessions, first, **OVER, ordered=True)
    await scenes.change(sessions, second, due_at=func.now(), reason=None)
    assert await post(api, first, "retry") == (202, None)
    first, second = await scenes.deliveries(sessions, row.agency_id)
    assert (first.due_at is not None, first.reason) == (True, None)
    assert (second.due_at, second.reason) == (None, "ordering")


async def test_what_begins_anew_in_order_waits_for_what_is_in_flight(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, endpoint: Endpoint, row: Delivery
) -> None:
    await setting.endpoint(sessions, endpoint, ordering="by_subject")
    await scenes.happen(sessions, row.agency_id)
    await scenes.fan_all_out(tools)
    first, second = await scenes.deliveries(sessions, row.agency_id)
    await scenes.change(sessions, first, **OVER, ordered=True)
    later = func.now() + timedelta(minutes=1)
    await scenes.change(
        sessions, second, due_at=func.now(), reason=None, lease_token=func.gen_random_uuid(), lease_until=later
    )
    assert await post(api, first, "retry") == (202, None)
    assert await scenes.claimed(tools) == []
    assert await post(api, second, "cancellation") == (200, None)
    [delivery] = await scenes.claimed(tools)
    assert ids.text("delivery", delivery.id) == first.id


async def test_a_deleted_payload_is_gone_for_good(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, row: Delivery
) -> None:
    await scenes.change(sessions, row, **OVER)
    async with sessions.begin() as session:
        attempt = Attempt(
            agency_id=row.agency_id, id=ids.new("attempt"), delivery_id=row.id, endpoint_id=row.endpoint_id, number=1,
            late=False, arrived=False, code="http_500", explanation="", status=500,
            headers={"x-name": "Ana"}, body="Ana", total_ms=1, worker="test",
        )  # fmt: skip
        session.add(attempt)
    for _ in range(2):
        assert (await api.delete(f"{PATH}/{row.id}/payload")).status_code == 204
    assert (await api.get(f"{PATH}/{row.id}")).json()["payload_deleted"] is True
    [left] = await scenes.attempts(sessions, row)
    assert (left.body, left.headers) == ("", {})
    assert await bodies(sessions, row.agency_id) == 0
    assert await post(api, row, "retry") == (409, "payload_deleted")
    async with sessions() as session:
        told = select(Event).where(Event.agency_id == row.agency_id, Event.type == "webhook.payload_deleted")
        assert [event.subject_id for event in await session.scalars(told)] == [row.id]


async def test_a_payload_is_not_taken_from_other_endpoints(
    api: httpx2.AsyncClient, tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    for _ in range(2):
        await scenes.make_endpoint(sessions, keyring, world.north.agency_id, "https://h.example/")
    await scenes.happen(sessions, world.north.agency_id)
    await scenes.fan_all_out(tools)
    one, two = await scenes.deliveries(sessions, world.north.agency_id)
    for each, left in ((one, 1), (two, 0)):
        await scenes.change(sessions, each, **OVER)
        assert (await api.delete(f"{PATH}/{each.id}/payload")).status_code == 204
        assert await bodies(sessions, world.north.agency_id) == left


async def test_what_is_on_its_way_keeps_its_payload(api: httpx2.AsyncClient, row: Delivery) -> None:
    refused = await api.delete(f"{PATH}/{row.id}/payload")
    assert (refused.status_code, refused.json()["code"]) == (409, "delivery_not_over")


async def test_nobody_else_may(api: httpx2.AsyncClient, sessions: Sessions, row: Delivery, world: World) -> None:
    await scenes.change(sessions, row, **OVER)
    for headers, status in (({"Authorization": f"Bearer {world.south.key}"}, 404), ({"Authorization": ""}, 401)):
        for what in ("retry", "cancellation"):
            assert (await api.post(f"{PATH}/{row.id}/{what}", headers=headers)).status_code == status
        assert (await api.delete(f"{PATH}/{row.id}/payload", headers=headers)).status_code == status
    assert (await scenes.again(sessions, row)).status == "exhausted"


async def test_the_payload_is_what_is_sent_until_it_is_gone(
    api: httpx2.AsyncClient, sessions: Sessions, row: Delivery, world: World
) -> None:
    there = f"{PATH}/{row.id}/payload"
    sent = (await api.get(there)).json()
    assert (sent["id"], sent["type"], sent["data"]["agency_id"]) == (row.event_id, row.event_type, row.agency_id)
    others = {"Authorization": f"Bearer {world.south.key}"}
    assert (await api.get(there, headers=others)).status_code == 404
    await scenes.change(sessions, row, body_created_at=row.body_created_at - timedelta(days=60))
    assert (await api.get(there)).json()["code"] == "payload_expired"
    await scenes.change(sessions, row, **OVER)
    assert (await api.delete(there)).status_code == 204
    assert (await api.get(there)).json()["code"] == "payload_deleted"
