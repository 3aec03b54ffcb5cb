"""Imports over HTTP and on the command line."""

import httpx2
import pytest

from simulator import seed
from tests.access.imports.scenes import Scene
from tests.tiktok import TikTokWorld


async def test_progress_is_shown_while_it_runs(scene: Scene, api: httpx2.AsyncClient) -> None:
    await scene.crowd(30)
    await scene.connect()
    (started,) = (await api.get("/imports")).json()["data"]
    assert (started["status"], started["partners_total"], started["reason"]) == ("running", None, "connected")
    seen = []
    while await scene.turn():
        shown = (await api.get(f"/imports/{started['id']}")).json()
        seen.append((shown["partners_total"], shown["partners_done"], shown["catalogs_done"]))
    assert seen[0] == (30, 0, 0)
    assert seen[-1] == (30, 30, 30)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    assert any(0 < done < 30 for _, done, _ in seen)
    assert shown["status"] == "done"


async def test_asking_again_gives_the_one_that_runs_and_later_a_new_one(scene: Scene, api: httpx2.AsyncClient) -> None:
    await scene.crowd(1)
    await scene.connect()
    (first,) = (await api.post("/imports", json={})).json()["data"]
    again = await api.post("/imports", json={"agency_account_id": scene.corner.account_id})
    assert (again.status_code, [each["id"] for each in again.json()["data"]]) == (202, [first["id"]])
    await scene.run()
    (second,) = (await api.post("/imports", json={})).json()["data"]
    assert second["id"] != first["id"]
    assert second["reason"] == "asked"
    await scene.run()
    due = [each.id for each in await scene.imports() if each.due_at]
    assert due == [second["id"]]  # only the newest looks again


@pytest.mark.parametrize("account_id", ["7111222233334444555", "nonsense"])
async def test_only_a_business_center_that_can_be_read_is_imported(
    scene: Scene, api: httpx2.AsyncClient, account_id: str
) -> None:
    await scene.connect()
    refused = await api.post("/imports", json={"agency_account_id": account_id})
    assert (refused.status_code, refused.json()["code"]) == (409, "agency_account_not_administered")


async def test_without_a_connection_there_is_nothing_to_read_with(api: httpx2.AsyncClient) -> None:
    refused = await api.post("/imports", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "agency_not_connected")
    assert "POST /api/v1/connections/invitations" in refused.json()["hint"]


async def test_whoever_administers_no_business_center_of_the_agency_starts_none(
    scene: Scene, tiktok: TikTokWorld
) -> None:
    await scene.house.connect_agency(scene.corner, seed.BUYER_BO, ticked=[])
    assert await scene.imports() == []


async def test_lists_page(scene: Scene, api: httpx2.AsyncClient) -> None:
    await scene.crowd(5)
    await scene.connect()
    await scene.run()
    ids: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/partners", params=params)).json()
        ids += [each["id"] for each in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(set(ids)) == len(ids) == 5
    one = (await api.get(f"/partners/{ids[0]}")).json()
    assert (one["shared"], one["linked"], one["name"][:8]) == (1, False, "Partner ")
    assert (await api.get("/partners", params={"only": "linked"})).json()["data"] == []
    assert (await api.get("/partners", params={"only": "all"})).status_code == 422
