"""Slow and incomplete requests: timeouts, a connection limit, and eviction of idle connections."""

import asyncio
import resource
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Maximum number of connections; also limited to three quarters of the files that the process may open.
_MOST = 4096


@dataclass(frozen=True)
class Limits:
    """Time limits for receiving a request and reading its response, and the maximum number of connections."""

    head_seconds: float = 10.0
    #: A body may take this long, and longer while it arrives at `bytes_per_second` or faster.
    body_seconds: float = 20.0
    bytes_per_second: int = 2_000
    read_seconds: float = 30.0
    connections: int = 768


def limits() -> Limits:
    """The limits that this process can keep; raises its limit of open files as far as permitted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        most = min(hard, 2 * _MOST) if hard != resource.RLIM_INFINITY else 2 * _MOST
        soft = max(soft, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return Limits(connections=max(16, min(_MOST, soft * 3 // 4)))


def protocol(limits: Limits) -> type[asyncio.Protocol]:
    """A protocol for uvicorn's `http`, for one server: its connections share the limit."""
    return type("Patient", (_Patient,), {"limits": limits, "waiting": {}})


class _Patient(HttpToolsProtocol):
    """uvicorn's protocol with a limit on every wait for the client.

    A connection is `waiting` before a complete request and between requests. If there are too many connections, the one
    that has waited longest is closed.
    """

    limits: Limits
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


def options(limits: Limits) -> dict[str, Any]:
    """uvicorn options of all our servers."""
    return {
        "http": protocol(limits), "access_log": False, "log_config": None, "server_header": False,
        "proxy_headers": False, "timeout_keep_alive": 75,
    }  # fmt: skip
