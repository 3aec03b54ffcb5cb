"""The stored place of a link in the pipeline: always what its rows say, filtered, sorted, and read by an index."""

import itertools
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.kit import clock
from app.kit.database import Sessions
from app.links import queries
from app.links.models import Link
from app.links.status import (
    ACCESS_STATUSES,
    OVER,
    STAGES,
    STATUSES,
    TURNS,
    RequestStatus,
    as_of,
    pipeline,
)
from simulator.seed import LUNE_EU, LUNE_UK
from tests import many
from tests.house import House, change_link
from tests.world import TESTS, Corner, World

NOW = datetime(2026, 11, 30, tzinfo=UTC)
REQUESTS = st.builds(
    RequestStatus,
    st.sampled_from(ACCESS_STATUSES),
    st.sampled_from([*TURNS, None]),
    st.booleans(),
)


@given(st.sampled_from(STATUSES), st.lists(REQUESTS, max_size=5), st.booleans())
def test_every_place_is_a_stage_with_an_actor(status: str, requests: list[RequestStatus], needed_again: bool) -> None:
    place = pipeline(status, requests, needed_again=needed_again)
    assert place.stage in STAGES
    by_status = {"expired": None, "revoked": None, "draft": "agency"}
    by_status |= dict.fromkeys(("sent", "opened", "in_progress"), "client")
    asked = {each.next_actor for each in requests}
    assert place.next_actor == by_status.get(status, next((each for each in TURNS if each in asked), None))
    assert place.open_count + place.done_count + sum(each.status in OVER for each in requests) == len(requests)


@pytest.mark.parametrize(
    ("status", "requests", "needed_again", "stage"),
    [
        ("sent", [("waiting", "client")], False, "waiting_for_client"),
        ("submitted", [("blocked", "client")], False, "waiting_for_client"),
        ("submitted", [("blocked", "client")], True, "reopened"),
        ("submitted", [("blocked", "agency"), ("approved", "us")], True, "waiting_for_agency"),
        ("submitted", [("blocked", "platform")], False, "waiting_for_platform"),
        ("submitted", [("approved", "us")], False, "processing"),
        ("submitted", [("declined", None)], False, "closed"),
        ("completed", [("verified", None)], False, "verified"),
        ("completed", [("unverifiable", "agency")], False, "unverifiable"),
        ("completed", [("verified", None), ("waiting", "client")], False, "waiting_for_client"),
        ("drifted", [("drifted", "client")], True, "drifted"),
        ("expired", [("ended", None)], False, "expired"),
        ("draft", [("waiting", "client")], False, "draft"),
    ],
)
def test_the_stage_of_a_link(
    status: str, requests: list[tuple[str, str | None]], needed_again: bool, stage: str
) -> None:
    given = [RequestStatus(each, actor) for each, actor in requests]
    assert pipeline(status, given, needed_again=needed_again).stage == stage


async def _stored(session: AsyncSession, agency_id: str) -> None:
    """Each link's columns say what its rows say."""
    for link in (await session.scalars(select(Link).where(Link.agency_id == agency_id))).all():
        whole = await queries.load_link(session, agency_id, link.id)
        columns = {name: getattr(link, name) for name in vars(whole.pipeline)}
        assert columns == vars(whole.pipeline)


async def test_an_onboarding_moves_the_stored_place(
    house: House, world: World, api: httpx2.AsyncClient, sessions: Sessions
) -> None:
    north = world.north

    async def place() -> tuple[str, str | None, int, int]:
        async with sessions() as session:
            await _stored(session, north.agency_id)
        shown = (await api.get(f"/links/{north.link_id}")).json()
        listed = (await api.get("/links", params={"stage": shown["stage"]})).json()["data"]
        assert north.link_id in [each["id"] for each in listed]
        return shown["stage"], shown["next_actor"], shown["open_count"], shown["done_count"]

    assert await place() == ("draft", "agency", 1, 0)
    await house.connect_agency(north)
    await house.connect_client(north)
    assert await place() == ("waiting_for_client", "client", 1, 0)
    await house.agree(north, LUNE_EU, LUNE_UK)
    assert await place() == ("processing", "us", 2, 0)
    await house.work()
    assert await place() == ("verified", None, 0, 2)
    async with change_link(sessions, north) as (_, link):
        link.set_status(link.access_requests[0], status="drifted", next_actor="client", actor=TESTS)
        link.complete_if_done()
    assert await place() == ("drifted", "client", 1, 1)


