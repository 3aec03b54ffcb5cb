"""Refusals, dead tokens, a platform that is away, and access that changes behind our back."""

import httpx2

from app.access.reconciler.imports import MOST_TRIES, priority_of
from app.platforms.port import Priority
from simulator import seed
from tests.access.imports.scenes import Scene
from tests.tiktok import TikTokWorld

SHARES = "bc/partner/asset/get/"


async def test_one_partner_that_cannot_be_read_does_not_stop_the_others_and_is_told(
    scene: Scene, tiktok: TikTokWorld, api: httpx2.AsyncClient
) -> None:
    await scene.crowd(6)
    await scene.connect()
    await scene.turn()  # the list
    await tiktok.fault(SHARES, code=40001, message="No permission to operate")
    ended = await scene.run()
    assert (ended.status, ended.partners_done, ended.grants_found) == ("done", 6, 5)
    told = (await api.get(f"/imports/{ended.id}")).json()
    assert (told["partners_refused"], told["code"]) == (1, None)
    (refused,) = told["refused"]
    assert (refused["code"], refused["platform_code"], refused["platform_message"]) == (
        "partner_refused", 40001, "No permission to operate",
    )  # fmt: skip
    assert refused["platform_request_id"]
    assert "tried again with the next import" in refused["hint"]
    again = await scene.a_day_later()
    assert (again.grants_found, len(await scene.grants("live"))) == (1, 6)
    assert (await api.get(f"/imports/{again.id}")).json()["refused"] == []


async def test_a_refused_read_of_what_was_found_is_not_taken_for_gone(scene: Scene, tiktok: TikTokWorld) -> None:
    await scene.crowd(3)
    await scene.connect()
    await scene.run()
    await tiktok.fault(SHARES, code=40001, times=6)
    ended = await scene.a_day_later()
    assert (ended.status, ended.grants_ended, len(await scene.grants("live"))) == ("done", 0, 3)


async def test_a_dead_token_ends_it_with_one_hint_and_connecting_starts_the_next(
    scene: Scene, tiktok: TikTokWorld, api: httpx2.AsyncClient
) -> None:
    await scene.crowd(5)
    await scene.connect()
    await scene.turn()
    await tiktok.withdraw(seed.NORA_NORTH)
    ended = await scene.run()
    assert (ended.status, ended.code, ended.platform_code) == ("failed", "connection_dead", 40105)
    assert ended.platform_request_id
    told = await scene.house.events(scene.corner)
    assert (told.count("connection.token_invalid"), told.count("import.failed")) == (1, 1)
    assert "POST /api/v1/connections/invitations" in (await api.get(f"/imports/{ended.id}")).json()["hint"]
    refused = await api.post("/imports", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "agency_not_connected")
    assert (await scene.a_day_later()).id == ended.id  # nothing is watched without a token
    await scene.connect()
    again = await scene.run()
    assert (again.id != ended.id, again.status, again.grants_found) == (True, "done", 5)


async def test_a_dead_token_at_the_first_call(scene: Scene, tiktok: TikTokWorld) -> None:
    await scene.connect()
    await tiktok.withdraw(seed.NORA_NORTH)
    ended = await scene.run()
    assert (ended.status, ended.code, ended.partners_total) == ("failed", "connection_dead", None)


async def test_too_many_calls_and_lost_answers_delay_and_lose_nothing(scene: Scene, tiktok: TikTokWorld) -> None:
    await scene.crowd(4)
    await scene.connect()
    await tiktok.fault("bc/partner/get/", http_status=502, times=2)
    await tiktok.fault(SHARES, drop=True, times=3)
    await tiktok.fault(SHARES, code=51010, times=2)
    ended = await scene.run()
    assert (ended.status, ended.partners_done, ended.catalogs_done, ended.grants_found) == ("done", 4, 4, 4)
    assert ended.code is None


async def test_a_partner_that_never_answers_is_given_up_until_the_next_import(
    scene: Scene, tiktok: TikTokWorld
) -> None:
    await scene.crowd(1)
    await scene.connect()
    await scene.turn()
    await tiktok.fault(SHARES, code=51010, times=MOST_TRIES)
    ended = await scene.run()
    assert (ended.status, ended.partners_done, ended.grants_found) == ("done", 1, 0)
    (partner,) = await scene.partners()
    assert (partner.code, partner.platform_code) == ("platform_unavailable", 51010)
    assert (await scene.a_day_later()).grants_found == 1


