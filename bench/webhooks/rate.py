"""Deliveries a second through everything, and what the same client does without a database."""

import asyncio
import gc
import json
import os
from dataclasses import dataclass

from app import settle_memory
from app.events import catalog, rendering
from app.kit import clock
from app.kit.egress.client import Egress
from app.webhooks import message
from bench.webhooks.stage import Stage, cpu_of_all, cpu_seconds, memory_mb, now

#: As many as ten endpoints of ten agencies may have in flight.
AT_ONCE = 500
_KEY = b"k" * 32


@dataclass(frozen=True)
class Rate:
    """Rate of one round: deliveries per second; CPU microseconds per delivery of the senders and of PostgreSQL."""

    per_s: float
    cpu_us: float
    postgres_us: float = 0.0


async def delivered(on: Stage, pids: list[int], events: int) -> Rate:
    """From the commit of the events to the arrival of the last delivery, with every attempt written down."""
    await on.clear()
    await on.happen(events)
    began, before, stored = now(), sum(map(cpu_seconds, pids)), cpu_of_all(on.postmaster)
    await on.until_done()
    used, stored = sum(map(cpu_seconds, pids)) - before, cpu_of_all(on.postmaster) - stored
    seen = await on.seen()
    expected = len(seen)
    assert len({(event, endpoint) for event, endpoint, _ in seen}) == expected, "a delivery came twice"
    took = max(moment for *_, moment in seen) - began
    return Rate(expected / took, used / expected * 1e6, stored / expected * 1e6)


async def bare(on: Stage, egress: Egress, number: int, *, settled: bool) -> Rate:
    """The same client, body and signature in a loop; nothing is read or written.

    `settled`: garbage is collected as in a worker, else as Python does by itself, which costs this loop a third more.
    """
    body = json.dumps(rendering.example_body(catalog.ACCESS_VERIFIED), separators=(",", ":")).encode()
    left = iter(range(number))
    url = f"http://127.0.0.1:{on.port}/in"

    async def send() -> None:
        for place in left:
            outbound = message.OutboundRequest(
                url, f"evt_{place:026}", "access.verified", f"delivery_{place:026}", "endpoint_1", 1, False, body,
                (_KEY,), {}, {}, clock.now(),
            )  # fmt: skip
            answer = await egress.post(url, headers=message.request_headers(outbound), body=body)
            assert answer.status == 200, answer

    usual = gc.get_threshold()
    settle_memory()
    if not settled:
        gc.set_threshold(*usual)
    await on.clear()
    used, began = cpu_of_this(), now()
    await asyncio.gather(*(send() for _ in range(AT_ONCE)))
    took = now() - began
    gc.set_threshold(*usual)
    return Rate(number / took, (cpu_of_this() - used) / number * 1e6)


def cpu_of_this() -> float:
    """CPU seconds of this process."""
    return cpu_seconds(os.getpid())


def memory_of(pids: list[int]) -> float:
    """The largest of them, in MB."""
    return max(memory_mb(pid) for pid in pids)
