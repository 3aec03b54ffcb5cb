"""Cost of a request or of a round of a worker: statements, counted at the driver, and the code of app/ on its way."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import asyncpg
import pytest
from asyncpg.prepared_stmt import PreparedStatement
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

import app

#: First words of statements that only begin, divide or end a transaction.
TRANSACTION_CONTROL = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"})
FETCH = PreparedStatement.fetch
_APP = Path(app.__file__).parent


@dataclass
class Cost:
    """Statements in their order, and functions as (file, name); both without those that the measuring itself needs."""

    statements: list[str] = field(default_factory=list)
    transaction_control: list[str] = field(default_factory=list)
    functions: set[tuple[str, str]] = field(default_factory=set)

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.statements + other.statements,
            self.transaction_control + other.transaction_control,
            self.functions | other.functions,
        )

    @property
    def files(self) -> set[str]:
        """Files of app/ with a function that was called."""
        return {file for file, _ in self.functions}

    def add(self, query: str) -> None:
        """Count a statement that the driver sent."""
        first = query.split(maxsplit=1)[0].rstrip(";").upper()
        (self.transaction_control if first in TRANSACTION_CONTROL else self.statements).append(query)


class Meter:
    """Measures one thing at a time on an engine."""

    def __init__(self) -> None:
        self._cost: Cost | None = None
        self._watched: list[asyncpg.Connection] = []

    @asynccontextmanager
    async def measure(self) -> AsyncIterator[Cost]:
        """Measure the body of `async with`."""
        cost = Cost()
        await asyncio.sleep(0)  # the driver reports a statement one turn of the event loop after its answer
        self._cost, called = cost, set[CodeType]()
        sys.setprofile(lambda frame, what, _: _note(called, frame, what))
        try:
            yield cost
        finally:
            sys.setprofile(None)
            await asyncio.sleep(0)
            self._cost = None
            cost.functions = set(_ours(called))

    def watch(self, connection: Any, _record: object, _proxy: object) -> None:
        """Let the driver report what it sends on a connection of the pool."""
        driver = connection.driver_connection
        if driver not in self._watched:
            self._watched.append(driver)
            driver.add_query_logger(self._logged)

    def leave(self) -> None:
        """Connections outlive the meter, and are no longer watched."""
        for driver in self._watched:
            driver.remove_query_logger(self._logged)

    def _logged(self, logged: Any) -> None:
        self.sent(logged.query)

    def sent(self, query: str) -> None:
        """Note a statement, if something is measured."""
        if self._cost is not None:
            self._cost.add(query)


@contextmanager
def meter(engine: AsyncEngine) -> Iterator[Meter]:
    """A meter of all that is sent through the pool of an engine."""
    made, pool = Meter(), engine.sync_engine.pool

    async def fetch(statement: "PreparedStatement[Any]", *values: Any, **options: Any) -> Any:
        """As the driver's own, which reports nothing; SQLAlchemy sends through it what it prepares."""
        made.sent(statement.get_query())
        return await FETCH(statement, *values, **options)

    event.listen(pool, "checkout", made.watch)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(PreparedStatement, "fetch", fetch)
        yield made
    event.remove(pool, "checkout", made.watch)
    made.leave()


def _note(called: set[CodeType], frame: FrameType, what: str) -> None:
    if what == "call":
        called.add(frame.f_code)


def _ours(called: set[CodeType]) -> Iterator[tuple[str, str]]:
    """Functions of app/; no comprehensions, which are functions of their own only before Python 3.12."""
    for code in called:
        path = Path(code.co_filename)
        if path.is_relative_to(_APP) and not code.co_name.startswith("<"):
            yield str(path.relative_to(_APP.parent)), f"{code.co_qualname}:{code.co_firstlineno}"
