"""A simulator in memory for most tests, and real servers where the connection itself matters."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest
import uvicorn

from app.kit.egress.client import tls_context
from simulator.seed import ANA_CLIENT
from simulator.server import create_simulator
from tests.simulator.caller import Caller, Clock

REDIRECT = "https://keyturn.example/callback"


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    clock = Clock()
    app = create_simulator(redirect_uris=[REDIRECT], clock=clock)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://tiktok.test") as client:
        yield Caller(client, clock)


@pytest.fixture
async def ana(caller: Caller) -> str:
    """A token of Maison Lune's admin, everything ticked."""
    return await caller.token(ANA_CLIENT)


@pytest.fixture(scope="session", params=["httptools", "h11"])
def live_address(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a real server, once with each of uvicorn's HTTP implementations."""
    app = create_simulator()
    # Without a log_config uvicorn's complaints reach caplog.
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", http=request.param)
    listening = config.bind_socket()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
    thread.start()
    while not server.started:
        time.sleep(0.005)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.fixture
async def live(live_address: str) -> AsyncIterator[Caller]:
    async with httpx2.AsyncClient(base_url=live_address, verify=tls_context()) as client:
        caller = Caller(client, Clock())
        await caller.control("POST", "reset")
        yield caller
