"""A small HTTP server for the fakes: each request, read whole, becomes an answer."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, cast


@dataclass(frozen=True)
class Heard:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Said:
    """What is answered: text as it is, anything else as JSON."""

    status: int
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)

    def bytes(self) -> bytes:
        """On the wire."""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        head = [f"HTTP/1.1 {self.status} X", f"content-length: {len(text.encode())}"]
        head += [f"{name}: {value}" for name, value in self.headers.items()]
        return ("\r\n".join(head) + "\r\n\r\n").encode() + text.encode()


Answers = Callable[[Heard], Said]


@contextlib.asynccontextmanager
async def serving(answers: Answers) -> AsyncIterator[str]:
    """The address of a server that answers so."""
    open_ones: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones[cast("asyncio.Task[None]", asyncio.current_task())] = writer
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                heard = await _read(reader)
                writer.write(answers(heard).bytes())
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task, writer in open_ones.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*open_ones)


async def _read(reader: asyncio.StreamReader) -> Heard:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    method, path, _ = first.split(" ")
    return Heard(method, path, headers, body)
