"""The chores as one line of the worker's table."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

from app.kit import due
from app.kit.due import Work
from app.webhooks.dispatch.keeping import retention, sweep
from app.webhooks.dispatch.keeping.model import Chore
from app.webhooks.dispatch.keeping.tools import Keeping

#: What each chore does; it says in how long it is due again.
CHORES: dict[str, Callable[[Keeping], Awaitable[timedelta]]] = {
    sweep.CHORE: sweep.sweep,
    retention.CHORE: retention.tidy,
}


def work(tools: Keeping) -> list[Work[Any]]:
    """The lines of the worker's table."""
    return [Work("webhooks.chores", Chore, partial(do, tools), concurrency=2, longest=timedelta(minutes=15))]


async def do(tools: Keeping, row: Chore) -> None:
    """Does a chore once. One that fails is tried again soon: it says nothing new to do it twice."""
    again = await CHORES[row.id](tools)
    async with tools.sessions.begin() as session:
        await due.finish(session, row, due_in=again)
