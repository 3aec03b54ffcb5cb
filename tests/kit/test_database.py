"""Transactions that begin with statements of ours, sessions for reading, and the check of a connection before use."""

import os
import signal
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.events import catalog
from app.events.recorder import record
from app.events.schema import ClientData
from app.kit.database import TRUSTED_FOR, Sessions, beginning, for_schema, make_engine, make_sessions, reading
from app.tenants.clients.models import Client
from tests.conftest import Database
from tests.wire import Wire, tapped
from tests.world import TESTS, World

_FIRST = "SET LOCAL lock_timeout = 4711; SELECT pg_advisory_xact_lock(4711)"
_MAKE = text("CREATE TABLE beginning (number integer)")
_THERE = text("SELECT to_regclass('beginning') IS NOT NULL")
_HELD = text(
    "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
    "WHERE datname = current_database() AND locktype = 'advisory' AND objid = 4711"
)


async def test_it_is_one_transaction_and_ends_with_it(sessions: Sessions) -> None:
    async with beginning(sessions, _FIRST) as connection:
        assert (await connection.execute(text("SHOW lock_timeout"))).scalar_one() == "4711ms"
        assert (await connection.execute(_HELD)).scalar_one() == 1
        await connection.execute(_MAKE)
        async with sessions() as session:
            assert not (await session.execute(_THERE)).scalar_one()
    async with sessions() as session:
        assert (await session.execute(_THERE)).scalar_one()
        assert (await session.execute(_HELD)).scalar_one() == 0
        assert (await session.execute(text("SHOW lock_timeout"))).scalar_one() != "4711ms"
        await session.execute(text("DROP TABLE beginning"))
        await session.commit()


async def test_a_failure_undoes_it_and_leaves_no_connection_in_the_middle_of_it(sessions: Sessions) -> None:
    async def fails() -> None:
        async with beginning(sessions, _FIRST) as connection:
            await connection.execute(_MAKE)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    for _ in range(3):
        async with sessions() as session:
            assert not (await session.execute(_THERE)).scalar_one()
            assert (await session.execute(_HELD)).scalar_one() == 0


async def test_a_beginning_that_fails_harms_nobody_after_it(sessions: Sessions) -> None:
    with pytest.raises(Exception, match="no_such_thing"):
        async with beginning(sessions, "SELECT no_such_thing()"):
            pass
    async with beginning(sessions, _FIRST) as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1


async def test_statements_are_not_compiled(database_url: str) -> None:
    """They are short, see `make_engine`."""
    engine = make_engine(database_url)
    async with make_sessions(engine)() as session:
        assert (await session.execute(text("SHOW jit"))).scalar_one() == "off"
    await engine.dispose()


@pytest.fixture
async def wire(database: Database) -> AsyncIterator[Wire]:
    async with tapped(database.url) as there:
        yield there


async def _asked(wire: Wire, engine: AsyncEngine) -> list[str]:
    """What goes over the wire for a transaction of one statement, once everything is prepared."""
    for _ in range(3):
        wire.forget()
        async with engine.begin() as connection:
            await connection.execute(text("SELECT 1"))
    return wire.trips


async def test_a_connection_that_rested_shortly_is_used_unasked(wire: Wire) -> None:
    engine = make_engine(wire.url)
    assert await _asked(wire, engine) == ["BEGIN;", "SELECT 1", "COMMIT;"]
    await engine.dispose()


async def test_a_connection_that_rested_for_long_is_asked_first(wire: Wire) -> None:
    engine = make_engine(wire.url, trusted_for=timedelta())
    assert await _asked(wire, engine) == [
        "BEGIN;", ";", "ROLLBACK;", "BEGIN;", "SELECT 1", "COMMIT;",
    ]  # fmt: skip
    await engine.dispose()


@pytest.mark.parametrize("trusted_for", [TRUSTED_FOR, timedelta()], ids=["closed", "asked"])
async def test_dead_connections_are_replaced_before_use(database: Database, trusted_for: timedelta) -> None:
    """Known as closed once the end was received; found out by asking where this process was busy until now."""
    engine = make_engine(database.url, trusted_for=trusted_for)
    pid = text("SELECT pg_backend_pid()")
    async with engine.connect() as one, engine.connect() as other:
        pids = [(await each.execute(pid)).scalar_one() for each in (one, other)]
    for each in pids:
        os.kill(each, signal.SIGTERM)
    if trusted_for:
        admin = make_engine(database.url, kept=False)
        async with admin.connect() as connection:
            left = text("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(:pids)")
            while (await connection.execute(left, {"pids": pids})).scalar_one():
                pass
    else:
        time.sleep(0.5)  # noqa: ASYNC251 - the event loop must not see the end
    for _ in pids:
        async with engine.connect() as connection:
            assert (await connection.execute(pid)).scalar_one() not in pids
    await engine.dispose()


async def test_a_session_for_reading_refuses_to_write(sessions: Sessions, world: World) -> None:
    mine = (Client.agency_id == world.north.agency_id) & (Client.id == world.north.client_id)
    async with reading(sessions) as session:
        client = (await session.scalars(select(Client).where(mine))).one()
        client.name = "Other"
        with pytest.raises(RuntimeError, match="something to write"):
            await session.flush()
    async with reading(sessions) as session:
        with pytest.raises(RuntimeError, match="something to write"):
            await session.execute(delete(Client).where(mine))
        with pytest.raises(RuntimeError, match="something to write"):
            await record(
                session, catalog.CLIENT_CREATED, agency_id=world.north.agency_id, subject_id=world.north.client_id,
                actor=TESTS, data=ClientData.known(),
            )  # fmt: skip
    async with sessions() as session:
        assert (await session.scalars(select(Client.name).where(mine))).one() == "Maison Lune"


async def test_a_schema_reads_the_attributes_of_a_row_only_if_they_are_loaded(sessions: Sessions, world: World) -> None:
    mine = (Client.agency_id == world.north.agency_id) & (Client.id == world.north.client_id)
    async with sessions() as session:
        client = (await session.scalars(select(Client).where(mine))).one()
        assert for_schema(client, {"id", "name"})["name"] == "Maison Lune"
        session.expire(client, ["name"])
        assert for_schema(client, {"id", "name"}) is client
        assert for_schema(client, {"id"})["id"] == client.id
