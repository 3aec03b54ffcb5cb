"""Linking of the client's TikTok account without JavaScript: a way, its steps, and what came of it."""

import re

import httpx2
import pytest

from app.platforms.tiktok import linking
from tests.client_portal.walk import Walk
from tests.world import World

GUIDE = linking.guide()
_NEXT = re.compile(r'<a class="btn" href="([^"]+)">Next step')


async def _said(api: httpx2.AsyncClient, world: World) -> dict[str, str | None] | None:
    link = (await api.get(f"/links/{world.north.link_id}")).json()
    (here,) = [each for each in link["platforms"] if each["platform"] == "tiktok"]
    said: dict[str, str | None] | None = here["linked_profile"]
    return said


@pytest.mark.parametrize(("place", "account"), GUIDE.paths)
async def test_each_way_has_its_steps_one_at_a_time_and_ends_with_the_question(
    walk: Walk, place: str, account: str
) -> None:
    await walk.start()
    chosen = await walk.see(f"tiktok/linking?place={place}&account={account}")
    assert walk.goes_to(chosen) == f"tiktok/linking/{place}/{account}"
    page, seen = (await walk.see(f"tiktok/linking/{place}/{account}")).text, 1
    while found := _NEXT.search(page):
        page, seen = (await walk.browser.get(found[1])).text, seen + 1
    assert seen == len(GUIDE.paths[place, account])
    assert f"tiktok/linking/result?account={account}" in page
    after = (await walk.see(f"tiktok/linking/result?account={account}")).text
    assert {"existing": "both sign-ins work", "new": "you sign in to TikTok For Business with TikTok"}[account] in after


async def test_a_question_left_open_is_asked_again_and_the_beta_is_said_by_market(walk: Walk) -> None:
    await walk.start()
    first = (await walk.see("tiktok/linking")).text
    assert "Choose one." not in first
    assert "In your markets you may not see it" in first
    again = (await walk.see("tiktok/linking?place=settings")).text
    assert again.count("Choose one.") == 2, "in the summary, and beside its field"
    assert re.search(r'value="settings"\s+checked', again)
    await walk.answer("lane", "account", "assets")
    await walk.send(
        "about",
        **{
            "markets": ["VN"],
            "approver-name": "Theo Brand",
            "approver-email": "t@brand.example",
            "billing-same": "yes",
            "technical-same": "yes",
        },
    )
    assert "This is a beta in Asia-Pacific" in (await walk.see("tiktok/linking")).text
    assert walk.goes_to(await walk.see("tiktok/linking/moon/existing")) == "tiktok/linking"


async def test_the_agency_reads_which_account_was_linked_and_how_its_client_signs_in(
    walk: Walk, api: httpx2.AsyncClient, world: World
) -> None:
    await walk.start()
    assert await _said(api, world) is None
    to = "tiktok/linking/result"
    sent = await walk.send(to, handle="https://www.tiktok.com/@Maison.Lune?lang=fr", login="tiktok")
    assert walk.goes_to(sent) == to
    page = (await walk.see(to)).text
    assert "@maison.lune" in page
    said = await _said(api, world)
    assert said
    assert (said["handle"], said["login"], said["code"]) == ("maison.lune", "tiktok", None)


async def test_a_refusal_of_tiktok_is_told_with_its_code_and_the_way_on(
    walk: Walk, api: httpx2.AsyncClient, world: World
) -> None:
    await walk.start()
    page = (await walk.see("tiktok/linking/settings/existing?step=3")).text
    assert "TikTok account already linked to another account" in page
    await walk.send("tiktok/linking/result", refused="yes")
    page = (await walk.see("tiktok/linking/result")).text
    assert "Not linked yet" in page
    assert "Log out there and choose another account" in page
    said = await _said(api, world)
    assert said
    assert (said["handle"], said["code"]) == ("", "tt_account_already_linked")
    await walk.send("tiktok/linking/result", handle="@lune", login="business")
    said = await _said(api, world)
    assert said
    assert (said["handle"], said["code"]) == ("lune", None)


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"handle": "Maison Lune", "login": "tiktok"}, "handle"), ({"handle": "@lune"}, "login"),
     ({"handle": "@lune", "login": "x"}, "login"), ({"handle": "password: hunter2x", "login": "tiktok"}, "handle")],
)  # fmt: skip
async def test_a_mistake_is_told_beside_its_field(
    walk: Walk, api: httpx2.AsyncClient, world: World, fields: dict[str, str], field: str
) -> None:
    await walk.start()
    page = await walk.sent_back("tiktok/linking/result", **fields)
    assert f'id="{field}-problem"' in page
    assert await _said(api, world) is None
