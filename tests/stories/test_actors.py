"""Each kind of actor, from its entrance to the events and platform calls that it causes."""

import httpx2
import pytest
from sqlalchemy import select

from app.access.call_recorder import PlatformCall
from app.kit.actor import KEYTURN, acting_as, current_actor
from app.kit.database import Sessions
from app.worker import WORKER
from simulator.seed import LUNE_EU
from tests.client_portal.walk import Walk
from tests.house import House
from tests.world import World

Named = set[tuple[str, str]]


@pytest.fixture
def walk(browser: httpx2.AsyncClient, world: World) -> Walk:
    """The client's browser."""
    return Walk(browser, world.north)


async def test_an_api_key_a_client_and_the_worker_are_named(
    api: httpx2.AsyncClient, walk: Walk, house: House, world: World, sessions: Sessions
) -> None:
    key, client = ("api_key", world.north.key_id), ("client", world.north.client_id)
    await api.patch(f"/clients/{world.north.client_id}", json={"name": "Maison Lune SARL"})
    assert current_actor() == KEYTURN, "a request's actor ends with it"
    await house.connect_agency(world.north)
    await walk.start()
    await house.connect_client(world.north)
    await house.agree(world.north, LUNE_EU)
    with acting_as(WORKER):
        await house.work()
    named = await _events(api)
    assert named["client.updated"] == {key}
    assert named["link.opened"] == named["consent.given"] == {client}
    assert named["link.completed"] == named["access.verified"] == {("system", "worker")}
    assert {kind for kind, _ in named["connection.authorized"]} == {"member", "client"}
    calls = await _calls(sessions, world)
    assert calls["authorize"] == named["connection.authorized"]
    assert calls["read"] == {("system", "worker")}


async def test_a_visitor_of_a_public_link_is_the_client_that_it_becomes(
    api: httpx2.AsyncClient, browser: httpx2.AsyncClient
) -> None:
    made = (await api.post("/public-links", json={"preset": "run-campaigns"})).json()
    page = made["address"]
    form = await browser.get(page)
    once = form.text.split('name="once" value="')[1].split('"')[0]
    sent = await browser.post(
        page, data={"company": "Brand SA", "name": "Theo", "email": "theo@brand.example", "once": once},
        headers={"Sec-Fetch-Site": "same-origin"},
    )  # fmt: skip
    assert sent.status_code == 303, sent.text
    found = (await api.get("/clients")).json()["data"][0]
    named = await _events(api, client_id=found["id"])
    assert named["client.created"] == named["link.created"] == {("client", found["id"])}


async def test_calls_show_their_actor(api: httpx2.AsyncClient, house: House, world: World) -> None:
    await house.connect_agency(world.north)
    await house.connect_client(world.north)
    await house.agree(world.north, LUNE_EU)
    with acting_as(WORKER):
        await house.work()
    access_request = (await house.access_requests(world.north))[0].id
    shown = (await api.get(f"/access-requests/{access_request}/calls")).json()["data"]
    assert {(call["actor_kind"], call["actor_id"]) for call in shown} == {("system", "worker")}


async def _events(api: httpx2.AsyncClient, *, client_id: str | None = None) -> dict[str, Named]:
    named: dict[str, Named] = {}
    for event in (await api.get("/events", params={"limit": 200})).json()["data"]:
        if client_id in (None, event["data"].get("client_id")):
            named.setdefault(event["type"], set()).add((event["actor_kind"], event["actor_id"]))
    return named


async def _calls(sessions: Sessions, world: World) -> dict[str, Named]:
    rows = select(PlatformCall).where(PlatformCall.agency_id == world.north.agency_id)
    named: dict[str, Named] = {}
    async with sessions() as session:
        for call in await session.scalars(rows):
            named.setdefault(call.purpose, set()).add((call.actor_kind, call.actor_id))
    return named
