"""Databases for tests: copies of the template, each used again as long as its rows can be put back."""

import asyncio
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from sqlalchemy import event, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from app.kit.embedded_postgres.server import EmbeddedPostgres
from tests import tenancy

TEMPLATE = "template_keyturn"
#: Deleted rows leave dead ones behind, which would change plans in the end.
USES = 50
ROWS = 20_000
#: How long connections may take to be closed or given back after a test.
GOING = 2.0

#: Whatever was written since `pg_stat_reset`, rolled back or not. A backend counts it when it ends, or after `_RESTS`.
_CHANGED = """
SELECT namespace.nspname = 'pg_catalog' AS of_schema, format('%I.%I', namespace.nspname, relname) AS name, changes
FROM pg_class JOIN pg_namespace AS namespace ON namespace.oid = relnamespace,
    LATERAL (SELECT pg_stat_get_tuples_inserted(pg_class.oid) + pg_stat_get_tuples_updated(pg_class.oid)
        + pg_stat_get_tuples_deleted(pg_class.oid)) AS counted (changes)
WHERE relkind = 'r' AND NOT relisshared AND changes > 0
"""
_CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND backend_type <> 'autovacuum worker'"
#: No trigger or foreign key stands in the way.
_BEGIN = "BEGIN; SET LOCAL session_replication_role = replica;"
_COMMIT = "SELECT pg_stat_force_next_flush(); COMMIT;"
_RESTS = "DISCARD TEMP; DISCARD SEQUENCES; SELECT pg_stat_force_next_flush()"
_COLUMNS = """
SELECT format('%I.%I', table_schema, table_name) AS name, string_agg(
    format('(kept::%I.%I).%I', table_schema, table_name, column_name) || CASE data_type
        WHEN 'timestamp with time zone' THEN ' + current_setting(''tests.age'')::interval' ELSE '' END,
    ', ' ORDER BY ordinal_position) AS columns
FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1
"""
_TABLES = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'"


