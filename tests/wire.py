"""Round trips to PostgreSQL, counted on the wire by a proxy: BEGIN, COMMIT, pool checks and preparing included."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, make_url

#: Messages of the frontend after which it waits for the server: Query, Sync and Flush.
#: https://www.postgresql.org/docs/current/protocol-message-formats.html
_WAITS = {b"Q", b"S", b"H"}
_SOCKET = ".s.PGSQL.5432"
_CHUNK = 65_536


@dataclass
class Wire:
    """What was sent through the proxy since `forget`: a line for each round trip, with its statement."""

    url: str
    trips: list[str] = field(default_factory=list)

    def forget(self) -> None:
        """Begin from nothing."""
        self.trips.clear()


class _Frontend:
    """The messages of one connection. The first has no type."""

    def __init__(self, trips: list[str]) -> None:
        self._trips = trips
        self._unread = b"\0"
        self._prepared: dict[bytes, str] = {}
        self._said = ""

    def feed(self, received: bytes) -> None:
        """Note the whole messages in what was received."""
        self._unread += received
        while len(self._unread) >= 5 and len(self._unread) > (size := int.from_bytes(self._unread[1:5])):
            kind, body, self._unread = self._unread[:1], self._unread[5 : size + 1], self._unread[size + 1 :]
            self._note(kind, body)

    def _note(self, kind: bytes, body: bytes) -> None:
        if kind == b"Q":
            self._said = _text(body)
        elif kind == b"P":
            name, statement, *_ = body.split(b"\0")
            self._prepared[name] = _text(statement)
            self._said = f"(prepares) {self._prepared[name]}"
        elif kind == b"B":
            self._said = self._prepared.get(body.split(b"\0")[1], "")
        elif kind == b"C":
            self._said = "(closes a prepared statement)"
        if kind in _WAITS:
            self._trips.append(self._said)


def _text(statement: bytes) -> str:
    return " ".join(statement.rstrip(b"\0").decode().split())


@asynccontextmanager
async def tapped(address: str) -> AsyncIterator[Wire]:
    """A proxy before the server at this socket address."""
    url = make_url(address)
    with tempfile.TemporaryDirectory(prefix="wire-") as folder:
        wire, pumps = Wire(_through(url, folder)), set[asyncio.Task[None]]()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there = await asyncio.open_unix_connection(str(Path(str(url.query["host"])) / _SOCKET))
            for each in (_pump(reader, there[1], _Frontend(wire.trips)), _pump(there[0], writer, None)):
                pumps.add(asyncio.create_task(each))

        server = await asyncio.start_unix_server(serve, str(Path(folder) / _SOCKET))
        try:
            yield wire
        finally:
            server.close()
            for each in pumps:
                each.cancel()
            await asyncio.gather(*pumps)


def _through(url: URL, folder: str) -> str:
    return url.update_query_dict({"host": folder}).render_as_string(hide_password=False)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, frontend: _Frontend | None) -> None:
    with contextlib.suppress(ConnectionError, asyncio.CancelledError):
        while received := await reader.read(_CHUNK):
            if frontend is not None:
                frontend.feed(received)
            writer.write(received)
            await writer.drain()
    writer.close()
