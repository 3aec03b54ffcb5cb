"""Idempotency-Key: one request is done once, whoever asks how often."""

import asyncio

import httpx2
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.models import Event
from app.kit import jobs
from app.kit.database import Sessions
from app.tenants.agencies.models import Agency
from app.tenants.api_keys.idempotency import KEPT, IdempotencyKey, delete_expired
from app.tenants.clients.models import Client
from tests.world import World

KEY = {"Idempotency-Key": "order-1"}


async def names(session: AsyncSession, world: World) -> list[str]:
    """The clients that were made."""
    rows = select(Client.name).where(Client.agency_id == world.north.agency_id, Client.name != "Maison Lune")
    return list(await session.scalars(rows))


async def test_the_same_request_again_gets_the_first_answer(
    api: httpx2.AsyncClient, session: AsyncSession, world: World
) -> None:
    first = await api.post("/clients", json={"name": "Brand"}, headers=KEY)
    again = await api.post("/clients", json={"name": "Brand"}, headers=KEY)
    assert (first.status_code, again.status_code, first.text) == (201, 201, again.text)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["content-type"] == "application/json"
    assert await names(session, world) == ["Brand"]
    events = select(Event.id).where(Event.agency_id == world.north.agency_id, Event.subject_id == first.json()["id"])
    assert len((await session.scalars(events)).all()) == 1


async def test_another_request_under_the_same_key_is_refused(api: httpx2.AsyncClient, world: World) -> None:
    await api.post("/clients", json={"name": "Brand"}, headers=KEY)
    for path, body in (("/clients", {"name": "Other"}), ("/keys", {"name": "Brand", "scopes": ["links:read"]})):
        other = await api.post(path, json=body, headers=KEY)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_what_was_refused_can_be_sent_again(api: httpx2.AsyncClient) -> None:
    refused = await api.post("/clients", json={"name": ""}, headers=KEY)
    good = await api.post("/clients", json={"name": "Brand"}, headers=KEY)
    assert (refused.status_code, good.status_code) == (422, 201)


async def test_another_key_of_the_agency_does_not_read_the_answer(api: httpx2.AsyncClient) -> None:
    wish = {"name": "mine", "scopes": ["keys:write"]}
    mine = (await api.post("/keys", json=wish, headers=KEY)).json()
    bearer = {"Authorization": f"Bearer {mine['value']}"}
    theirs = (await api.post("/keys", json=wish, headers=KEY | bearer)).json()
    assert theirs["value"] != mine["value"]


async def test_secrets_in_answers_are_sealed(api: httpx2.AsyncClient, session: AsyncSession, world: World) -> None:
    made = (await api.post("/keys", json={"name": "x", "scopes": ["links:read"]}, headers=KEY)).json()
    rows = select(IdempotencyKey.answer_encrypted).where(IdempotencyKey.agency_id == world.north.agency_id)
    kept = (await session.scalars(rows)).one()
    assert made["value"].encode() not in kept
    again = await api.post("/keys", json={"name": "x", "scopes": ["links:read"]}, headers=KEY)
    assert again.json()["value"] == made["value"]


async def test_a_repetition_while_the_first_is_under_way_is_refused(
    api: httpx2.AsyncClient, sessions: Sessions, session: AsyncSession, world: World
) -> None:
    held = select(Agency).where(Agency.id == world.north.agency_id).with_for_update()
    await session.execute(held)
    first = asyncio.create_task(api.post("/clients", json={"name": "Brand"}, headers=KEY))
    await until_waiting(sessions)
    second = await api.post("/clients", json={"name": "Brand"}, headers=KEY)
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_in_progress")
    await session.rollback()
    assert (await first).status_code == 201
    third = await api.post("/clients", json={"name": "Brand"}, headers=KEY)
    assert third.headers["idempotency-replayed"] == "true"
    assert await names(session, world) == ["Brand"]


async def test_many_at_once_do_it_once(api: httpx2.AsyncClient, session: AsyncSession, world: World) -> None:
    sent = [api.post("/clients", json={"name": "Brand"}, headers=KEY) for _ in range(12)]
    answers = await asyncio.gather(*sent)
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.text for answer in answers if answer.status_code == 201}) == 1
    assert await names(session, world) == ["Brand"]


async def test_a_key_is_one_line_of_at_most_255_characters(api: httpx2.AsyncClient) -> None:
    for wrong in ("", "a b", "x" * 256):
        answer = await api.post("/clients", json={"name": "x"}, headers={"Idempotency-Key": wrong})
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["Idempotency-Key"])


async def test_answers_are_forgotten_after_a_day(
    api: httpx2.AsyncClient, sessions: Sessions, session: AsyncSession, world: World
) -> None:
    await api.post("/clients", json={"name": "Brand"}, headers=KEY)
    assert not await jobs.claim(sessions, IdempotencyKey, limit=5, lease=KEPT)
    async with sessions.begin() as later:
        mine = IdempotencyKey.agency_id == world.north.agency_id
        await later.execute(update(IdempotencyKey).where(mine).values(due_at=IdempotencyKey.due_at - KEPT))
    (row,) = await jobs.claim(sessions, IdempotencyKey, limit=5, lease=KEPT)
    await delete_expired(sessions, row)
    await api.post("/clients", json={"name": "Brand"}, headers=KEY)
    assert await names(session, world) == ["Brand", "Brand"]


async def until_waiting(sessions: Sessions, number: int = 1) -> None:
    """Until so many wait for a lock. Each look is a transaction: within one, pg_stat_activity stands still."""
    mine = "datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(20):
        while True:
            async with sessions() as looking:
                waiting = await looking.execute(text(f"SELECT count(*) FROM pg_stat_activity WHERE {mine}"))
                if waiting.scalar_one() >= number:
                    return
            await asyncio.sleep(0.02)
