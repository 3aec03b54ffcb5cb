"""States that many tests begin with: the first test plays its way there, for the others they are copied."""

import pickle
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import TypeVar, cast

from tests.databases import Databases, Rows
from tests.tiktok import Simulated

T = TypeVar("T")
State = tuple[Rows, bytes, bytes]


@dataclass(frozen=True)
class Prepared:
    """What was prepared in this test process, for the database of one test.

    A state is all rows of the database, whose times move as if all had happened just now, and the simulated TikTok.
    """

    databases: Databases
    database: str
    simulated: Simulated
    states: dict[Hashable, State]

    async def reach(self, key: Hashable, play: Callable[[], Awaitable[T]]) -> T:
        """Play, or do as if it was played; `key` names all that playing depends on. Returns what playing returned."""
        if key in self.states:
            rows, there, returned = self.states[key]
            await self.databases.put(self.database, rows)
            self.simulated.restore(there)
            return cast(T, pickle.loads(returned))
        played = await play()
        rows = await self.databases.rows_changed(self.database)
        self.states[key] = rows, self.simulated.keep(), pickle.dumps(played)
        return played
