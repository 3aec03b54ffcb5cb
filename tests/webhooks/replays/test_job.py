"""The work of replays: which deliveries begin anew, how fast, and never twice."""

from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import func, select

from app.events import catalog
from app.events.models import Event
from app.events.recorder import record
from app.events.schema import AccessData
from app.kit import clock
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.kit.jobs import LeaseLost
from app.webhooks.context import WebhookContext
from app.webhooks.deliveries import service as deliveries
from app.webhooks.endpoints import service as endpoint_service
from app.webhooks.models import Endpoint, Replay, WebhookBody
from app.webhooks.replays import job, service
from app.webhooks.replays.service import Selection
from tests.webhooks import scenes, setting
from tests.webhooks.replays import turns
from tests.world import TESTS, World

URL = "https://hooks.example.com/in"


async def start(sessions: Sessions, endpoint: Endpoint, selected: Any, *, rate: int = 50, **wish: Any) -> Replay:
    """A replay of the last hour."""
    now = clock.now()
    async with sessions.begin() as session:
        return await service.start(
            session, endpoint.agency_id, endpoint.id,
            Selection(selected, now - timedelta(hours=1), now + timedelta(minutes=1), **wish),
            rate_per_second=rate, actor=TESTS,
        )  # fmt: skip


async def queued(sessions: Sessions, replay: Replay) -> set[str]:
    """The deliveries it queued."""
    rows = await scenes.deliveries(sessions, replay.agency_id)
    return {row.id for row in rows if row.replay_id == replay.id}


async def recorded(sessions: Sessions, agency_id: str, name: str) -> list[Event]:
    async with sessions() as session:
        query = select(Event).where(Event.agency_id == agency_id, Event.type == name)
        return list((await session.scalars(query)).all())


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        ("failed", {"exhausted", "expired"}),
        ("skipped", {"skipped"}),
        ("missing", set()),
        ("all", {"exhausted", "expired", "by_hand", "skipped", "succeeded"}),
    ],
)
async def test_what_ended_so_begins_anew(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World, selected: str, expected: set[str]
) -> None:
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, URL)
    made = await turns.ended(sessions, tools, endpoint, *turns.ENDS)
    await scenes.happen(sessions, world.north.agency_id, link_id="link_under_way")
    await scenes.fan_all_out(tools)
    replay = await start(sessions, endpoint, selected)
    counted = REGISTRY.get_sample_value("webhook_replay_deliveries_total") or 0
    await turns.turn(tools)
    assert await queued(sessions, replay) == {made[end] for end in expected}
    assert REGISTRY.get_sample_value("webhook_replay_deliveries_total") == counted + len(expected)
    row = await turns.the_replay(sessions, world.north.agency_id)
    assert (row.status, row.matched, row.queued) == ("completed", len(expected), len(expected))
    for each in await scenes.deliveries(sessions, world.north.agency_id):
        if each.replay_id:
            assert (each.status, each.reason, each.slot_class) == ("pending", None, "retry")
            assert (each.attempts_since_requeue, each.attempt_count) == (0, 3)
            assert each.due_at
            assert each.expires_at > clock.now() + timedelta(days=4)
    [told] = await recorded(sessions, world.north.agency_id, catalog.REPLAY_COMPLETED.name)
    assert (told.subject_id, told.facts["endpoint_id"]) == (replay.id, endpoint.id)


