"""Links over HTTP: ordered once, told whole, their address kept to those who may see it."""

import asyncio
from datetime import timedelta

import httpx2

from app.kit import clock
from tests.world import World


async def events(api: httpx2.AsyncClient, link_id: str) -> list[str]:
    """What happened to a link, oldest first."""
    found = (await api.get("/events", params={"subject_id": link_id})).json()["data"]
    return [event["type"] for event in reversed(found)]


async def test_a_new_link_comes_with_its_address_and_counts_as_sent(
    api: httpx2.AsyncClient, browser: httpx2.AsyncClient
) -> None:
    made = await api.post("/links", json={"client": {"name": "Brand SA", "external_id": "hubspot:1"}})
    link = made.json()
    assert (made.status_code, link["status"], link["next_actor"]) == (201, "sent", "client")
    assert link["address"].startswith("https://go.keyturn.example/north/brand-sa/")
    assert link["client"]["external_id"] == "hubspot:1"
    assert link["assets"] == {"total": 1, "verified": 0, "blocked": 0}
    assert [
        (access_request["kind"], access_request["role"], access_request["status"])
        for access_request in link["access_requests"]
    ] == [("ad_account", "OPERATOR", "waiting")]
    assert await events(api, link["id"]) == ["link.created", "link.sent"]
    page = await browser.get(link["address"])
    assert (page.status_code, "North Agency" in page.text) == (200, True)


async def test_a_known_external_id_gives_the_existing_link_without_its_address(api: httpx2.AsyncClient) -> None:
    wish = {"client": {"name": "Brand"}, "external_id": "deal:7"}
    first, again = await api.post("/links", json=wish), await api.post("/links", json=wish)
    assert (first.status_code, again.status_code) == (201, 200)
    assert (again.json()["id"], again.json()["address"]) == (first.json()["id"], None)
    found = (await api.get("/links", params={"external_id": "deal:7"})).json()["data"]
    assert [link["id"] for link in found] == [first.json()["id"]]
    assert len((await api.get("/clients")).json()["data"]) == 2


async def test_two_at_once_make_one_link_and_one_client(api: httpx2.AsyncClient) -> None:
    wish = {"client": {"name": "Brand"}, "external_id": "deal:7"}
    answers = await asyncio.gather(*(api.post("/links", json=wish) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len((await api.get("/clients")).json()["data"]) == 2


async def test_a_link_is_for_one_client(api: httpx2.AsyncClient, world: World) -> None:
    for body in ({}, {"client": {"name": "x"}, "client_id": world.north.client_id}):
        answer = await api.post("/links", json=body)
        assert answer.json()["errors"] == {"body": "Give either client_id or client."}
    theirs = await api.post("/links", json={"client_id": world.south.client_id})
    assert theirs.status_code == 404
    mine = await api.post("/links", json={"client_id": world.north.client_id, "requested_by": "Zoë"})
    assert (mine.status_code, mine.json()["requested_by"]) == (201, "Zoë")


async def test_wishes_that_cannot_be(api: httpx2.AsyncClient, world: World) -> None:
    client = {"client_id": world.north.client_id}
    preset = await api.post("/links", json=client | {"preset": "none"})
    assert (preset.status_code, preset.json()["code"]) == (422, "preset_unknown")
    for days in (-1, 91):
        late = (clock.now() + timedelta(days=days)).isoformat()
        answer = await api.post("/links", json=client | {"expires_at": late})
        assert list(answer.json()["errors"]) == ["expires_at"]
    await api.post(f"/links/{world.north.link_id}/revocation")
    for center in (await api.get("/agency/accounts")).json()["data"]:
        assert (await api.delete(f"/agency/accounts/{center['id']}")).status_code == 204
    answer = await api.post("/links", json=client)
    assert (answer.status_code, answer.json()["code"]) == (409, "agency_account_missing")


async def test_the_address_can_be_seen_again_and_each_look_is_recorded(api: httpx2.AsyncClient, world: World) -> None:
    path = f"/links/{world.north.link_id}"
    assert (await api.get(path)).json()["next_actor"] == "agency"
    shown = [(await api.get(f"{path}/address")).json()["address"] for _ in range(2)]
    assert shown == [f"https://go.keyturn.example{world.north.link_path}"] * 2
    shown_events = ["link.created", "link.address_shown", "link.sent", "link.address_shown"]
    assert await events(api, world.north.link_id) == shown_events
    assert (await api.get(path)).json()["status"] == "sent"


async def test_lists_filter(api: httpx2.AsyncClient, world: World) -> None:
    sent = (await api.post("/links", json={"client": {"name": "Brand"}})).json()
    for params, wanted in (
        ({"status": "sent"}, [sent["id"]]),
        ({"status": "draft"}, [world.north.link_id]),
        ({"client_id": world.north.client_id}, [world.north.link_id]),
        ({"updated_since": sent["updated_at"]}, [sent["id"]]),
        ({}, [sent["id"], world.north.link_id]),
    ):
        found = (await api.get("/links", params=params)).json()["data"]
        assert [link["id"] for link in found] == wanted, params
