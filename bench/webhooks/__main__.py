"""All figures of webhooks in one run: `make bench-webhooks`. Prints a table, and as its last line JSON.

Shorter with `--rounds 2 --events 500 --finished 100000`. No figure fails the run: they are for people to read.
"""

import argparse
import json
import os
import sys
from statistics import median
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table

from app.kit.egress.client import Egress
from app.kit.encryption import Keyring
from bench.webhooks import latency, rate, size
from bench.webhooks.latency import Latency
from bench.webhooks.stage import KEYS, Stage, postgres, stage, workers
from tests.webhooks.scenes import fan_out

CORES_NEEDED = 3
#: Endpoints of each agency while one hangs, or all of one agency fail: five hundred.
MANY = 50
#: Finished deliveries that claims and lists are compared with.
FEW = 5000


async def rates(on: Stage, rounds: int, events: int, due: int) -> dict[str, Any]:
    """Rounds of all kinds, one after the other; medians."""
    through, alone, plain = [], [], []
    egress = Egress(allow=["127.0.0.0/8"])
    async with workers(on) as pids:
        for _ in range(rounds):
            through.append(await rate.delivered(on, pids, events))
            alone.append(await rate.bare(on, egress, events * 10, settled=True))
            plain.append(await rate.bare(on, egress, events * 10, settled=False))
        await rate.delivered(on, pids, due // 10)
        memory = rate.memory_of(pids)
    async with workers(on, 2) as pids:
        both = await rate.delivered(on, pids, events)
    await egress.close()
    per_s, bare_per_s, plain_per_s = (median(each.per_s for each in kind) for kind in (through, alone, plain))
    return {
        "deliveries_per_s": round(per_s), "bare_per_s": round(bare_per_s),
        "ratio_to_bare": round(per_s / bare_per_s, 2),
        "plain_per_s": round(plain_per_s), "ratio_to_plain": round(per_s / plain_per_s, 2),
        "cpu_us_per_delivery": round(median(each.cpu_us for each in through)),
        "bare_cpu_us": round(median(each.cpu_us for each in alone)),
        "ratio_of_cpu": round(median(each.cpu_us for each in alone) / median(each.cpu_us for each in through), 2),
        "postgres_us_per_delivery": round(median(each.postgres_us for each in through)),
        "worker_memory_mb": round(memory), "two_workers_per_s": round(both.per_s),
        "two_workers_cpu_us": round(both.cpu_us), "two_workers_postgres_us": round(both.postgres_us),
    }  # fmt: skip


async def latencies(on: Stage, per_s: float, seconds: float) -> dict[str, Any]:
    """At half the rate: with ten endpoints an agency; then with fifty, where one hangs or all of an agency fail."""
    async with workers(on):
        quiet = await latency.first_attempts(on, deliveries_per_s=per_s, endpoints_each=10, seconds=seconds)
    await on.add_endpoints(MANY - 10)
    made: dict[str, Any] = {"first_attempt_p50_ms": round(quiet.p50, 1), "first_attempt_p99_ms": round(quiet.p99, 1)}
    for name, change in (
        ("of_500", None),
        ("one_hangs", "UPDATE webhook_endpoints SET url = replace(url, '/in', '/hang') WHERE id = "
         "(SELECT id FROM webhook_endpoints ORDER BY id LIMIT 1)"),
        ("one_agency_fails", "UPDATE webhook_endpoints SET url = replace(replace(url, '/hang', '/in'), '/in', '/fail') "
         "WHERE agency_id = (SELECT agency_id FROM webhook_endpoints ORDER BY agency_id DESC LIMIT 1)"),
    ):  # fmt: skip
        if change:
            await on.execute(change)
        async with workers(on):
            seen: Latency = await latency.first_attempts(
                on, deliveries_per_s=per_s, endpoints_each=MANY, seconds=seconds
            )
        made |= {f"{name}_p50_ms": round(seen.p50, 1), f"{name}_p99_ms": round(seen.p99, 1)}
        await on.execute("UPDATE webhook_deliveries SET status = 'cancelled', due_at = NULL WHERE due_at IS NOT NULL")
    return made


async def sizes(on: Stage, finished: int) -> dict[str, Any]:
    """Claim and list with five thousand and with millions behind them."""
    await on.happen(50)  # every endpoint has deliveries to take after
    while await fan_out(on.sessions, Keyring.from_text(KEYS)):
        pass
    await size.fill(on, FEW, already=0)
    few = (await size.claim_ms(on), await size.list_ms(on))
    await size.fill(on, finished, already=FEW)
    many = (await size.claim_ms(on), await size.list_ms(on))
    return {
        "finished": finished, "claim_few_ms": round(few[0], 2), "claim_many_ms": round(many[0], 2),
        "claim_ratio": round(many[0] / few[0], 2), "list_few_ms": round(few[1], 2), "list_many_ms": round(many[1], 2),
        "list_ratio": round(many[1] / few[1], 2),
    }  # fmt: skip


def main() -> int:
    """Runs, and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=2000, help="of a round; each has ten deliveries")
    parser.add_argument("--due", type=int, default=100_000, help="deliveries that are due while memory is looked at")
    parser.add_argument("--seconds", type=float, default=8, help="of each look at latency")
    parser.add_argument("--finished", type=int, default=2_000_000, help="with an attempt each, ten to a body")
    parser.add_argument("--only", choices=("rates", "latencies", "sizes"), help="one part; latencies then at --per-s")
    parser.add_argument("--per-s", type=float, default=2000, help="what is taken for the rate where it is not measured")
    given = parser.parse_args()
    figures: dict[str, Any] = {"bench": "webhooks", "cores": os.cpu_count()}
    out = Console(width=100)
    parts = {"rates": _rates, "latencies": _latencies, "sizes": _sizes}
    for part in [parts[given.only]] if given.only else parts.values():
        with postgres() as where:
            found = uvloop.run(part(where, given, figures))
        figures |= found
        shown = Table("figure", "")
        for name, value in found.items():
            shown.add_row(name, str(value))
        out.print(shown)
    cores = os.cpu_count() or 1
    if cores < CORES_NEEDED:
        out.print(
            f"{cores} cores for worker, PostgreSQL and receiver: the ratio counts; what a worker does on a core of "
            "its own, and what a second one adds, cannot be measured here."
        )
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


async def _rates(where: tuple[str, int], given: argparse.Namespace, _: dict[str, Any]) -> dict[str, Any]:
    async with stage(*where) as on:
        return await rates(on, given.rounds, given.events, given.due)


async def _latencies(where: tuple[str, int], given: argparse.Namespace, figures: dict[str, Any]) -> dict[str, Any]:
    async with stage(*where) as on:
        return await latencies(on, figures.get("deliveries_per_s", given.per_s) / 2, given.seconds)


async def _sizes(where: tuple[str, int], given: argparse.Namespace, _: dict[str, Any]) -> dict[str, Any]:
    async with stage(*where) as on:
        return await sizes(on, given.finished)


if __name__ == "__main__":
    sys.exit(main())
