"""CPU of the web process for the main writes, beside a bare route: `make bench-writes`.

The bare route reads the same body, sends as many statements through the same session with as many values, and returns
as much JSON: the ratio says what our own code costs, on any machine. It is the first route, and its statements are
built once. Both are asked in turns, one request at a time, in a real web process on an embedded PostgreSQL that writes
to disk. Prints a table, and as its last line JSON.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from statistics import median
from typing import Any

import httpx2
import uvicorn
from fastapi import APIRouter, FastAPI, Request
from rich.console import Console
from rich.table import Table
from sqlalchemy import TextClause, event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.database import Session, make_engine, make_sessions
from app.kit.html import forms
from app.kit.web import http_server
from app.main import create_app
from bench.webhooks.stage import cpu_seconds, free_port, postgres
from tests import world
from tests.client_portal.walk import BY_HAND, Walk
from tests.world import CLIENT_BROWSER, Corner

#: Clients before anything is measured: connections are open, statements compiled.
WARM = 5
#: Requests of one kind between two looks at the process.
CHUNK = 2
#: JSON around the padding of a bare answer.
AROUND = len('{"padding":""}')
AFTER_EXECUTE = "after_cursor_execute"
#: Numbers of the first client's Business Center and ad accounts; those of the others follow.
FIRST_CENTER, FIRST_ACCOUNT, SECOND_ACCOUNT = 7111222233334444601, 7200000000000001001, 7200000000000002001

router = APIRouter(include_in_schema=False)


@router.post("/bare")
async def bare(request: Request, session: Session, values: str, size: int) -> dict[str, str]:
    """A statement for each number, with so many values sent and read; and so many characters."""
    if request.headers.get("content-type") == "application/json":
        await request.json()
    else:
        await request.form()
    for number in values.split(","):
        (await session.execute(*_trivial(int(number)))).one()
    return {"padding": "x" * size}


@cache
def _trivial(number: int) -> tuple[TextClause, dict[str, str]]:
    names = [f"value{each}" for each in range(number)]
    columns = (f"CAST(:{name} AS text) AS {name}" for name in names)
    return text(f"SELECT {', '.join(columns) or 1}"), dict.fromkeys(names, "x" * 8)


@router.put("/listening")
async def start_listening(request: Request) -> None:
    """Note statements from now on."""
    heard = request.app.state.heard = Heard()
    event.listen(engine_of(request).sync_engine, AFTER_EXECUTE, heard)


@router.delete("/listening")
async def stop_listening(request: Request) -> list[tuple[str, int]]:
    """Note no more: what there was. What is measured afterwards does not pay for it."""
    heard: Heard = request.app.state.heard
    event.remove(engine_of(request).sync_engine, AFTER_EXECUTE, heard)
    return heard.statements


class Heard:
    """Statements that SQLAlchemy sent, each with its number of values, or that of a row of its result if that has more.

    BEGIN and COMMIT are none of them.
    """

    def __init__(self) -> None:
        self.statements: list[tuple[str, int]] = []

    def __call__(
        self, _connection: object, cursor: Any, sql: str, given: Sequence[Any], _context: object, several: bool
    ) -> None:
        sent = sum(map(len, given)) if several else len(given)
        self.statements.append((sql, max(sent, len(cursor.description or ()))))


def engine_of(request: Request) -> AsyncEngine:
    """The engine of the web process."""
    engine: AsyncEngine = request.app.state.services.sessions.kw["bind"]
    return engine


def web() -> FastAPI:
    """The application, with the routes of this module besides."""
    app = create_app()
    app.router.routes[:0] = router.routes
    return app


@dataclass(frozen=True)
class Ready:
    """A request that is ready to be sent."""

    send: Callable[[], Awaitable[httpx2.Response]]

    async def __call__(self) -> httpx2.Response:
        """Send it. Raises for an answer that is none of success."""
        answer = await self.send()
        assert answer.status_code in (200, 201, 303), (answer.status_code, answer.text)
        return answer


#: The bare route, asked for as much as this answer has.
Bare = Callable[[httpx2.Response], Awaitable[httpx2.Response]]


class Clients:
    """Clients of one agency, each with a link on which it goes by hand; they do everything together."""

    def __init__(self, api: httpx2.AsyncClient, browser: httpx2.AsyncClient, corner: Corner, numbers: range) -> None:
        self._api, self._browser, self._corner, self._numbers = api, browser, corner, numbers
        self._client_ids: list[str] = []
        self._walks: list[Walk] = []
        self._token = ""

    async def create_clients(self) -> list[Ready]:
        """`POST /clients`, one for each."""

        async def create(number: int) -> httpx2.Response:
            given = {"name": "Maison Lune", "external_id": f"crm-{number + 2}"}
            answer = await self._api.post("/clients", json=given)
            self._client_ids.append(answer.json()["id"])
            return answer

        return [Ready(partial(create, number)) for number in self._numbers]

    async def create_links(self) -> list[Ready]:
        """`POST /links`, one for each."""

        async def create(client_id: str) -> httpx2.Response:
            answer = await self._api.post("/links", json={"client_id": client_id, "preset": "run-campaigns"})
            made = answer.json()
            token = str(made["address"]).rpartition("/")[2]
            corner = replace(self._corner, client_id=client_id, link_id=made["id"], token=token)
            self._walks.append(Walk(self._browser, corner))
            return answer

        return [Ready(partial(create, client_id)) for client_id in self._client_ids]

    async def choose_accounts(self) -> list[Ready]:
        """The screen with the ad accounts, all before it answered."""
        for number, walk in zip(self._numbers, self._walks, strict=True):
            await walk.start()
            # a Business Center that two clients give is asked about
            account_id = str(FIRST_CENTER + number)
            await self._answer(walk, {"lane": BY_HAND["lane"], "account": {"account_id": account_id}})
        accounts = ({"ad_account": f"{FIRST_ACCOUNT + number}, {SECOND_ACCOUNT + number}"} for number in self._numbers)
        return [self._form(walk, "assets", fields) for walk, fields in zip(self._walks, accounts, strict=True)]

    async def agree(self) -> list[Ready]:
        """The consent, all before it answered."""
        for walk in self._walks:
            await self._answer(walk, {"about": BY_HAND["about"]})
        return [self._form(walk, "review", await walk.consent()) for walk in self._walks]

    async def _answer(self, walk: Walk, screens: Mapping[str, Mapping[str, Any]]) -> None:
        self._token = self._token or await walk.token()  # one for all links that a browser opened
        for screen, fields in screens.items():
            await self._form(walk, screen, fields)()

    def _form(self, walk: Walk, screen: str, fields: Mapping[str, Any]) -> Ready:
        return Ready(lambda: walk.send(screen, form_token=self._token, **fields))


@dataclass(frozen=True)
class Web:
    """A web process."""

    http: httpx2.AsyncClient
    pid: int

    async def compare(self, requests: Sequence[Ready], bare: Bare, chunk: int = CHUNK) -> dict[str, Any]:
        """Milliseconds of CPU of a request, and of the bare route; medians of chunks in turn."""
        ours, bares, size = [], [], 0
        for start in range(0, len(requests), chunk):
            several = requests[start : start + chunk]
            before = cpu_seconds(self.pid)
            for each in several:
                answer = await each()
            between = cpu_seconds(self.pid)
            size = len(answer.content)
            for _ in several:
                (await bare(answer)).raise_for_status()
            bares.append((cpu_seconds(self.pid) - between) / len(several) * 1000)
            ours.append((between - before) / len(several) * 1000)
        return {
            "bytes": size, "web_ms": round(median(ours), 2), "bare_ms": round(median(bares), 2),
            # of neighbours, because a shared machine is now quicker, now slower
            "ratio": round(median(mine / theirs for mine, theirs in zip(ours, bares, strict=True)), 2),
        }  # fmt: skip

    async def statements(self, request: Callable[[], Awaitable[object]]) -> list[tuple[str, int]]:
        """The statements of a request, with their numbers of values; it is not measured otherwise."""
        (await self.http.put("/listening")).raise_for_status()
        await request()
        return [(sql, number) for sql, number in (await self.http.delete("/listening")).json()]

    async def bare_write(self, answer: httpx2.Response, values: Sequence[int]) -> httpx2.Response:
        """The bare route with the same body, as many statements and values, and as long an answer."""
        query: dict[str, str | int] = {
            "values": ",".join(map(str, values)),
            "size": max(len(answer.content) - AROUND, 0),
        }
        sent = {"Content-Type": answer.request.headers["content-type"]}
        return await self.http.post("/bare", params=query, content=answer.request.content, headers=sent)


async def figures(of: Web, warm: Clients, measured: Clients) -> dict[str, Any]:
    """All requests, one after the other; the warm ones do each before."""
    found = {}
    for name, first, then in (
        ("POST /api/v1/clients", warm.create_clients, measured.create_clients),
        ("POST /api/v1/links", warm.create_links, measured.create_links),
        ("client chooses two ad accounts", warm.choose_accounts, measured.choose_accounts),
        ("client agrees", warm.agree, measured.agree),
    ):
        *warming, last = await first()
        for each in warming:
            await each()
        values = [number for _, number in await of.statements(last)]
        found[name] = {
            "statements": len(values), "values": sum(values),
            **await of.compare(await then(), partial(of.bare_write, values=values)),
        }  # fmt: skip
    return found


@asynccontextmanager
async def serving(database_url: str, module: str) -> AsyncIterator[tuple[str, int]]:
    """The address of a web process of a bench that is ready, and its process id."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    env = {
        **os.environ, "DATABASE_URL": database_url, "KEYTURN_SECRET_KEYS": world.KEYS, "KEYTURN_PUBLIC_URL": address,
    }  # fmt: skip
    command = [sys.executable, "-m", module, "--serve", str(port)]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603, ASYNC220
    try:
        async with httpx2.AsyncClient(base_url=address, trust_env=False) as http, asyncio.timeout(60):
            while True:
                try:
                    if (await http.get("/readyz")).status_code == 200:
                        break
                except httpx2.TransportError:
                    await asyncio.sleep(0.2)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait()


