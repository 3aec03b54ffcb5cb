"""By hand, with a mistyped Business Center: the agency sees the ad account shared from another one, and it is taken."""

import re
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import handshakes
from app.access.reconciler.observer import MOST_CENTERS
from app.links import queries as links
from app.links.aggregate import LinkAggregate
from app.tenants.clients import service as clients
from simulator.seed import BRAND_DE, BRAND_FR, BRAND_FR_ACCOUNTS, MAISON_LUNE
from tests.client_portal.walk import BY_HAND, SAME_ORIGIN, Walk
from tests.house import House
from tests.world import TESTS, Corner, World

LISTS = "bc/partner/asset/get/"
ONE, TWO = BRAND_FR_ACCOUNTS


async def mistyped(walk: Walk, house: House) -> None:
    """The client typed one Business Center, shared from the other, and says that it is done."""
    await house.connect_agency(walk.corner)
    await walk.start()
    await walk.answer("lane")
    await walk.send("account", account_id=BRAND_DE)
    await walk.answer(*[screen for screen in BY_HAND if screen not in ("lane", "account")])
    await walk.agree()
    await house.work(1)
    await house.tiktok.share_by_hand(BRAND_FR, ONE, TWO)
    await walk.send("check")
    await house.work(1)


async def whole_of(session: AsyncSession, corner: Corner) -> LinkAggregate:
    await session.rollback()
    session.expire_all()
    return await links.load_link(session, corner.agency_id, corner.link_id)


async def lists_read(house: House) -> int:
    return int((await house.tiktok.counts())["by_path"].get(LISTS, 0))


async def events_of(api: httpx2.AsyncClient, corner: Corner, kind: str) -> list[dict[str, Any]]:
    """What the agency was told of the link, oldest first."""
    told = (await api.get("/events", params={"subject_id": corner.link_id, "limit": 100})).json()["data"]
    in_order = sorted(told, key=lambda each: each["sequence"])
    return [each["data"] for each in in_order if each["type"] == kind]


def asks_offered(page: str) -> list[str]:
    """What the buttons that take a Business Center would send."""
    forms = re.findall(r'action="[^"]*/sharing-account"[^>]*>(.*?)</form>', page, re.DOTALL)
    return [re.findall(r'name="access_request" value="([^"]+)"', form)[0] for form in forms]


async def test_one_tap_takes_the_business_center_from_which_it_was_shared(
    walk: Walk, house: House, session: AsyncSession, api: httpx2.AsyncClient
) -> None:
    await mistyped(walk, house)
    page = (await walk.see("progress")).text
    assert f"shared from Business Center <strong>{BRAND_FR}</strong>" in page
    assert f"You gave us <strong>Business Center {BRAND_DE}</strong>" in page
    (access_request_id,) = asks_offered(page)  # one button for both ad accounts
    told = (await api.get(f"/access-requests/{access_request_id}")).json()
    assert (told["status"], told["code"], told["next_actor"]) == ("blocked", "asset_shared_elsewhere", "client")
    assert told["shared_from_account_id"] == BRAND_FR
    assert "shared_from_account_id" in told["hint"]
    blocked = await events_of(api, walk.corner, "access.blocked")
    assert {each["blocker_code"] for each in blocked} == {"asset_shared_elsewhere"}

    assert walk.goes_to(await walk.send("sharing-account", access_request=access_request_id)) == "progress"
    await house.work(1)

    assert "You’re all set" in (await walk.see("progress")).text
    kept = await whole_of(session, walk.corner)
    assert kept.on("tiktok").client_account_id == BRAND_FR
    assert [
        (access_request.status, access_request.seen_by, access_request.shared_from_account_id)
        for access_request in kept.access_requests
    ] == [("verified", "agency", None)] * 2
    given = await events_of(api, walk.corner, "consent.given")
    assert [each["platform_account_id"] for each in given] == [BRAND_DE, BRAND_FR]
    consent = await links.last_consent(session, walk.corner.agency_id, walk.corner.link_id)
    assert consent is not None
    assert (consent.name, consent.sentences[-1]) == ("Theo Brand", "Yes, it’s ours")
    assert BRAND_FR in consent.sentences[-2]
    assert BRAND_DE in consent.sentences[-2]


