"""Another role after the client's yes: wider waits for a new yes, less is removed, shared anew and read back."""

import httpx2
import pytest

from app.client_portal.service import choose_assets
from app.links.pasted_ids import SelectedAsset
from simulator import seed
from simulator.seed import LUNE_EU, LUNE_UK, MAISON_LUNE, NORTH_AGENCY
from tests.house import House, change_link

VERIFIED = ("verified", None)


async def _role(house: House) -> str | None:
    shares = (await house.tiktok.world())["shares"]
    mine = [each for each in shares if (each["bc_id"], each["partner_id"]) == (MAISON_LUNE, NORTH_AGENCY)]
    return next((each["role"] for each in mine if each["asset_id"] == LUNE_EU), None)


async def _ask_for(house: House, api: httpx2.AsyncClient, role: str, **more: str) -> httpx2.Response:
    (access_request,) = await house.access_requests(house.world.north)
    return await api.post(f"/access-requests/{access_request.id}/role", json={"role": role, **more})


async def test_less_than_agreed_is_removed_shared_anew_and_read_back(shared: House, api: httpx2.AsyncClient) -> None:
    answer = await _ask_for(shared, api, "ANALYST")
    assert (answer.status_code, answer.json()["status"], answer.json()["role_first"]) == (200, "approved", "OPERATOR")
    await shared.work()
    assert (await shared.statuses(shared.world.north), await _role(shared)) == ([VERIFIED], "ANALYST")
    assert "grant.role_changed" in await shared.events(shared.world.north)
    assert "grant.drifted" not in await shared.events(shared.world.north)


async def test_less_without_the_clients_connection_waits_for_the_client(house: House, api: httpx2.AsyncClient) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.agree(north, LUNE_EU)
    await house.work()
    await _ask_for(house, api, "ANALYST")
    await house.work(2)
    assert await house.statuses(north) == [("blocked", "role_higher_than_requested")]
    await house.connect_client(north)
    await house.work()
    assert (await house.statuses(north), await _role(house)) == ([VERIFIED], "ANALYST")


async def test_more_than_agreed_needs_a_reason_and_a_new_yes(shared: House, api: httpx2.AsyncClient) -> None:
    north = shared.world.north
    refused = await _ask_for(shared, api, "ADMIN")
    assert (refused.status_code, refused.json()["errors"].keys()) == (422, {"reason"})
    answer = await _ask_for(shared, api, "ADMIN", reason="To move the account to another time zone.")
    assert (answer.json()["status"], answer.json()["next_actor"]) == ("waiting", "client")
    await shared.work(2)
    assert (await shared.statuses(north), await _role(shared)) == ([("waiting", None)], "OPERATOR")
    await shared.agree(north, LUNE_EU)
    await shared.work()
    assert (await shared.statuses(north), await _role(shared)) == ([VERIFIED], "ADMIN")


async def test_an_unknown_role_is_refused_with_those_there_are(shared: House, api: httpx2.AsyncClient) -> None:
    answer = await _ask_for(shared, api, "OWNER", reason="Why not.")
    assert answer.status_code == 422
    assert "`OPERATOR`" in answer.json()["errors"]["role"]


async def test_the_calls_a_link_took_are_counted(shared: House, api: httpx2.AsyncClient) -> None:
    answer = await api.get(f"/links/{shared.world.north.link_id}/platform-calls")
    counted = answer.json()
    assert counted["total"] == sum(counted["by_operation"].values())
    assert counted["by_operation"]["bc/partner/add"] == 1
    assert seed.NORTH_AGENCY not in answer.text


@pytest.mark.parametrize("chosen", [(LUNE_UK,), (LUNE_EU, LUNE_UK), ()], ids=["another", "one more", "none"])
async def test_choosing_anew_keeps_the_access_request_of_what_is_shared_already(
    shared: House, api: httpx2.AsyncClient, chosen: tuple[str, ...]
) -> None:
    """The client is back at the list because a wider role waits for its yes; what it shares stays accounted for."""
    north = shared.world.north
    await _ask_for(shared, api, "ADMIN", reason="To move the account to another time zone.")
    async with change_link(shared.tools.sessions, north) as (session, link):
        await choose_assets(session, link, "tiktok", "ad_account", [SelectedAsset(each) for each in chosen])
    access_requests = {
        access_request.asset_id: (access_request.status, access_request.role)
        for access_request in await shared.access_requests(north)
    }
    assert access_requests[LUNE_EU] == ("waiting", "ADMIN")
    assert access_requests.keys() == {LUNE_EU, *chosen}
