"""Which client a partner is: known by itself, made for it, or said by the agency."""

from collections.abc import Sequence
from typing import Any

import httpx2

from app.access.grants.models import Grant
from app.kit import clock
from simulator import seed
from tests.access.imports.scenes import Scene
from tests.tiktok import TikTokWorld


async def _client(api: httpx2.AsyncClient, name: str = "Lune (CRM)") -> str:
    made = await api.post("/clients", json={"name": name, "external_id": f"crm:{name}"})
    return str(made.json()["id"])


async def _imported(scene: Scene, tiktok: TikTokWorld) -> Any:
    """Maison Lune shares two ad accounts and a catalog; its partner."""
    await tiktok.share_by_hand(seed.MAISON_LUNE, seed.LUNE_EU, seed.LUNE_UK, seed.CATALOG_LUNE)
    await scene.connect()
    await scene.run()
    return next(partner for partner in await scene.partners() if partner.account_id == seed.MAISON_LUNE)


def _clients(grants: Sequence[Grant]) -> set[str]:
    return {grant.client_id for grant in grants}


async def test_linking_moves_what_was_found_and_removes_the_client_made_for_it(
    scene: Scene, tiktok: TikTokWorld, api: httpx2.AsyncClient
) -> None:
    partner = await _imported(scene, tiktok)
    shown = (await api.get("/partners", params={"only": "unlinked"})).json()["data"]
    assert [(each["id"], each["client_id"], each["shared"]) for each in shown] == [(partner.id, partner.client_id, 3)]
    client_id, before = await _client(api), clock.iso(clock.now())
    linked = await api.put(f"/partners/{partner.id}/client", json={"client_id": client_id})
    assert (linked.status_code, linked.json()["client_id"], linked.json()["linked"]) == (200, client_id, True)
    assert _clients(await scene.grants()) == {client_id}
    assert len((await api.get("/grants", params={"updated_since": before})).json()["data"]) == 3
    assert (await api.get(f"/clients/{partner.client_id}")).status_code == 404
    told = await scene.house.events(scene.corner)
    assert told[-2:] == ["client.removed", "partner.linked"]
    again = await api.put(f"/partners/{partner.id}/client", json={"client_id": client_id})
    assert again.json() == linked.json()
    assert (await scene.house.events(scene.corner))[-1] == "partner.linked"
    assert (await api.get("/partners", params={"only": "unlinked"})).json()["data"] == []
    ended = await scene.a_day_later()
    assert (ended.grants_found, ended.grants_ended, _clients(await scene.grants())) == (0, 0, {client_id})


async def test_taking_the_client_made_for_it_as_ones_own_keeps_it(
    scene: Scene, tiktok: TikTokWorld, api: httpx2.AsyncClient
) -> None:
    partner = await _imported(scene, tiktok)
    linked = await api.put(f"/partners/{partner.id}/client", json={"client_id": partner.client_id})
    assert (linked.status_code, linked.json()["linked"]) == (200, True)
    assert (await api.get(f"/clients/{partner.client_id}")).json()["origin"] == "found"


async def test_a_client_on_which_something_else_hangs_stays(
    scene: Scene, tiktok: TikTokWorld, api: httpx2.AsyncClient
) -> None:
    partner = await _imported(scene, tiktok)
    body = {"client_id": partner.client_id, "preset": "run-campaigns"}
    assert (await api.post("/links", json=body)).status_code == 201
    client_id = await _client(api)
    assert (await api.put(f"/partners/{partner.id}/client", json={"client_id": client_id})).status_code == 200
    assert (await api.get(f"/clients/{partner.client_id}")).status_code == 200
    assert _clients(await scene.grants()) == {client_id}


async def test_a_partner_whose_access_was_asked_for_is_known_and_stays_with_its_client(
    scene: Scene, tiktok: TikTokWorld, api: httpx2.AsyncClient
) -> None:
    north = scene.corner
    await scene.house.connect_client(north)
    await scene.connect()
    await scene.house.agree(north, seed.LUNE_EU)
    await scene.house.work(4)
    await tiktok.share_by_hand(seed.MAISON_LUNE, seed.LUNE_UK)
    ended = await scene.run()
    assert (ended.grants_found, await scene.found_clients()) == (1, [])
    grants = {grant.asset_id: (grant.origin, grant.client_id) for grant in await scene.grants()}
    assert grants == {seed.LUNE_EU: ("asked", north.client_id), seed.LUNE_UK: ("found", north.client_id)}
    (partner,) = await scene.partners()
    assert (partner.client_id, partner.linked) == (north.client_id, True)
    refused = await api.put(f"/partners/{partner.id}/client", json={"client_id": await _client(api)})
    assert (refused.status_code, refused.json()["code"]) == (409, "partner_requested_elsewhere")


async def test_a_partner_that_gives_access_on_a_link_later_becomes_that_client(
    scene: Scene, tiktok: TikTokWorld
) -> None:
    north, partner = scene.corner, await _imported(scene, tiktok)
    await scene.house.connect_client(north)
    await scene.house.agree(north, seed.LUNE_EU)
    await scene.house.work(4)
    ended = await scene.a_day_later()
    assert (ended.status, ended.grants_ended) == ("done", 0)
    live = {(grant.kind, grant.asset_id): grant for grant in await scene.grants("live")}
    assert len(live) == len(await scene.grants("live")) == 3
    assert _clients(list(live.values())) == {north.client_id}
    assert live["ad_account", seed.LUNE_EU].access_request_id is not None
    assert live["ad_account", seed.LUNE_UK].access_request_id is None
    assert await scene.found_clients() == []
    (now,) = await scene.partners()
    assert (now.id, now.client_id, now.linked) == (partner.id, north.client_id, True)