async def _since(sessions: Sessions, corner: Corner) -> datetime | None:
    async with sessions() as session:
        return (await queries.find(session, corner.agency_id, corner.link_id)).next_actor_since


async def test_a_turn_begins_when_the_actor_changes(house: House, world: World, sessions: Sessions) -> None:
    north = world.north
    drafted = await _since(sessions, north)
    await house.connect_client(north)  # it was opened: the client's turn
    opened = await _since(sessions, north)
    assert drafted is not None
    assert opened is not None
    assert drafted < opened
    async with change_link(sessions, north) as (_, link):
        link.finish_screen("accounts")
    assert await _since(sessions, north) == opened, "still the same turn"
    await house.connect_agency(north)
    await house.agree(north, LUNE_EU)
    await house.work()
    assert await _since(sessions, north) is None
    async with change_link(sessions, north) as (_, link):
        link.set_removal_blocker(link.access_requests[0], code="removal_refused")
        link.set_status(link.access_requests[0], status="verified", next_actor="agency", actor=TESTS)
        now = link.now
    assert await _since(sessions, north) == now, "the status is older than the turn"


async def test_a_revoked_grant_is_not_done_any_more(
    house: House, world: World, api: httpx2.AsyncClient, sessions: Sessions
) -> None:
    north = world.north
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.agree(north, LUNE_EU)
    await house.work()
    (grant,) = (await api.get("/grants")).json()["data"]
    assert (await api.post(f"/grants/{grant['id']}/revocation")).status_code == 202
    async with sessions() as session:
        await _stored(session, north.agency_id)
    shown = (await api.get(f"/links/{north.link_id}")).json()
    assert (shown["open_count"], shown["done_count"]) == (1, 0)


