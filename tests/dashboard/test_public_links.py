"""The pages of public links: their numbers, a new one, its address, its end."""

import html
import re

import httpx2
from sqlalchemy import func, select

from app.events.models import Event
from app.kit.database import Sessions
from app.links.public_links import service
from tests.client_portal.walk import SAME_ORIGIN
from tests.dashboard.conftest import SignIn
from tests.world import World

PATH = "/desk/public-links"
GIVEN = {"preset": "prospect", "most_per_hour": "30", "most_uses": "5", "days": "90", "requested_by": "Nora"}


async def _post(browser: httpx2.AsyncClient, path: str, **fields: str) -> httpx2.Response:
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', (await browser.get(PATH)).text)
    assert found
    return await browser.post(path, data={"form_token": found[1], **fields}, headers=SAME_ORIGIN)


async def test_a_public_link_is_made_used_counted_and_ended(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in("member")
    assert "None yet" in (await browser.get(PATH)).text
    for change, field in (
        ({"preset": "nothing"}, "preset"), ({"most_per_hour": "0"}, "most_per_hour"), ({"most_uses": "½"}, "most_uses"),
        ({"days": "7"}, "days"), ({"language": "tlh"}, "language"),
    ):  # fmt: skip
        refused = await _post(browser, f"{PATH}/new", **{**GIVEN, **change})
        assert (refused.status_code, 'value="Nora"' in refused.text) == (422, True), change
        assert field == "language" or f'id="{field}-problem"' in refused.text, change
    made = await _post(browser, f"{PATH}/new", **GIVEN)
    assert made.status_code == 303
    shown = await browser.get(made.headers["location"])
    address = html.unescape(re.findall(r"<textarea[^>]*>([^<]+)</textarea>", shown.text)[0])
    assert "?external_id=" in shown.text
    assert "<svg" in shown.text.partition("QR code of the address")[2]
    async with sessions() as session:
        (row,) = await service.page(session, world.north.agency_id, limit=5)
        counted = select(func.count()).where(
            Event.agency_id == world.north.agency_id, Event.type == "public_link.address_shown"
        )
        assert await session.scalar(counted) == 1, "each time is recorded"
    assert (row.preset, row.most_uses, row.requested_by) == ("prospect", 5, "Nora")

    page = await browser.get(address)
    once = re.search(r'name="once" value="([^"]+)"', page.text)
    assert once
    visitor = {"company": "Rue SA", "name": "Milo", "email": "milo@rue.example", "once": once[1]}
    token = re.search(r'name="form_token" value="([^"]+)"', page.text)
    entered = await browser.post(
        address, data=visitor | ({"form_token": token[1]} if token else {}), headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert entered.status_code == 303, entered.text
    detail = f"{PATH}/{row.id}"
    assert re.search(r"<dt>Started</dt>\s*<dd>1</dd>", (await browser.get(detail)).text)
    view = (await api.get(f"/public-links/{row.id}")).json()
    assert (view["uses"], view["submitted"], view["completed"]) == (1, 0, 0)

    copied_from = f'href="{detail}/address"'
    assert copied_from in (await browser.get(PATH)).text
    assert (await _post(browser, f"{detail}/pause")).headers["location"] == detail
    assert copied_from not in (await browser.get(PATH)).text
    paused = (await browser.get(detail)).text
    assert "Visitors read that they can come back later" in paused
    assert re.search(r"<dt>Started</dt>\s*<dd>1</dd>", paused)
    assert (await _post(browser, f"{detail}/resumption")).headers["location"] == detail
    assert (await browser.get(address)).status_code == 200
    assert (await _post(browser, f"{detail}/revocation")).headers["location"] == detail
    assert "Revoked" in (await browser.get(detail)).text
    assert (await browser.get(f"{detail}/address")).headers["location"] == detail
    assert (await browser.get(address)).status_code == 410


async def test_roles_and_others(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sign_in: SignIn, world: World
) -> None:
    detail = f"{PATH}/{(await api.post('/public-links', json={'preset': 'prospect'})).json()['id']}"
    assert (await browser.get(PATH)).status_code == 303, "signed in nowhere"
    form = {"form_token": "0" * 64, **GIVEN}
    await sign_in("viewer")
    assert (await browser.get(detail)).status_code == 200
    for path in (f"{PATH}/new", f"{detail}/address"):
        assert (await browser.get(path)).status_code == 403, path
    await sign_in("member")
    for path in (f"{PATH}/new", f"{detail}/pause", f"{detail}/resumption", f"{detail}/revocation"):
        assert (await browser.post(path, data=form, headers=SAME_ORIGIN)).status_code == 403, "a wrong token"
    await sign_in("owner", world.south)
    assert "Prospect" not in (await browser.get(PATH)).text
    for path in (detail, f"{detail}/address"):
        assert (await browser.get(path)).status_code == 404, path
    for act in ("pause", "resumption", "revocation"):
        assert (await _post(browser, f"{detail}/{act}")).status_code == 404, act
