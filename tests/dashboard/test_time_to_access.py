"""Time to access: medians by month, preset and platform, where clients stop, what holds them up, and the file."""

import csv
import html
import io
import re
from datetime import UTC, timedelta

import httpx2
import pytest
from sqlalchemy import update

from app.dashboard import time_to_access as page
from app.kit import clock
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.links import service as link_service
from app.links.models import AccessRequest, Link
from app.links.time_to_access.service import Durations, Funnel
from tests.dashboard.conftest import SignIn
from tests.world import TESTS, World


def _text(shown: str) -> str:
    """The text of a page, without markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", shown)).split())


@pytest.fixture
async def verified_links(sessions: Sessions, world: World, keyring: Keyring) -> None:
    """Links of the north agency: verified after 1, 3 and 8 days last month, and after 2 hours this month."""
    now = clock.now().astimezone(UTC)
    last_month = now.replace(day=1, hour=0, minute=0, second=0) - timedelta(days=2)
    this_month = now.replace(day=1, hour=0, minute=0, second=0) + timedelta(minutes=1)
    took = [
        (last_month, timedelta(days=1)), (last_month, timedelta(days=3)), (last_month, timedelta(days=8)),
        (this_month, timedelta(hours=2)),
    ]  # fmt: skip
    async with sessions.begin() as session:
        for verified_at, length in took:
            made, _ = await link_service.create_link(
                session, world.north.agency_id, client_id=world.north.client_id, preset="run-campaigns",
                keyring=keyring, actor=TESTS,
            )  # fmt: skip
            moved = update(Link).where(Link.agency_id == world.north.agency_id, Link.id == made.link.id)
            times = {"opened_at": verified_at - length, "submitted_at": verified_at, "completed_at": verified_at}
            await session.execute(moved.values(status="completed", stage="verified", **times))
            proved = update(AccessRequest).where(
                AccessRequest.agency_id == world.north.agency_id, AccessRequest.link_id == made.link.id
            )  # fmt: skip
            half = {"status": "verified", "verified_at": verified_at - length / 2}
            again = {"status": "verified", "verified_at": verified_at + timedelta(days=20)}
            await session.execute(proved.values(**(half if length < timedelta(days=8) else again)))


@pytest.mark.usefixtures("verified_links")
async def test_medians_by_month_and_where_clients_stop(browser: httpx2.AsyncClient, sign_in: SignIn) -> None:
    await sign_in("viewer")
    shown = (await browser.get("/desk/time-to-access")).text
    text = _text(shown)
    now = clock.now().astimezone(UTC)
    last_month = (now.replace(day=1) - timedelta(days=1)).strftime("%B %Y")
    assert f"{now:%B %Y} 2 h 0 min 2 h 0 min 1" in text
    assert f"{last_month} 3 days 7 days 3" in text
    assert "Median 2 days of 4 links" in text
    assert "Made 5 100 % Opened 1 not opened yet 4 80 % Agreed 4 80 % All verified 4 80 %" in text
    assert "Platform Median Slowest tenth Links TikTok 1 day 6 days 4" in text  # 1 h, 12 h, 1.5 days, 8 days
    assert 'class="l" d="M50 36L530 192"' in shown
    assert " style=" not in shown


@pytest.mark.usefixtures("verified_links")
async def test_one_preset_and_the_file(browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sign_in: SignIn) -> None:
    await sign_in()
    assert "of 4 links" in (await browser.get("/desk/time-to-access", params={"preset": "run-campaigns"})).text
    other = (await browser.get("/desk/time-to-access", params={"preset": "tracking-fix"})).text
    assert "No link was verified in this period." in other
    table = await browser.get("/desk/time-to-access.csv", params={"months": "3"})
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [(row["links"], row["median_seconds"]) for row in rows] == [("3", "259200"), ("1", "7200")]
    empty = await browser.get("/desk/time-to-access.csv", params={"preset": "tracking-fix"})
    assert len(empty.text.splitlines()) == 1
    found = (await api.get("/time-to-access", params={"months": 3, "preset": "run-campaigns"})).json()
    assert [(each["links"], each["median_seconds"]) for each in found["by_month"]] == [(3, 259200), (1, 7200)]
    assert (found["overall"]["links"], found["by_preset"][0]["key"]) == (4, "run-campaigns")
    assert [(each["key"], each["links"]) for each in found["by_platform"]] == [("tiktok", 4)]
    assert found["funnel"] == {"made": 5, "opened": 4, "agreed": 4, "verified": 4}
    other = (await api.get("/time-to-access", params={"preset": "tracking-fix"})).json()
    assert (other["overall"], other["by_month"], other["blockers"]) == (None, [], [])
    exported = await api.get("/time-to-access/export", params={"months": 3})
    assert (exported.text, exported.headers["content-type"]) == (table.text, table.headers["content-type"])


@pytest.mark.usefixtures("verified_links")
@pytest.mark.parametrize(("table", "header", "first"), [
    ("preset", "preset,links,median_seconds,slowest_tenth_seconds", "run-campaigns,4,"),
    ("platform", "platform,links,median_seconds,slowest_tenth_seconds", "tiktok,4,"),
    ("funnel", "step,links", "made,5"), ("blocker", "blocker,access_requests,median_wait_seconds", ""),
])  # fmt: skip
async def test_each_table_is_a_file(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sign_in: SignIn, table: str, header: str, first: str
) -> None:
    await sign_in()
    assert f"&amp;of={table}" in (await browser.get("/desk/time-to-access")).text or not first
    file = await browser.get("/desk/time-to-access.csv", params={"of": table})
    assert f'filename="time-to-access-{table}.csv"' in file.headers["content-disposition"]
    columns, *rows = file.text.splitlines()
    assert (columns, (rows or [""])[0][: len(first)]) == (header, first)
    assert (await api.get("/time-to-access/export", params={"table": table})).text == file.text
    assert (await browser.get("/desk/time-to-access.csv", params={"of": "clients"})).status_code == 422


async def test_blockers_are_counted(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in()
    assert "Nothing holds a client up." in (await browser.get("/desk/time-to-access")).text
    async with sessions.begin() as session:
        stuck = update(AccessRequest).where(AccessRequest.agency_id == world.north.agency_id)
        since = clock.now() - timedelta(hours=5)
        await session.execute(stuck.values(status="blocked", code="not_bc_admin", status_since=since))
    shown = (await browser.get("/desk/time-to-access")).text
    assert "The person who signed in is not an Admin of the Business Center 1 5 h 0 min" in _text(shown)
    leads_to = re.search(r'href="(/desk\?code=[^"]+)"', shown)
    assert leads_to
    assert "Only links held up by: The person who signed in" in (await browser.get(leads_to[1])).text


async def test_each_role_and_nothing_of_another_agency(
    browser: httpx2.AsyncClient, sign_in: SignIn, world: World, verified_links: None
) -> None:
    for path in ("/desk/time-to-access", "/desk/time-to-access.csv"):
        assert (await browser.get(path)).status_code == 303
    await sign_in(corner=world.south)
    text = _text((await browser.get("/desk/time-to-access")).text)
    assert "No link was verified in this period." in text
    assert "Made 1 100 %" in text
    assert len((await browser.get("/desk/time-to-access.csv")).text.splitlines()) == 1


@pytest.mark.parametrize("query", [{"months": "0"}, {"months": "x"}, {"preset": "x" * 65}])
async def test_filters_that_cannot_be_read(browser: httpx2.AsyncClient, sign_in: SignIn, query: dict[str, str]) -> None:
    await sign_in()
    assert (await browser.get("/desk/time-to-access", params=query)).status_code == 422


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (timedelta(minutes=1), ("count", 1)), (timedelta(minutes=59, seconds=40), ("hours", 1)),
        (timedelta(hours=23, minutes=59), ("hours", 23)), (timedelta(days=1), ("count", 1)),
        (timedelta(days=2, hours=12), ("days", 2.5)),
    ],
)  # fmt: skip
def test_durations(length: timedelta, shown: tuple[str, float]) -> None:
    assert shown in page.duration(length).values
    assert page.duration(timedelta(seconds=29)).values == ()


def test_a_chart_without_any_time_is_flat() -> None:
    nothing = [Durations(month, 1, timedelta(0), timedelta(0)) for month in ("2026-10", "2026-11")]
    assert {each.y for each in page.chart(nothing).points} == {page.BASE}


def test_a_funnel_without_links_and_one_that_was_skipped() -> None:
    assert [each.share for each in page.steps(Funnel(0, 0, 0, 0))] == [0, 0, 0, 0]
    assert [each.lost for each in page.steps(Funnel(2, 1, 2, 2))][2:] == [None, None]