async def test_what_changes_behind_our_back_is_seen_the_next_day(scene: Scene, tiktok: TikTokWorld) -> None:
    first, second = seed.BRAND_FR_ACCOUNTS
    await tiktok.share_by_hand(seed.BRAND_FR, first, second, role="ANALYST")
    await tiktok.share_by_hand(seed.MAISON_LUNE, seed.LUNE_EU, seed.CATALOG_LUNE)
    await scene.connect()
    await scene.run()
    await tiktok.unshare_by_hand(seed.BRAND_FR, first)
    await tiktok.change_role_by_hand(seed.BRAND_FR, second, role="ADMIN")
    await tiktok.share_by_hand(seed.BRAND_DE, seed.BRAND_DE_ACCOUNTS[0])
    await tiktok.part_by_hand(seed.MAISON_LUNE)
    ended = await scene.a_day_later()
    assert (ended.reason, ended.partners_total, ended.grants_found, ended.grants_ended, ended.roles_changed) == (
        "watch", 2, 1, 3, 1,
    )  # fmt: skip
    assert {(grant.asset_id, grant.role) for grant in await scene.grants("live")} == {
        (second, "ADMIN"), (seed.BRAND_DE_ACCOUNTS[0], "OPERATOR"),
    }  # fmt: skip
    told = await scene.house.events(scene.corner)
    assert [told.count(f"grant.{word}") for word in ("found", "revoked", "role_changed")] == [5, 3, 1]
    gone = {partner.account_id for partner in await scene.partners() if partner.gone_at}
    assert gone == {seed.MAISON_LUNE}
    third = await scene.a_day_later()
    assert (third.grants_found, third.grants_ended, third.roles_changed) == (0, 0, 0)


async def test_a_partner_missing_from_one_list_is_read_before_anything_is_said_to_be_gone(
    scene: Scene, tiktok: TikTokWorld, monkeypatch: object
) -> None:
    """TikTok's list is not believed against what it still shows as shared."""
    await scene.crowd(2)
    await scene.connect()
    await scene.run()
    platform = scene.house.tools.platforms.connected("tiktok").partnerships
    assert platform is not None
    listed = type(platform).partners

    async def one_short(*given: object, **named: object) -> object:
        return (await listed(*given, **named))[1:]  # type: ignore[arg-type]

    monkeypatch.setattr(type(platform), "partners", one_short)  # type: ignore[attr-defined]
    ended = await scene.a_day_later()
    assert (ended.partners_total, ended.grants_ended, len(await scene.grants("live"))) == (1, 0, 2)
    assert [partner.gone_at for partner in await scene.partners()] == [None, None]


async def test_names_of_odd_characters(scene: Scene, tiktok: TikTokWorld) -> None:
    name = "Ünï\tcödé 🌙 <b>&\x0b" + "x" * 300
    made = await tiktok.http.post(f"{tiktok.address}/simulator/business-centers", json={"name": name})
    assert made.is_success, made.text
    account_id = made.json()["bc_id"]
    wish = {"asset_type": "ADVERTISER", "name": "\x00A\nB", "owner_bc_id": account_id}
    asset = (await tiktok.http.post(f"{tiktok.address}/simulator/assets", json=wish)).json()["asset_id"]
    await tiktok.share_by_hand(account_id, asset)
    await scene.connect()
    ended = await scene.run()
    (client,) = await scene.found_clients()
    (grant,) = await scene.grants()
    assert (ended.status, client.name, grant.asset_name) == (
        "done",
        ("Ünï cödé 🌙 <b>& " + "x" * 300)[:200],
        "\ufffdA B",
    )


def test_watches_do_not_take_the_calls_of_those_who_wait() -> None:
    given = {reason: priority_of(reason, Priority.HANDSHAKE) for reason in ("connected", "asked", "watch")}
    assert given == {"connected": Priority.HANDSHAKE, "asked": Priority.HANDSHAKE, "watch": Priority.BACKGROUND}
