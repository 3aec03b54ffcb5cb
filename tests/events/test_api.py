"""Events over HTTP: newest first, paged without a gap, filtered."""

import httpx2

from app.events import catalog
from app.events.recorder import record
from app.events.schema import ClientData
from app.kit.database import Sessions
from tests.world import TESTS, World


async def made(sessions: Sessions, world: World, *subjects: str) -> None:
    """One event in a transaction of its own for each subject."""
    for subject in subjects:
        async with sessions.begin() as session:
            await record(
                session, catalog.CLIENT_CREATED, agency_id=world.north.agency_id, subject_id=subject, actor=TESTS,
                data=ClientData.known(),
            )  # fmt: skip


async def test_pages_are_newest_first_and_without_a_gap(
    api: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    await made(sessions, world, "one", "two", "three", "four")
    found, cursor = [], None
    while True:
        page = (await api.get("/events", params={"limit": 2, "cursor": cursor} if cursor else {"limit": 2})).json()
        found += [event["subject"]["id"] for event in page["data"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert found[:4] == ["four", "three", "two", "one"]
    assert len(found) == len((await api.get("/events")).json()["data"])


async def test_what_commits_late_is_not_skipped(api: httpx2.AsyncClient, sessions: Sessions, world: World) -> None:
    async with sessions() as slow:
        await record(
            slow, catalog.CLIENT_CREATED, agency_id=world.north.agency_id, subject_id="slow", actor=TESTS,
            data=ClientData.known(),
        )  # fmt: skip
        await made(sessions, world, "fast")
        before = [event["subject"]["id"] for event in (await api.get("/events")).json()["data"]]
        assert not {"slow", "fast"} & set(before)
        await slow.commit()
    after = [event["subject"]["id"] for event in (await api.get("/events")).json()["data"]]
    assert after[:2] == ["fast", "slow"]


async def test_filters(api: httpx2.AsyncClient, world: World) -> None:
    both = (await api.get("/events", params={"types": "link.created, client.created"})).json()["data"]
    assert {event["type"] for event in both} == {"link.created", "client.created"}
    about = (await api.get("/events", params={"subject_id": world.north.link_id})).json()["data"]
    assert [event["type"] for event in about] == ["link.created"]
    everything = (await api.get("/events", params={"types": "*"})).json()["data"]
    assert {"client.created", "link.created"} <= {each["type"] for each in everything} <= set(catalog.FOR_CRMS)
    audit = (await api.get("/events", params={"types": "api_key.created"})).json()["data"]
    assert len(audit) == 1
    wrong = await api.get("/events", params={"types": "link.created,link.lost"})
    assert wrong.json()["errors"] == {"types": "There is no event type 'link.lost'."}


async def test_one_event_is_the_body_of_its_webhook(api: httpx2.AsyncClient, world: World) -> None:
    (listed,) = (await api.get("/events", params={"types": "client.created"})).json()["data"]
    event = (await api.get(f"/events/{listed['id']}")).json()
    assert event == listed
    assert tuple(event["data"]) == catalog.CLIENT_CREATED.keys
    assert event["data"]["contact_email"] == "ana@maisonlune.example"
    assert event["subject"] == {"type": "client", "id": world.north.client_id}


async def test_a_cursor_of_another_list_is_refused(api: httpx2.AsyncClient, world: World) -> None:
    for path in ("/keys?limit=1", "/links?limit=1"):
        await api.post("/keys", json={"name": "x", "scopes": ["links:read"]})
        await api.post("/links", json={"client": {"name": "x"}})
        cursor = (await api.get(path)).json()["next_cursor"]
        wrong = await api.get("/events", params={"cursor": cursor})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "cursor_wrong")
