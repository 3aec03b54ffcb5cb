"""The pages of manual platforms: the agency's ids, beside the client's steps with them."""

import re

import httpx2

from app.kit.database import Sessions
from app.platforms.manual import library
from app.tenants.agencies import platform_ids
from tests.client_portal.walk import SAME_ORIGIN
from tests.dashboard.conftest import SignIn
from tests.dashboard.test_presets import previewed
from tests.dashboard.test_preview import rows_of
from tests.world import World

PATH = "/desk/platforms"
ID = "1234567890123456"


async def _post(browser: httpx2.AsyncClient, path: str, **fields: str) -> httpx2.Response:
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', (await browser.get(PATH)).text)
    assert found
    return await browser.post(path, data={"form_token": found[1], **fields}, headers=SAME_ORIGIN)


async def test_ids_are_shown_in_the_clients_steps_and_saved(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in("manager")
    meta = f"{PATH}/meta"
    assert "Missing: Business portfolio ID" in (await browser.get(PATH)).text
    for key in library.every():
        assert (await browser.get(f"{PATH}/{key}")).status_code == (404 if key == "other" else 200), key
    assert (await browser.get(f"{PATH}/myspace")).status_code == 404
    before = await rows_of(sessions)
    shown = await _post(browser, meta, act="preview", portfolio_id=ID, preview_page="PAGE_ADS")
    assert (shown.status_code, ID in previewed(shown)) == (200, True)
    assert "Facebook Page" in previewed(shown)
    refused = await _post(browser, meta, portfolio_id="12 34")
    assert refused.status_code == 422
    assert "10 to 20 digits" in refused.text
    assert 'value="12 34"' in refused.text
    assert await rows_of(sessions) == before, "nothing half done"
    assert (await _post(browser, meta, portfolio_id=f" “{ID}” ")).headers["location"] == f"{PATH}?saved=meta"
    async with sessions() as session:
        assert (await platform_ids.every(session, world.north.agency_id))["meta"] == {"portfolio_id": ID}
        assert (await platform_ids.every(session, world.south.agency_id)).get("meta") is None
    assert "Known" in (await browser.get(f"{PATH}?saved=meta")).text
    assert ID in previewed(await browser.get(meta))
    assert (await browser.post(meta, data={"form_token": "0" * 64}, headers=SAME_ORIGIN)).status_code == 403
    await sign_in("member")
    assert "disabled" in (await browser.get(meta)).text
    assert (await _post(browser, meta, portfolio_id="9" * 16)).status_code == 403
    browser.cookies.clear()
    assert (await browser.get(PATH)).status_code == 303
