"""Cost of an installation at rest, and of one event: `make bench-idle`.

Real processes on an embedded PostgreSQL that writes to disk. Their time on a processor is read from the kernel
(`schedstat`, nanoseconds), of PostgreSQL that of all its processes. Statements are counted as transactions in
`pg_stat_database`: what idle loops ask is a transaction each. What a bare program needs shows how fast the machine is.
Prints a table, and as its last line JSON.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx2
import uvloop
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from app.kit.database import KeptConnection
from bench.webhooks import latency
from bench.webhooks.stage import Stage, cpu_of_all, cpu_seconds, free_port, now, postgres, stage

FAN_OUTS = (1, 10, 50)
#: Events before anything is measured: 13,000 deliveries, as after some weeks.
EARLIER = 1000
err = Console(stderr=True, highlight=False)


@dataclass(frozen=True)
class Installation:
    """The processes that are looked at: pids by name, and the postmaster's."""

    processes: Mapping[str, Sequence[int]]
    postmaster: int

    def used(self) -> dict[str, float]:
        """Seconds on a processor so far, by name."""
        seconds = {name: sum(map(cpu_seconds, pids)) for name, pids in self.processes.items()}
        return {**seconds, "postgres": cpu_of_all(self.postmaster)}


async def idle(on: Stage, seen: Installation, seconds: float) -> dict[str, Any]:
    """Nothing happens for a while: percent of a core, and statements a second."""
    await asyncio.sleep(8)  # start-up settles, and earlier load no longer counts
    before, statements, began = seen.used(), await _statements(on), now()
    await asyncio.sleep(seconds)
    took = now() - began
    after, asked = seen.used(), await _statements(on)
    percent = {f"{name}_percent": (after[name] - before[name]) / took * 100 for name in after}
    return {
        **{name: round(value, 2) for name, value in percent.items()},
        "all_percent": round(sum(percent.values()), 2),
        "statements_per_s": round((asked - statements - 1) / took, 1),
    }


async def _statements(on: Stage) -> int:
    async with on.sessions() as session:
        await session.execute(text("SELECT pg_stat_force_next_flush()"))
        found = await session.execute(
            text("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()")
        )
        return int(found.scalar_one())


async def woken(on: Stage, times: int) -> dict[str, Any]:
    """From a commit to the first attempt where nothing happened for a second before."""
    waits = []
    for _ in range(times):
        await asyncio.sleep(1)
        waits.append(await latency.one(on, on.agency_ids[:1]))
    waits.sort()
    return {"from_rest_p50_ms": round(latency.at(waits, 0.5), 1), "from_rest_max_ms": round(waits[-1], 1)}


async def fanned(on: Stage, seen: Installation, agency_id: str, *, each: int, per_s: float, number: int) -> list[float]:
    """Events committed one by one at a steady rate: microseconds of worker and of PostgreSQL for each delivery."""
    await on.clear()
    before, began = seen.used(), now()
    for turn in range(number):
        await asyncio.sleep(max(began + turn / per_s - now(), 0))
        await on.happen(1, [agency_id])
    await on.until_done()
    after = seen.used()
    return [(after[name] - before[name]) / (number * each) * 1e6 for name in ("worker", "postgres")]


async def bare(on: Stage, *, per_s: float, number: int) -> float:
    """Microseconds of this process for what an event cannot do without: four empty statements and a request."""
    line = KeptConnection(on.sessions)
    async with aiohttp.ClientSession(trust_env=False) as http:
        began, used = now(), time.process_time()
        for turn in range(number):
            await asyncio.sleep(max(began + turn / per_s - now(), 0))
            async with line.transaction("SET LOCAL synchronous_commit = off") as driver:
                await driver.fetch("SELECT 1")
                await driver.fetch("SELECT 2")
            async with http.post(f"http://127.0.0.1:{on.port}/bare", data=bytes(1500)) as answer:
                await answer.read()
        used = time.process_time() - used
    await line.close()
    return used / number * 1e6