async def test_the_longest_wait_comes_first_page_by_page(
    house: House, world: World, api: httpx2.AsyncClient, sessions: Sessions
) -> None:
    made = [world.north.link_id] + [(await house.another_link(world.north)).link_id for _ in range(4)]
    async with sessions.begin() as session:
        for age, link_id in enumerate(made):
            mine = (Link.agency_id == world.north.agency_id) & (Link.id == link_id)
            await session.execute(update(Link).where(mine).values(next_actor_since=NOW - timedelta(days=age)))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params: dict[str, str] = {"sort": "longest_wait", "limit": "2", "next_actor": "agency"}
        params |= {"cursor": cursor} if cursor else {}
        page = (await api.get("/links", params=params)).json()
        seen += [each["id"] for each in page["data"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == made[::-1]
    before = {"next_actor_before": (NOW - timedelta(days=2, hours=1)).isoformat()}
    assert {each["id"] for each in (await api.get("/links", params=before)).json()["data"]} == set(made[3:])
    both = await api.get("/links", params={"sort": "longest_wait", "updated_since": "2000-01-01T00:00:00Z"})
    assert (both.status_code, both.json()["code"]) == (422, "two_orders")


@dataclass
class Seen:
    """Statements that read, with their values, as the driver gets them; now and then the use of a key is written."""

    statements: list[tuple[str, Any]] = field(default_factory=list)

    def __call__(self, _c: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        if statement.startswith("SELECT"):
            self.statements.append((statement, values))


@pytest.fixture
async def seen(sessions: Sessions, engine: AsyncEngine, world: World) -> AsyncIterator[Seen]:
    """What is sent to a large installation, most of which is of one agency."""
    await many.fill(sessions, world.north)
    noted = Seen()
    event.listen(engine.sync_engine, "before_cursor_execute", noted)
    yield noted
    event.remove(engine.sync_engine, "before_cursor_execute", noted)


async def _plans(sessions: Sessions, statement: str, values: Any) -> list[str]:
    """The plan for these values, executed, and the one for any values, which the server may keep after some uses."""
    given = ", ".join(f"'{value}'" for value in values)
    explained = []
    async with sessions() as session:
        driver: Any = (await (await session.connection()).get_raw_connection()).driver_connection
        await driver.execute(f"PREPARE page AS {statement}")
        for mode, options in (("force_custom_plan", "(ANALYZE)"), ("force_generic_plan", "")):
            await driver.execute(f"SET plan_cache_mode = {mode}")
            explained.append(await driver.fetch(f"EXPLAIN {options} EXECUTE page({given})"))
        await driver.execute("DEALLOCATE page; RESET plan_cache_mode")
    return ["\n".join(row[0] for row in lines) for lines in explained]


#: Every filter of the list, and every order.
_FILTERS = {
    "external_id": "many:1/1", "client_id": "", "status": "sent", "stage": "drifted", "next_actor": "client",
    "next_actor_before": "2100-01-01T00:00:00Z",
}  # fmt: skip
_ORDERS: tuple[dict[str, str], ...] = ({}, {"sort": "longest_wait"}, {"updated_since": "2000-01-01T00:00:00Z"})
#: Views of a pipeline.
_VIEWS: tuple[dict[str, str], ...] = (
    {},
    {"stage": "drifted"},
    {"sort": "longest_wait"},
    {"sort": "longest_wait", "next_actor": "client"},
    {"sort": "longest_wait", "stage": "waiting_for_agency"},
    {"sort": "longest_wait", "next_actor": "client", "next_actor_before": "2100-01-01T00:00:00Z"},
)


async def test_every_list_of_many_links_is_two_statements_and_read_by_an_index(
    sessions: Sessions, world: World, api: httpx2.AsyncClient, seen: Seen
) -> None:
    """The key's and the page's; `updated_since` asks first what is settled."""
    filters = _FILTERS | {"client_id": world.north.client_id}
    for order, number in itertools.product(_ORDERS, range(len(filters) + 1)):
        for names in itertools.combinations(filters, number):
            wanted = order | {name: filters[name] for name in names}
            seen.statements.clear()
            answer = await api.get("/links", params=wanted)
            assert answer.status_code == 200, answer.text
            assert len(seen.statements) == 2 + ("updated_since" in wanted), (wanted, seen.statements)
            for plan in await _plans(sessions, *seen.statements[-1]):
                assert "Seq Scan" not in plan, (wanted, plan)


async def test_a_page_of_many_links_looks_at_little_more_than_it_returns(
    sessions: Sessions, api: httpx2.AsyncClient, seen: Seen
) -> None:
    for view in _VIEWS:
        page = (await api.get("/links", params=view)).json()
        await api.get("/links", params={**view, "cursor": page["next_cursor"]})
        assert len(page["data"]) == 50
        for statement in (seen.statements[-3], seen.statements[-1]):
            plan, _ = await _plans(sessions, *statement)
            read = [float(rows) for rows in re.findall(r"actual [^)]*rows=([0-9.]+)", plan)]
            removed = [int(rows) for rows in re.findall(r"Rows Removed by Filter: (\d+)", plan)]
            assert max(read) <= 51 + max(removed, default=0) <= 300, (view, plan)


@pytest.mark.parametrize("link_status", STATUSES)
@pytest.mark.parametrize("ends_in", [timedelta(hours=1), timedelta(hours=-1)])
async def test_the_condition_of_an_active_link_is_the_rule_of_its_status(
    session: AsyncSession, world: World, link_status: str, ends_in: timedelta
) -> None:
    north, now = world.north, clock.now()
    mine = (Link.agency_id == north.agency_id) & (Link.id == north.link_id)
    await session.execute(update(Link).where(mine).values(status=link_status, expires_at=now + ends_in))
    is_over = as_of(link_status, now + ends_in, now) in ("completed", "expired", "revoked")
    assert await queries.has_active_link(session, north.agency_id, north.client_id) is not is_over
