"""The agency's Business Centers on links: one is named where there are several, none is taken from under a link."""

import httpx2

from tests.world import NORTH_BC, World

OTHER = "7000111122223333444"


async def test_with_several_a_link_names_one(api: httpx2.AsyncClient) -> None:
    await api.post("/agency/accounts", json={"account_id": OTHER, "name": "North Two"})
    client = {"client": {"name": "Brand"}}
    unclear = (await api.post("/links", json=client)).json()
    assert unclear["errors"]["agency_account_ids"].endswith(f"{NORTH_BC} (North Agency), {OTHER} (North Two).")
    foreign = (await api.post("/links", json=client | {"agency_account_ids": {"tiktok": "7999999999999999999"}})).json()
    assert list(foreign["errors"]) == ["agency_account_ids"]
    named = await api.post("/links", json=client | {"agency_account_ids": {"tiktok": OTHER}})
    assert (named.status_code, named.json()["platforms"][0]["agency_account_id"]) == (201, OTHER)


async def test_one_that_living_links_name_stays(api: httpx2.AsyncClient, world: World) -> None:
    (center,) = (await api.get("/agency/accounts")).json()["data"]
    path = f"/agency/accounts/{center['id']}"
    public_link = (await api.post("/public-links", json={"preset": "prospect"})).json()
    refused = await api.delete(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "agency_account_in_use")
    assert refused.json()["detail"].startswith("1 active link and 1 public link ask")
    await api.post(f"/links/{world.north.link_id}/revocation")
    assert (await api.delete(path)).status_code == 409
    await api.post(f"/public-links/{public_link['id']}/revocation")
    assert (await api.delete(path)).status_code == 204
    assert (await api.get("/agency/accounts")).json()["data"] == []


async def test_events_carry_the_links_own_id(api: httpx2.AsyncClient) -> None:
    wish = {"client": {"name": "Brand", "external_id": "hubspot:1"}, "external_id": "deal:77"}
    link = (await api.post("/links", json=wish)).json()
    (event, *_) = (await api.get("/events", params={"subject_id": link["id"]})).json()["data"]
    assert (event["data"]["external_id"], event["data"]["link_external_id"]) == ("hubspot:1", "deal:77")
