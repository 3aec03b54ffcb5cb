"""The rate limiter under 1,000 watched clients, and what a grant costs: `make bench-budget`.

The watches run on a simulated clock over the very arithmetic that production uses; grants are timed on PostgreSQL.
"""

import asyncio
import heapq
import itertools
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app import migrate
from app.kit.database import make_engine, make_sessions
from app.kit.embedded_postgres.server import EmbeddedPostgres
from app.platforms.port import Priority
from app.platforms.rate_limit_policy import BUCKET, PATIENCE, Allowance, Later, Limits, reserve
from app.platforms.rate_limiter import RateLimiter

LIMITS = Limits(qps=8, qpm=480)
CLIENTS = 1_000
CALLS_OF_A_WATCH = 2
SECOND, MINUTE, DAY = 1_000, 60_000, 86_400_000
START = 1_795_000_000_000
#: Two workers with eight hands each; how long a caller rests after a refusal; how long TikTok takes to answer.
HANDS, REST, ANSWER = 16, 1_000, 150
#: What somebody waits for who comes back from the consent page.
CALLS_OF_A_VISIT = 7
SECONDS_OF_GRANTS = 3.0
#: So long processes take to start at most.
STARTING = 6.0
LONGEST_WAIT = 2.0
_numbers = itertools.count()
PROCESSES = 4


@dataclass(frozen=True)
class Run:
    """Result of a simulated day: times of the calls, and waits of people for the budget, in ms."""

    name: str
    went: list[int]
    watch_calls: int
    waits: list[int]
    visits: list[int]

    def figures(self) -> dict[str, float]:
        """Calls, and seconds: `wait` of one call, `visit` of all the calls that one person waits for in a row."""
        waits, visits = sorted(self.waits), sorted(self.visits)
        return {
            "watch_calls": self.watch_calls,
            "looking_calls": len(waits),
            "wait_p50_s": _share(waits, 0.50) / 1000,
            "wait_p99_s": _share(waits, 0.99) / 1000,
            "wait_max_s": waits[-1] / 1000,
            "visit_wait_p50_s": _share(visits, 0.50) / 1000,
            "visit_wait_max_s": visits[-1] / 1000,
            "max_calls_in_a_second": _fullest(self.went, SECOND),
            "max_calls_in_a_minute": _fullest(self.went, MINUTE),
            "watched_in_hours": (self.went[-1] - START) / 3_600_000,
        }


@dataclass
class Caller:
    """Somebody with calls to make one after the other: a hand of a worker with its watches, or a person who looks."""

    priority: Priority
    calls: int
    requested_at: int
    waited: int = 0


@dataclass
class Clockwork:
    """The simulated clock: the next caller asks the allowance, and returns when its call was answered."""

    allowance: Allowance = field(default_factory=Allowance)
    agenda: list[tuple[int, int, Caller]] = field(default_factory=list)
    went: list[int] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    visits: list[int] = field(default_factory=list)
    watch_calls: int = 0

    def comes(self, at: int, caller: Caller) -> None:
        """The caller asks at that moment."""
        caller.requested_at = at
        heapq.heappush(self.agenda, (at, next(_numbers), caller))

    def run(self) -> None:
        """Until nobody has a call to make."""
        while self.agenda:
            now, _, caller = heapq.heappop(self.agenda)
            taken = reserve(self.allowance, now, caller.priority, LIMITS, PATIENCE[caller.priority])
            if isinstance(taken, Later):  # comes back a little later, and has waited since it first asked
                heapq.heappush(self.agenda, (now + REST, next(_numbers), caller))
                continue
            self.allowance, grant = taken
            self._goes(caller, grant.at)

    def _goes(self, caller: Caller, at: int) -> None:
        self.went.append(at)
        caller.calls -= 1
        if caller.priority is Priority.BACKGROUND:
            self.watch_calls += 1
        else:
            self.waits.append(at - caller.requested_at)
            caller.waited += at - caller.requested_at
        if caller.calls:
            self.comes(at + ANSWER, caller)
        elif caller.priority is Priority.INTERACTIVE:
            self.visits.append(caller.waited)


