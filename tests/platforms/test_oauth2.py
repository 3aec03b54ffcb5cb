"""Calls to an OAuth 2.0 server over the HTTP client of the installation."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from app.platforms.oauth2 import OAuth2
from app.platforms.port import App, RecordedCall, Unavailable

APP = App("app-1", "shh")
TOKEN = b'{"access_token": "t-1", "token_type": "Bearer", "expires_in": 3600}'


@asynccontextmanager
async def token_server(connections: list[asyncio.StreamWriter]) -> AsyncIterator[str]:
    """A server that gives every request a token, and notes each connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                await reader.readexactly(length)
                answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                writer.write(answer % (len(TOKEN), TOKEN))
                await writer.drain()
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


def oauth_at(address: str, http: httpx2.AsyncClient) -> OAuth2:
    return OAuth2(http, f"{address}/authorize", f"{address}/token", f"{address}/revoke", "https://us/back", ("read",))


async def test_calls_share_the_connections_of_one_client_which_stays_open() -> None:
    connections: list[asyncio.StreamWriter] = []
    calls: list[RecordedCall] = []
    async with token_server(connections) as address, httpx2.AsyncClient(trust_env=False) as http:
        oauth = oauth_at(address, http)
        first = await oauth.exchange(APP, "code", "verifier", calls.append)
        other = await oauth.refresh(App("app-2", "sh"), "r-1", calls.append)
        await oauth.revoke(APP, "t-1", calls.append)
        assert not http.is_closed
    assert (first.value, other.value, len(connections)) == ("t-1", "t-1", 1)
    assert [call.outcome for call in calls] == ["ok"] * 3


async def test_without_a_free_connection_nothing_was_called() -> None:
    def busy(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.PoolTimeout("", request=request)

    calls: list[RecordedCall] = []
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(busy)) as http:
        with pytest.raises(Unavailable):
            await oauth_at("https://a.example", http).exchange(APP, "code", "verifier", calls.append)
    assert [call.outcome for call in calls] == ["unavailable"]
