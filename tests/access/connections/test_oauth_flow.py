"""The trip to TikTok and back: what is refused is refused before any call goes out."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, update

from app.access.connections import oauth_flow
from app.access.connections import service as connections
from app.access.connections.models import Authorization, Invitation
from app.access.connections.oauth_flow import CallbackResult, ExchangeOutcome, InvitationOver, StateRefused
from app.kit.database import CROSS_TENANT
from app.kit.encryption import sha256
from app.tenants.agencies import service as agencies
from simulator import seed
from tests.house import House
from tests.world import TESTS

#: A browser that never opened the link.
NO_COOKIE = "somebody-elses-cookie"


async def _came_back(house: House, cookie: str) -> oauth_flow.CallbackTarget:
    address = await house.set_out(house.world.north, cookie)
    query = await house.tiktok.consent(address, seed.ANA_CLIENT)
    return await _receive(house, query["state"], query["auth_code"])


async def _receive(house: House, state: str, code: str | None) -> oauth_flow.CallbackTarget:
    async with house.tools.sessions.begin() as session:
        return await oauth_flow.receive(session, house.tools.keyring, state=state, code=code)


async def _exchange(house: House, handle: str, cookie: str, link_id: str | None = None) -> ExchangeOutcome:
    tools = house.tools
    arrived = await oauth_flow.exchange_for_link(
        tools.sessions, tools.platforms, tools.keyring, link_id=link_id or house.world.north.link_id, handle=handle,
        cookie=cookie,
    )  # fmt: skip
    return arrived.outcome


async def _nothing_was_called(house: House) -> bool:
    return not (await house.tiktok.calls())["by_path"]


async def test_the_browser_that_set_out_is_connected_once(house: House) -> None:
    cookie = await house.open_link(house.world.north)
    back = await _came_back(house, cookie)
    assert await _nothing_was_called(house), "the callback itself must not exchange the code"
    assert [await _exchange(house, back.handle, cookie) for _ in range(3)] == [ExchangeOutcome.CONNECTED] * 3
    assert (await house.tiktok.calls())["by_path"]["oauth2/access_token/"] == 1


async def test_a_strangers_link_cannot_collect_a_victims_consent(house: House) -> None:
    """The attacker sets out from his own link and has the victim consent at that address."""
    attackers_cookie = await house.open_link(house.world.north)
    address = await house.set_out(house.world.north, attackers_cookie)
    query = await house.tiktok.consent(address, seed.ANA_CLIENT)  # the victim, in her own browser
    back = await _receive(house, query["state"], query["auth_code"])
    assert await _exchange(house, back.handle, NO_COOKIE) is ExchangeOutcome.OTHER_BROWSER
    assert await _nothing_was_called(house)
    async with house.tools.sessions() as session:
        assert (
            await connections.of_link(session, house.world.north.agency_id, house.world.north.link_id, "tiktok") is None
        )
    # nor can the attacker end it with what he can know: the handle went to the victim's browser alone
    assert await _exchange(house, "guessed", attackers_cookie) is ExchangeOutcome.UNKNOWN
    assert await _nothing_was_called(house)


async def test_a_callback_that_is_loaded_again_leads_to_the_same_place(house: House) -> None:
    cookie = await house.open_link(house.world.north)
    address = await house.set_out(house.world.north, cookie)
    query = await house.tiktok.consent(address, seed.ANA_CLIENT)
    both = await asyncio.gather(*(_receive(house, query["state"], query["auth_code"]) for _ in range(2)))
    assert await _nothing_was_called(house)
    assert await _exchange(house, both[0].handle, cookie) is ExchangeOutcome.CONNECTED
    after = await _receive(house, query["state"], query["auth_code"])
    assert both[0] == both[1] == after
    assert await _exchange(house, after.handle, cookie) is ExchangeOutcome.CONNECTED
    assert (await house.tiktok.calls())["by_path"]["oauth2/access_token/"] == 1


async def test_ways_back_at_once_exchange_once_and_all_are_connected(house: House) -> None:
    cookie = await house.open_link(house.world.north)
    back = await _came_back(house, cookie)
    await house.tiktok.fault("oauth2/access_token/", delay=0.5)
    outcomes = await asyncio.gather(*(_exchange(house, back.handle, cookie) for _ in range(4)))
    assert set(outcomes) == {ExchangeOutcome.CONNECTED}
    assert (await house.tiktok.calls())["by_path"]["oauth2/access_token/"] == 1


async def test_a_request_that_waits_long_for_the_first_says_that_it_is_under_way(house: House) -> None:
    cookie = await house.open_link(house.world.north)
    back = await _came_back(house, cookie)
    await _age(house, exchanged_at=func.now())  # the first took it, and has not finished
    assert await _exchange(house, back.handle, cookie) is ExchangeOutcome.UNDER_WAY
    await _age(house, exchanged_at=func.now() - timedelta(minutes=2))  # nor ever will
    assert await _exchange(house, back.handle, cookie) is ExchangeOutcome.TOO_LATE
    assert await _nothing_was_called(house)


async def test_a_consent_after_a_cancelled_way_back_counts(house: House) -> None:
    """Back at TikTok leads to the same consent page, with the same state."""
    cookie = await house.open_link(house.world.north)
    address = await house.set_out(house.world.north, cookie)
    query = await house.tiktok.consent(address, seed.ANA_CLIENT, cancel=True)
    back = await _receive(house, query["state"], None)
    assert [await _exchange(house, back.handle, cookie) for _ in range(3)] == [ExchangeOutcome.CANCELLED] * 3
    assert (await house.events(house.world.north)).count("connection.consent_cancelled") == 1
    query = await house.tiktok.consent(address, seed.ANA_CLIENT)
    again = await _receive(house, query["state"], query["auth_code"])
    assert await _exchange(house, again.handle, cookie) is ExchangeOutcome.CONNECTED


async def test_a_forged_state_is_refused(house: House) -> None:
    with pytest.raises(StateRefused):
        await _receive(house, "forged", "code")


async def test_a_way_back_after_an_hour_leads_to_the_link_and_exchanges_nothing(house: House) -> None:
    cookie = await house.open_link(house.world.north)
    address = await house.set_out(house.world.north, cookie)
    query = await house.tiktok.consent(address, seed.ANA_CLIENT)
    await _age(house, expires_at=func.now() - timedelta(seconds=1))
    back = await _receive(house, query["state"], query["auth_code"])
    assert back.link_id == house.world.north.link_id
    assert await _exchange(house, back.handle, cookie) is ExchangeOutcome.TOO_LATE
    assert await _nothing_was_called(house)


async def test_a_handle_is_refused_after_ten_minutes(house: House) -> None:
    cookie = await house.open_link(house.world.north)
    back = await _came_back(house, cookie)
    await _age(house, handle_expires_at=func.now() - timedelta(seconds=1))
    assert await _exchange(house, back.handle, cookie) is ExchangeOutcome.TOO_LATE
    assert await _nothing_was_called(house)


async def test_a_handle_does_not_fit_another_link(house: House) -> None:
    cookie = await house.open_link(house.world.north)
    back = await _came_back(house, cookie)
    outcome = await _exchange(house, back.handle, cookie, link_id=house.world.south.link_id)
    assert outcome is not ExchangeOutcome.CONNECTED
    assert await _nothing_was_called(house)


async def test_a_clients_handle_does_not_connect_the_agency(house: House) -> None:
    tools, cookie = house.tools, await house.open_link(house.world.north)
    back = await _came_back(house, cookie)
    arrived = await oauth_flow.exchange_for_agency(
        tools.sessions, tools.platforms, tools.keyring, handle=back.handle, cookie=cookie
    )
    assert arrived.outcome is not ExchangeOutcome.CONNECTED
    assert await _nothing_was_called(house)


async def test_consent_denied_shares_nothing_and_is_told(house: House) -> None:
    assert await house.connect_client(house.world.north, cancel=True) is ExchangeOutcome.CANCELLED
    assert await _nothing_was_called(house)
    assert (await house.events(house.world.north))[-1] == "connection.consent_cancelled"


async def test_an_app_without_the_permission_is_said_and_its_token_given_back(house: House) -> None:
    north = house.world.north
    async with house.tools.sessions.begin() as session:
        await agencies.set_platform_app(
            session, north.agency_id, platform="tiktok", app_id=seed.NO_PARTNER_APP,
            secret=seed.NO_PARTNER_APP_SECRET, keyring=house.tools.keyring, actor=TESTS,
        )  # fmt: skip
    assert await house.connect_client(north) is ExchangeOutcome.SCOPE_MISSING
    assert (await house.tiktok.calls())["by_path"] == {"oauth2/access_token/": 1, "oauth2/revoke_token/": 1}


async def test_an_answer_of_another_shape_than_documented_keeps_no_connection(house: House) -> None:
    await house.tiktok.fault("oauth2/access_token/", code=0)  # OK, with nothing in it
    assert await house.connect_client(house.world.north) is ExchangeOutcome.PLATFORM_CHANGED


async def test_a_code_that_timed_out_at_tiktok_asks_for_one_more_tap(house: House) -> None:
    await house.tiktok.fault("oauth2/access_token/", code=40110)
    assert await house.connect_client(house.world.north) is ExchangeOutcome.TOO_LATE


async def test_a_wrong_app_secret_is_an_app_problem(house: House) -> None:
    await house.tiktok.fault("oauth2/access_token/", code=40101)
    assert await house.connect_client(house.world.north) is ExchangeOutcome.APP_PROBLEM


async def test_faults_on_the_way_are_tried_again(house: House) -> None:
    await house.tiktok.fault("oauth2/access_token/", code=50000)
    await house.tiktok.fault("bc/get/", drop=True)
    await house.tiktok.fault("bc/asset/admin/get/", http_status=502)
    assert await house.connect_client(house.world.north) is ExchangeOutcome.CONNECTED


async def test_a_standard_member_is_connected_but_can_choose_no_business_center(house: House) -> None:
    assert await house.connect_client(house.world.north, seed.SAM_STANDARD) is ExchangeOutcome.CONNECTED
    async with house.tools.sessions() as session:
        connection = await connections.of_link(
            session, house.world.north.agency_id, house.world.north.link_id, "tiktok"
        )
    assert connection is not None
    found = connections.discovered(connection)
    assert [(each.problem, each.usable) for each in found.accounts] == [("not_bc_admin", False)]
    assert found.assets == ()


async def test_accounts_not_ticked_are_seen_as_such(house: House) -> None:
    await house.connect_client(house.world.north, ticked=[seed.LUNE_EU])
    async with house.tools.sessions() as session:
        connection = await connections.of_link(
            session, house.world.north.agency_id, house.world.north.link_id, "tiktok"
        )
    assert connection is not None
    accounts = [each for each in connections.discovered(connection).assets if each.kind == "ad_account"]
    left_out = {each.asset_id: each.problem == "account_not_ticked" for each in accounts}
    assert left_out == {seed.LUNE_EU: False, seed.LUNE_UK: True, seed.LUNE_US: True}


async def test_an_invitation_is_used_up_by_the_connection_it_made(house: House) -> None:
    tools, north = house.tools, house.world.north
    async with tools.sessions.begin() as session:
        _, token = await oauth_flow.invite_agency(session, north.agency_id, platform="tiktok")
        address, cookie = await oauth_flow.start_for_agency(session, tools.platforms, tools.keyring, token=token)
    query = await house.tiktok.consent(address, seed.NORA_NORTH)
    back = await _receive(house, query["state"], query["auth_code"])
    arrived = await oauth_flow.exchange_for_agency(
        tools.sessions, tools.platforms, tools.keyring, handle=back.handle, cookie=cookie
    )
    assert arrived == CallbackResult(ExchangeOutcome.CONNECTED, north.agency_id, is_first=True, platform="tiktok")
    again = await oauth_flow.exchange_for_agency(
        tools.sessions, tools.platforms, tools.keyring, handle=back.handle, cookie=cookie
    )
    assert again == CallbackResult(ExchangeOutcome.CONNECTED, north.agency_id, platform="tiktok")
    async with tools.sessions.begin() as session:
        with pytest.raises(InvitationOver):
            await oauth_flow.start_for_agency(session, tools.platforms, tools.keyring, token=token)


async def test_an_invitation_ends_after_two_days(house: House) -> None:
    tools, north = house.tools, house.world.north
    async with tools.sessions.begin() as session:
        _, token = await oauth_flow.invite_agency(session, north.agency_id, platform="tiktok")
        old = update(Invitation).where(Invitation.agency_id == north.agency_id, Invitation.token_hash == sha256(token))
        await session.execute(old.values(expires_at=func.now()))
        with pytest.raises(InvitationOver):
            await oauth_flow.start_for_agency(session, tools.platforms, tools.keyring, token=token)


async def _age(house: House, **values: object) -> None:
    async with house.tools.sessions.begin() as session:
        await session.execute(
            update(Authorization).values(**values).execution_options(synchronize_session=False, **CROSS_TENANT)
        )


async def test_two_browsers_with_one_address_connect_the_agency_once(house: House) -> None:
    tools, north = house.tools, house.world.north
    async with tools.sessions.begin() as session:
        _, token = await oauth_flow.invite_agency(session, north.agency_id, platform="tiktok")
    trips = []
    for person in (seed.NORA_NORTH, seed.BIG_BEA):
        async with tools.sessions.begin() as session:
            address, cookie = await oauth_flow.start_for_agency(session, tools.platforms, tools.keyring, token=token)
        query = await house.tiktok.consent(address, person)
        trips.append((await _receive(house, query["state"], query["auth_code"]), cookie))
    outcomes = [
        (await oauth_flow.exchange_for_agency(
            tools.sessions, tools.platforms, tools.keyring, handle=back.handle, cookie=cookie
        )).outcome
        for back, cookie in trips
    ]  # fmt: skip
    assert outcomes == [ExchangeOutcome.CONNECTED, ExchangeOutcome.TOO_LATE]
    assert (await house.tiktok.calls())["by_path"]["oauth2/revoke_token/"] == 1
    async with tools.sessions() as session:
        connection = await connections.of_agency(session, north.agency_id, "tiktok")
    assert connection is not None
    assert connection.person == "Nora North"
