"""Databases for tests: copies of the template, each used again as long as its rows can be put back."""

import asyncio
import itertools
from collections.abc import Mapping

import asyncpg
from sqlalchemy import make_url

from app.kit.embedded_postgres.server import EmbeddedPostgres

TEMPLATE = "template_keyturn"
#: Deleted rows leave dead ones behind, which would change plans in the end.
USES = 50
ROWS = 20_000
#: How long connections may take to go after their engine was disposed of.
GOING = 2.0

#: Whatever was written since `pg_stat_reset`, rolled back or not. A backend counts it at the latest when it ends.
_CHANGED = """
SELECT namespace.nspname = 'pg_catalog' AS of_schema, format('%I.%I', namespace.nspname, relname) AS name, changes
FROM pg_class JOIN pg_namespace AS namespace ON namespace.oid = relnamespace,
    LATERAL (SELECT pg_stat_get_tuples_inserted(pg_class.oid) + pg_stat_get_tuples_updated(pg_class.oid)
        + pg_stat_get_tuples_deleted(pg_class.oid)) AS counted (changes)
WHERE relkind = 'r' AND NOT relisshared AND changes > 0
"""
_CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND backend_type <> 'autovacuum worker'"
_TABLES = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'"


class Databases:
    """Lends a database to each test. One admin connection for all; the databases themselves have none between tests.

    Not used again: a database whose schema, planner statistics or very many rows changed, one that something is still
    connected to, and one whose address was given to other processes.
    """

    def __init__(self, server: EmbeddedPostgres, admin: asyncpg.Connection, rows: Mapping[str, str]) -> None:
        self.server = server
        self._admin = admin
        self._rows = rows
        self._free: list[str] = []
        self._uses: dict[str, int] = {}
        self._numbers = itertools.count()

    @classmethod
    async def open(cls, server: EmbeddedPostgres) -> "Databases":
        """To be closed. The template is there already, and nobody is connected to it."""
        return cls(server, await connect(server, "postgres"), await _rows_of_template(server))

    async def close(self) -> None:
        """The databases go with their server."""
        await self._admin.close()

    async def take(self) -> str:
        """Name of a database that is as the template is."""
        if self._free:
            return self._free.pop()
        name = f"test_{next(self._numbers)}"
        await self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
        self._uses[name] = 0
        return name

    async def give_back(self, name: str, *, for_next: bool) -> None:
        """For the next test, if what this one changed can be undone; else it is dropped."""
        self._uses[name] += 1
        if for_next and self._uses[name] < USES and await self._is_left(name) and await self._is_restored(name):
            self._free.append(name)
        else:
            await self._admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def _is_left(self, name: str) -> bool:
        until = asyncio.get_running_loop().time() + GOING
        while await self._admin.fetchval(_CONNECTED, name):
            if asyncio.get_running_loop().time() > until:
                return False
            await asyncio.sleep(0.001)
        return True

    async def _is_restored(self, name: str) -> bool:
        connection = await connect(self.server, name)
        try:
            changed = await connection.fetch(_CHANGED)
            if any(each["of_schema"] for each in changed) or sum(each["changes"] for each in changed) > ROWS:
                return False
            if changed:
                await connection.execute(self._undoing([each["name"] for each in changed]))
            return True
        finally:
            await connection.close()

    def _undoing(self, tables: list[str]) -> str:
        return "\n".join(
            [
                "BEGIN; SET LOCAL session_replication_role = replica;",  # no trigger or foreign key stands in the way
                *(f"DELETE FROM ONLY {table};" for table in tables),
                *(self._rows[table] for table in tables if table in self._rows),
                "SELECT pg_stat_force_next_flush(); COMMIT; SELECT pg_stat_reset();",
            ]
        )


async def connect(server: EmbeddedPostgres, name: str) -> asyncpg.Connection:
    """The driver's own connection."""
    url = make_url(server.dsn(name))
    return await asyncpg.connect(host=str(url.query["host"]), port=5432, user=url.username, database=name)


async def _rows_of_template(server: EmbeddedPostgres) -> dict[str, str]:
    """By table, the statement that writes what the template has in it."""
    connection = await connect(server, TEMPLATE)
    try:
        found = {}
        for (table,) in await connection.fetch(_TABLES):
            rows = f"SELECT string_agg(format('(%L)', kept::text), ', ') FROM ONLY {table} AS kept"
            if written := await connection.fetchval(rows):
                found[table] = (
                    f"INSERT INTO {table} SELECT (kept::{table}).* FROM (VALUES {written}) AS written (kept);"
                )
        return found
    finally:
        await connection.close()
