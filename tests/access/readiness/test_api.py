"""The list as the agency reads it: before the link is sent, as the client answers, and after TikTok was read."""

from typing import Any

import httpx2

from app.access.readiness import service
from app.access.readiness.checks import ReadinessReply
from app.kit.database import Sessions
from app.links.pasted_ids import SelectedAsset
from simulator import seed
from tests.house import House, change_link
from tests.world import Corner, World


async def _read(api: httpx2.AsyncClient, corner: Corner) -> dict[str, Any]:
    answer = await api.get(f"/links/{corner.link_id}/readiness")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _items(read: dict[str, Any]) -> dict[str, Any]:
    return {item["key"]: item for item in read["items"]}


async def test_before_anything_is_sent_nothing_is_guessed_and_each_thing_has_a_hint(
    api: httpx2.AsyncClient, world: World
) -> None:
    read = await _read(api, world.north)
    assert (read["blocked"], read["passed"], read["to_do"]) == (False, 0, 0)
    assert read["cannot_tell"] == len(read["items"]) >= 11
    assert all(item["hint"] and item["source"] is None for item in read["items"])


async def test_the_clients_word_is_kept_with_name_and_moment_and_can_change(
    api: httpx2.AsyncClient, world: World, sessions: Sessions
) -> None:
    corner = world.north
    for words, by in (
        ({"two_factor": ReadinessReply("later")}, "Ana Client"),
        (
            {
                "two_factor": ReadinessReply("yes"),
                "payment": ReadinessReply("plan", "Head office pays, invoices to Lea"),
            },
            "Lea Boss",
        ),
        ({"two_factor": ReadinessReply("yes")}, "Somebody Else"),
    ):
        async with sessions.begin() as session:
            known = await service.statements(session, corner.agency_id, corner.link_id)
            service.save_replies(session, corner.agency_id, corner.link_id, words, by=by, known=known)
    items = _items(await _read(api, corner))
    two_factor, payment = items["two_factor"], items["payment"]
    assert (two_factor["status"], two_factor["source"], two_factor["answered_by"]) == ("pass", "client", "Lea Boss")
    assert two_factor["answered_at"] == two_factor["since"]
    assert (payment["answer"], payment["note"]) == ("plan", "Head office pays, invoices to Lea")


async def test_what_the_client_connected_is_read_by_machine(
    api: httpx2.AsyncClient, house: House, world: World, sessions: Sessions
) -> None:
    corner = world.north
    await house.connect_client(corner)
    async with change_link(sessions, corner) as (_, link):
        link.choose_account("tiktok", seed.MAISON_LUNE, "Maison Lune")
        link.choose_assets("tiktok", "ad_account", [SelectedAsset(seed.LUNE_EU)])
        link.save_intake(markets=["FR"])
    items = _items(await _read(api, corner))
    for key, seen in (("business_center", ["Maison Lune"]), ("verification", []), ("ad_account", ["Maison Lune EU"]),
                      ("currency", ["EUR"]), ("time_zone", ["Europe/Paris"])):  # fmt: skip
        assert (items[key]["status"], items[key]["source"], items[key]["seen"]) == ("pass", "platform", seen), items[
            key
        ]
    async with change_link(sessions, corner) as (_, link):
        link.save_intake(markets=["US"])
    unusual = _items(await _read(api, corner))["currency"]
    assert (unusual["status"], unusual["code"], unusual["blocks"]) == ("to_do", "unusual_currency", False)
    assert "cannot be changed later" in unusual["hint"]


async def test_the_agency_sees_nothing_of_what_the_client_has_not_selected(
    api: httpx2.AsyncClient, house: House, world: World, sessions: Sessions
) -> None:
    corner = world.north
    await house.connect_client(corner)
    items = _items(await _read(api, corner))
    assert {key: item["seen"] for key, item in items.items() if item["seen"]} == {}
    async with change_link(sessions, corner) as (session, link):
        shown = {item.key: item.verdict.seen for item in await service.of_link(session, link)}
    assert shown["ad_account"], "the client does see it"


async def test_an_account_of_another_owner_blocks(
    api: httpx2.AsyncClient, house: House, world: World, sessions: Sessions
) -> None:
    corner = world.north
    await house.connect_client(corner, seed.MIXED_MILO)
    async with change_link(sessions, corner) as (_, link):
        link.choose_account("tiktok", seed.COMPTOIR_MIXTE, None)
        link.choose_assets("tiktok", "ad_account", [SelectedAsset(seed.SOUTH_ACCOUNT)])
    read = await _read(api, corner)
    account = _items(read)["ad_account"]
    assert (read["blocked"], account["code"], account["blocks"]) == (True, "asset_owned_elsewhere", True)