async def test_missing_is_what_fan_out_would_send_today(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    await scenes.fan_all_out(tools)
    wanted = await scenes.happen(sessions, agency_id, catalog.ACCESS_VERIFIED, link_id="link_7")
    await scenes.happen(sessions, agency_id, catalog.ACCESS_VERIFIED, link_id="link_8")
    await scenes.happen(sessions, agency_id, catalog.LINK_OPENED, link_id="link_7")
    async with sessions.begin() as session:
        await record(
            session, catalog.ACCESS_VERIFIED, agency_id=agency_id, subject_id="link_7", actor=TESTS,
            data=AccessData.known(link_id="link_7"), test=True,
        )  # fmt: skip
    await scenes.fan_all_out(tools)
    endpoint, _ = await scenes.make_endpoint(
        sessions, keyring, agency_id, URL, ["access.*"], filter={"link_id": "link_7"}
    )
    watcher, _ = await scenes.make_endpoint(sessions, keyring, agency_id, URL, ["webhook.*"])
    await scenes.fan_all_out(tools)
    await scenes.happen(sessions, agency_id, catalog.DELIVERY_EXHAUSTED, endpoint_id=watcher.id)
    news = await scenes.happen(sessions, agency_id, catalog.DELIVERY_EXHAUSTED, endpoint_id=endpoint.id)
    await scenes.fan_all_out(tools)
    to_come = await scenes.happen(sessions, agency_id, catalog.ACCESS_VERIFIED, link_id="link_7")
    replay = await start(sessions, endpoint, "missing")
    of_itself = await start(sessions, watcher, "missing")
    await turns.turn(tools)
    await turns.turn(tools)
    every = await scenes.deliveries(sessions, agency_id)
    made = [row for row in every if row.replay_id == replay.id]
    assert [row.event_id for row in made] == [wanted.id]
    assert [row for row in every if row.replay_id == of_itself.id] == [], "the news went out when it was fanned out"
    assert (made[0].origin, made[0].slot_class, made[0].status) == ("event", "retry", "pending")
    assert news.id in {row.event_id for row in await scenes.deliveries(sessions, agency_id)}
    await scenes.fan_all_out(tools)
    [late] = [row for row in await scenes.deliveries(sessions, agency_id) if row.event_id == to_come.id][:1]
    assert late.replay_id is None


async def test_it_queues_so_many_a_second_in_the_order_of_the_feed(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, URL)
    made = list((await turns.ended(sessions, tools, endpoint, *turns.ENDS)).values())
    replay = await start(sessions, endpoint, "all", rate=2)
    for so_many in (2, 4, 5):
        await turns.turn(tools)
        assert await queued(sessions, replay) == set(made[:so_many])
    assert (await turns.the_replay(sessions, world.north.agency_id)).status == "completed"
    await turns.turn(tools)
    assert len(await queued(sessions, replay)) == 5


async def test_a_turn_taken_twice_counts_once(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, URL)
    await turns.ended(sessions, tools, endpoint, *turns.ENDS)
    replay = await start(sessions, endpoint, "all", rate=2)
    [row] = await turns.claimed(tools)
    await job.advance(tools, row)
    with pytest.raises(LeaseLost):
        await job.advance(tools, row)
    assert len(await queued(sessions, replay)) == 2
    assert (await turns.the_replay(sessions, world.north.agency_id)).queued == 2


async def test_a_worker_that_dies_before_the_end_leaves_nothing_behind(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, URL)
    await turns.ended(sessions, tools, endpoint, *turns.ENDS)
    replay = await start(sessions, endpoint, "all", rate=2)
    [row] = await turns.claimed(tools)

    async def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("app.webhooks.replays.job.jobs.finish", dies)
        with pytest.raises(KeyboardInterrupt):
            await job.advance(tools, row)
    assert await queued(sessions, replay) == set()
    await job.advance(tools, row)
    assert len(await queued(sessions, replay)) == 2


async def test_a_body_dropped_for_its_age_is_rendered_again(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, URL)
    made = await turns.ended(sessions, tools, endpoint, "exhausted")
    [row] = await scenes.deliveries(sessions, world.north.agency_id)
    await scenes.change(sessions, row, body_created_at=clock.now() - timedelta(days=40))
    await start(sessions, endpoint, "failed")
    await turns.turn(tools)
    after = await scenes.again(sessions, row)
    assert (after.id, after.status) == (made["exhausted"], "pending")
    async with sessions() as session:
        found = select(func.count()).where(
            WebhookBody.agency_id == row.agency_id,
            WebhookBody.id == after.body_id,
            WebhookBody.created_at == after.body_created_at,
        )
        assert (await session.execute(found)).scalar_one() == 1


async def test_what_was_deleted_by_hand_stays_so(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, URL)
    made = await turns.ended(sessions, tools, endpoint, "exhausted", "succeeded")
    async with sessions.begin() as session:
        await deliveries.delete_payload(session, world.north.agency_id, made["exhausted"], actor=TESTS)
    replay = await start(sessions, endpoint, "all")
    await turns.turn(tools)
    assert replay.matched == 1
    assert await queued(sessions, replay) == {made["succeeded"]}


async def test_of_a_subject_in_order_only_the_first_is_due(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, agency_id, URL)
    await setting.endpoint(sessions, endpoint, ordering="by_subject")
    for _ in range(3):
        await scenes.happen(sessions, agency_id, link_id="link_7")
    await scenes.happen(sessions, agency_id, link_id="link_8")
    await scenes.fan_all_out(tools)
    for row in await scenes.deliveries(sessions, agency_id):
        await scenes.change(sessions, row, status="exhausted", due_at=None, ordered=True, reason=None)
    replay = await start(sessions, endpoint, "failed")
    await turns.turn(tools)
    rows = await scenes.deliveries(sessions, agency_id)
    assert {row.replay_id for row in rows} == {replay.id}
    assert sorted((row.subject_id, row.sequence, row.due_at is not None) for row in rows) == [
        ("link_7", 1, True), ("link_7", 2, False), ("link_7", 3, False), ("link_8", 1, True),
    ]  # fmt: skip
    assert {row.reason for row in rows if row.due_at is None} == {"ordering"}
    async with sessions.begin() as session:
        await deliveries.cancel(session, agency_id, min(rows, key=lambda row: (row.subject_id, row.sequence)).id)
    rows = await scenes.deliveries(sessions, agency_id)
    assert sorted((row.subject_id, row.sequence) for row in rows if row.due_at) == [("link_7", 2), ("link_8", 1)]


async def test_it_waits_while_much_is_waiting(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "WAITING_AT_MOST", 3)
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, URL)
    await turns.ended(sessions, tools, endpoint, *turns.ENDS)
    replay = await start(sessions, endpoint, "all")
    for _ in range(3):
        await turns.turn(tools)
    assert len(await queued(sessions, replay)) == 3
    assert (await turns.the_replay(sessions, world.north.agency_id)).status == "running"


async def test_it_waits_for_a_disabled_endpoint_and_ends_with_a_deleted_one(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, agency_id, URL)
    await turns.ended(sessions, tools, endpoint, "exhausted")
    replay = await start(sessions, endpoint, "failed")
    await setting.endpoint(sessions, endpoint, status="disabled")
    await turns.turn(tools)
    assert (await turns.the_replay(sessions, agency_id)).status == "running"
    async with sessions.begin() as session:
        await endpoint_service.mark_deleted(session, agency_id, endpoint.id, actor=TESTS)
    await turns.turn(tools)
    row = await turns.the_replay(sessions, agency_id)
    assert (row.status, row.due_at, await queued(sessions, replay)) == ("cancelled", None, set())
