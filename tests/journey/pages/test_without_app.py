"""A client of an agency without a TikTok app: the guided lane alone, and no word of any other."""

import pytest
from fastapi import FastAPI

from tests.house import House
from tests.journey.walk import BY_HAND, Walk

OFFERS = ("Connect with TikTok", "/connection", "Sign in with TikTok")


@pytest.fixture(autouse=True)
def _no_app(app: FastAPI, house: House) -> None:
    for platforms in (app.state.platforms, house.tools.platforms):
        object.__setattr__(platforms["tiktok"], "default_app", None)


async def test_no_screen_offers_to_connect(walk: Walk, house: House) -> None:
    await walk.start()
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
    assert not [said for said in ("PUT ", "/api/", "authorise", "TikTok app", "keyturn agency") if said in page.text]
    assert walk.goes_to(await walk.send("lane", lane="guided")) == "business-center"


async def test_an_app_that_was_removed_after_the_choice_leaves_the_steps(walk: Walk, house: House) -> None:
    await walk.start()
    await walk.answer()
    await walk.agree()
    await walk.send("lane", lane="connected")
    await house.work()
    page = (await walk.see("progress")).text
    assert not [offer for offer in OFFERS if offer in page]
    assert "Do it by hand instead" in page
