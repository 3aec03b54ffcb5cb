"""Two thousand half-sent requests at once, at a web process that may open a thousand files."""

import contextlib
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.deployment.conftest import web
from tests.world import World

MANY = 2_000
HALVES = (b"GET / HTTP/1.1\r\nHost: x\r\n", b"G", b"", b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab")


@pytest.fixture(autouse=True)
def files() -> Iterator[None]:
    """Lets this process open as many as it needs: an ordinary account's limit is often 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * MANY)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_half_sent_requests_keep_nobody_out(folder: Path, database_url: str, world: World) -> None:
    with web(folder, database_url, files=1024) as address, contextlib.ExitStack() as held:
        port = int(address.rpartition(":")[2])
        for number in range(MANY):
            half = held.enter_context(socket.create_connection(("127.0.0.1", port), 30))
            with contextlib.suppress(OSError):
                half.sendall(HALVES[number % len(HALVES)])
            if number % 200 == 199:
                assert httpx2.get(f"{address}/healthz", timeout=30, trust_env=False).status_code == 200
        page = httpx2.get(f"{address}{world.north.link_path}", timeout=30, trust_env=False)
        assert page.status_code == 200
    assert "Too many open files" not in (folder / "web.log").read_text()