class Databases:
    """Lends a database to each test. One admin connection for all, and `engine` for the tests' statements.

    Connections of `engine` stay open between tests, as long as the same database is lent: a new one has to read the
    catalog and prepare every statement again, which takes longer than most tests.

    Not used again: a database whose schema, planner statistics or very many rows changed, one that something else is
    still connected to, and one whose address was given to other processes.
    """

    def __init__(self, server: EmbeddedPostgres, admin: asyncpg.Connection, rows: Mapping[str, str]) -> None:
        self.server = server
        self.engine = create_async_engine(
            server.dsn("postgres"), pool_size=5, pool_use_lifo=True, connect_args={"server_settings": {"jit": "off"}}
        )
        self._admin = admin
        self._rows = rows
        self._free: list[str] = []
        self._uses: dict[str, int] = {}
        self._numbers = itertools.count()
        self._at = "postgres"
        self._open: list[asyncpg.Connection] = []
        self._watching: dict[str, asyncpg.Connection] = {}
        event.listen(self.engine.sync_engine, "before_cursor_execute", tenancy.check)
        event.listen(self.engine.sync_engine, "do_connect", self._directed)
        event.listen(self.engine.sync_engine, "connect", self._opened)

    @classmethod
    async def open(cls, server: EmbeddedPostgres) -> "Databases":
        """To be closed. The template is there already, and nobody is connected to it."""
        return cls(server, await connect(server, "postgres"), await _rows_of_template(server))

    async def close(self) -> None:
        """The databases go with their server."""
        await self.engine.dispose()
        for each in (self._admin, *self._watching.values()):
            await each.close()

    async def take(self) -> str:
        """Name of a database that is as the template is."""
        if self._free:
            return self._free.pop()
        name = f"test_{next(self._numbers)}"
        await self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
        self._uses[name] = 0
        return name

    async def direct(self, name: str) -> None:
        """Let `engine` connect to a database."""
        if self._at != name:
            await self.engine.dispose()
            self._at = name

    async def rows_changed(self, name: str) -> "Rows":
        """The rows of each table that is not as in the template, to be put into another database."""
        watching = await self._watch(name)
        there = await _rows(watching, {each["name"]: each["columns"] for each in await watching.fetch(_COLUMNS)})
        plain = await _rows(watching, {})
        changed = [table for table in plain.keys() | self._rows.keys() if plain.get(table) != self._rows.get(table)]
        return Rows({table: there.get(table, "") for table in changed})

    async def put(self, name: str, rows: "Rows") -> None:
        """Write the rows of a prepared state; their times move, as if they were new."""
        emptied = [f"DELETE FROM ONLY {table};" for table in rows.by_table]
        age = f"SET LOCAL tests.age = '{time.monotonic() - rows.at:.6f} s';"
        watching = await self._watch(name)
        await watching.execute("\n".join([_BEGIN, age, *emptied, *rows.by_table.values(), _COMMIT]))

    async def give_back(self, name: str, *, for_next: bool) -> None:
        """For the next test, if what this one changed can be undone; else it is dropped."""
        self._uses[name] += 1
        if for_next and self._uses[name] < USES and await self._is_left(name) and await self._is_restored(name):
            self._free.append(name)
        else:
            if self._at == name:
                await self.engine.dispose()
            if name in self._watching:
                await self._watching.pop(name).close()
            await self._admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _directed(self, _dialect: object, _record: object, _arguments: object, given: dict[str, object]) -> None:
        given["database"] = self._at

    def _opened(self, connection: Any, _record: object) -> None:
        self._open = [each for each in self._open if not each.is_closed()]
        self._open.append(connection.driver_connection)

    async def _is_left(self, name: str) -> bool:
        """True once nothing is connected but ours, whose sessions are as new ones."""
        until = asyncio.get_running_loop().time() + GOING
        while not await self._rests(name):
            if asyncio.get_running_loop().time() > until:
                return False
            await asyncio.sleep(0.001)
        return True

    async def _rests(self, name: str) -> bool:
        if self._at != name:
            ours: list[asyncpg.Connection] = []
        elif self.engine.pool.checkedout():  # type: ignore[attr-defined] # of a pool with a size
            return False
        else:
            ours = [each for each in self._open if not each.is_closed()]
        try:
            for each in ours:
                await each.reset()
                await each.execute(_RESTS)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):  # ended by the server or by the test
            await self.engine.dispose()
            return False
        return bool(await self._admin.fetchval(_CONNECTED, name) == len(ours) + (name in self._watching))

    async def _is_restored(self, name: str) -> bool:
        watching = await self._watch(name)
        changed = await watching.fetch(_CHANGED)
        if any(each["of_schema"] for each in changed) or sum(each["changes"] for each in changed) > ROWS:
            return False
        if changed:
            await watching.execute(self._undoing([each["name"] for each in changed]))
            await watching.execute("SELECT pg_stat_reset()")  # not with the others: they are counted when all is done
        return True

    async def _watch(self, name: str) -> asyncpg.Connection:
        if name not in self._watching:
            self._watching[name] = await connect(self.server, name)
        return self._watching[name]

    def _undoing(self, tables: list[str]) -> str:
        emptied = [f"DELETE FROM ONLY {table};" for table in tables]
        return "\n".join([_BEGIN, *emptied, *(self._rows[table] for table in tables if table in self._rows), _COMMIT])


@dataclass(frozen=True)
class Rows:
    """By table, the statement that writes its rows; `at` is when they were read."""

    by_table: Mapping[str, str]
    at: float = field(default_factory=time.monotonic)


async def connect(server: EmbeddedPostgres, name: str) -> asyncpg.Connection:
    """The driver's own connection."""
    url = make_url(server.dsn(name))
    return await asyncpg.connect(host=str(url.query["host"]), port=5432, user=url.username, database=name)


async def _rows_of_template(server: EmbeddedPostgres) -> dict[str, str]:
    connection = await connect(server, TEMPLATE)
    try:
        return await _rows(connection, {})
    finally:
        await connection.close()


async def _rows(connection: asyncpg.Connection, columns: Mapping[str, str]) -> dict[str, str]:
    """By table, the statement that writes what is in it; `columns` are written in another way than they were."""
    found = {}
    for (table,) in await connection.fetch(_TABLES):
        rows = f"SELECT string_agg(format('(%L)', kept::text), ', ') FROM ONLY {table} AS kept"
        if written := await connection.fetchval(rows):
            each = columns.get(table, f"(kept::{table}).*")
            found[table] = f"INSERT INTO {table} SELECT {each} FROM (VALUES {written}) AS written (kept);"
    return found
