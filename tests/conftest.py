"""Real PostgreSQL for every test: one embedded server a process, and for each test a database with the world in it."""

import asyncio
import importlib.util
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import httpx2
import hypothesis
import pytest
import structlog
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from app import main, migrate, settle_memory
from app.access.context import AccessContext
from app.access.pacing import RetryTiming
from app.assembly import egress_of, platforms_of
from app.kit.database import Sessions, make_sessions
from app.kit.egress.client import tls_context
from app.kit.embedded_postgres.server import EmbeddedPostgres
from app.kit.encryption import Keyring
from app.settings import Settings, load
from simulator import seed
from tests import forked, lifecycles
from tests import world as worlds
from tests.databases import TEMPLATE, Databases
from tests.forked import Forks
from tests.house import House
from tests.prepared import Prepared, State
from tests.tiktok import Simulated, TikTokWorld, simulated
from tests.world import World

HERE = Path(__file__).parent
#: Files with tests that take ten seconds and more, mostly to wait. They come first, one after another: the other
#: processes keep both cores busy meanwhile, and none of them is left over at the end.
LONG = (
    "faults/", "test_up.py", "stories/test_walk.py", "demo/test_start.py", "access/imports/test_import.py",
    "platforms/rate_limiter/test_together.py", "access/reconciler/test_no_wait_for_ever.py",
    "client_portal/test_round_trips.py",
)  # fmt: skip
SHARED_MEMORY = Path("/dev/shm")
ROOM = 2 * 1024**3


def pytest_configure() -> None:
    """Plain log lines: by default structlog draws every local value into a traceback, which takes half a minute."""
    hypothesis.settings.register_profile(
        "keyturn", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )  # a busy machine is no failure
    hypothesis.settings.load_profile("keyturn")
    lifecycles.guard()
    if importlib.util.find_spec("sniffio") is None:  # each request in memory would look for it through every folder
        sys.modules["sniffio"] = None  # type: ignore[assignment]
    plain = structlog.processors.JSONRenderer()
    structlog.configure([structlog.contextvars.merge_contextvars, structlog.processors.format_exc_info, plain])


def pytest_xdist_auto_num_workers() -> int:
    """Processes for `-n auto`: three for two cores, since a test waits a third of its time for others."""
    return max(1, 3 * (os.cpu_count() or 1) // 2)


@pytest.hookimpl(trylast=True)  # after all have been put into a random order
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest tests first."""
    items.sort(key=lambda item: not item.path.relative_to(HERE).as_posix().startswith(LONG))


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays until the end: it took a fifth of the CPU time."""
    settle_memory()


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedPostgres]:
    """The embedded PostgreSQL of this test process. Not below pytest's own folder, which is closed to its account."""
    with (
        tempfile.TemporaryDirectory(prefix="keyturn-tests-", dir=_in_memory()) as data,
        EmbeddedPostgres(Path(data), durable=False) as started,
    ):
        yield started


def _in_memory() -> str | None:
    """Where memory serves as a disk: a database for each test writes a lot that nobody reads again. Else None."""
    if not SHARED_MEMORY.is_dir() or not os.access(SHARED_MEMORY, os.W_OK):
        return None
    there = os.statvfs(SHARED_MEMORY)
    runs_programs = not there.f_flag & os.ST_NOEXEC  # they are copied there where the account cannot reach the venv
    return str(SHARED_MEMORY) if runs_programs and there.f_bavail * there.f_frsize > ROOM else None


@pytest.fixture(scope="session")
def template(server: EmbeddedPostgres) -> World:
    """A migrated database with the world in it, which each test gets a copy of."""
    server.ensure_database(TEMPLATE)
    url = server.dsn(TEMPLATE)
    migrate.upgrade(url)

    async def fill() -> World:
        engine = create_async_engine(url, poolclass=NullPool)
        made = await worlds.make(make_sessions(engine))
        await engine.dispose()
        return made

    return asyncio.run(fill())


@pytest.fixture
def world(template: World) -> World:
    """Who is in the database."""
    return template


@pytest.fixture(scope="session")
async def databases(server: EmbeddedPostgres, template: World) -> AsyncIterator[Databases]:
    """The databases of this test process."""
    made = await Databases.open(server)
    yield made
    await made.close()


@dataclass
class Database:
    """A database of this test alone."""

    name: str
    url: str
    for_next: bool = True


@pytest.fixture
async def database(server: EmbeddedPostgres, databases: Databases) -> AsyncIterator[Database]:
    """As the template is; whatever the test writes there is undone afterwards."""
    made = Database(name := await databases.take(), server.dsn(name))
    yield made
    await databases.give_back(name, for_next=made.for_next)


@pytest.fixture
def database_url(database: Database) -> str:
    """The database's address, for other processes: one of those may outlive the test, so no other gets it."""
    database.for_next = False
    return database.url


@pytest.fixture
async def engine(database: Database, databases: Databases) -> AsyncEngine:
    """The engine of all tests, on the test's database: every SELECT of tenant data must name its agency there."""
    await databases.direct(database.name)
    return databases.engine


