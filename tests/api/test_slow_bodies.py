"""A body that comes slowly holds no connection to the database, on any route, and so keeps nobody else out."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool
from starlette.types import Message, Receive, Scope, Send

from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.kit.html import forms
from app.kit.web import http_server
from app.kit.web.http_server import ServerLimits
from tests.api import belongings
from tests.api.operations import every
from tests.api.test_who_may import SHARED
from tests.client_portal.conftest import walk as walk
from tests.client_portal.walk import SAME_ORIGIN, Walk
from tests.shape.source import python_files, text
from tests.world import CLIENT_BROWSER, World

LONGEST = 120
#: Addresses of pages with a body: what stands in braces is filled in.
FORMS = sorted(
    {
        path
        for file in python_files()
        if file.match("app/client_portal/pages/*.py")
        for path in re.findall(r'router\.post\(\s*"([^"]+)"', text(file))
    }
)


@dataclass
class Slowly:
    """A server that says when a request waits for the rest of its body."""

    app: FastAPI
    port: int = 0
    waiting: dict[str, asyncio.Event] = field(default_factory=dict)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        of_request = dict(scope["headers"]).get(b"x-number", b"").decode()
        begun = False

        async def received() -> Message:
            nonlocal begun
            if begun and of_request:
                self.waiting[of_request].set()
            message = await receive()
            begun = True
            return message

        await self.app(scope, received, send)

    async def waits(self, number: int, request: bytes) -> bool:
        """Whether a request of which the end never comes is waited for, rather than answered."""
        event = self.waiting.setdefault(str(number), asyncio.Event())
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._writers.append(writer)
        writer.write(request.replace(b"\r\n", f"\r\nX-Number: {number}\r\n".encode(), 1))
        tasks = {asyncio.create_task(event.wait()), asyncio.create_task(reader.read(1))}
        done, left = await asyncio.wait(tasks, timeout=LONGEST, return_when=asyncio.FIRST_COMPLETED)
        for each in left:
            each.cancel()
        assert done
        return event.is_set()

    async def close(self) -> None:
        """End all requests."""
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@pytest.fixture
async def slowly(app: FastAPI) -> AsyncIterator[Slowly]:
    """The application behind a real socket; nobody is cut off."""
    async with _served(Slowly(app)) as made:
        yield made


@asynccontextmanager
async def _served(made: Slowly) -> AsyncIterator[Slowly]:
    patient = ServerLimits(head_seconds=3600, body_seconds=3600, read_seconds=3600)
    async with http_server.served(made, "127.0.0.1", 0, patient) as (_, made.port):
        yield made
        await made.close()


def _request(path: str, content_type: str, *headers: str, method: str = "POST") -> bytes:
    head = [
        f"{method} {path} HTTP/1.1", "Host: go.keyturn.example", f"Content-Type: {content_type}",
        "Content-Length: 1000", *headers,
    ]  # fmt: skip
    return "\r\n".join(head).encode() + b"\r\n\r\nform_tok"


def _held(engine: AsyncEngine) -> int:
    pool = engine.sync_engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


def _form(walk: Walk, path: str) -> bytes:
    filled = (
        path.replace("{link_id}", walk.corner.link_id)
        .replace("{platform}", "tiktok")
        .replace("{agency_slug}", walk.corner.slug)
    )
    filled = re.sub(r"{\w*token\w*}", walk.corner.token, filled)
    filled = re.sub(r"{[^}]+}", "x", filled)
    cookie = f"Cookie: {forms.BROWSER}={CLIENT_BROWSER}"
    return _request(filled, "application/x-www-form-urlencoded", cookie, "Sec-Fetch-Site: same-origin")


async def test_a_form_that_comes_slowly_holds_no_connection(slowly: Slowly, walk: Walk, engine: AsyncEngine) -> None:
    await walk.start()
    await walk.answer("lane", "account")
    waited = []
    for number, path in enumerate(FORMS):
        if await slowly.waits(number, _form(walk, path)):
            waited.append(path)
            assert _held(engine) == 0, path
    assert len(waited) > 15, waited


async def test_a_call_of_the_api_that_comes_slowly_holds_no_connection(
    slowly: Slowly, app: FastAPI, sessions: Sessions, keyring: Keyring, world: World, engine: AsyncEngine
) -> None:
    mine = SHARED | await belongings.of(sessions, keyring, world.north)
    waited = []
    for number, each in enumerate(each for each in every() if each.method in ("POST", "PUT", "PATCH")):
        key = (f"Authorization: Bearer {world.north.key}", f"Idempotency-Key: {number}")
        request = _request(f"/api/v1{each.at(mine)}", "application/json", *key, method=each.method)
        if await slowly.waits(number, request):
            waited.append(each.path)
            assert _held(engine) == 0, each.path
    assert len(waited) > 30, waited


async def test_more_slow_forms_than_there_are_connections_keep_nobody_out(
    slowly: Slowly, walk: Walk, engine: AsyncEngine, world: World
) -> None:
    await walk.start()
    form = _form(walk, "/l/{link_id}/{platform}/lane")
    for number in range(40):
        assert await slowly.waits(number, form)
    async with httpx2.AsyncClient(trust_env=False, timeout=LONGEST) as other:
        page = await other.get(f"http://127.0.0.1:{slowly.port}{world.south.link_path}", headers=SAME_ORIGIN)
    assert page.status_code == 200
