"""Events: written once, in order per subject, with what is personal apart, and never skipped by a reader."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog, queries, rendering
from app.events.catalog import EventType
from app.events.models import Event, EventPersonal, OutboxEntry
from app.events.recorder import DataWrong, EventDraft, record, record_all
from app.events.schema import ClientData, LinkData
from app.kit.database import CROSS_TENANT, Sessions
from tests.world import PUBLIC_URL, TESTS, World

DATA = ClientData.known(client_name="Brand SA", contact_email="ana@brand.example", external_id="crm-1")


async def _record(sessions: Sessions, world: World, subject: str = "client_x") -> Event:
    agency_id = world.north.agency_id
    async with sessions.begin() as session:
        event_id = await record(
            session, catalog.CLIENT_REMOVED, agency_id=agency_id, subject_id=subject, actor=TESTS, data=DATA
        )
    async with sessions() as session:
        return (await session.scalars(select(Event).where(Event.agency_id == agency_id, Event.id == event_id))).one()


async def test_names_and_addresses_lie_apart_and_can_be_erased(sessions: Sessions, world: World) -> None:
    event = await _record(sessions, world)
    assert "Brand SA" not in str(event.facts)
    assert event.facts["external_id"] == "crm-1"
    async with sessions() as session:
        found = await queries.find(session, world.north.agency_id, event.id)
        shown = rendering.body(found, public_url=PUBLIC_URL)["data"]
    assert (shown["client_name"], shown["contact_email"]) == ("Brand SA", "ana@brand.example")
    async with sessions.begin() as session:
        erased = delete(EventPersonal).where(
            EventPersonal.agency_id == world.north.agency_id, EventPersonal.id == event.id
        )
        await session.execute(erased)
    async with sessions() as session:
        found = await queries.find(session, world.north.agency_id, event.id)
        shown = rendering.body(found, public_url=PUBLIC_URL)["data"]
    assert (shown["client_name"], shown["external_id"]) == (None, "crm-1")


@pytest.mark.parametrize("change", [update(Event).values(type="x"), delete(Event), text("TRUNCATE events CASCADE")])
async def test_what_happened_is_not_changed_or_removed(session: AsyncSession, world: World, change: object) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        await session.execute(change, execution_options=CROSS_TENANT)  # type: ignore[call-overload]


async def test_an_event_and_its_change_stand_or_fall_together(sessions: Sessions, world: World) -> None:
    async with sessions() as session:
        event_id = await record(
            session, catalog.LINK_OPENED, agency_id=world.north.agency_id, subject_id="link_x", actor=TESTS,
            data=LinkData.known(),
        )  # fmt: skip
        await session.rollback()
    async with sessions() as session:
        for model in (Event, OutboxEntry):
            found = select(model).where(model.agency_id == world.north.agency_id, model.id == event_id)
            assert (await session.scalars(found)).one_or_none() is None


async def test_sequences_count_per_subject_without_gaps_under_concurrency(sessions: Sessions, world: World) -> None:
    events = await asyncio.gather(*(_record(sessions, world, f"client_{number % 2}") for number in range(20)))
    for subject in ("client_0", "client_1"):
        assert sorted(event.sequence for event in events if event.subject_id == subject) == list(range(1, 11))


async def test_a_reader_never_passes_over_an_event_that_commits_late(sessions: Sessions, world: World) -> None:
    async with sessions() as slow:
        late = await record(
            slow, catalog.CLIENT_REMOVED, agency_id=world.north.agency_id, subject_id="client_slow", actor=TESTS,
            data=DATA,
        )  # fmt: skip
        quick = await _record(sessions, world)
        async with sessions() as session:
            shown = [each.id for each in await queries.newest(session, world.north.agency_id, limit=50)]
        assert quick.id not in shown, "it must wait for the older transaction"
        await slow.commit()
    async with sessions() as session:
        shown = [each.id for each in await queries.newest(session, world.north.agency_id, limit=50)]
    assert shown.index(quick.id) < shown.index(late)


async def test_data_of_another_type_is_refused(session: AsyncSession, world: World) -> None:
    other: Any = DATA
    with pytest.raises(DataWrong, match=r"link\.opened has no data of ClientData"):
        await record(
            session, catalog.LINK_OPENED, agency_id=world.north.agency_id, subject_id="x", actor=TESTS, data=other
        )


@pytest.mark.parametrize("event_type", catalog.TYPES.values(), ids=catalog.TYPES.keys())
def test_a_draft_names_each_key_of_its_type_and_no_other(event_type: EventType[Any]) -> None:
    every = dict.fromkeys(event_type.keys, None) | {"agency_id": ""}
    assert event_type.data(**every)
    with pytest.raises(ValueError, match="unheard_of"):
        event_type.data(**every, unheard_of=1)
    for name in set(event_type.keys) - {"agency_id", "dashboard_url"}:
        with pytest.raises(ValueError, match=name):
            event_type.data(**{key: value for key, value in every.items() if key != name})


async def test_many_at_once_are_written_as_one_by_one(sessions: Sessions, world: World) -> None:
    agency_id = world.north.agency_id
    await _record(sessions, world, "client_0003")  # a subject that has a past
    many = [EventDraft(catalog.CLIENT_REMOVED, f"client_{number:04}", TESTS, DATA) for number in range(1203)]
    async with sessions.begin() as session:
        await record_all(session, many, agency_id=agency_id)
    one = await _record(sessions, world, "client_1202")
    assert one.sequence == 2
    rows = select(Event).where(Event.agency_id == agency_id, Event.subject_id.in_([each.subject_id for each in many]))
    async with sessions() as session:
        written = {(event.subject_id, event.sequence): event for event in (await session.scalars(rows)).all()}
        marked = await session.scalars(
            select(OutboxEntry.id).where(OutboxEntry.agency_id == agency_id, OutboxEntry.due_at.is_not(None))
        )
        fanned = set(marked)
        found = await queries.find(session, agency_id, written["client_0777", 1].id)
        shown = rendering.body(found, public_url=PUBLIC_URL)
    assert len(written) == 1203 + 2
    assert ("client_0003", 2) in written
    assert {event.id for event in written.values()} <= fanned
    assert "Brand SA" not in str(written["client_0777", 1].facts)
    assert shown["data"].items() >= {"client_name": "Brand SA", "external_id": "crm-1"}.items()
    assert shown["subject"]["id"] == "client_0777"


async def test_of_nothing_nothing_is_written(sessions: Sessions, world: World) -> None:
    async with sessions.begin() as session:
        await record_all(session, [], agency_id=world.north.agency_id)


async def test_what_crms_do_not_get_is_not_fanned_out_when_many_either(sessions: Sessions, world: World) -> None:
    agency_id = world.north.agency_id
    async with sessions.begin() as session:
        before = len((await session.scalars(select(OutboxEntry.id).where(OutboxEntry.agency_id == agency_id))).all())
        await record_all(
            session, [EventDraft(catalog.LINK_ADDRESS_SHOWN, "link_x", TESTS, LinkData.known())], agency_id=agency_id
        )
        after = (await session.scalars(select(OutboxEntry.id).where(OutboxEntry.agency_id == agency_id))).all()
    assert len(after) == before


async def test_several_of_one_subject_are_numbered_in_their_order(sessions: Sessions, world: World) -> None:
    agency_id = world.north.agency_id
    await _record(sessions, world, "client_a")
    drafts = [
        EventDraft(kind, subject, TESTS, DATA)
        for kind, subject in (
            (catalog.CLIENT_REMOVED, "client_b"), (catalog.CLIENT_CREATED, "client_a"),
            (catalog.CLIENT_REMOVED, "client_b"), (catalog.CLIENT_REMOVED, "client_a"),
            (catalog.CLIENT_REMOVED, "client_a"),
        )
    ]  # fmt: skip
    async with sessions.begin() as session:
        event_ids = await record_all(session, drafts, agency_id=agency_id)
    rows = select(Event).where(Event.agency_id == agency_id, Event.id.in_(event_ids)).order_by(Event.occurred_at)
    async with sessions() as session:
        written = [(each.id, each.type, each.subject_id, each.sequence) for each in await session.scalars(rows)]
    kinds = [(draft.event_type.name, draft.subject_id) for draft in drafts]
    numbers = [1, 2, 2, 3, 4]
    assert written == [
        (event_id, *kind, number) for event_id, kind, number in zip(event_ids, kinds, numbers, strict=True)
    ]
