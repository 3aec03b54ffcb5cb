"""A database that one test used serves the next only if nothing of the first is left in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from tests.databases import ROWS, Databases, connect

UNCHECKED = "SET session_replication_role = replica; "
CHANGES = [
    "UPDATE agencies SET name = 'changed'",
    "INSERT INTO throttles VALUES ('kind', 'subject', now())",
    UNCHECKED + "DELETE FROM events; DELETE FROM agencies; UPDATE clients SET name = 'changed'",
]
OF_THE_SCHEMA = [
    "CREATE TABLE new (number integer)",
    "ALTER TABLE links DISABLE TRIGGER wake_workers",
    "DROP TABLE webhook_attempts CASCADE",
    "TRUNCATE mails",
    "ANALYZE agencies",
    "CREATE FUNCTION new() RETURNS integer LANGUAGE sql RETURN 1",
]


@asynccontextmanager
async def lent(databases: Databases, *, for_next: bool = True) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    name = await databases.take()
    connection = await connect(databases.server, name)
    try:
        yield name, connection
    finally:
        await connection.close()
    await databases.give_back(name, for_next=for_next)


async def rows(connection: asyncpg.Connection) -> dict[str, list[str]]:
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    return {
        name: sorted(row for (row,) in await connection.fetch(f"SELECT kept::text FROM ONLY {name} AS kept"))
        for (name,) in tables
    }


@pytest.mark.parametrize("change", CHANGES)
async def test_what_is_in_it_is_as_it_was(databases: Databases, change: str) -> None:
    async with lent(databases) as (first, connection):
        before = await rows(connection)
        await connection.execute(change)
        assert await rows(connection) != before
    async with lent(databases) as (second, connection):
        assert second == first
        assert await rows(connection) == before


@pytest.mark.parametrize("change", OF_THE_SCHEMA)
async def test_with_another_schema_it_goes(databases: Databases, change: str) -> None:
    async with lent(databases) as (first, connection):
        await connection.execute(change)
    async with lent(databases) as (second, _):
        assert second != first


async def test_with_very_many_rows_it_goes(databases: Databases) -> None:
    async with lent(databases) as (first, connection):
        await connection.execute(
            f"INSERT INTO throttles SELECT 'kind', n, now() FROM generate_series(1, {ROWS + 1}) AS n"
        )
    async with lent(databases) as (second, _):
        assert second != first


async def test_while_somebody_is_connected_it_goes(databases: Databases) -> None:
    name = await databases.take()
    connection = await connect(databases.server, name)
    await databases.give_back(name, for_next=True)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError)):
        await connection.fetch("SELECT 1")
    async with lent(databases) as (second, _):
        assert second != name


async def test_given_to_another_process_it_goes(databases: Databases) -> None:
    async with lent(databases, for_next=False) as (first, _):
        pass
    async with lent(databases) as (second, _):
        assert second != first


async def test_what_was_changed_is_put_into_another_with_its_times_moved(databases: Databases) -> None:
    async with lent(databases) as (name, connection):
        await connection.execute(CHANGES[1] + "; " + UNCHECKED + "DELETE FROM events")
        before, full = await rows(connection), await connection.fetchval("SELECT full_at FROM throttles")
        changed = await databases.rows_changed(name)
    assert changed.by_table.keys() == {"public.throttles", "public.events"}
    async with lent(databases) as (name, connection):
        await databases.put(name, replace(changed, at=changed.at - 60))
        moved = await connection.fetchval("SELECT full_at FROM throttles") - full
        after = await rows(connection)
    assert timedelta(seconds=60) < moved < timedelta(seconds=70)
    assert len(after.pop("throttles")) == len(before.pop("throttles")) == 1
    assert after == before
