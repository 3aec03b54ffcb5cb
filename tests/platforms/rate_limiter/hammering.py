"""A program that calls within the budget for a while: `python -m tests.platforms.rate_limiter.hammering JSON`."""

import asyncio
import json
import os
import sys
import time
from dataclasses import asdict, dataclass, field

import httpx2

from app.kit.database import make_engine, make_sessions
from app.platforms.port import Access, Priority, Unavailable
from app.platforms.rate_limit_policy import Limits, Reservation
from app.platforms.rate_limiter import Moment, RateLimiter
from app.platforms.tiktok import operations
from app.platforms.tiktok.client import Wire

APP_ID = "7400000000000000001"


@dataclass(frozen=True)
class Hammering:
    """One program: a number of callers of one priority, for some seconds, with a pause after each call."""

    database_url: str
    api_base: str
    token: str
    priority: str
    callers: int
    seconds: float
    pause: float
    qps: int
    qpm: int

    @property
    def as_argument(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Watched(RateLimiter):
    """A budget that writes down for how long it made its callers wait, in ms: not what a busy machine added."""

    waits: list[int] = field(default_factory=list)

    async def _reserve(
        self, app_id: str, priority: Priority, patience: int, lead: int = 0
    ) -> tuple[Reservation, Moment]:
        grant, moment = await super()._reserve(app_id, priority, patience, lead)
        self.waits.append(grant.at - moment.now)
        return grant, moment


async def hammer(what: Hammering) -> tuple[int, list[int]]:
    """Calls until the time is over: how many calls went, and the waits."""
    engine = make_engine(what.database_url)
    budget = Watched(make_sessions(engine), "tiktok", Limits(what.qps, what.qpm))
    access = Access(what.token, APP_ID, Priority[what.priority])
    went = 0
    end = time.monotonic() + what.seconds

    async def call(http: httpx2.AsyncClient) -> None:
        nonlocal went
        while time.monotonic() < end:
            try:
                await operations.user_info(Wire(http, what.api_base, budget), access, lambda _: None)
            except Unavailable as away:
                if away.limited:
                    raise
                await asyncio.sleep(0.05)
                continue
            went += 1
            await asyncio.sleep(what.pause)

    async with httpx2.AsyncClient(trust_env=False) as http:
        await asyncio.gather(*(call(http) for _ in range(what.callers)))
    await engine.dispose()
    return went, budget.waits


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(hammer(Hammering(**json.loads(sys.argv[1]))))))
    sys.stdout.flush()
    os._exit(0)
