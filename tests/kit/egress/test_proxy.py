"""The way out through an operator's proxy, spoken to over a real CONNECT."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.kit.egress.client import Egress, tls_context
from app.kit.egress.targets import UrlRefused
from tests.kit.egress.receivers import OK, Receiver, answers, leads_to, receiver
from tests.kit.egress.servers.certificates import serving

NAME = "hooks.example.test"
PUBLIC = "93.184.216.34"


@dataclass
class Proxy:
    """`asked` are the first lines of what came in."""

    port: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def proxy(to: Receiver | None, says: bytes = b"HTTP/1.1 200 OK\r\n\r\n") -> AsyncIterator[Proxy]:
    """Connects whatever is asked for with `to`; without one it says `says` and closes."""
    made = Proxy()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())  # type: ignore[arg-type]  # inside a task
        made.asked.append((await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[0])
        writer.write(says)
        if to is not None:
            inwards, outwards = await asyncio.open_connection("127.0.0.1", to.port)
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await asyncio.gather(_pass(reader, outwards), _pass(inwards, writer))
            outwards.transport.abort()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(4096):
        writer.write(piece)
        await writer.drain()
    writer.close()


async def test_the_receiver_is_reached_by_name_and_its_certificate_checked(tmp_path: Path) -> None:
    tls = serving(NAME, tmp_path)
    async with receiver(answers(OK), tls=tls) as there, proxy(there) as between:
        trusting = tls_context(str(tmp_path / "authority.pem"))
        egress = Egress(proxy=between.url, lookup=leads_to(PUBLIC), tls=trusting)
        good = await egress.post(f"https://{NAME}:8443/in", headers={"webhook-id": "evt_1"}, body=b"1")
        other = await egress.post("https://other.example.test:8443/in", headers={}, body=b"1")
        await egress.close()
    assert (good.status, good.tls, good.address) == (200, "TLSv1.3", None)
    assert other.error == "tls_certificate"
    assert between.asked == [f"CONNECT {NAME}:8443 HTTP/1.1", "CONNECT other.example.test:8443 HTTP/1.1"]
    assert len(there.requests) == 1
    assert b"webhook-id: evt_1" in there.requests[0]


async def test_rules_of_names_and_addresses_are_kept_when_an_address_is_saved() -> None:
    async with proxy(None) as between:
        egress = Egress(proxy=between.url, lookup=leads_to("10.0.0.1"))
        for url in ("https://hooks.example.com/", "http://hooks.example.com/", "https://127.0.0.1/"):
            with pytest.raises(UrlRefused):
                await egress.vet(url)
        answer = await egress.post("https://127.0.0.1/", headers={}, body=b"1")
        await egress.close()
    assert (answer.error, between.asked) == ("blocked_address", [])


@pytest.mark.parametrize(
    ("says", "code"),
    [
        (b"HTTP/1.1 407 Request rejected by proxy\r\ncontent-length: 0\r\n\r\n", "blocked_address"),
        (b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", "blocked_address"),
        (b"HTTP/1.1 502 Bad gateway\r\ncontent-length: 0\r\n\r\n", "connect_failed"),
        (b"HTTP/1.1 504 Gateway timeout\r\ncontent-length: 0\r\n\r\n", "timeout_connect"),
    ],
)
async def test_what_the_proxy_refuses_is_called_as_if_we_had(says: bytes, code: str) -> None:
    async with proxy(None, says) as between:
        egress = Egress(proxy=between.url, lookup=leads_to(PUBLIC))
        answer = await egress.post("https://hooks.example.com/", headers={}, body=b"1")
        await egress.close()
    assert (answer.status, answer.error) == (None, code)
    assert len(between.asked) == 1


async def test_without_the_proxy_nothing_leaves() -> None:
    async with proxy(None) as between:
        url = between.url
    egress = Egress(proxy=url, lookup=leads_to(PUBLIC))
    answer = await egress.post("https://hooks.example.com/", headers={}, body=b"1")
    assert (answer.status, answer.error) == (None, "connect_proxy")
    await egress.close()
