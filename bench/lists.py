"""CPU of the web process for lists of a large installation, beside a bare route: `make bench-lists`.

The installation has 200 agencies, 5,000 links and 50,000 access requests; one agency has most of them, and asks. The
bare route sends the same statements through sessions of the same kind, loads the same rows, and returns as much JSON:
the ratio says what our own code costs, on any machine. Both are asked in turns, one request at a time, in a real web
process on an embedded PostgreSQL that writes to disk. Prints a table, and as its last line JSON.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx2
from fastapi import APIRouter, FastAPI, Request
from rich.console import Console
from rich.table import Table
from sqlalchemy import Select, select

from app.kit import encryption
from app.kit.database import Session, alone, make_engine, make_sessions
from app.links.models import Link
from app.services import services_of
from app.tenants.api_keys.service import ApiKey
from app.tenants.clients.models import Client
from bench import writes
from bench.webhooks.stage import postgres
from bench.writes import AROUND, Ready, Web, serve, serving
from tests import many, world

#: Requests of a list before it is measured, and between two looks at the process.
WARM, CHUNK = 20, 5
#: Under a path that no link can have.
BARE = "/api/bare"


@dataclass(frozen=True)
class List:
    """A list as it is asked for, and the statement of the bare route."""

    path: str
    table: type[Link | Client]
    order: tuple[Any, ...]
    where: tuple[Any, ...] = ()
    limit: int = 50

    def rows(self, agency_id: str) -> Select[Any]:
        """The page, and one row more, as the application reads it."""
        found = select(self.table).where(self.table.agency_id == agency_id, *self.where)
        return found.order_by(*self.order).limit(self.limit + 1)


_NEWEST, _LONGEST_WAIT = (Link.id.desc(),), (Link.next_actor_since, Link.id)
_WAITING = Link.next_actor_since.is_not(None)
LISTS = {
    each.path: each
    for each in (
        List("/links", Link, _NEWEST),
        List(
            "/links?stage=waiting_for_client&sort=longest_wait", Link, _LONGEST_WAIT,
            (Link.stage == "waiting_for_client", _WAITING),
        ),
        List(
            "/links?next_actor=client&sort=longest_wait", Link, _LONGEST_WAIT, (Link.next_actor == "client", _WAITING)
        ),
        List("/links?limit=200", Link, _NEWEST, limit=200),
        List("/clients", Client, (Client.id.desc(),)),
    )
}  # fmt: skip

router = APIRouter(include_in_schema=False)


@router.get(BARE)
async def bare(request: Request, session: Session, of: str, size: int) -> dict[str, str]:
    """The statements of a list, so many characters."""
    key_hash = encryption.sha256(request.headers["Authorization"].removeprefix("Bearer "))
    async with alone(services_of(request).sessions) as apart:
        key = (await apart.scalars(select(ApiKey).where(ApiKey.key_hash == key_hash))).one()
    (await session.scalars(LISTS[of].rows(key.agency_id))).all()
    return {"padding": "x" * size}


def web() -> FastAPI:
    """The application, with the routes of the benches besides."""
    app = writes.web()
    app.include_router(router)
    return app


async def figures(web: Web, api: httpx2.AsyncClient, number: int) -> dict[str, Any]:
    """All lists, one after the other."""
    found = {}
    for path in LISTS:
        ours, beside = Ready(partial(api.get, path)), partial(ask_bare, api, path)
        for _ in range(WARM):
            answer = await ours()
            await beside(answer)
        statements = await reads(web, ours)
        assert await reads(web, partial(beside, answer)) == statements
        found[f"GET {path}"] = {
            "statements": len(statements), "rows": len(answer.json()["data"]),
            **await web.compare([ours] * number, beside, CHUNK),
        }  # fmt: skip
    return found


async def ask_bare(api: httpx2.AsyncClient, path: str, answer: httpx2.Response) -> httpx2.Response:
    """The bare route, for as much as this answer of a list has."""
    size = max(len(answer.content) - AROUND, 0)
    return await api.get(api.base_url.join(BARE), params={"of": path, "size": size})


async def reads(web: Web, request: Callable[[], Awaitable[object]]) -> list[str]:
    """The statements of a request that read; now and then the use of the key is written, too."""
    return [sql for sql, _ in await web.statements(request) if sql.startswith("SELECT")]


async def run(database_url: str, number: int) -> dict[str, Any]:
    """The installation, a web process, the figures."""
    engine = make_engine(database_url)
    sessions = make_sessions(engine)
    corner = (await world.make(sessions)).north
    await many.fill(sessions, corner)
    await engine.dispose()
    headers = {"Accept-Encoding": "identity", "Authorization": f"Bearer {corner.key}"}
    async with (
        serving(database_url, "bench.lists") as (address, pid),
        httpx2.AsyncClient(base_url=address, trust_env=False) as plain,
        httpx2.AsyncClient(base_url=f"{address}/api/v1", headers=headers, trust_env=False) as api,
    ):
        return await figures(Web(plain, pid), api, number)


def main() -> int:
    """Run and print. No figure fails the run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=200, help="of requests of each list")
    parser.add_argument("--serve", type=int, metavar="PORT", help="be the web process; for the bench itself")
    given = parser.parse_args()
    if given.serve:
        serve("bench.lists:web", given.serve)
        return 0
    with postgres() as (url, _):
        found = asyncio.run(run(url, given.number))
    shown = Table("list, warm", "statements", "rows", "bytes", "web, ms of CPU", "bare route, ms", "ratio")
    for name, figures_of in found.items():
        shown.add_row(name, *map(str, figures_of.values()))
    Console(width=140).print(shown)
    sys.stdout.write(json.dumps({"bench": "lists", "number": given.number, "requests": found}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
