"""Workers of replays killed by SIGKILL in their second turn: `python -m tests.faults.deliveries.mortal_replays`.

Modules are loaded once; each worker is forked from here and really killed, one after the other.

`before`: claimed, nothing queued. `queued`: queued, not committed. `after`: committed, and nothing said about it.
They send nothing, so that what it queued is sent by whoever comes next.
"""

import asyncio
import os
import signal
from datetime import timedelta
from typing import Any

from app import settings, worker
from app.assembly import egress_of
from app.kit import jobs
from app.kit.database import make_engine, make_sessions
from app.kit.jobs import WakeUp
from app.platforms.registry import Platforms
from app.webhooks.replays import job as replay_job
from tests.faults.deliveries.mortal import die

BEFORE, QUEUED, AFTER = "before", "queued", "after"
#: In this order.
MODES = (BEFORE, QUEUED, AFTER)
LONGEST = 60
#: Of a worker that is dead; else the next one would wait a minute.
LEASE = timedelta(seconds=2)


async def work(mode: str) -> None:
    """Serves replays until death."""
    chosen = settings.load()
    sessions = make_sessions(make_engine(chosen.database_url))
    _, tools, _ = worker.tools(chosen, sessions, Platforms(), egress_of(chosen))
    turns = 0
    take_turn, queue, advance = replay_job._take_turn, replay_job._queue, replay_job.advance

    async def mortal_turn(*given: Any) -> int:
        nonlocal turns
        turns += 1
        if turns == 2 and mode == BEFORE:
            die()
        return await take_turn(*given)

    async def mortal_queue(*given: Any) -> int:
        queued = await queue(*given)
        if turns == 2 and mode == QUEUED:
            die()
        return queued

    async def mortal_advance(*given: Any) -> None:
        await advance(*given)
        if turns == 2:
            die()

    replay_job.LEASE = LEASE
    setattr(replay_job, "_take_turn", mortal_turn)  # noqa: B010 - as those below: another life than the types say
    setattr(replay_job, "_queue", mortal_queue)  # noqa: B010
    setattr(replay_job, "advance", mortal_advance)  # noqa: B010
    async with asyncio.timeout(LONGEST):
        await asyncio.gather(
            *(jobs.serve(each, sessions, asyncio.Event(), WakeUp(), 0.1) for each in replay_job.work(tools))
        )


def main() -> None:
    """Fails when one of them did not die of it."""
    for mode in MODES:
        child = os.fork()
        if child == 0:
            asyncio.run(work(mode))
            os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), mode
        assert os.WTERMSIG(status) == signal.SIGKILL, mode


if __name__ == "__main__":
    main()
