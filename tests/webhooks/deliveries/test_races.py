"""Deliveries of one subject, ended by several at once: everybody locks in one order, so nobody waits in a circle."""

import asyncio
from collections.abc import Sequence

import pytest

from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from app.webhooks.deliveries import service
from app.webhooks.dispatcher import result_writer
from app.webhooks.endpoints.service import delete_endpoint
from app.webhooks.models import Delivery, Endpoint
from tests.kit.egress.receivers import OK, answers, receiver
from tests.webhooks import scenes, setting
from tests.world import TESTS, World

IN_A_ROW = 6


@pytest.fixture
async def endpoint(sessions: Sessions, keyring: Keyring, world: World) -> Endpoint:
    made, _ = await scenes.make_endpoint(
        sessions, keyring, world.north.agency_id, "https://h.example/", ordering="by_subject"
    )
    return made


@pytest.fixture
async def rows(endpoint: Endpoint, tools: WebhookContext) -> Sequence[Delivery]:
    """Deliveries of one subject, in order; the first is due, the others wait for it."""
    for _ in range(IN_A_ROW):
        await scenes.happen(tools.sessions, endpoint.agency_id)
    await scenes.fan_all_out(tools)
    return await scenes.deliveries(tools.sessions, endpoint.agency_id)


async def test_calling_off_many_of_a_subject_at_once(rows: Sequence[Delivery], sessions: Sessions) -> None:
    async def cancel(row: Delivery) -> None:
        async with sessions.begin() as session:
            await service.cancel(session, row.agency_id, row.id)

    for row in rows[1:]:
        await scenes.change(sessions, row, due_at=None, reason="ordering")
    await asyncio.gather(*(cancel(row) for row in rows))
    assert {(await scenes.again(sessions, row)).status for row in rows} == {"cancelled"}


async def test_an_endpoint_goes_while_an_attempt_is_written_down(
    rows: Sequence[Delivery], endpoint: Endpoint, tools: WebhookContext, sessions: Sessions, keyring: Keyring
) -> None:
    async with receiver(answers(OK)) as there:
        await setting.endpoint(sessions, endpoint, url=there.url)
        await scenes.change(sessions, rows[0], status="retrying")
        [delivery] = await scenes.claimed(tools)
        made = await scenes.attempted(tools, delivery)

    async def end() -> None:
        async with sessions.begin() as session:
            await delete_endpoint(session, endpoint.agency_id, endpoint.id, actor=TESTS)

    for row in rows[1:]:
        await scenes.change(sessions, row, due_at=None, reason="ordering")
    await asyncio.gather(result_writer.write(sessions, [made], worker="test"), end())
    statuses = [(await scenes.again(sessions, row)).status for row in rows]
    assert statuses[0] in ("succeeded", "cancelled")
    assert set(statuses[1:]) == {"cancelled"}
