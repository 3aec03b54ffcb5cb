"""Seals: whatever is removed, changed, inserted or moved is found and named; erasing personal data is not."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import func, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, async_sessionmaker, create_async_engine

from app.audit import canonical, sealer, seals
from app.audit.entries import AuditEntry, AuditPersonal
from app.audit.seals import Seal, Sealer
from app.audit.verification import Deviation, Verification, Verifier
from app.events.models import Event, EventPersonal
from app.kit import ids, jobs
from app.kit.database import CROSS_TENANT, Base, Sessions
from app.kit.encryption import Keyring, new_key
from tests.cost import meter
from tests.events.test_change_feed import happen
from tests.world import World, keyring

TABLES: dict[str, type[Base]] = {"evt": Event, "audit": AuditEntry}
#: Table and column of the personal parts.
PERSONAL = {"evt": ("event_personal", "data"), "audit": ("audit_personal", "before")}
#: Another value for each type of column.
OTHER = {
    "BIGINT": "{0} + 1000", "BOOLEAN": "NOT {0}", "BYTEA": "set_byte({0}, 20, get_byte({0}, 20) # 1)",
    "JSONB": "jsonb_build_array({0})", "TIMESTAMP WITH TIME ZONE": "{0} - interval '1 microsecond'",
    "UUID": "gen_random_uuid()", "VARCHAR": "'x' || substring(coalesce({0}, '') FROM 2)",
    "action": "CASE {0} WHEN 'created' THEN 'changed' ELSE 'created' END",
}  # fmt: skip
SAME = "WHERE id = CAST(:id AS uuid)"


def columns(model: type[Base]) -> list[str]:
    return [column.name for column in model.__table__.columns]


def change(model: type[Base], column: str) -> str:
    """The statement that changes one column of one row."""
    kind = model.__table__.columns[column].type.compile(postgresql.dialect())  # type: ignore[no-untyped-call]
    value = OTHER["action" if column == "action" else kind.partition("(")[0]].format(f'"{column}"')
    return f'UPDATE {model.__tablename__} SET "{column}" = {value} {SAME}'


def raw(public_id: str) -> str:
    return str(ids.parse(public_id.partition("_")[0], public_id))


def test_the_content_of_a_record_is_its_whole_row() -> None:
    assert set(seals.EVENT_COLUMNS) == set(columns(Event))
    assert set(seals.ENTRY_COLUMNS) == set(columns(AuditEntry))
    assert {*seals.EVENT_PERSONAL, "agency_id", "id", "salt"} == set(columns(EventPersonal))
    assert {*seals.ENTRY_PERSONAL, "agency_id", "id", "salt"} == set(columns(AuditPersonal))


def test_a_printed_seal_is_read_and_nothing_else() -> None:
    for given_seal in ("12-0001-0203-0405-0607-0809", " 12:00010203 04050607 0809 ", "12-" + "0F" * 32):
        number, digits = canonical.parse(given_seal)
        assert (number, len(digits) >= canonical.PRINTED) == (12, True)
    for wrong in ("", "12", "x-00010203040506070809", "12-0001", "12-" + "0g" * 32, "12-" + "0f" * 33):
        with pytest.raises(canonical.SealUnreadable):
            canonical.parse(wrong)


@dataclass(frozen=True)
class Sealed:
    """A database with three seals of each agency; `records` and `seals` are those of the north agency in order."""

    runner: asyncio.Runner
    connection: AsyncConnection
    world: World
    seals: list[Seal]

    @property
    def records(self) -> list[str]:
        return [record for seal in self.seals for record in seal.record_ids]

    def seal_of(self, record: str) -> int:
        return next(seal.number for seal in self.seals if record in seal.record_ids)

    @asynccontextmanager
    async def tampered(self, *statements: str, **values: str) -> AsyncIterator[Sessions]:
        """Sessions that see these changes, which are undone afterwards."""
        try:
            await self.connection.execute(text("SET LOCAL session_replication_role = replica"))
            for statement in statements:
                named = {name: value for name, value in values.items() if f":{name}" in statement}
                await self.connection.execute(text(statement), named)
            yield async_sessionmaker(self.connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
        finally:
            await self.connection.rollback()

    def deviations(self, *statements: str, **values: str) -> list[Deviation]:
        """The findings of a verification of both agencies after these changes."""

        async def find() -> list[Deviation]:
            async with self.tampered(*statements, **values) as sessions:
                return [
                    found
                    for corner in (self.world.north, self.world.south)
                    if (found := (await Verifier(sessions, keyring(), corner.agency_id).run()).deviation)
                ]

        return self.runner.run(find())


@pytest.fixture
def sealed(database_url: str, world: World) -> Iterator[Sealed]:
    engine = create_async_engine(database_url, execution_options=CROSS_TENANT)
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    async def fill() -> list[Seal]:
        for number in range(3):
            for corner in (world.north, world.south):
                await happen(sessions, corner.agency_id, f"client_{number}")
                await happen(sessions, corner.agency_id, f"client_{number}")
                async with sessions.begin() as session:
                    await session.execute(text("UPDATE clients SET name = name || 'x'"))
            assert await sealer.seal_all(sessions, keyring())
        async with sessions() as session:
            return list(await seals.page(session, world.north.agency_id))

    with asyncio.Runner() as runner:
        made = runner.run(fill())
        connection = runner.run(engine.connect().__aenter__())
        yield Sealed(runner, connection, world, made)
        runner.run(connection.close())
        runner.run(engine.dispose())


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.data())
def test_any_change_of_a_row_is_found_and_named(sealed: Sealed, data: some.DataObject) -> None:
    record = data.draw(some.sampled_from(sealed.records))
    prefix, seal = record.partition("_")[0], sealed.seal_of(record)
    model, id = TABLES[prefix], raw(record)
    table = model.__tablename__
    match data.draw(some.sampled_from(["remove", "change", "insert", "swap", "personal"])):
        case "remove":
            assert sealed.deviations(f"DELETE FROM {table} {SAME}", id=id)[0] == Deviation("removed", record, seal)
        case "change":
            column = data.draw(some.sampled_from(sorted(columns(model))))
            found = sealed.deviations(change(model, column), id=id)[0]
            gone = Deviation("removed" if column in ("id", "agency_id") else "changed", record, seal)
            assert found in (gone, Deviation("inserted", found.record_id, found.seal))
        case "insert" if record != sealed.records[-1]:
            values = {
                **{name: f'"{name}"' for name in columns(model)},
                "id": "CAST(:new AS uuid)", **({"sequence": "sequence + 1000"} if prefix == "evt" else {}),
            }  # fmt: skip
            names = ", ".join(f'"{name}"' for name in values)
            copy = f"INSERT INTO {table} ({names}) SELECT {', '.join(values.values())} FROM {table} {SAME}"
            new = uuid.UUID(int=uuid.UUID(id).int + 1)
            [found] = sealed.deviations(copy, id=id, new=str(new))
            assert (found.problem, found.record_id) == ("inserted", ids.text(prefix, new))
        case "swap":
            others = [each for each in sealed.records if each.startswith(prefix) and each != record]
            second = data.draw(some.sampled_from(others))
            move = f"UPDATE {table} SET id = CAST(:{{}} AS uuid) WHERE id = CAST(:{{}} AS uuid)"
            steps = [move.format(*each) for each in (("spare", "id"), ("id", "second"), ("second", "spare"))]
            found = sealed.deviations(*steps, id=id, second=raw(second), spare=str(uuid.UUID(int=7)))[0]
            assert found.problem == "changed"
            assert found.record_id == min(record, second, key=sealed.records.index)
        case "personal":
            apart, name = PERSONAL[prefix]
            forge = (
                f"INSERT INTO {apart} (agency_id, id, {name}) "
                'VALUES (CAST(:agency AS uuid), CAST(:id AS uuid), \'{"name": "forged"}\') '
                f"ON CONFLICT (agency_id, id) DO UPDATE SET {name} = excluded.{name}"
            )
            found = sealed.deviations(forge, id=id, agency=raw(sealed.world.north.agency_id))[0]
            assert found == Deviation("personal_changed", record, seal)


def test_seals_themselves_and_the_end_of_the_log(sealed: Sealed) -> None:
    assert sealed.deviations() == []
    one, two, three = (raw(each.id) for each in sealed.seals)
    for column in columns(Seal):
        assert sealed.deviations(change(Seal, column), id=two), column
    remove = f"DELETE FROM audit_seals {SAME}"
    assert sealed.deviations(remove, id=two) == [Deviation("seal_missing", seal=2)]
    assert sealed.deviations(remove, id=one) == [Deviation("seal_missing", seal=1)]
    assert sealed.deviations(remove, id=three) == [], "as what was not sealed yet"
    late = "UPDATE events SET occurred_at = occurred_at - interval '2 hours'"
    assert [each.problem for each in sealed.deviations("DELETE FROM audit_seals", late)] == ["not_sealed"] * 2
    printed = [canonical.parse(each.printed) for each in sealed.seals]

    async def with_prints() -> list[Deviation | None]:
        async with sealed.tampered(remove, id=three) as sessions:
            north = sealed.world.north.agency_id
            return [(await Verifier(sessions, keyring(), north, [each]).run()).deviation for each in printed]

    assert sealed.runner.run(with_prints()) == [None, None, Deviation("seal_missing", seal=3)]


def test_a_chain_that_is_computed_again_needs_a_key_and_agrees_with_no_print(sealed: Sealed) -> None:
    north, gone = sealed.world.north.agency_id, sealed.records[3]
    forger = Keyring.from_text(new_key())
    remove = f"DELETE FROM {TABLES[gone.partition('_')[0]].__tablename__} {SAME}"

    async def verify(sessions: Sessions, keys: Keyring, *printed: str) -> Verification:
        return await Verifier(sessions, keys, north, [canonical.parse(each) for each in printed]).run()

    async def forge() -> None:
        async with sealed.tampered(remove, "DELETE FROM audit_seals", id=raw(gone)) as sessions:
            assert await sealer.seal_all(sessions, forger)
            ours = await verify(sessions, keyring())
            assert ours.deviation == Deviation("key_missing", seal=1)
            theirs = await verify(sessions, forger)
            assert (theirs.deviation, theirs.seals) == (None, 1), "the one with the key can do anything,"
            found = (await verify(sessions, forger, sealed.seals[0].printed)).deviation
            assert found == Deviation("seal_differs", seal=1), "but not what is printed"
            assert theirs.through is not None
            assert (await verify(sessions, keyring(), theirs.through.printed)).deviation is None, "a print needs no key"

    sealed.runner.run(forge())


def test_erasing_personal_data_keeps_the_seals(sealed: Sealed) -> None:
    async def erased() -> Verification:
        async with sealed.tampered("DELETE FROM event_personal", "DELETE FROM audit_personal") as sessions:
            return await Verifier(sessions, keyring(), sealed.world.north.agency_id).run()

    done = sealed.runner.run(erased())
    assert (done.deviation, done.seals, done.records) == (None, 3, len(sealed.records))
    assert 0 < done.erased < done.records


async def test_late_commits_are_sealed_and_a_killed_round_goes_on(
    sessions: Sessions, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seals, "AT_ONCE", 3)
    north = world.north.agency_id

    async def write(writer: int) -> None:
        for number in range(4):
            await happen(sessions, north, f"client_{writer}_{number}", open_for=0.03 * (writer % 3))

    writing = asyncio.gather(*(write(writer) for writer in range(4)))
    while not writing.done():
        rounds = [asyncio.create_task(sealer.seal_all(sessions, keyring())) for _ in range(2)]
        await asyncio.sleep(0.01)
        rounds[0].cancel()
        await asyncio.gather(*rounds, return_exceptions=True)
    await writing
    while not await sealer.seal_all(sessions, keyring()):
        pass
    done = await Verifier(sessions, keyring(), north).run()
    async with sessions() as session:
        found = [
            (await session.execute(text(f"SELECT count(*) FROM {table} WHERE agency_id = :it"), {"it": raw(north)}))
            for table in ("events", "audit_entries")
        ]
        newest = await seals.newest(session, north)
    count = sum(each.scalar_one() for each in found)
    assert (done.deviation, done.records, done.waiting) == (None, count, 0)
    assert newest is not None
    assert (newest.total, newest.number) == (count, done.seals)


async def test_the_job_asks_one_question_at_rest_and_comes_back(
    engine: AsyncEngine, sessions: Sessions, world: World
) -> None:
    [kind] = sealer.work(sessions, keyring())

    async def run() -> None:
        [row] = await jobs.claim(sessions, kind.model, limit=2, lease=kind.lease)
        await kind.do(row)

    await run()
    async with sessions.begin() as session:
        assert await seals.newest(session, world.south.agency_id) is not None
        assert await jobs.claim(sessions, kind.model, limit=2, lease=kind.lease) == [], "due in 20 seconds"
        await session.execute(update(Sealer).values(due_at=func.now()))
    await run()  # each statement is known to the driver
    async with sessions.begin() as session:
        await session.execute(update(Sealer).values(due_at=func.now()))
    with meter(engine) as metering:
        async with metering.measure() as cost:
            await run()
    said = [each.split()[0] for each in cost.statements]
    assert [each for each in said if each not in ("BEGIN;", "COMMIT;", "ROLLBACK;")] == ["WITH", "SELECT", "UPDATE"]
