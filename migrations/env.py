"""How Alembic reaches the database: by DATABASE_URL, or over a connection handed in."""

import asyncio
import os
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, text

from app.kit.database import make_engine
from app.kit.ids import Id
from app.tables import metadata

LOCK = 0x6B65796D  # one migration at a time, whoever starts it


def _plain(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """Migrations name PostgreSQL's types, not ours: they must run long after ours have changed."""
    return "sa.Uuid()" if kind == "type" and isinstance(item, Id) else False


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, render_item=_plain)
    with context.begin_transaction():
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        connection.execute(text("SET LOCAL statement_timeout = '15min'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        context.run_migrations()


async def _connect() -> None:
    url = context.config.attributes.get("url") or os.environ["DATABASE_URL"]
    engine = make_engine(url, kept=False)
    async with engine.connect() as connection:
        await connection.run_sync(_run)
        await connection.commit()
    await engine.dispose()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    asyncio.run(_connect())
