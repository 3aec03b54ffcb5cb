"""Transactions that begin with statements of ours."""

import pytest
from sqlalchemy import text

from app.kit.database import Sessions, beginning, make_engine, make_sessions

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
