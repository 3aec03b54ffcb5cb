"""Installation that is measured: an embedded PostgreSQL, agencies with endpoints, a receiver and worker processes."""

import asyncio
import base64
import itertools
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import BigInteger, Text, cast, func, select, text

from app import migrate
from app.events import catalog, rendering
from app.events.models import Event
from app.events.recorder import EventDraft, record_all
from app.events.schema import AccessData
from app.kit.database import CROSS_TENANT, Sessions, make_engine, make_sessions
from app.kit.embedded_postgres.server import EmbeddedPostgres
from app.kit.encryption import Keyring
from app.tenants.agencies import service as agencies
from app.webhooks.endpoints.service import EndpointSpec, create_endpoint
from app.webhooks.models import Delivery
from tests.world import TESTS

KEYS = "bench:" + base64.b64encode(b"b" * 32).decode()
AGENCIES = 10
#: What an event carries: with its envelope about 1.3 KB.
_EXAMPLE = rendering.example(catalog.ACCESS_VERIFIED)
DATA = AccessData.known(**_EXAMPLE.facts, **_EXAMPLE.personal)
LONGEST = 180.0


@dataclass
class Stage:
    """All of it, up and running."""

    sessions: Sessions
    url: str
    port: int
    http: httpx2.AsyncClient
    postmaster: int
    agency_ids: list[str] = field(default_factory=list)
    _round: int = 0

    def env(self) -> dict[str, str]:
        """The environment of a worker."""
        return {
            **os.environ,
            "DATABASE_URL": self.url,
            "KEYTURN_SECRET_KEYS": KEYS,
            "KEYTURN_PUBLIC_URL": "https://go.keyturn.example",
            "KEYTURN_EGRESS_ALLOW": "127.0.0.0/8",
        }

    async def add_endpoints(self, *each: int) -> None:
        """Add this many endpoints, distributed over the agencies in turn."""
        keyring = Keyring.from_text(KEYS)
        for agency_id, number in zip(self.agency_ids, itertools.cycle(each)):
            for _ in range(number):
                wish = EndpointSpec(url=f"http://127.0.0.1:{self.port}/in", event_types=["access.*"], timeout_ms=15_000)
                async with self.sessions.begin() as session:
                    await create_endpoint(session, agency_id, wish, keyring=keyring, actor=TESTS)
        await self.execute("DELETE FROM event_outbox")

    async def happen(self, events: int, agency_ids: Sequence[str] = ()) -> list[str]:
        """So many events, shared among these agencies (or all), committed together; their ids."""
        self._round += 1
        chosen = agency_ids or self.agency_ids
        async with self.sessions.begin() as session:
            for number, agency_id in enumerate(chosen):
                share = events // len(chosen) + (number < events % len(chosen))
                happened = [
                    EventDraft(catalog.ACCESS_VERIFIED, f"link_{self._round}_{number}_{place}", TESTS, DATA)
                    for place in range(share)
                ]
                if happened:
                    await record_all(session, happened, agency_id=agency_id)
            this = cast(cast(func.pg_current_xact_id(), Text), BigInteger)
            mine = select(Event.id).where(Event.agency_id.in_(chosen), Event.transaction_id == this)
            return list((await session.scalars(mine, execution_options=CROSS_TENANT)).all())

    async def execute(self, statement: str, **values: Any) -> None:
        """One statement, committed."""
        async with self.sessions.begin() as session:
            await session.execute(text(statement), values, execution_options=CROSS_TENANT)

    async def seen(self) -> list[tuple[str, str, float]]:
        """Notes of the receiver since `clear`: event, endpoint, unix seconds."""
        found: list[tuple[str, str, float]] = (await self.http.get(self._at("/seen"))).json()
        return found

    async def clear(self) -> None:
        """Forgets what the receiver noted."""
        await self.http.get(self._at("/clear"))

    async def until_done(self) -> None:
        """Waits until nothing is open any more."""
        due = select(Delivery.id).where(Delivery.due_at.is_not(None)).limit(1).execution_options(**CROSS_TENANT)
        async with asyncio.timeout(LONGEST):
            while True:
                async with self.sessions() as session:  # cheap: it is asked while others are measured
                    marks = (await session.execute(text("SELECT 1 FROM event_outbox LIMIT 1"))).first()
                    if marks is None and (await session.execute(due)).first() is None:
                        return
                await asyncio.sleep(0.25)

    def _at(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@contextmanager
def postgres() -> Iterator[tuple[str, int]]:
    """The address of a migrated database on a server that writes to disk, and the server's process."""
    with (
        tempfile.TemporaryDirectory(prefix="keyturn-bench-") as data,
        EmbeddedPostgres(Path(data), durable=True) as server,
    ):
        server.ensure_database("bench")
        url = server.dsn("bench")
        migrate.upgrade(url)
        assert server.pid
        yield url, server.pid


@asynccontextmanager
async def stage(url: str, postmaster: int, endpoints: Sequence[int] = (10,)) -> AsyncIterator[Stage]:
    """A receiver, and agencies with this many endpoints in turn."""
    port = free_port()
    receiver = _start("bench.webhooks.receiver", str(port), env=dict(os.environ))
    engine = make_engine(url)
    try:
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
            made = Stage(make_sessions(engine), url, port, http, postmaster)
            for number in range(AGENCIES):
                async with made.sessions.begin() as session:
                    agency = await agencies.create_agency(
                        session, name=f"Agency {number}", slug=f"agency-{number}", contact_name="Ana",
                        contact_email="ana@agency.example", actor=TESTS,
                    )  # fmt: skip
                    made.agency_ids.append(agency.id)
            await made.add_endpoints(*endpoints)
            yield made
    finally:
        receiver.terminate()
        receiver.wait()
        await engine.dispose()


@asynccontextmanager
async def workers(on: Stage, number: int = 1) -> AsyncIterator[list[int]]:
    """Real workers, ready; their process ids."""
    started = [_start("app.worker", env=on.env()) for _ in range(number)]
    try:
        await asyncio.sleep(2.5 * number)  # they load
        await on.happen(AGENCIES)  # the first ones open connections and read endpoints
        await asyncio.sleep(1.5)
        yield [each.pid for each in started]
    finally:
        for each in started:
            each.terminate()
        for each in started:
            each.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _start(module: str, *arguments: str, env: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", module, *arguments], env=env, stderr=subprocess.DEVNULL)  # noqa: S603


def cpu_seconds(pid: int) -> float:
    """CPU seconds of all running threads of a process, from the kernel's nanoseconds."""
    return sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def cpu_of_all(pid: int) -> float:
    """CPU seconds of a process, its children, and ended children (these in hundredths of a second)."""
    ended = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[13:15]
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(map(cpu_seconds, [pid, *map(int, children)])) + sum(map(int, ended)) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """The most that a process has had in memory, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def now() -> float:
    """Unix seconds, as the receiver notes them."""
    return time.time()
