"""Coming back from the platform: as the wrong company, with another Business Center, with what cannot be read."""

import pytest

from app.events import queries as events
from app.links import queries as links
from app.links.aggregate import LinkAggregate
from app.tenants.agencies import service as agencies
from simulator import seed
from tests.client_portal.walk import Walk, trip
from tests.house import House
from tests.world import TESTS


async def _whole(walk: Walk, house: House) -> LinkAggregate:
    async with house.tools.sessions() as session:
        return await links.load_link(session, walk.corner.agency_id, walk.corner.link_id)


async def _reasons(walk: Walk, house: House, kind: str) -> list[str]:
    async with house.tools.sessions() as session:
        newest = await events.newest(session, walk.corner.agency_id, limit=50)
    return [str(each.facts["reason"]) for each in newest if each.type == kind]


async def test_the_wrong_company_is_said_at_once_with_both_names(walk: Walk, house: House) -> None:
    await walk.start()
    assert walk.goes_to(await trip(walk, house, seed.MIXED_MILO)) == "account", "not skipped, for it is in doubt"
    page = (await walk.see("account")).text
    assert "This link is for <strong>Maison Lune</strong>" in page
    assert "<strong>Comptoir Mixte</strong>" in page
    assert "Switch account" in page
    assert walk.goes_to(await walk.send("account", account_id=seed.COMPTOIR_MIXTE)).startswith("account?sure")
    assert (await _whole(walk, house)).on("tiktok").client_account_id is None
    sent = await walk.send("account", account_id=seed.COMPTOIR_MIXTE, sure=seed.COMPTOIR_MIXTE)
    assert walk.goes_to(sent) == "assets"
    assert await _reasons(walk, house, "link.company_differs") == ["Comptoir Mixte"]


async def test_one_of_several_is_asked_about_when_it_is_picked(walk: Walk, house: House) -> None:
    await walk.start()
    await trip(walk, house, seed.TWO_BRANDS_THEO)
    assert "Is this the right company?" not in (await walk.see("account")).text
    to = walk.goes_to(await walk.send("account", account_id=seed.BRAND_FR))
    page = (await walk.see(to)).text
    assert "<strong>Brand FR</strong>" in page
    assert "Choose another Business Center" in page


async def test_the_right_company_is_not_asked_about(walk: Walk, house: House) -> None:
    await walk.start()
    assert walk.goes_to(await trip(walk, house)) == "assets"
    assert (await _whole(walk, house)).on("tiktok").client_account_id == seed.MAISON_LUNE
    assert "Is this the right company?" not in (await walk.see("account")).text
    assert walk.goes_to(await walk.send("account", account_id=seed.MAISON_LUNE)) == "assets"
    assert await _reasons(walk, house, "link.company_differs") == []


async def test_signing_in_again_as_the_right_company_forgets_the_wrong_one(walk: Walk, house: House) -> None:
    await walk.start()
    await trip(walk, house, seed.MIXED_MILO)
    await walk.send("account", account_id=seed.COMPTOIR_MIXTE, sure=seed.COMPTOIR_MIXTE)
    assert walk.goes_to(await trip(walk, house)) == "assets"
    assert (await _whole(walk, house)).on("tiktok").client_account_id == seed.MAISON_LUNE
    assert walk.goes_to(await walk.send("account", account_id=seed.MAISON_LUNE)) == "assets"
    page = (await walk.see("assets")).text
    assert "TikTok shows nothing to choose from here" not in page
    assert "Maison Lune EU" in page


@pytest.mark.parametrize("app_id", [seed.NO_PARTNER_APP])
async def test_a_permission_that_the_app_lacks_is_named_to_the_agency_and_by_hand_comes_first(
    walk: Walk, house: House, app_id: str
) -> None:
    async with house.tools.sessions.begin() as session:
        await agencies.set_platform_app(
            session, walk.corner.agency_id, platform="tiktok", app_id=app_id, secret=seed.NO_PARTNER_APP_SECRET,
            keyring=house.tools.keyring, actor=TESTS,
        )  # fmt: skip
    await walk.start()
    assert walk.goes_to(await trip(walk, house)) == "way?outcome=scope_missing"
    page = (await walk.see("way?outcome=scope_missing")).text
    assert "ticked" not in page.split("<h1>")[0]
    assert page.index("Do it by hand") < page.index("Connect with TikTok</h2>")
    (reason,) = await _reasons(walk, house, "connection.failed")
    assert "Business Center Partner Management" in reason
    assert "Read Business Center" not in reason
    assert walk.goes_to(await walk.send("lane", lane="guided")) == "account"