@pytest.fixture
def sessions(engine: AsyncEngine) -> Sessions:
    """Sessions on the test's database."""
    return make_sessions(engine)


@pytest.fixture
async def session(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """One session; a test that wants others to see what it wrote commits."""
    async with sessions() as opened:
        yield opened


@pytest.fixture
def keyring() -> Keyring:
    """The key ring of the tests."""
    return worlds.keyring()


@pytest.fixture(scope="session")
def tiktok_simulator() -> Iterator[Simulated]:
    """The simulated TikTok."""
    with simulated() as there:
        yield there


@pytest.fixture(scope="session")
def tiktok_server(tiktok_simulator: Simulated) -> str:
    """The address of the simulated TikTok."""
    return tiktok_simulator.address


@pytest.fixture
async def http(tiktok_simulator: Simulated) -> AsyncIterator[httpx2.AsyncClient]:
    """The client of this process for calls to platforms."""
    async with tiktok_simulator.client() as client:
        yield client


@pytest.fixture
def tiktok(tiktok_simulator: Simulated, http: httpx2.AsyncClient) -> TikTokWorld:
    """TikTok as it is seeded."""
    tiktok_simulator.reset()
    return TikTokWorld(tiktok_simulator.address, http, tiktok_simulator)


@pytest.fixture(scope="session")
async def forks() -> AsyncIterator[Forks]:
    """Where other processes come from, if how they start is not what is tried."""
    async with forked.forks() as made:
        yield made


@pytest.fixture(scope="session")
def states() -> dict[Hashable, State]:
    """States that were prepared in this test process."""
    return {}


@pytest.fixture
def prepared(
    databases: Databases, database: Database, tiktok_simulator: Simulated, states: dict[Hashable, State]
) -> Prepared:
    """States that many tests begin with."""
    return Prepared(databases, database.name, tiktok_simulator, states)


@pytest.fixture
def house(settings: Settings, sessions: Sessions, tiktok: TikTokWorld, world: World, http: httpx2.AsyncClient) -> House:
    """The rooms put together."""
    patience = RetryTiming(settle=timedelta(seconds=0.2))
    return House(
        AccessContext(sessions, worlds.keyring(), platforms_of(settings, http, sessions), patience), tiktok, world
    )


@pytest.fixture
def settings(database: Database, tiktok_server: str) -> Settings:
    """The settings of the tests."""
    return _settings(database.url, tiktok_server).model_copy()


@cache
def _settings(database_url: str, tiktok_server: str) -> Settings:
    """Read once: that takes longer than many a test."""
    return load(
        database_url=database_url,
        secret_keys=worlds.KEYS,
        public_url=worlds.PUBLIC_URL,
        egress_allow="127.0.0.1/32",
        tiktok_app_id=seed.FULL_APP,
        tiktok_app_secret=seed.FULL_APP_SECRET,
        tiktok_auth_url=f"{tiktok_server}/portal/auth",
        tiktok_api_base=f"{tiktok_server}/open_api/v1.3",
        tiktok_qps=1000,  # the budget has its own tests; here it would only make them slow
        tiktok_qpm=60_000,
    )


@asynccontextmanager
async def running(
    settings: Settings, sessions: Sessions, http: httpx2.AsyncClient | None = None, app: FastAPI | None = None
) -> AsyncIterator[FastAPI]:
    """The application as assembly makes it, or the one given, on the test's sessions; `http` stays open."""
    app = app or main.create_app(settings)
    egress = egress_of(settings)
    async with nullcontext(http) if http else httpx2.AsyncClient(trust_env=False, verify=tls_context()) as client:
        main.fill(app, settings, client, egress, sessions)
        app.state.services.nameservers = ("127.0.0.1:9",)  # nobody answers there
        yield app
    await egress.close()


@pytest.fixture(scope="session")
def applications() -> dict[object, FastAPI]:
    """The applications of this test process, by the settings that routes and middleware depend on.

    Making one and its first request to each route cost more than most tests; `main.fill` gives it all else anew.
    """
    return {}


@pytest.fixture
async def app(
    settings: Settings, sessions: Sessions, http: httpx2.AsyncClient, applications: dict[object, FastAPI]
) -> AsyncIterator[FastAPI]:
    """The application."""
    by = (settings.serve, settings.public_url, settings.trusted_proxies)
    if by not in applications:
        applications[by] = main.create_app(settings)
    async with running(settings, sessions, http, applications[by]) as made:
        yield made


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser without cookies that follows no redirect by itself."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=worlds.PUBLIC_URL) as client:
        yield client


@pytest.fixture
async def api(app: FastAPI, world: World) -> AsyncIterator[httpx2.AsyncClient]:
    """A program of the north agency with a key that may do everything."""
    headers = {"Authorization": f"Bearer {world.north.key}"}
    base = f"{worlds.PUBLIC_URL}/api/v1"
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=base, headers=headers) as client:
        yield client
