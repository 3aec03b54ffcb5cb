"""The loop against the simulated TikTok over HTTP: what is true there ends up here, with its evidence."""

import pytest

from app.access.connections import service as connections
from app.access.connections.oauth_flow import ExchangeOutcome
from app.access.grants import service as grants
from simulator import seed
from tests.house import House

VERIFIED = ("verified", None)
LUNE = (seed.LUNE_EU, seed.LUNE_UK, seed.LUNE_US)


async def test_connected_lane_shares_once_and_proves_by_the_agencys_token(house: House) -> None:
    north = house.world.north
    assert await house.connect_agency(north) is ExchangeOutcome.CONNECTED
    assert await house.connect_client(north) is ExchangeOutcome.CONNECTED
    await house.agree(north, *LUNE)
    await house.work()
    access_requests = await house.access_requests(north)
    assert [
        (access_request.status, access_request.role_seen, access_request.seen_by) for access_request in access_requests
    ] == [("verified", "OPERATOR", "agency")] * 3
    calls = await house.tiktok.calls()
    assert calls["by_path"]["bc/partner/add/"] == 1
    assert calls["second_shares"] == 0
    assert (await house.events(north))[-2:] == ["link.completed", "connection.revoked"]
    (share,) = await house.platform_calls(north, "share")
    assert (share.outcome, share.code, share.operation) == ("ok", 0, "bc/partner/add")
    assert share.platform_request_id
    assert sorted(share.request["asset_ids"]) == sorted(LUNE)


async def test_the_clients_token_is_given_back_and_forgotten_once_all_is_verified(house: House) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.agree(north, seed.LUNE_EU)
    await house.work()
    async with house.tools.sessions() as session:
        (client,) = [
            each for each in await connections.page(session, north.agency_id, limit=9) if each.side == "client"
        ]
    assert (client.status, client.token_encrypted) == ("revoked", None)
    assert (await house.tiktok.calls())["by_path"]["oauth2/revoke_token/"] == 1


async def test_without_an_agency_token_the_clients_own_list_is_no_proof(house: House) -> None:
    north = house.world.north
    await house.connect_client(north)
    await house.agree(north, seed.LUNE_EU)
    await house.work()
    (access_request,) = await house.access_requests(north)
    assert (access_request.status, access_request.next_actor, access_request.seen_by) == (
        "unverifiable",
        "agency",
        "client",
    )


async def test_waits_for_the_agency_to_accept_and_does_not_share_again(house: House) -> None:
    north = house.world.north
    await house.tiktok.switch(partner_approval=True)
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.agree(north, *LUNE)
    await house.work()
    assert {
        (access_request.status, access_request.next_actor) for access_request in await house.access_requests(north)
    } == {("awaiting_partner", "agency")}
    await house.tiktok.approve(seed.MAISON_LUNE)
    await house.work(2)
    assert set(await house.statuses(north)) == {VERIFIED}
    assert (await house.tiktok.calls())["by_path"]["bc/partner/add/"] == 1


async def test_guided_lane_is_verified_by_the_agencys_token_after_the_client_shared_by_hand(
    house: House,
) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.agree(north, seed.LUNE_EU, lane="guided")
    await house.work()
    assert await house.statuses(north) == [("awaiting_client", None)]
    await house.tiktok.share_by_hand(seed.MAISON_LUNE, seed.LUNE_EU)
    await house.check_now(north)
    await house.work(1)
    assert await house.statuses(north) == [VERIFIED]
    assert "bc/partner/add/" not in (await house.tiktok.calls())["by_path"]


async def test_a_role_given_too_low_or_too_high_by_hand_is_not_green(house: House) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.agree(north, seed.LUNE_EU, seed.LUNE_UK, lane="guided")
    await house.tiktok.share_by_hand(seed.MAISON_LUNE, seed.LUNE_EU, role="ANALYST")
    await house.tiktok.share_by_hand(seed.MAISON_LUNE, seed.LUNE_UK, role="ADMIN")
    await house.work(2)
    assert await house.statuses(north) == [
        ("blocked", "role_too_low"),
        ("blocked", "role_higher_than_requested"),
    ]


async def test_more_than_fifty_accounts_are_seen_on_all_pages_and_shared_in_batches(house: House) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.connect_client(north, seed.BIG_BEA)
    await house.agree(north, *seed.BIG_ACCOUNTS, account_id=seed.BIG_RETAIL)
    await house.work(8)
    assert await house.statuses(north) == [VERIFIED] * 120
    calls = await house.tiktok.calls()
    assert (calls["by_path"]["bc/partner/add/"], calls["second_shares"]) == (3, 0)


@pytest.mark.parametrize(
    "fault", [{"lost": True}, {"code": 50000, "applied": True}, {"http_status": 502, "applied": True}]
)
async def test_an_answer_lost_after_the_write_is_looked_for_not_repeated(
    house: House, fault: dict[str, object]
) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.agree(north, seed.LUNE_EU)
    await house.tiktok.fault("bc/partner/add/", **fault)
    await house.work()
    assert await house.statuses(north) == [VERIFIED]
    assert (await house.tiktok.calls())["second_shares"] == 0
    assert [each.outcome for each in await house.platform_calls(north, "share")] == ["unclear"]


