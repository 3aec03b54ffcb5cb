"""A worker in a process of its own: it answers, does its chores, and stops when it is told to."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from app.kit import clock
from app.kit.database import Sessions
from app.settings import Settings
from tests.webhooks import rows

ROOT = Path(__file__).parents[4]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@asynccontextmanager
async def worker(settings: Settings, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    env = {
        **os.environ, "DATABASE_URL": settings.database_url, "KEYTURN_SECRET_KEYS": settings.secret_keys,
        "KEYTURN_PUBLIC_URL": settings.public_url, "KEYTURN_WORKER_ADDRESS": f"127.0.0.1:{port}",
    }  # fmt: skip
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.worker", env=env, cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
            await started.communicate()


async def answer(port: int, path: str) -> httpx2.Response:
    """The answer, once there is one."""
    async with httpx2.AsyncClient(trust_env=False) as http, asyncio.timeout(120):
        while True:
            try:
                return await http.get(f"http://127.0.0.1:{port}{path}")
            except httpx2.ConnectError:
                await asyncio.sleep(0.1)


async def test_it_answers_does_its_chores_and_stops(settings: Settings, sessions: Sessions) -> None:
    port = free_port()
    async with worker(settings, port) as started:
        assert (await answer(port, "/healthz")).json() == {"status": "alive"}
        async with asyncio.timeout(120):
            while not await _chores_done(sessions):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
        assert "\nwebhook_retention_lag_days " in (await answer(port, "/metrics")).text
        started.send_signal(signal.SIGTERM)
        _, said = await started.communicate()
        assert started.returncode == 0
        assert b"Traceback" not in said
        assert b'"level": "error"' not in said


async def test_an_address_that_is_taken_stops_the_start(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with worker(settings, taken.getsockname()[1]) as started:
            _, said = await started.communicate()
    assert started.returncode not in (0, None)
    assert b"ddress already in use" in said


async def _chores_done(sessions: Sessions) -> bool:
    now = clock.now()
    found = [await rows.chore(sessions, name) for name in ("sweep", "retention")]
    return all(row.tries == 0 and row.due_at is not None and row.due_at > now for row in found)
