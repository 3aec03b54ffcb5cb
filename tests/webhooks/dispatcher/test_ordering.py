"""One delivery of a subject at a time, in the order of its sequence, for endpoints that want it."""

import asyncio
import json
import random
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import pytest
from sqlalchemy import func, update

from app.events.models import OutboxEntry
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from app.webhooks.endpoints.service import delete_endpoint
from tests.kit.egress.receivers import Receiver, answers, chooses, receiver
from tests.webhooks import scenes
from tests.webhooks.scenes import fan_out
from tests.world import TESTS, World

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
BROKEN = b"HTTP/1.1 500 Oh\r\ncontent-length: 4\r\n\r\noops"


def told(there: Receiver) -> list[tuple[str, int]]:
    """Subject and sequence of what arrived, in order."""
    bodies = [json.loads(request.partition(b"\r\n\r\n")[2]) for request in there.requests]
    return [(body["subject"]["id"], body["sequence"]) for body in bodies]


async def until_quiet(tools: WebhookContext, sessions: Sessions, agency_id: str) -> None:
    """Rounds of a worker until nothing is open; retries are not waited for."""
    for _ in range(200):
        await scenes.round_(tools)
        rows = await scenes.deliveries(sessions, agency_id)
        if all(row.status in ("succeeded", "exhausted", "cancelled", "skipped") for row in rows):
            return
        for row in rows:
            if row.status == "retrying" and row.due_at is not None:
                await scenes.change(sessions, row, due_at=func.now())
    raise AssertionError("it never became quiet")


def refuses(answer: bytes) -> AbstractAsyncContextManager[Receiver]:
    """Answers so to the first event of `link_a`, 200 to everything else."""

    def choose(body: bytes) -> bytes:
        event = json.loads(body)
        return answer if (event["subject"]["id"], event["sequence"]) == ("link_a", 1) else OK

    return chooses(choose)


async def _attempts(tools: WebhookContext, sessions: Sessions, agency_id: str, number: int) -> None:
    """Run the given number of rounds, each with due retries."""
    for _ in range(number):
        await scenes.round_(tools)
        for row in await scenes.deliveries(sessions, agency_id):
            if row.status == "retrying" and row.due_at is not None:
                await scenes.change(sessions, row, due_at=func.now())


REFUSED = b"HTTP/1.1 422 No\r\ncontent-length: 0\r\n\r\n"


