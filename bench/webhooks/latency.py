"""How long it takes from the commit of an event to its first attempt at the receiver, under a steady load."""

import asyncio
import uuid
from dataclasses import dataclass

from app.kit import ids
from bench.webhooks.stage import AGENCIES, Stage, now


@dataclass(frozen=True)
class Latency:
    """Milliseconds."""

    p50: float
    p99: float
    number: int


async def first_attempts(on: Stage, *, deliveries_per_s: float, endpoints_each: int, seconds: float) -> Latency:
    """Events at a steady rate, ten at a time, one for each agency; only what `/in` gets counts."""
    await on.clear()
    committed: dict[str, float] = {}
    pause = AGENCIES * endpoints_each / deliveries_per_s
    began, turn = now(), 0
    while (due := began + turn * pause) < began + seconds:
        await asyncio.sleep(max(due - now(), 0))
        made = await on.happen(AGENCIES)
        committed |= dict.fromkeys((ids.text("evt", uuid.UUID(each)) for each in made), now())
        turn += 1
    await asyncio.sleep(2)
    waits = sorted((moment - committed[event]) * 1000 for event, _, moment in await on.seen() if event in committed)
    return Latency(_at(waits, 0.5), _at(waits, 0.99), len(waits))


def _at(ordered: list[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