def serve(factory: str, port: int) -> None:
    """Be the web process of a bench."""
    options = http_server.server_options(http_server.process_limits())
    uvicorn.run(factory, factory=True, host="127.0.0.1", port=port, **options)


async def run(database_url: str, number: int) -> dict[str, Any]:
    """The world, a web process, the figures."""
    engine = make_engine(database_url)
    corner = (await world.make(make_sessions(engine))).north
    await engine.dispose()
    plain = {"Accept-Encoding": "identity"}
    key = {**plain, "Authorization": f"Bearer {corner.key}"}
    async with (
        serving(database_url, "bench.writes") as (address, pid),
        httpx2.AsyncClient(base_url=f"{address}/api/v1", headers=key, trust_env=False) as api,
        httpx2.AsyncClient(base_url=address, headers=plain, trust_env=False) as browser,
    ):
        browser.cookies.set(forms.BROWSER, CLIENT_BROWSER)
        warm, measured = (Clients(api, browser, corner, each) for each in (range(WARM), range(WARM, WARM + number)))
        return await figures(Web(browser, pid), warm, measured)


def main() -> int:
    """Run and print. No figure fails the run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=20, help="of requests of each kind")
    parser.add_argument("--serve", type=int, metavar="PORT", help="be the web process; for the bench itself")
    given = parser.parse_args()
    if given.serve:
        serve("bench.writes:web", given.serve)
        return 0
    with postgres() as (url, _):
        found = asyncio.run(run(url, given.number))
    shown = Table("request, warm", "statements", "values", "bytes", "web, ms of CPU", "bare route, ms", "ratio")
    for name, figures_of in found.items():
        shown.add_row(name, *map(str, figures_of.values()))
    Console(width=110).print(shown)
    sys.stdout.write(json.dumps({"bench": "writes", "number": given.number, "requests": found}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
