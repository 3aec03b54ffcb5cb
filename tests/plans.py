"""Plans of PostgreSQL for the statements that a read sends."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine


class Noted:
    """Statements with their values, as SQLAlchemy sends them: a listener of `before_cursor_execute`."""

    def __init__(self) -> None:
        self.statements: list[tuple[str, Any]] = []

    def __call__(self, _c: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        self.statements.append((statement, values))


async def of(engine: AsyncEngine, statement: str, values: Any) -> Any:
    """The plan of a statement, executed."""
    async with engine.connect() as connection:
        raw = await connection.get_raw_connection()
        assert raw.driver_connection is not None
        rows = await raw.driver_connection.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *values)
    return rows[0][0][0]["Plan"]


async def of_last(engine: AsyncEngine, read: Callable[[], Awaitable[Any]]) -> Any:
    """The executed plan of the last statement of `read`."""
    noted = Noted()
    event.listen(engine.sync_engine, "before_cursor_execute", noted)
    await read()
    event.remove(engine.sync_engine, "before_cursor_execute", noted)
    return await of(engine, *noted.statements[-1])


def sequential(found: Any) -> list[str]:
    """Tables that a plan reads from end to end."""
    return [each["Relation Name"] for each in _nodes(found) if each["Node Type"] == "Seq Scan"]


def scans(found: Any, table: str) -> list[Any]:
    """Nodes of a plan that read a table."""
    return [each for each in _nodes(found) if each.get("Relation Name") == table]


def rows_read(found: Any, table: str) -> int:
    """Rows of a table that were looked at."""
    return sum(
        int(
            (each["Actual Rows"] + each.get("Rows Removed by Filter", 0) + each.get("Rows Removed by Index Recheck", 0))
            * each["Actual Loops"]
        )
        for each in scans(found, table)
    )


def _nodes(found: Any) -> Iterator[Any]:
    yield found
    for below in found.get("Plans", ()):
        yield from _nodes(below)
