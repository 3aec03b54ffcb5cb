"""HTTP servers with limits on slow and idle connections; one of them runs beside other work in its event loop."""

import asyncio
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

log = structlog.get_logger(__name__)
#: Maximum number of connections; also limited to three quarters of the files that the process may open.
_MOST = 4096


@dataclass(frozen=True)
class ServerLimits:
    """Time limits for receiving a request and reading its response, and the maximum number of connections."""

    head_seconds: float = 10.0
    #: A body may take this long, and longer while it arrives at `bytes_per_second` or faster.
    body_seconds: float = 20.0
    bytes_per_second: int = 2_000
    read_seconds: float = 30.0
    connections: int = 768


#: Only monitoring and supervisors call it.
FEW = ServerLimits(connections=64)


@asynccontextmanager
async def served(app: ASGIApp, host: str, port: int, limits: ServerLimits = FEW) -> AsyncIterator[tuple[str, int]]:
    """Serve while the block runs; yields the address. Raises OSError if the address cannot be used."""
    config = uvicorn.Config(
        app, log_level="warning", lifespan="off", timeout_graceful_shutdown=2, **server_options(limits)
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
    """`served` on an optional address. Raises OSError if the address cannot be used."""
    if where is None:
        yield
        return
    async with served(app, *where) as (host, port):
        log.info("inner.listening", host=host, port=port)
        yield


def listening_address(text: str) -> tuple[str, int]:
    """Host and port of `host:port` (an IPv6 host in brackets). Raises ValueError with a sentence."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("it must be host:port, e.g. 127.0.0.1:9464")
    return host.removeprefix("[").removesuffix("]"), int(port)


def server_options(limits: ServerLimits) -> dict[str, Any]:
    """uvicorn options of all our servers."""
    return {
        "http": limited_protocol(limits), "access_log": False, "log_config": None, "server_header": False,
        "proxy_headers": False, "timeout_keep_alive": 75,
    }  # fmt: skip


def process_limits() -> ServerLimits:
    """The limits that this process can keep; raises its limit of open files as far as permitted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        most = min(hard, 2 * _MOST) if hard != resource.RLIM_INFINITY else 2 * _MOST
        soft = max(soft, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return ServerLimits(connections=max(16, min(_MOST, soft * 3 // 4)))


def limited_protocol(limits: ServerLimits) -> type[asyncio.Protocol]:
    """Protocol for uvicorn's option `http`, for one server: its connections share the limit."""
    return type("Patient", (_Patient,), {"limits": limits, "waiting": {}})


class _Patient(HttpToolsProtocol):
    """uvicorn's protocol with a limit on every wait for the client.

    A connection is `waiting` before a complete request and between requests. If there are too many connections, the one
    that has waited longest is closed.
    """

    limits: ServerLimits
    #: In the order in which they began to wait.
    waiting: "dict[_Patient, None]"

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        self._deadline: asyncio.TimerHandle | None = None
        self._received = 0
        self._reading_body, self._body_began = False, 0.0
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            self._make_room()
        if not transport.is_closing():
            self._wait(self.limits.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._done_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._received, self._reading_body = 0, False
        if self not in self.waiting:
            self._wait(self.limits.head_seconds)
        else:
            self._arm(self.limits.head_seconds)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._reading_body, self._body_began = True, self.loop.time()
        self._arm(self.limits.body_seconds)

    def on_body(self, body: bytes) -> None:
        self._received += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._done_waiting()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and not self.pipeline:
            self.waiting[self] = None  # uvicorn's keep-alive has its own timeout

    def pause_writing(self) -> None:
        super().pause_writing()
        self._arm(self.limits.read_seconds)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._disarm()

    def _wait(self, seconds: float) -> None:
        self.waiting[self] = None
        self._arm(seconds)

    def _done_waiting(self) -> None:
        self.waiting.pop(self, None)
        self._disarm()

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._deadline = self.loop.call_later(seconds, self._too_slow)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if self._reading_body and self in self.waiting and self._received > self._owed():
            self._arm(max(1.0, self.limits.body_seconds / 4))
            return
        self.transport.abort()

    def _owed(self) -> float:
        """Number of bytes of the body that should have arrived by now."""
        return (self.loop.time() - self._body_began - self.limits.body_seconds) * self.limits.bytes_per_second

    def _make_room(self) -> None:
        longest = next(iter(self.waiting), None)
        if longest is None:
            self.transport.abort()
        else:
            longest._done_waiting()
            longest.transport.abort()


class _Beside(uvicorn.Server):
    """Server without signal handling, which the main work does."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture no signals."""
        yield


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """Bind here: uvicorn would end the whole program if the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as listener:
        yield listener
