"""Transactions that begin with statements of ours."""

import pytest
from sqlalchemy import text

from app.kit.database import Kept, Sessions, beginning, make_engine, make_sessions

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


@pytest.mark.parametrize(("looping", "planned"), [(True, (4, 0)), (False, (0, 4))])
async def test_a_statement_of_a_loop_is_planned_once(
    looping: bool, planned: tuple[int, int], database_url: str
) -> None:
    """Though PostgreSQL expects a plan for the values at hand to cost less."""
    statement = "SELECT count(*) FROM generate_series(1, $1::integer) n WHERE n = $2"
    engine = make_engine(database_url, looping=looping)
    line = Kept(make_sessions(engine))
    async with line.driver() as driver:
        for number in range(4):
            await driver.fetch(statement, 1, number)
        plans = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = $1"
        assert tuple(await driver.fetchrow(plans, statement)) == planned
        assert await driver.fetchval("SHOW jit") == "off"
    await line.close()
    await engine.dispose()