async def test_only_what_a_look_found_can_be_taken(
    walk: Walk, house: House, session: AsyncSession, world: World
) -> None:
    await house.connect_agency(walk.corner)
    await walk.start()
    await walk.answer()
    await walk.agree()
    await house.work(1)
    mine = [access_request.id for access_request in (await whole_of(session, walk.corner)).access_requests]
    others = [access_request.id for access_request in (await whole_of(session, world.south)).access_requests]
    for access_request in (*mine, *others, "access_request_unknown", ""):
        await walk.send(
            "sharing-account", access_request=access_request, account_id=MAISON_LUNE, shared_from_account_id=MAISON_LUNE
        )
    kept = await whole_of(session, walk.corner)
    assert kept.on("tiktok").client_account_id == BRAND_FR
    assert (await house.events(walk.corner)).count("consent.given") == 1
    assert (await whole_of(session, world.south)).on("tiktok").client_account_id is None


async def test_a_form_from_elsewhere_takes_nothing(walk: Walk, house: House, session: AsyncSession) -> None:
    await mistyped(walk, house)
    (access_request_id,) = asks_offered((await walk.see("progress")).text)
    token = await walk.token()
    where = f"{walk.path}/tiktok/sharing-account"
    forged = await walk.browser.post(
        where, data={"access_request": access_request_id, "form_token": "0" * 64}, headers=SAME_ORIGIN
    )
    foreign = await walk.browser.post(
        where, data={"access_request": access_request_id, "form_token": token}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    walk.browser.cookies.clear()
    stranger = await walk.browser.post(
        where, data={"access_request": access_request_id, "form_token": token}, headers=SAME_ORIGIN
    )
    assert [answer.status_code for answer in (forged, foreign, stranger)] == [403, 403, 403]
    assert (await whole_of(session, walk.corner)).on("tiktok").client_account_id == BRAND_DE


async def test_the_business_center_of_another_client_is_neither_told_nor_taken(
    walk: Walk, house: House, session: AsyncSession
) -> None:
    await mistyped(walk, house)
    (access_request_id,) = asks_offered((await walk.see("progress")).text)
    other, _ = await clients.create_client(session, walk.corner.agency_id, actor=TESTS, name="Brand FR")
    await session.commit()
    async with house.tools.sessions.begin() as writing:  # that client's own link named it, and was agreed to
        await handshakes.start(
            writing, walk.corner.agency_id, client_id=other.id, platform="tiktok", client_account_id=BRAND_FR,
            agency_account_id=walk.corner.account_id,
        )  # fmt: skip

    await walk.send("sharing-account", access_request=access_request_id)
    assert (await whole_of(session, walk.corner)).on("tiktok").client_account_id == BRAND_DE, (
        "it is another client's meanwhile"
    )
    before = await lists_read(house)
    await walk.send("check")
    await house.work(1)
    page = (await walk.see("progress")).text
    assert not asks_offered(page)
    assert BRAND_FR not in page
    assert await lists_read(house) == before + 1, "its lists are not read for somebody else"


@pytest.mark.parametrize("strangers", [5, 2 * MOST_CENTERS])
async def test_a_search_has_an_end_and_comes_once_for_each_press(walk: Walk, house: House, strangers: int) -> None:
    await house.tiktok.crowd(strangers)
    await house.connect_agency(walk.corner)
    await walk.start()
    await walk.answer()
    await walk.agree()
    await house.work(2)
    assert await lists_read(house) == 2, "nobody said that it is done"
    await walk.send("check")
    await house.work(1)
    searched = 2 + 1 + min(strangers, MOST_CENTERS)
    assert await lists_read(house) == searched
    await house.work(3)
    assert await lists_read(house) == searched + 3, "only the look itself"
