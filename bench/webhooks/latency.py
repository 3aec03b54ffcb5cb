"""Time from the commit of an event to its first attempt at the receiver, under a steady load."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from bench.webhooks.stage import Stage, now

AT_ONCE = 50


@dataclass(frozen=True)
class Latency:
    """Milliseconds."""

    p50: float
    p99: float
    number: int


async def first_attempts(
    on: Stage,
    *,
    deliveries_per_s: float,
    endpoints_each: int,
    seconds: float,
    at_once: int = AT_ONCE,
    agency_ids: Sequence[str] = (),
) -> Latency:
    """Events at a steady rate, agencies in turn, so many deliveries at a time; only what `/in` gets counts."""
    await on.clear()
    committed: dict[str, float] = {}
    together = max(at_once // endpoints_each, 1)
    pause = together * endpoints_each / deliveries_per_s
    turns = itertools.cycle(agency_ids or on.agency_ids)
    began, turn = now(), 0
    while (due := began + turn * pause) < began + seconds:
        await asyncio.sleep(max(due - now(), 0))
        made = await on.happen(together, [next(turns) for _ in range(together)])
        committed |= dict.fromkeys(made, now())
        turn += 1
    await asyncio.sleep(2)
    async with asyncio.timeout(30):
        while not await on.seen():  # noqa: ASYNC110 - the receiver is another process
            await asyncio.sleep(1)
    waits = sorted((moment - committed[event]) * 1000 for event, _, moment in await on.seen() if event in committed)
    return Latency(at(waits, 0.5), at(waits, 0.99), len(waits))


async def one(on: Stage, agency_ids: Sequence[str]) -> float:
    """Milliseconds from the commit of one event to its first attempt."""
    await on.clear()
    await on.happen(1, agency_ids)
    committed = now()
    async with asyncio.timeout(30):
        while not (seen := await on.seen()):  # noqa: ASYNC110 - the receiver is another process
            await asyncio.sleep(0.1)
    return (min(moment for *_, moment in seen) - committed) * 1000


def at(ordered: Sequence[float], part: float) -> float:
    """Quantile of the values."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
