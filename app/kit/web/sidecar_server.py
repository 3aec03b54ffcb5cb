"""A small HTTP server beside other work, in the same event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
import uvicorn
from starlette.types import ASGIApp

from app.kit.web import deadlines
from app.kit.web.deadlines import Limits

log = structlog.get_logger(__name__)

#: Only monitoring and supervisors call it.
FEW = Limits(connections=64)


class _Beside(uvicorn.Server):
    """Leaves signal handling to the main work."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


@asynccontextmanager
async def served(app: ASGIApp, host: str, port: int, limits: Limits = FEW) -> AsyncIterator[tuple[str, int]]:
    """Serve while the block runs; yields the address. Raises OSError if the address cannot be used."""
    config = uvicorn.Config(
        app, log_level="warning", lifespan="off", timeout_graceful_shutdown=2, **deadlines.options(limits)
    )  # fmt: skip
    server = _Beside(config)
    with _listening(host, port) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[:2]
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def served_at(app: ASGIApp, where: tuple[str, int] | None) -> AsyncIterator[None]:
    """The same, on an optional address. Raises OSError if the address cannot be used."""
    if where is None:
        yield
        return
    async with served(app, *where) as (host, port):
        log.info("inner.listening", host=host, port=port)
        yield


def address(text: str) -> tuple[str, int]:
    """Host and port of `host:port` (an IPv6 host in brackets). Raises ValueError with a sentence."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("it must be host:port, e.g. 127.0.0.1:9464")
    return host.removeprefix("[").removesuffix("]"), int(port)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """Bind here: uvicorn would end the whole program if the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as listener:
        yield listener
