"""Migrations go up, down and up again, and make exactly the tables that the models describe."""

import asyncio
import re

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app import migrate
from app.kit.database import Base
from app.kit.embedded_postgres.server import EmbeddedPostgres
from app.kit.jobs import JobMixin
from app.tables import metadata

PARTITIONS = "SELECT inhrelid::regclass::text FROM pg_inherits"
LEFT = """
    SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = 'public' AND relkind IN ('r', 'p', 'S', 'v', 'm') AND relname !~ '^alembic_version'
    UNION SELECT proname FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace WHERE nspname = 'public'
    UNION SELECT typname FROM pg_type JOIN pg_namespace ON pg_namespace.oid = typnamespace
    WHERE nspname = 'public' AND typtype IN ('e', 'd')
"""


def test_up_down_and_up_again(server: EmbeddedPostgres) -> None:
    url = _database(server, "shape_updown")
    migrate.upgrade(url)
    command.downgrade(migrate.config(url), "base")
    assert asyncio.run(_names(url, LEFT)) == []
    migrate.upgrade(url)
    assert asyncio.run(_names(url, LEFT)) != []


def test_migrations_make_what_the_models_describe(server: EmbeddedPostgres) -> None:
    url = _database(server, "shape_models")
    migrate.upgrade(url)
    assert asyncio.run(_differences(url)) == []


def test_every_table_of_rows_that_are_due_wakes_workers(server: EmbeddedPostgres) -> None:
    url = _database(server, "shape_wakes")
    migrate.upgrade(url)
    due = {mapper.class_.__tablename__ for mapper in Base.registry.mappers if JobMixin in mapper.class_.__mro__}
    assert due
    waking = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'wake_workers' AND tgenabled = 'O'"
    assert set(asyncio.run(_names(url, waking))) == due


def test_there_is_one_newest_migration_and_names_are_dated() -> None:
    scripts = ScriptDirectory.from_config(migrate.config("postgresql+asyncpg://unused"))
    assert len(scripts.get_heads()) == 1
    undated = [
        each.module.__name__
        for each in scripts.walk_revisions()
        if not re.match(r"\d{4}_\d\d_\d\d_", each.module.__name__)
    ]
    assert undated == []


def _database(server: EmbeddedPostgres, name: str) -> str:
    server.ensure_database(name)
    return server.dsn(name)


async def _names(url: str, query: str) -> list[str]:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        found = [str(name) for name in (await connection.execute(text(query))).scalars()]
    await engine.dispose()
    return found


async def _differences(url: str) -> list[object]:
    partitions = set(await _names(url, PARTITIONS))
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        found = await connection.run_sync(_compare, partitions)
    await engine.dispose()
    return found


def _compare(connection: Connection, partitions: set[str]) -> list[object]:
    def ours(item: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
        table = getattr(item, "table", None)
        return (name if kind == "table" else getattr(table, "name", None)) not in partitions

    options = {"include_object": ours, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))