async def test_an_ask_for_what_was_found_takes_the_grant_over(
    scene: Scene, tiktok: TikTokWorld, api: httpx2.AsyncClient
) -> None:
    north, partner = scene.corner, await _imported(scene, tiktok)
    await api.put(f"/partners/{partner.id}/client", json={"client_id": north.client_id})
    (before,) = [grant for grant in await scene.grants() if grant.asset_id == seed.LUNE_EU]
    await scene.house.connect_client(north)
    await scene.house.agree(north, seed.LUNE_EU)
    await scene.house.work(4)
    (after,) = [grant for grant in await scene.grants() if grant.asset_id == seed.LUNE_EU]
    assert (after.id, after.origin, after.access_request_id is not None) == (before.id, "found", True)
    await tiktok.unshare_by_hand(seed.MAISON_LUNE, seed.LUNE_EU)
    ended = await scene.a_day_later()
    assert ended.grants_ended == 0  # an access request stands for it: its handshake says what became of it


async def test_what_was_found_is_taken_away_and_read_back(
    scene: Scene, tiktok: TikTokWorld, api: httpx2.AsyncClient
) -> None:
    partner = await _imported(scene, tiktok)
    grant = next(each for each in await scene.grants() if each.asset_id == seed.LUNE_UK)
    leaving = await api.post(f"/grants/{grant.id}/revocation")
    assert (leaving.status_code, leaving.json()["status"]) == (202, "revoking")
    await scene.house.work(2)
    ended = await scene.a_day_later()
    assert (ended.grants_found, ended.grants_ended) == (0, 0)
    assert (await api.get(f"/grants/{grant.id}")).json()["status"] == "revoking"
    refused = await api.put(f"/partners/{partner.id}/client", json={"client_id": await _client(api)})
    assert (refused.status_code, refused.json()["code"]) == (409, "partner_leaving")
    await tiktok.unshare_by_hand(seed.MAISON_LUNE, seed.LUNE_UK)
    await scene.house.work(2)
    assert (await api.get(f"/grants/{grant.id}")).json()["status"] == "ended"
    assert (await scene.house.events(scene.corner)).count("grant.revoked") == 1
    linked = await api.put(f"/partners/{partner.id}/client", json={"client_id": await _client(api)})
    assert linked.status_code == 200


async def test_two_business_centers_of_the_agency_know_a_partner_as_one_client(
    scene: Scene, tiktok: TikTokWorld, api: httpx2.AsyncClient
) -> None:
    body = {"name": "North Two", "members": {seed.NORA_NORTH: "ADMIN"}}
    made = await tiktok.http.post(f"{tiktok.address}/simulator/business-centers", json=body)
    second = str(made.json()["bc_id"])
    await api.post("/agency/accounts", json={"account_id": second, "name": "North Two"})
    await tiktok.share_by_hand(seed.MAISON_LUNE, seed.LUNE_EU)
    await tiktok.share_by_hand(seed.MAISON_LUNE, seed.LUNE_EU, seed.LUNE_UK, partner=second)
    await scene.connect()
    await scene.run()
    assert [each.status for each in await scene.imports()] == ["done", "done"]
    assert (len(await scene.partners()), len(await scene.found_clients()), len(await scene.grants())) == (2, 1, 3)
    client_id = await _client(api)
    await api.put(f"/partners/{(await scene.partners())[0].id}/client", json={"client_id": client_id})
    assert {(each.client_id, each.linked) for each in await scene.partners()} == {(client_id, True)}
    assert _clients(await scene.grants()) == {client_id}


async def test_neither_partner_nor_client_of_another_agency_can_be_named(
    scene: Scene, tiktok: TikTokWorld, api: httpx2.AsyncClient
) -> None:
    partner = await _imported(scene, tiktok)
    south = scene.house.world.south
    for path, client_id in ((partner.id, south.client_id), ("partner_zzz", partner.client_id)):
        answer = await api.put(f"/partners/{path}/client", json={"client_id": client_id})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    headers = {"Authorization": f"Bearer {south.key}"}
    assert (await api.get("/partners", headers=headers)).json()["data"] == []
    theirs = {"client_id": south.client_id}
    assert (await api.put(f"/partners/{partner.id}/client", json=theirs, headers=headers)).status_code == 404


async def test_a_partner_that_shares_nothing_is_listed_and_is_no_client(
    scene: Scene, tiktok: TikTokWorld, api: httpx2.AsyncClient
) -> None:
    await scene.crowd(2, accounts_each=0)
    await scene.connect()
    ended = await scene.run()
    assert (ended.partners_total, ended.partners_done, await scene.found_clients()) == (2, 2, [])
    shown = (await api.get("/partners")).json()["data"]
    assert [(each["client_id"], each["shared"]) for each in shown] == [(None, 0), (None, 0)]
