"""Owners of links: by default the member who makes one, changed on its page, sought in the pipeline, and in the API."""

import re

import httpx2

from app.kit.database import Sessions
from app.tenants.members import service as members
from tests.client_portal.walk import SAME_ORIGIN, press
from tests.dashboard.conftest import CHEAP_HASH, SignIn
from tests.world import World

NEW, CSV = "/desk/links/new", "/desk/links/csv"
GIVEN = {"name": "Casa Tinta", "preset": "run-campaigns", "days": "14"}


async def _shown(browser: httpx2.AsyncClient, owner: str) -> set[str]:
    """The clients of the links that the pipeline shows."""
    page = (await browser.get(f"/desk?owner={owner}")).text
    return set(re.findall(r'<h3><a href="/desk/links/[^"]+">([^<]+)</a></h3>', page))


async def test_a_link_has_an_owner_who_finds_it(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    nora = await sign_in("member")
    async with sessions.begin() as session:
        bo = await members.add(
            session, world.north.agency_id, name="Bo", email="bo@north.example", role="member", password_hash=CHEAP_HASH
        )
        foreign = await members.add(
            session, world.south.agency_id, name="Sol", email="sol@s.example", role="owner", password_hash=CHEAP_HASH
        )
    made = await press(browser, NEW, **GIVEN)
    page = f"/desk/links/{made.headers['location'].split('/')[3]}"
    assert await _shown(browser, "mine") == {"Casa Tinta"}
    assert await _shown(browser, "nobody") == {"Maison Lune"}, "made by a key"
    assert await _shown(browser, "all") == {"Casa Tinta", "Maison Lune"}
    assert "owner=mine" in (await browser.get("/desk?owner=mine&turn=client")).text, "kept in the addresses of the page"

    assert f'<option value="{bo.id}"' in (await browser.get(f"{page}?act=owner")).text
    for wrong in (foreign.id, "member_01", world.north.client_id):
        assert (await press(browser, page, to=f"{page}/owner", owner=wrong)).status_code == 422, wrong
    assert (await press(browser, page, to=f"{page}/owner", owner=bo.id)).headers["location"] == f"{page}?done=owner"
    assert await _shown(browser, "mine") == set()
    view = (await api.get("/links", params={"owner_member_id": bo.id})).json()["data"]
    assert [(each["id"], each["owner_member_id"]) for each in view] == [(page.rpartition("/")[2], bo.id)]
    async with sessions.begin() as session:
        await members.remove(session, world.north.agency_id, bo.id, by="owner")
    assert "A former member" in (await browser.get(page)).text
    assert await _shown(browser, "nobody") == {"Casa Tinta", "Maison Lune"}
    assert (await press(browser, page, to=f"{page}/owner", owner=bo.id)).status_code == 422, "has left"

    rows = f"client,owner\nOne,{nora.email}\nTwo,nora north\nThree,\nFour,sol@s.example"
    report = (await press(browser, CSV, rows=rows, preset="prospect", days="14")).text
    assert "There is no member “sol@s.example”." in report
    assert await _shown(browser, "mine") == {"One", "Two", "Three"}

    form = {"form_token": "0" * 64, "owner": nora.id}
    assert (await browser.post(f"{page}/owner", data=form, headers=SAME_ORIGIN)).status_code == 403, "a wrong token"
    await sign_in("viewer")
    assert (await browser.post(f"{page}/owner", data=form, headers=SAME_ORIGIN)).status_code == 403
    await sign_in("owner", world.south)
    assert (await press(browser, "/desk/team", to=f"{page}/owner", owner=foreign.id)).status_code == 404


async def test_keys_give_links_to_members(api: httpx2.AsyncClient, sign_in: SignIn, world: World) -> None:
    nora, link = await sign_in("viewer"), f"/links/{world.north.link_id}"
    made = await api.post("/links", json={"client": {"name": "Rive"}, "owner_member_id": nora.id})
    assert (made.status_code, made.json()["owner_member_id"]) == (201, nora.id)
    assert (await api.post("/links", json={"client": {"name": "Rive"}})).json()["owner_member_id"] is None
    for given, expected in ((nora.id, nora.id), (None, None)):
        answer = await api.put(f"{link}/owner", json={"owner_member_id": given})
        assert (answer.status_code, answer.json()["owner_member_id"]) == (200, expected)
    for unknown in ("member_01", world.north.client_id):
        refused = await api.put(f"{link}/owner", json={"owner_member_id": unknown})
        assert (refused.status_code, "There is no such member" in refused.text) == (422, True)
    other = await api.put(f"/links/{world.south.link_id}/owner", json={"owner_member_id": None})
    assert other.status_code == 404