async def figures(on: Stage, given: argparse.Namespace, postmaster: int) -> dict[str, Any]:
    """All of them, one after the other."""
    [one, ten, fifty] = on.agency_ids[:3]
    made: dict[str, Any] = {}

    def add(found: dict[str, Any]) -> None:
        made.update(found)
        err.print(*(f"· {name} {value}" for name, value in found.items()))

    await _grow(on, given.workers)
    recording = await _recording(on, postmaster, one, given.number)
    for name, per_s, number in (("alone", 5.0, given.number), ("at_200", 200.0, given.number * 5)):
        add({f"{name}_bare_us": round(await bare(on, per_s=per_s, number=number))})
    async with running(on, given.workers) as processes:
        seen = Installation(processes, postmaster)
        add(await idle(on, seen, given.seconds))
        add(await woken(on, 15))
        for agency_id, each in zip((one, ten, fifty), FAN_OUTS, strict=True):
            for name, per_s, number in (
                ("alone", 5.0, given.number),
                ("at_200", 200.0 / each, given.number * 5 // each),
            ):
                worker, postgres = await fanned(on, seen, agency_id, each=each, per_s=per_s, number=max(number, 20))
                add(
                    {
                        f"{name}_of_{each}_worker_us": round(worker),
                        f"{name}_of_{each}_postgres_us": round(postgres - recording / each),
                    }
                )
        for each, agency_id in ((1, one), (10, ten)):
            quick = await latency.first_attempts(
                on,
                deliveries_per_s=200,
                endpoints_each=each,
                seconds=given.seconds,
                at_once=each,
                agency_ids=[agency_id],
            )
            add(
                {
                    f"first_attempt_of_{each}_p50_ms": round(quick.p50, 1),
                    f"first_attempt_of_{each}_p99_ms": round(quick.p99, 1),
                }
            )
    return {**made, "recording_postgres_us": round(recording)}


async def _grow(on: Stage, workers: int) -> None:
    """Let earlier events be delivered, and PostgreSQL know its tables: in empty ones it uses no index."""
    async with running(on, workers):
        await on.happen(EARLIER)
        await on.until_done()
    await on.execute("ANALYZE")


async def _recording(on: Stage, postmaster: int, agency_id: str, number: int) -> float:
    """Microseconds of PostgreSQL for an event without fan-out."""
    seen = Installation({}, postmaster)
    await on.happen(1, [agency_id])
    before = seen.used()["postgres"]
    for _ in range(number):
        await on.happen(1, [agency_id])
    used = (seen.used()["postgres"] - before) / number * 1e6
    await on.execute("DELETE FROM event_outbox")
    return used


@asynccontextmanager
async def running(on: Stage, workers: int) -> AsyncIterator[Mapping[str, Sequence[int]]]:
    """Web and workers as `keyturn up` runs them."""
    port = free_port()
    commands = [("web", ["app.web", "--port", str(port)]), *[("worker", ["app.worker"])] * workers]
    started = [(name, _start(command, on.env())) for name, command in commands]
    try:
        async with httpx2.AsyncClient(trust_env=False) as http, asyncio.timeout(60):
            while True:
                try:
                    if (await http.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                        break
                except httpx2.TransportError:
                    await asyncio.sleep(0.2)
        for agency_id in on.agency_ids[:3]:
            await on.happen(3, [agency_id])  # the first ones open connections and read endpoints
        await on.until_done()
        yield {name: [each.pid for of, each in started if of == name] for name, _ in commands}
    finally:
        for _, each in started:
            each.terminate()
        for _, each in started:
            each.wait()


def _start(arguments: Sequence[str], env: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", *arguments]
    return subprocess.Popen(command, env=dict(env), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603


async def _run(url: str, given: argparse.Namespace, postmaster: int) -> dict[str, Any]:
    async with stage(url, postmaster, endpoints=(*FAN_OUTS, 0)) as on:
        return await figures(on, given, postmaster)


def main() -> int:
    """Run and print. No figure fails the run; they are for information."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="of each look at rest and at latency")
    parser.add_argument("--number", type=int, default=100, help="of single events")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    with postgres() as (url, postmaster):
        found = uvloop.run(_run(url, given, postmaster))
    shown = Table("figure", "")
    for name, value in found.items():
        shown.add_row(name, str(value))
    Console(width=100).print(shown)
    sys.stdout.write(json.dumps({"bench": "idle", "workers": given.workers, **found}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
