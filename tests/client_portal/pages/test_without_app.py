"""A client of an agency without a TikTok app: the guided lane alone, and no word of any other."""

import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.requests import service as access_requests
from app.links import queries as links
from tests.client_portal.walk import BY_HAND, Walk
from tests.house import House
from tests.world import NORTH_BC, TESTS, World

OFFERS = ("Connect with TikTok", "/connection", "Sign in with TikTok")


@pytest.fixture(autouse=True)
def _no_app(app: FastAPI, house: House) -> None:
    for platforms in (app.state.services.platforms, house.tools.platforms):
        object.__setattr__(platforms["tiktok"], "default_app", None)


async def test_no_screen_offers_to_connect(walk: Walk, house: House) -> None:
    await walk.start()
    assert walk.goes_to(await walk.see()) == "account", "by hand, as the only way"
    for screen in ("way", *list(BY_HAND)[1:], "review"):
        page = (await walk.see(screen)).text
        assert not [offer for offer in OFFERS if offer in page], screen
        await walk.answer(*([] if screen == "review" else ["lane" if screen == "way" else screen]))
    await walk.agree()
    for _ in range(2):
        await house.work()
        page = (await walk.see("progress")).text
        assert not [offer for offer in OFFERS if offer in page]
        await walk.send("check")


@pytest.mark.parametrize("lane", ["guided", "connected"])
async def test_connecting_all_the_same_leads_back_to_doing_it_by_hand(walk: Walk, lane: str) -> None:
    await walk.start()
    await walk.send("lane", lane=lane)
    page = await walk.send("connection")
    assert page.status_code == 409
    assert "Connecting isn’t possible here yet" in page.text
    assert "North Agency" in page.text, "in the agency's branding"
    assert not [said for said in ("PUT ", "/api/", "authorize", "TikTok app", "keyturn agency") if said in page.text]
    assert walk.goes_to(await walk.send("lane", lane="guided")) == "account"


async def test_an_app_that_was_removed_after_the_choice_leaves_the_steps(walk: Walk, house: House) -> None:
    await walk.start()
    await walk.answer()
    await walk.agree()
    await walk.send("lane", lane="connected")
    await house.work()
    page = (await walk.see("progress")).text
    assert not [offer for offer in OFFERS if offer in page]
    assert "Do it by hand instead" in page


async def test_where_nobody_can_look_no_page_promises_it(walk: Walk, house: House) -> None:
    await walk.start()
    assert "North Agency then confirms that it arrived" in (await walk.see("way")).text
    await walk.answer()
    review = (await walk.see("review")).text
    assert "North Agency then confirms that it arrived" in review
    assert "Keyturn" not in review.partition("<main")[2].partition("<footer")[0]
    await walk.agree()
    await house.work()
    page = (await walk.see("progress")).text.partition('id="access-progress"')[2].partition("Your receipt so far")[0]
    assert "I’ve done it" in page
    assert not [said for said in ("check now", "Check now", "We look", "verified") if said in page]


async def test_the_clients_word_is_kept_at_once_and_its_steps_stay(
    walk: Walk, house: House, session: AsyncSession, world: World
) -> None:
    await walk.start()
    await walk.answer()
    await walk.agree()
    await house.work()
    await walk.send("check")
    for _ in range(2):  # at once, and after the worker's look
        page = (await walk.see("progress")).text
        assert "will confirm it; nothing more for you to do." in page
        assert "Show the steps again" in page
        assert "Rather do it differently?" not in page, "there is no other way"
        assert f'value="{NORTH_BC}"' in (await walk.see("tiktok/steps?every=true")).text
        assert "Not there yet" not in page
        assert ": done" in page.partition("Shared")[2][:120]
        await house.work()
    session.expire_all()
    for access_request in (await links.load_link(session, world.north.agency_id, world.north.link_id)).access_requests:
        assert (access_request.status, access_request.next_actor, access_request.client_attested_by) == (
            "unverifiable",
            "agency",
            "Theo Brand",
        )
        assert access_request.client_attested_at is not None
        await access_requests.attest(session, world.north.agency_id, access_request.id, by="Ana Agent", actor=TESTS)
    await session.commit()
    page = (await walk.see("progress")).text
    assert " confirmed on " in page
    assert "lets us look" not in page
    assert ": not yet" not in page


async def test_only_where_mail_is_on_is_a_code_by_e_mail_promised(walk: Walk, app: FastAPI) -> None:
    app.state.services.outbox = None
    page = (await walk.browser.get(walk.corner.link_path)).text
    assert "they need a code: Ana Agent gives them one." in page