@pytest.mark.parametrize("code", [40016, 40100, 40133, 40202])
async def test_too_often_is_waited_out(house: House, code: int) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.agree(north, seed.LUNE_EU)
    await house.tiktok.fault("*", code=code, times=3)
    await house.work(8)
    assert await house.statuses(north) == [VERIFIED]


@pytest.mark.parametrize(
    ("code", "blocker", "actor"),
    [(40001, "not_bc_admin", "client"), (40105, "connection_dead", "client"), (40113, "app_problem", "agency"),
     (40300, "asset_not_found", "client"), (41000, "app_problem", "agency")],
)  # fmt: skip
async def test_a_refused_share_blocks_with_its_reason_until_somebody_acts(
    house: House, code: int, blocker: str, actor: str
) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.agree(north, seed.LUNE_EU)
    await house.tiktok.fault("bc/partner/add/", code=code)
    await house.work()
    (access_request,) = await house.access_requests(north)
    assert (access_request.status, access_request.code, access_request.next_actor) == ("blocked", blocker, actor)
    (share,) = await house.platform_calls(north, "share")
    assert (share.code, share.blocker) == (code, blocker)
    assert "access.blocked" in await house.events(north)


async def test_after_a_refusal_check_now_tries_again(house: House) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.agree(north, seed.LUNE_EU)
    await house.tiktok.fault("bc/partner/add/", code=40001)
    await house.work()
    await house.check_now(north)
    await house.work()
    assert await house.statuses(north) == [VERIFIED]


async def test_a_connection_the_client_ended_at_tiktok_is_dead_and_a_new_one_goes_on(house: House) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.tiktok.withdraw(seed.ANA_CLIENT)
    await house.agree(north, seed.LUNE_EU)
    await house.work()
    assert await house.statuses(north) == [("blocked", "connection_dead")]
    assert "connection.token_invalid" in await house.events(north)
    await house.connect_client(north)
    await house.work()
    assert await house.statuses(north) == [VERIFIED]


async def test_an_account_of_another_business_center_is_never_shared(house: House) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.connect_client(north, seed.MIXED_MILO)
    await house.agree(north, seed.SOUTH_ACCOUNT, "7299999999999999999", account_id=seed.COMPTOIR_MIXTE)
    await house.work()
    assert await house.statuses(north) == [("blocked", "asset_owned_elsewhere"), ("blocked", "asset_not_found")]
    assert "bc/partner/add/" not in (await house.tiktok.calls())["by_path"]


async def test_what_was_verified_and_vanished_has_drifted_and_is_not_shared_again_by_itself(
    house: House,
) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.agree(north, seed.LUNE_EU)
    await house.work()
    await house.tiktok.unshare_by_hand(seed.MAISON_LUNE, seed.LUNE_EU)
    await house.check_now(north)
    await house.work()
    assert await house.statuses(north) == [("drifted", "asset_not_shared")]
    assert (await house.events(north))[-2:] == ["grant.drifted", "link.reopened"]
    async with house.tools.sessions() as session:
        (grant,) = await grants.page(session, north.agency_id, limit=9)
    assert grant.status == "drifted"
    assert (await house.tiktok.calls())["by_path"]["bc/partner/add/"] == 1


async def test_what_had_drifted_and_is_there_again_is_restored(house: House) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.agree(north, seed.LUNE_EU, lane="guided")
    await house.tiktok.share_by_hand(seed.MAISON_LUNE, seed.LUNE_EU)
    await house.work(2)
    await house.tiktok.unshare_by_hand(seed.MAISON_LUNE, seed.LUNE_EU)
    await house.check_now(north)
    await house.work(1)
    await house.tiktok.share_by_hand(seed.MAISON_LUNE, seed.LUNE_EU)
    await house.check_now(north)
    await house.work(1)
    assert await house.statuses(north) == [VERIFIED]
    assert (await house.events(north))[-5:] == [
        "grant.drifted", "link.reopened", "access.verified", "grant.restored", "link.completed",
    ]  # fmt: skip
    async with house.tools.sessions() as session:
        (grant,) = await grants.page(session, north.agency_id, limit=9)
    assert (grant.status, grant.drifted_at) == ("live", None)


async def test_the_agencys_own_read_refused_is_unverifiable_not_missing(house: House) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.agree(north, seed.LUNE_EU, lane="guided")
    await house.tiktok.share_by_hand(seed.MAISON_LUNE, seed.LUNE_EU)
    assert await house.statuses(north) == [("approved", None)]
    await house.tiktok.fault("bc/partner/asset/get/", code=40001, times=2)
    await house.check_now(north)
    await house.work(1)
    assert await house.statuses(north) == [("unverifiable", "not_bc_admin")]
    await house.work(2)
    assert await house.statuses(north) == [VERIFIED]


async def test_another_agency_sees_nothing_of_it(house: House) -> None:
    north, south = house.world.north, house.world.south
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.agree(north, seed.LUNE_EU)
    await house.work()
    assert await house.statuses(south) == [("waiting", None)]
    async with house.tools.sessions() as session:
        assert not await grants.page(session, south.agency_id, limit=9)
