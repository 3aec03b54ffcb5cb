"""A worker killed by SIGKILL at a moment of its first deliveries: `python -m tests.faults.deliveries.mortal MODE`.

`before`: claimed, nothing sent. `after`: sent and answered, nothing written down. `finish`: while it is written down.
`kept`: fanned out and kept in hand, nothing
sent. `written`: when the one statement of a batch in which all arrived is over, and nobody was told.
"""

import asyncio
import os
import signal
import sys
from typing import Any

from app import settings, worker
from app.assembly import egress_of
from app.kit.database import make_engine, make_sessions
from app.platforms.registry import Platforms
from app.webhooks.context import WebhookContext
from app.webhooks.dispatcher import result_writer
from app.webhooks.dispatcher import worker as sending
from tests.webhooks import scenes

BEFORE, AFTER, FINISH, WRITTEN, KEPT = "before", "after", "finish", "written", "kept"
#: Each dies with so many in flight.
SLOTS = 4
LONGEST = 60


def die(*_given: Any, **_named: Any) -> None:
    """As `kill -9` does it: nothing is closed, nothing is said."""
    os.kill(os.getpid(), signal.SIGKILL)


async def work(mode: str) -> None:
    """Sends until death."""
    chosen = settings.load()
    sessions = make_sessions(make_engine(chosen.database_url))
    _, given, _ = worker.tools(chosen, sessions, Platforms(), egress_of(chosen))
    tools = WebhookContext(sessions, given.keyring, given.egress, given.public_url, slots=SLOTS)
    if mode in (BEFORE, KEPT):
        setattr(sending, "send_requests", die)  # noqa: B010 - as are those below: another life than the types say
    elif mode == AFTER:
        setattr(result_writer, "write", die)  # noqa: B010
    elif mode == WRITTEN:
        real = result_writer.write_attempts_directly

        async def write_and_die(*given: Any, **named: Any) -> None:
            await real(*given, **named)
            die()

        setattr(result_writer, "write_attempts_directly", write_and_die)  # noqa: B010
    else:  # the attempts are in the transaction, which is not over; one statement alone is never half done
        setattr(result_writer, "_plain", lambda _: False)  # noqa: B010
        setattr(result_writer, "_release_next", die)  # noqa: B010
    async with asyncio.timeout(LONGEST):
        await (scenes.work if mode == KEPT else scenes.send_all)(tools, asyncio.Event())


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
