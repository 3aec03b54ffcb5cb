"""Presets over HTTP: Keyturn's own and the agency's, of which no version is ever changed."""

import asyncio
from typing import Any

import httpx2
from starlette.routing import Route

from app import routes
from app.links.own_platforms.schemas import EXAMPLE
from app.links.presets.validation import RESERVED
from tests.world import World

ASK = {"kind": "ad_account", "role": "ADMIN", "reason": "To move the account."}
MINE = {"slug": "mine", "name": "Mine", "sentence": "A sentence.", "access_requests": [ASK], "screens": ["contacts"]}
BODY = {name: value for name, value in MINE.items() if name != "slug"}


async def made(api: httpx2.AsyncClient, **changed: Any) -> httpx2.Response:
    return await api.post("/presets", json=MINE | changed)


async def test_keyturns_own_come_first(api: httpx2.AsyncClient) -> None:
    await made(api)
    listed = (await api.get("/presets")).json()["data"]
    assert [(each["slug"], each["built_in"]) for each in listed][-1] == ("mine", False)
    assert {each["slug"] for each in listed[:-1]} >= {"run-campaigns", "prospect"}
    preset = (await api.get("/presets/run-campaigns")).json()
    assert (preset["version"], preset["access_requests"][0]["role"]) == (1, "OPERATOR")
    assert (await api.get("/presets/none")).status_code == 404


async def test_full_control_is_pointed_out(api: httpx2.AsyncClient) -> None:
    assert (await made(api)).json()["access_requests"][0]["wider_than_usual"] is True
    link = (await api.post("/links", json={"client": {"name": "B"}, "preset": "mine"})).json()
    assert link["access_requests"][0]["wider_than_usual"] is True


async def test_a_link_keeps_the_version_it_was_made_with(api: httpx2.AsyncClient) -> None:
    question = {"key": "why", "kind": "text", "label": "Why?"}
    first = (await made(api)).json()
    link = (await api.post("/links", json={"client": {"name": "B"}, "preset": "mine"})).json()
    second = await api.put("/presets/mine", json=BODY | {"questions": [question]})
    again = await api.put("/presets/mine", json=BODY | {"questions": [question]})
    assert (first["version"], second.json()["version"], again.json()["version"]) == (1, 2, 2)
    assert (await api.get(f"/links/{link['id']}")).json()["answers"] == []
    assert (await api.get("/presets/mine", params={"version": 1})).json()["questions"] == []
    newer = (await api.post("/links", json={"client": {"name": "C"}, "preset": "mine"})).json()
    assert (newer["preset_version"], newer["answers"][0]["key"]) == (2, "why")


async def test_an_archived_preset_makes_no_links_and_can_come_back(api: httpx2.AsyncClient) -> None:
    await made(api)
    link = (await api.post("/links", json={"client": {"name": "B"}, "preset": "mine"})).json()
    assert (await api.delete("/presets/mine")).status_code == 204
    assert (await api.delete("/presets/mine")).status_code == 404
    assert (await api.put("/presets/mine", json=BODY)).status_code == 404
    refused = await api.post("/links", json={"client": {"name": "B"}, "preset": "mine"})
    assert refused.json()["code"] == "preset_unknown"
    assert (await api.get(f"/links/{link['id']}")).status_code == 200
    assert (await made(api)).json()["version"] == 2


async def test_archived_presets_are_listed_apart_and_restored(api: httpx2.AsyncClient, world: World) -> None:
    theirs = {"Authorization": f"Bearer {world.south.key}"}
    await made(api)
    await api.delete("/presets/mine")
    assert [each["slug"] for each in (await api.get("/presets?archived=true")).json()["data"]] == ["mine"]
    assert (await api.get("/presets?archived=true", headers=theirs)).json()["data"] == []
    assert (await api.post("/presets/mine/restoration", headers=theirs)).status_code == 404
    assert (await api.post("/presets/prospect/restoration")).json()["code"] == "preset_built_in"
    for _twice in range(2):
        assert (await api.post("/presets/mine/restoration")).json()["version"] == 1
    assert (await api.get("/presets?archived=true")).json()["data"] == []
    assert (await api.post("/links", json={"client": {"name": "B"}, "preset": "mine"})).status_code == 201
    # what it requests has to be possible still
    ask = {"platform": "own_snaps", "kind": "custom", "role": "AS_WRITTEN", "reason": "To run ads."}
    await api.post("/own-platforms", json={"key": "own_snaps", **EXAMPLE})
    assert (await made(api, slug="snaps", access_requests=[ask])).status_code == 201
    for path in ("/presets/snaps", "/own-platforms/own_snaps"):
        assert (await api.delete(path)).status_code == 204
    refused = await api.post("/presets/snaps/restoration")
    assert list(refused.json()["errors"]) == ["access_requests.0.platform"]


async def test_no_slug_is_a_fixed_part_of_an_address(api: httpx2.AsyncClient) -> None:
    paths = [route.path for group in ("api", "pages") for route in routes.served(group) if isinstance(route, Route)]
    rooms = ("/api/v1/presets/", "/desk/presets/")
    parts = {path.removeprefix(room).partition("/")[0] for room in rooms for path in paths if path.startswith(room)}
    assert parts - {"{slug}"} == RESERVED
    for slug in RESERVED:
        assert list((await made(api, slug=slug)).json()["errors"]) == ["slug"]


async def test_refusals(api: httpx2.AsyncClient) -> None:
    await made(api)
    assert (await made(api)).json()["code"] == "preset_taken"
    assert (await made(api, slug="prospect")).json()["code"] == "preset_built_in"
    assert (await api.delete("/presets/prospect")).json()["code"] == "preset_built_in"
    wrong = (await made(api, slug="other", access_requests=[ASK | {"kind": "billing"}, ASK | {"role": "KING"}])).json()
    assert set(wrong["errors"]) == {"access_requests.0.kind", "access_requests.1.role"}
    unreasoned = (await made(api, slug="other", access_requests=[{"kind": "ad_account", "role": "ANALYST"}])).json()
    assert unreasoned["errors"] == {"access_requests.0.reason": "This is needed."}


async def test_two_at_once_make_one_version_each(api: httpx2.AsyncClient) -> None:
    await made(api)
    bodies = [BODY | {"name": f"Name {each}"} for each in range(4)]
    answers = await asyncio.gather(*(api.put("/presets/mine", json=body) for body in bodies))
    assert sorted(answer.json()["version"] for answer in answers) == [2, 3, 4, 5]


async def test_the_other_agency_sees_none_of_it(api: httpx2.AsyncClient, world: World) -> None:
    await made(api)
    theirs = {"Authorization": f"Bearer {world.south.key}"}
    assert (await api.get("/presets/mine", headers=theirs)).status_code == 404
    assert (await api.get("/presets/mine", params={"version": 1}, headers=theirs)).status_code == 404
    assert (await api.put("/presets/mine", json=BODY, headers=theirs)).status_code == 404
    assert (await api.delete("/presets/mine", headers=theirs)).status_code == 404
    assert (await api.post("/presets", json=MINE, headers=theirs)).json()["version"] == 1
