"""Lists by `updated_since`: a poller ends with what is true, however many write and however late they commit."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from app.access.grants.models import Grant
from app.kit import clock, ids
from app.kit.database import Sessions, make_sessions
from app.kit.web.paging import Changing
from app.links.models import Link
from app.tenants.clients.models import Client
from tests.api import operations
from tests.world import World

#: Of each list that has the filter: its table, and a text of it that the list shows.
LISTS: dict[str, tuple[type[Any], str]] = {
    "/clients": (Client, "name"), "/links": (Link, "requested_by"), "/grants": (Grant, "asset_name"),
}  # fmt: skip
BEGINNING = "2000-01-01T00:00:00Z"
WRITERS, ROUNDS = 8, 20


class Poller:
    """Follows a list as the description of `updated_since` says; keeps the last state of each row."""

    def __init__(self, api: httpx2.AsyncClient, path: str) -> None:
        self.api, self.path = api, path
        self.since = BEGINNING
        self.known: dict[str, dict[str, Any]] = {}

    async def poll(self) -> list[str]:
        """The ids of what came."""
        came: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            params: dict[str, str | int] = {"updated_since": self.since, "limit": 2}
            if cursor:
                params["cursor"] = cursor
            answer = await self.api.get(self.path, params=params)
            assert answer.status_code == 200, answer.text
            came += answer.json()["data"]
            cursor = answer.json()["next_cursor"]
            if cursor is None:
                break
        self.known |= {row["id"]: row for row in came}
        self.since = came[-1]["updated_at"] if came else self.since
        return [row["id"] for row in came]


@pytest.fixture(params=LISTS)
def path(request: pytest.FixtureRequest) -> str:
    """One list."""
    return str(request.param)


async def rows_of(sessions: Sessions, world: World, path: str, number: int) -> list[str]:
    """New rows of a list, which another agency has none of: their ids."""
    made: list[Client | Link | Grant] = []
    north = world.north
    for _ in range(number):
        if path == "/clients":
            made.append(Client(agency_id=north.agency_id, id=ids.new("client"), name="first"))
        elif path == "/links":
            made.append(
                Link(
                    agency_id=north.agency_id,
                    id=ids.new("link"),
                    client_id=north.client_id,
                    preset="x",
                    preset_version=1,
                    requested_by="first",
                    language="en",
                    token_hash=ids.raw().bytes,
                    token_encrypted=b"",
                    expires_at=clock.now() + timedelta(days=9),
                )
            )
        else:
            made.append(
                Grant(
                    agency_id=north.agency_id, id=ids.new("grant"), client_id=north.client_id, platform="tiktok",
                    kind="ad_account", asset_id=f"{ids.raw()}", asset_name="first", client_account_id="1",
                    agency_account_id="2",
                    role="ADMIN", seen_by="agency",
                )
            )  # fmt: skip
    async with sessions.begin() as session:
        session.add_all(made)
    return [row.id for row in made]


def changes(path: str, agency_id: str, row_id: str, text: str) -> Any:
    """The statement that changes a row, as actions write it."""
    table, column = LISTS[path]
    return update(table).where(table.agency_id == agency_id, table.id == row_id).values({column: text})


async def change(session: AsyncSession, path: str, world: World, row_id: str, text: str) -> None:
    """One change, uncommitted."""
    await session.execute(changes(path, world.north.agency_id, row_id, text))


def shown(poller: Poller, rows: Iterable[str]) -> list[str]:
    """State of these rows as the poller knows it."""
    return [poller.known[row][LISTS[poller.path][1]] for row in rows]


def test_every_list_with_the_filter_is_tried_here(app: FastAPI) -> None:
    filtered = {
        operation.at({})
        for operation in operations.every()
        if any(each["name"] == "updated_since" for each in operation.about.get("parameters", []))
    }
    assert filtered == set(LISTS)
    assert all(issubclass(table, Changing) for table, _ in LISTS.values())


async def test_eight_writers_on_one_row(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, path: str, database_url: str
) -> None:
    (row,) = await rows_of(sessions, world, path, 1)
    many = create_async_engine(database_url, pool_size=WRITERS)
    poller = Poller(api, path)

    async def write(text: str, hesitates: float) -> None:
        async with make_sessions(many).begin() as session:
            await session.connection()
            await asyncio.sleep(hesitates)  # its transaction began long before it writes
            await change(session, path, world, row, text)

    for number in range(ROUNDS):
        writing = asyncio.gather(*(write(f"{number}.{each}", each % 3 / 200) for each in range(WRITERS)))
        while not writing.done():
            await poller.poll()
        await writing
        await poller.poll()
        answer = (await api.get(path)).json()["data"]
        true = next(each for each in answer if each["id"] == row)
        assert poller.known[row] == true, f"round {number}"
    await many.dispose()


async def test_a_transaction_that_commits_late(
    api: httpx2.AsyncClient, sessions: Sessions, engine: AsyncEngine, world: World, path: str
) -> None:
    late, quick, other = await rows_of(sessions, world, path, 3)
    poller = Poller(api, path)
    await poller.poll()
    async with AsyncSession(engine) as session:
        await change(session, path, world, late, "written early, committed late")
        for text in ("second", "third"):
            async with sessions.begin() as meanwhile:
                await change(meanwhile, path, world, quick, text)
            await poller.poll()
        assert shown(poller, [late, quick]) == ["first", "first"], "shown before an older change is settled"
        await session.commit()
    async with sessions.begin() as session:
        await change(session, path, world, other, "last")
    await poller.poll()
    assert shown(poller, [late, quick, other]) == ["written early, committed late", "third", "last"]


async def test_a_change_that_was_rolled_back_or_whose_process_died_holds_nobody(
    api: httpx2.AsyncClient, sessions: Sessions, database_url: str, world: World, path: str
) -> None:
    gone, quick = await rows_of(sessions, world, path, 2)
    poller = Poller(api, path)
    await poller.poll()
    dying = create_async_engine(database_url)
    async with dying.connect() as connection:
        await connection.execute(changes(path, world.north.agency_id, gone, "never"))
        await connection.invalidate()
    await dying.dispose()
    async with sessions.begin() as session:
        await change(session, path, world, quick, "second")
    while shown(poller, [quick]) != ["second"]:  # the server notices that the connection is gone
        await poller.poll()
    assert shown(poller, [gone]) == ["first"]


async def test_pages_in_the_order_of_changes_though_rows_change_meanwhile(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, path: str
) -> None:
    rows = await rows_of(sessions, world, path, 7)
    first = (await api.get(path, params={"updated_since": BEGINNING, "limit": 3})).json()
    async with sessions.begin() as session:
        await change(session, path, world, rows[0], "changed between two pages")
    came, cursor = first["data"], first["next_cursor"]
    while cursor:
        page = (await api.get(path, params={"updated_since": BEGINNING, "limit": 3, "cursor": cursor})).json()
        came, cursor = came + page["data"], page["next_cursor"]
    assert [row["updated_at"] for row in came] == sorted(row["updated_at"] for row in came)
    assert set(rows) <= {row["id"] for row in came}
    assert came[-1][LISTS[path][1]] == "changed between two pages"
    wrong = await api.get(path, params={"cursor": first["next_cursor"]})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "cursor_wrong")


async def test_a_poller_that_finds_nothing_reads_little(
    sessions: Sessions, session: AsyncSession, world: World, path: str
) -> None:
    await rows_of(sessions, world, path, 300)
    table, _ = LISTS[path]
    await session.connection()
    driver = await (await session.connection()).get_raw_connection()
    assert driver.driver_connection
    await driver.driver_connection.execute(f"ANALYZE {table.__tablename__}")
    plan = await driver.driver_connection.fetch(
        f"EXPLAIN SELECT * FROM {table.__tablename__} WHERE agency_id = $1 AND updated_at >= now() "
        "AND updated_at < now() + interval '1 day' ORDER BY updated_at, id LIMIT 51",
        ids.parse("agency", world.north.agency_id),
    )
    assert f"ix_{table.__tablename__}_agency_id_updated_at_id" in "\n".join(row[0] for row in plan)
