"""Two thousand half-sent requests at once, at a web process that may open a thousand files."""

import contextlib
import socket
import time
from pathlib import Path

import httpx2

from tests.deployment.conftest import web
from tests.world import World

MANY = 2_000
HALVES = (b"GET / HTTP/1.1\r\nHost: x\r\n", b"G", b"", b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab")


def test_half_sent_requests_keep_nobody_out(folder: Path, database_url: str, world: World) -> None:
    with web(folder, database_url, files=1024) as address, contextlib.ExitStack() as held:
        port = int(address.rpartition(":")[2])
        took = []
        for number in range(MANY):
            half = held.enter_context(socket.create_connection(("127.0.0.1", port), 30))
            with contextlib.suppress(OSError):
                half.sendall(HALVES[number % len(HALVES)])
            if number % 200 == 199:
                began = time.monotonic()
                assert httpx2.get(f"{address}/healthz", timeout=30, trust_env=False).status_code == 200
                took.append(time.monotonic() - began)
        page = httpx2.get(f"{address}{world.north.link_path}", timeout=30, trust_env=False)
        assert page.status_code == 200
        assert min(took[-3:]) < 1, took
    assert "Too many open files" not in (folder / "web.log").read_text()