async def test_one_that_is_refused_for_what_is_in_it_steps_aside_and_is_tried_on(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with refuses(REFUSED) as there:
        await scenes.make_endpoint(sessions, keyring, agency_id, there.url, ordering="by_subject")
        await scenes.fan_all_out(tools)
        for _ in range(3):
            await scenes.happen(sessions, agency_id, link_id="link_a")
        await scenes.fan_all_out(tools)
        await _attempts(tools, sessions, agency_id, 4)
        assert set(told(there)) == {("link_a", 1)}, "the others wait at first"
        await _attempts(tools, sessions, agency_id, 4)
    assert [each for each in told(there) if each[1] > 1] == [("link_a", 2), ("link_a", 3)]
    rows = await scenes.deliveries(sessions, agency_id)
    assert sorted(row.status for row in rows) == ["retrying", "succeeded", "succeeded"]


@pytest.mark.parametrize("others_pass", [True, False])
async def test_one_that_fails_steps_aside_only_while_others_pass(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World, others_pass: bool
) -> None:
    agency_id = world.north.agency_id
    async with refuses(BROKEN) if others_pass else receiver(answers(BROKEN)) as there:
        await scenes.make_endpoint(sessions, keyring, agency_id, there.url, ordering="by_subject")
        await scenes.fan_all_out(tools)
        for link in ("link_a", "link_a", "link_b"):
            await scenes.happen(sessions, agency_id, link_id=link)
        await scenes.fan_all_out(tools)
        await _attempts(tools, sessions, agency_id, 8)
    assert (("link_a", 2) in told(there)) is others_pass


async def test_each_subject_arrives_in_order_and_none_waits_for_another(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as there:
        await scenes.make_endpoint(sessions, keyring, agency_id, there.url, ordering="by_subject")
        await scenes.fan_all_out(tools)
        for _ in range(4):
            for link in ("link_a", "link_b", "link_c"):
                await scenes.happen(sessions, agency_id, link_id=link)
        await scenes.fan_all_out(tools)
        await scenes.round_(tools)
        assert sorted(told(there)) == [("link_a", 1), ("link_b", 1), ("link_c", 1)]
        await until_quiet(tools, sessions, agency_id)
    for link in ("link_a", "link_b", "link_c"):
        assert [sequence for subject, sequence in told(there) if subject == link] == [1, 2, 3, 4]


async def test_one_that_fails_holds_up_its_subject_alone(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(BROKEN)) as there:
        await scenes.make_endpoint(sessions, keyring, agency_id, there.url, ordering="by_subject", retry_policy=[3600])
        await scenes.fan_all_out(tools)
        for link in ("link_a", "link_a", "link_a", "link_b"):
            await scenes.happen(sessions, agency_id, link_id=link)
        await scenes.fan_all_out(tools)
        await scenes.round_(tools)
        await scenes.round_(tools)
        assert told(there) == [("link_a", 1), ("link_b", 1)]
        rows = {(row.subject_id, row.sequence): row for row in await scenes.deliveries(sessions, agency_id)}
        assert [rows["link_a", number].status for number in (1, 2, 3)] == ["retrying", "pending", "pending"]
        assert {(rows["link_a", number].reason, rows["link_a", number].due_at) for number in (2, 3)} == {
            ("ordering", None)
        }
        await until_quiet(tools, sessions, agency_id)
    assert [sequence for subject, sequence in told(there) if subject == "link_a"] == [1, 1, 2, 2, 3, 3]


async def test_it_waits_for_an_earlier_event_that_is_not_fanned_out_yet(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    """Two workers fan out: the later event of a subject may be done first."""
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as there:
        await scenes.make_endpoint(sessions, keyring, agency_id, there.url, ordering="by_subject")
        await scenes.fan_all_out(tools)
        first = await scenes.happen(sessions, agency_id, link_id="link_a")
        await scenes.happen(sessions, agency_id, link_id="link_a")
        mark = update(OutboxEntry).where(OutboxEntry.agency_id == agency_id, OutboxEntry.id == first.id)
        async with sessions.begin() as session:
            await session.execute(mark.values(due_at=func.now() + timedelta(hours=1)))
        assert await fan_out(sessions, keyring) == 1
        await scenes.round_(tools)
        assert told(there) == []
        async with sessions.begin() as session:
            await session.execute(mark.values(due_at=func.now()))
        await fan_out(sessions, keyring)
        await until_quiet(tools, sessions, agency_id)
    assert told(there) == [("link_a", 1), ("link_a", 2)]


async def test_a_deleted_endpoint_leaves_none_waiting(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(BROKEN)) as there:
        endpoint, _ = await scenes.make_endpoint(sessions, keyring, agency_id, there.url, ordering="by_subject")
        await scenes.fan_all_out(tools)
        for _ in range(3):
            await scenes.happen(sessions, agency_id, link_id="link_a")
        await scenes.fan_all_out(tools)
        await scenes.round_(tools)
        await scenes.round_(tools)
        async with sessions.begin() as session:
            await delete_endpoint(session, agency_id, endpoint.id, actor=TESTS)
        await scenes.round_(tools)
    assert {row.status for row in await scenes.deliveries(sessions, agency_id)} == {"cancelled"}


async def test_two_workers_keep_the_order_too(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    """Finishing and putting aside race here; none may be left waiting for nothing, none may overtake."""
    agency_id = world.north.agency_id

    async def talk(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(random.uniform(0, 0.01))
        writer.write(OK)

    async with receiver(talk) as there:
        await scenes.make_endpoint(sessions, keyring, agency_id, there.url, ordering="by_subject", concurrency=20)
        await scenes.fan_all_out(tools)
        stop = asyncio.Event()
        workers = asyncio.create_task(scenes.send_all(tools, stop, loops=2))
        for _ in range(12):
            for link in range(5):
                await scenes.happen(sessions, agency_id, link_id=f"link_{link}")
            await scenes.fan_all_out(tools)
        async with asyncio.timeout(60):
            while len(there.requests) < 60:  # noqa: ASYNC110 - two workers are at it
                await asyncio.sleep(0.05)
        stop.set()
        await workers
    for link in range(5):
        assert [sequence for subject, sequence in told(there) if subject == f"link_{link}"] == list(range(1, 13))
    assert {row.status for row in await scenes.deliveries(sessions, agency_id)} == {"succeeded"}
