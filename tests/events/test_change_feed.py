"""The feed as a follower reads it: in commit order, none skipped, none twice, and nothing held open meanwhile."""

import asyncio
import random
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.events import catalog, change_feed
from app.events.recorder import record
from app.events.schema import ClientData
from app.kit.database import Sessions
from app.kit.web.paging import pack
from tests.world import TESTS, World

WRITERS, EACH = 8, 45


async def happen(sessions: Sessions, agency_id: str, subject: str, *, open_for: float = 0) -> str:
    """One event, whose transaction stays open for a while."""
    async with sessions.begin() as session:
        event_id = await record(
            session, catalog.CLIENT_CREATED, agency_id=agency_id, subject_id=subject, actor=TESTS,
            data=ClientData.known(),
        )  # fmt: skip
        await asyncio.sleep(open_for)
        return event_id


async def read(api: httpx2.AsyncClient, **params: Any) -> tuple[list[str], str]:
    """The subjects of a page, and the cursor to go on with."""
    answer = await api.get("/events", params=params)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    return [event["subject"]["id"] for event in page["data"]], page["next_cursor"]


async def test_a_follower_gets_all_once_while_many_commit_out_of_order(
    api: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    chance = random.Random(7)
    _, cursor = await read(api, after="")

    async def write(writer: int) -> list[str]:
        subjects = [f"client_{writer}_{number}" for number in range(EACH)]
        for subject in subjects:
            await happen(sessions, world.north.agency_id, subject, open_for=chance.choice([0, 0, 0.01, 0.05, 0.2]))
        return subjects

    writing = asyncio.gather(*(write(writer) for writer in range(WRITERS)))
    found: list[str] = []
    while True:
        over = writing.done()
        came, cursor = await read(api, after=cursor, types="client.*", limit=7)
        found += came
        if over and not came:
            break
    written = [subject for subjects in await writing for subject in subjects]
    assert len(found) == len(set(found)), "some came twice"
    assert set(written) - set(found) == set(), "some were skipped"
    assert sorted(found) == sorted(written)


async def test_from_the_start_in_pages_it_is_the_list_turned_round(api: httpx2.AsyncClient, world: World) -> None:
    newest = [event["id"] for event in (await api.get("/events", params={"limit": 200})).json()["data"]]
    found, cursor = [], ""
    while True:
        page = (await api.get("/events", params={"after": cursor, "limit": 2})).json()
        found += [event["id"] for event in page["data"]]
        cursor = page["next_cursor"]
        if not page["data"]:
            break
    assert found == newest[::-1]
    assert len(found) > 2


async def test_an_empty_page_moves_on(api: httpx2.AsyncClient, sessions: Sessions, world: World) -> None:
    _, first = await read(api, after="", types="client.*")
    await happen(sessions, world.north.agency_id, "one")
    _, last = await read(api, after=first, types="grant.*")
    assert last != first, "the place is as far as was looked"
    assert (await read(api, after=last, types="client.*"))[0] == []
    await happen(sessions, world.north.agency_id, "two")
    assert (await read(api, after=last, types="client.*"))[0] == ["two"]


async def test_after_an_event(api: httpx2.AsyncClient, sessions: Sessions, world: World) -> None:
    one = await happen(sessions, world.north.agency_id, "one")
    await happen(sessions, world.north.agency_id, "two")
    assert (await read(api, after=one))[0] == ["two"]


async def test_after_an_event_before_which_another_may_appear(
    api: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    async with sessions() as slow:
        await record(
            slow, catalog.CLIENT_CREATED, agency_id=world.north.agency_id, subject_id="slow", actor=TESTS,
            data=ClientData.known(),
        )  # fmt: skip
        fast = await happen(sessions, world.north.agency_id, "fast")
        found, cursor = await read(api, after=fast)
        assert found == []
        await slow.commit()
    assert (await read(api, after=cursor))[0] == ["slow", "fast"], "rather twice than not at all"


async def test_it_waits_with_nothing_open(
    api: httpx2.AsyncClient, sessions: Sessions, engine: AsyncEngine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_feed, "LOOK_EVERY_SECONDS", 0.2)
    _, cursor = await read(api, after="")
    waiting = asyncio.create_task(read(api, after=cursor, wait=25))
    for _ in range(20):
        await asyncio.sleep(0.05)
    pool: Any = engine.pool
    while pool.checkedout():
        assert not waiting.done()
        await asyncio.sleep(0.01)
    assert not waiting.done()
    await happen(sessions, world.north.agency_id, "awaited")
    assert (await waiting)[0] == ["awaited"]


async def test_it_waits_no_longer_than_asked(api: httpx2.AsyncClient) -> None:
    _, cursor = await read(api, after="")
    found, _ = await read(api, after=cursor, wait=1)  # an empty page may move on with what others commit elsewhere
    assert found == []


async def test_types_by_wildcard_and_a_span_of_time(api: httpx2.AsyncClient, sessions: Sessions, world: World) -> None:
    every = (await api.get("/events", params={"limit": 200})).json()["data"]
    some = (await api.get("/events", params={"types": "link.*, client.created"})).json()["data"]
    assert {event["type"] for event in some} == {"link.created", "client.created"}
    assert len(every) > len(some)  # the record of the agency too
    middle = every[len(every) // 2]["timestamp"]
    late = (await api.get("/events", params={"since": middle, "limit": 200})).json()["data"]
    early = (await api.get("/events", params={"until": middle, "limit": 200})).json()["data"]
    assert late + early == every
    assert late
    assert early
    assert (await read(api, after="", since=middle, limit=200))[0] == [event["subject"]["id"] for event in late[::-1]]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"after": "evt_zzz"}, "cursor_wrong"),
        ({"after": "evt_01ksy1q3e0fzs8qj5m8g3d4w7y"}, "cursor_wrong"),
        ({"after": "zzz"}, "cursor_wrong"),
        ({"after": pack(10**30, "evt_01ksy1q3e0fzs8qj5m8g3d4w7y")}, "cursor_wrong"),
        ({"after": pack(1, "link_01ksy1q3e0fzs8qj5m8g3d4w7y")}, "cursor_wrong"),
        ({"wait": 5}, "malformed"),
        ({"after": "", "wait": 26}, "malformed"),
        ({"after": "", "cursor": pack(1, "evt_01ksy1q3e0fzs8qj5m8g3d4w7y")}, "malformed"),
        ({"types": "lost.*"}, "malformed"),
        ({"since": "2026-01-01T00:00:00"}, "malformed"),
        ({"since": "0001-01-01T00:00:00+23:59"}, "malformed"),
    ],
)
async def test_what_is_refused(api: httpx2.AsyncClient, params: dict[str, Any], code: str) -> None:
    answer = await api.get("/events", params=params)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_the_other_agency_follows_its_own(api: httpx2.AsyncClient, sessions: Sessions, world: World) -> None:
    _, cursor = await read(api, after="")
    ours = await happen(sessions, world.north.agency_id, "ours")
    south = {"Authorization": f"Bearer {world.south.key}"}
    theirs = (await api.get("/events", params={"after": cursor}, headers=south)).json()["data"]
    assert theirs == []
    refused = await api.get("/events", params={"after": ours}, headers=south)
    assert (refused.status_code, refused.json()["code"]) == (422, "cursor_wrong")
    nobody = await api.get("/events", params={"after": ""}, headers={"Authorization": ""})
    assert nobody.status_code == 401


async def test_what_a_look_passed_over_is_not_read_again(sessions: Sessions) -> None:
    looked_from: list[change_feed.Place] = []

    async def once(_: AsyncSession, place: change_feed.Place) -> change_feed.Followed:
        looked_from.append(place)
        return change_feed.Followed([], (place[0] + 1000, change_feed.BEFORE_ALL))

    async def gone() -> bool:
        return len(looked_from) == 3

    found = await change_feed.follow(sessions, once, change_feed.START, seconds=20, gone=gone)
    assert [place[0] for place in looked_from] == [0, 1000, 2000]
    assert found.place == (3000, change_feed.BEFORE_ALL)