def simulated() -> Iterator[Run]:
    """A usual day, and the worst one: everything due at once, while people arrive at random."""
    chance = random.Random(3)  # noqa: S311 - the same day every time
    usual = Clockwork()
    for _ in range(CLIENTS):
        usual.comes(START + chance.randrange(DAY), Caller(Priority.BACKGROUND, CALLS_OF_A_WATCH, 0))
    yield _finished("1,000 clients over a day", usual, chance, people=500, span=DAY)
    worst = Clockwork()
    for _ in range(HANDS):  # what is due at once is done by as many hands as the workers have
        worst.comes(START, Caller(Priority.BACKGROUND, CLIENTS * CALLS_OF_A_WATCH // HANDS, 0))
    # 2,000 calls at half of eight in 1.2 s take ten minutes; people come for nearly all of that time
    yield _finished("1,000 clients due at once", worst, chance, people=60, span=9 * MINUTE)


def _finished(name: str, clockwork: Clockwork, chance: random.Random, *, people: int, span: int) -> Run:
    for _ in range(people):
        clockwork.comes(START + chance.randrange(span), Caller(Priority.INTERACTIVE, CALLS_OF_A_VISIT, 0))
    clockwork.run()
    return Run(name, sorted(clockwork.went), clockwork.watch_calls, clockwork.waits, clockwork.visits)


def grants_a_second(url: str, processes: int) -> float:
    """Number of grants that so many processes take from one row, each after its last."""
    together = time.time() + STARTING
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        counted = list(pool.map(_count, [url] * processes, [together] * processes))
    return sum(counted) / SECONDS_OF_GRANTS


def _count(url: str, together: float) -> int:
    return asyncio.run(_grants(url, together))


async def _grants(url: str, together: float) -> int:
    """Locks, reads, decides, writes and commits as a grant does; the wait for the next free moment is left out."""
    engine = make_engine(url)
    budget = RateLimiter(make_sessions(engine), "tiktok", LIMITS)
    await budget._learn("1", _like_a_grant)
    await asyncio.sleep(max(0.0, together - time.time()))
    end, taken = time.monotonic() + SECONDS_OF_GRANTS, 0
    while time.monotonic() < end:
        await budget._learn("1", _like_a_grant)
        taken += 1
    await engine.dispose()
    return taken


def _like_a_grant(_: Allowance, now: int) -> Allowance:
    """A grant in the middle of a busy minute."""
    used = Allowance(
        granted=tuple(now - 1_100 + 150 * number for number in range(7)),
        minute={now // BUCKET - number: 13 for number in range(30)},
    )
    taken = reserve(used, now, Priority.INTERACTIVE, LIMITS, 0)
    assert not isinstance(taken, Later)
    return taken[0]


def _on_postgres() -> Iterator[tuple[int, float]]:
    with (
        tempfile.TemporaryDirectory(prefix="keyturn-bench-") as data,
        EmbeddedPostgres(Path(data), durable=True) as server,
    ):
        server.ensure_database("bench")
        url = server.dsn("bench")
        migrate.upgrade(url)
        for processes in (1, PROCESSES):
            yield processes, grants_a_second(url, processes)


def _share(ordered: list[int], part: float) -> int:
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def _fullest(ordered: list[int], span: int) -> int:
    """The most moments in any span, its end left out."""
    most, first = 0, 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] >= span:
            first += 1
        most = max(most, last - first + 1)
    return most


def main() -> int:
    """Prints a table and the figures as JSON; 1 when a promise is broken."""
    figures: dict[str, object] = {"bench": "budget", "qps": LIMITS.qps, "qpm": LIMITS.qpm}
    kept = True
    table, columns = Table("figure"), list[dict[str, float]]()
    for key, run in zip(("day", "at_once"), simulated(), strict=True):
        seen = run.figures()
        figures[key] = seen
        table.add_column(run.name, justify="right")
        columns.append(seen)
        kept = kept and seen["watch_calls"] == CLIENTS * CALLS_OF_A_WATCH and seen["wait_max_s"] < LONGEST_WAIT
        kept = kept and seen["max_calls_in_a_second"] <= LIMITS.qps and seen["max_calls_in_a_minute"] <= LIMITS.qpm
    grants = {str(processes): round(rate) for processes, rate in _on_postgres()}
    figures["grants_per_second"] = grants
    figures["kept"] = kept
    for name in columns[0]:
        table.add_row(name, *(f"{seen[name]:.2f}".removesuffix(".00") for seen in columns))
    out = Console(width=100)
    out.print(table)
    for processes, rate in grants.items():
        out.print(f"grants a second on PostgreSQL, {processes} process(es) on one row: {rate}")
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
