"""Periodic tasks as a job type of the worker."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

from app.kit import jobs
from app.kit.jobs import JobType
from app.webhooks.context import MaintenanceContext
from app.webhooks.maintenance import retention, sweep
from app.webhooks.models import PeriodicTask

#: What each chore does; it says in how long it is due again.
TASKS: dict[str, Callable[[MaintenanceContext], Awaitable[timedelta]]] = {
    sweep.CHORE: sweep.sweep,
    retention.CHORE: retention.prune,
}


def work(tools: MaintenanceContext) -> list[JobType[Any]]:
    """The lines of the worker's table."""
    return [
        JobType("webhooks.chores", PeriodicTask, partial(run_task, tools), concurrency=2, longest=timedelta(minutes=15))
    ]


async def run_task(tools: MaintenanceContext, row: PeriodicTask) -> None:
    """Does a chore once. One that fails is tried again soon: it says nothing new to do it twice."""
    again = await TASKS[row.id](tools)
    async with tools.sessions.begin() as session:
        await jobs.finish(session, row, due_in=again)
