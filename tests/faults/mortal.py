"""A worker that is killed by SIGKILL at a chosen moment of its first share: `python -m tests.faults.mortal MODE TIMES`.

Modules are loaded once; each worker is a process of its own, forked from here, and really killed.
"""

import asyncio
import os
import signal
import sys
from functools import partial
from typing import Any

import httpx2

from app import settings, worker
from app.access.handshakes import Handshake
from app.access.reconciler.job import reconcile
from app.access.reconciler.partner_access import PartnerAccessStrategy
from app.assembly import platforms_of
from app.kit import jobs
from app.kit.database import make_engine, make_sessions
from app.kit.egress.client import Egress
from app.kit.jobs import JobType, WakeUp
from app.platforms.registry import Platforms
from app.platforms.tiktok.adapter import TikTok

BEFORE, AFTER, RECORDED = "before", "after", "recorded"
LONGEST = 60


def die() -> None:
    """As `kill -9` does it: nothing is closed, nothing is said."""
    os.kill(os.getpid(), signal.SIGKILL)


class Mortal(TikTok):
    """TikTok as it is, but for whoever shares."""

    mode = BEFORE
    shared = False

    async def share(self, *given: Any, **named: Any) -> None:
        """Dies before the call, or after it and before its record."""
        if self.mode == BEFORE:
            die()
        await super().share(*given, **named)
        if self.mode == AFTER:
            die()
        Mortal.shared = True


async def work(mode: str) -> None:
    """Serves handshakes one at a time until death."""
    chosen = settings.load()
    engine = make_engine(chosen.database_url)
    sessions = make_sessions(engine)
    async with httpx2.AsyncClient(trust_env=False) as http:
        real = platforms_of(chosen, http, sessions)["tiktok"]
        assert isinstance(real, TikTok)
        mortal = Mortal(real.wire, real.auth_url, real.redirect_uri, real.default_app)
        Mortal.mode = mode
        tools, *_ = worker.tools(chosen, sessions, Platforms(mortal), Egress())
        once = JobType(
            "handshakes", Handshake, partial(_round, PartnerAccessStrategy(tools)), concurrency=1, lease=tools.lease
        )
        async with asyncio.timeout(LONGEST):
            await jobs.serve(once, sessions, asyncio.Event(), WakeUp(), 0.1)


async def _round(strategy: PartnerAccessStrategy, row: Handshake) -> None:
    """One round; dies after it if it shared, so that the answer is recorded and nothing after it happens."""
    await reconcile(strategy, row)
    if Mortal.shared:
        die()


def main() -> None:
    """Starts one worker after the other; each must have been killed, none may have ended otherwise."""
    mode, times = sys.argv[1], int(sys.argv[2])
    for _ in range(times):
        child = os.fork()
        if child == 0:
            asyncio.run(work(mode))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
            sys.exit(f"a worker ended by itself: {status}")
    sys.stdout.write(f"killed {times}\n")


if __name__ == "__main__":
    main()
