"""A receiver that answers 200 at once and notes when each delivery came: `python -m bench.webhooks.receiver PORT`.

GET /seen gives `[[webhook-id, endpoint, unix seconds], …]` of what came since the last GET /clear.
`/hang` takes the request and never answers; `/fail` answers 500.
"""

import asyncio
import json
import sys
import time

import uvloop

_OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
_FAIL = b"HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\nno"

seen: list[tuple[str, str, float]] = []


class Receiver(asyncio.Protocol):
    """Reads requests off the wire with as little work as can be: it shares the machine with what is measured."""

    def __init__(self) -> None:
        self._left = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the way back."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answers every whole request."""
        self._left += data
        while (head := self._left.find(b"\r\n\r\n")) >= 0:
            lower = self._left[:head].lower()
            at = lower.find(b"content-length: ")
            length = int(lower[at + 16 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._left) < head + 4 + length:
                return
            self._answer(lower)
            self._left = self._left[head + 4 + length :]

    def _answer(self, head: bytes) -> None:
        path = head.split(b" ", 2)[1]
        if path == b"/clear":
            seen.clear()
        elif path == b"/seen":
            body = json.dumps(seen).encode()
            self._write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            return
        elif path.startswith(b"/hang"):
            return
        elif path == b"/in":
            seen.append((_value(head, b"webhook-id: "), _value(head, b"x-keyturn-endpoint-id: "), time.time()))
        self._write(_FAIL if path.startswith(b"/fail") else _OK)

    def _write(self, data: bytes) -> None:
        self._transport.write(data)  # type: ignore[attr-defined]  # a TCP transport


def _value(head: bytes, name: bytes) -> str:
    at = head.find(name)
    return head[at + len(name) : head.find(b"\r\n", at)].decode() if at >= 0 else ""


async def main(port: int) -> None:
    """Serves until it is ended."""
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
