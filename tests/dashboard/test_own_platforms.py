"""The editor of own platforms: steps with pictures beside the client's page, refusals in words, and the archive."""

import asyncio
import re
from typing import Any

import httpx2
import pytest

from app.kit.database import Sessions
from app.tenants.agencies import service as agencies
from tests.client_portal.walk import SAME_ORIGIN
from tests.dashboard.conftest import SignIn
from tests.dashboard.test_presets import GIVEN, previewed
from tests.dashboard.test_presets import PATH as PRESETS
from tests.links.own_platforms.test_own_platforms import PRESET
from tests.tenants.agencies.pictures import drawn
from tests.tenants.api_keys.test_idempotency import until_waiting
from tests.world import World

PATH = "/desk/platforms"
NEW, SNAP = f"{PATH}/own/new", f"{PATH}/own/own_snapchat_ads"
OWN_PRESET = f"{PRESETS}/brand-launch"
TYPED = {
    "name": "Snapchat Ads", "access-en": "Ad account", "role-en": "Manager", "can-en": "Run ads\r\n\r\nSee results",
    "cannot-en": "Pay", "value": "ads@north.example", "label-en": "Address to invite",
    "text-0-en": "Open <i>Members</i>.",
    "picture-0": "", "shows-0": "yes", "removal-en": "Press Remove.", "done-en": "Invited!", "version": "0",
}  # fmt: skip


async def _post(browser: httpx2.AsyncClient, path: str, *, file: Any = None, **fields: Any) -> httpx2.Response:
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', (await browser.get(PATH)).text)
    assert found
    files = {"file-0": ("a.png", file)} if file else None
    return await browser.post(path, data={"form_token": found[1], **fields}, files=files, headers=SAME_ORIGIN)


async def test_a_platform_is_written_beside_the_clients_page_changed_and_archived(
    browser: httpx2.AsyncClient, sign_in: SignIn, api: httpx2.AsyncClient
) -> None:
    await sign_in("manager")
    assert "None yet." in (await browser.get(PATH)).text
    assert (await browser.get(NEW)).status_code == 200
    shown = previewed(await _post(browser, NEW, **TYPED, act="preview"))
    for said in ("Open &lt;i&gt;Members&lt;/i&gt;.", "ads@north.example", "Invited!", "Snapchat Ads"):
        assert said in shown, said
    assert (await api.get("/own-platforms")).json()["data"] == []
    # a picture is kept by the form, and wants to be said in words
    added = await _post(browser, NEW, file=drawn(), **TYPED, act="upload")
    picture = re.search(r'name="picture-0" value="([0-9a-f]{64})"', added.text)
    assert picture
    assert f"/{picture[1]}.png" in previewed(added)
    with_picture = TYPED | {"picture-0": picture[1]}
    refused = await _post(browser, NEW, **with_picture)
    assert (refused.status_code, 'id="alt-0-en-problem"' in refused.text) == (422, True)
    wrong = await _post(browser, NEW, file=b"GIF89a", **TYPED)
    assert (wrong.status_code, 'id="file-0-problem"' in wrong.text) == (422, True)
    for changed, field in (
        ({"name": ""}, "name"), ({"can-en": ""}, "can-en"), ({"shows-0": ""}, "value"),
        ({"text-0-en": ""}, "text-0-en"),
        ({"text-0-en": "Send us your password."}, "text-0-en"), ({"key": "tiktok"}, "key"),
        ({"picture-0": "f" * 64, "alt-0-en": "x"}, "file-0"), ({"label-en": ""}, "label-en"),
    ):  # fmt: skip
        refused = await _post(browser, NEW, **TYPED | changed)
        assert (refused.status_code, f'href="#{field}"' in refused.text) == (422, True), (field, refused.text)
    two = await _post(browser, NEW, **with_picture, act="add")
    assert 'name="text-1-en"' in two.text
    moved = await _post(browser, NEW, **with_picture, **{"text-1-en": "Second.", "picture-1": ""}, act="up-1")
    assert re.search(r'name="text-0-en"[^>]*>Second\.</textarea>', moved.text)
    saved = await _post(browser, NEW, **with_picture, **{"alt-0-en": "The page"})
    assert saved.headers["location"] == f"{PATH}?saved=own_snapchat_ads"
    assert "“Snapchat Ads” is saved" in (await browser.get(saved.headers["location"])).text
    made = (await api.get("/own-platforms/own_snapchat_ads")).json()
    assert made["can"] == [{"en": "Run ads"}, {"en": "See results"}]
    # a preset can request it at once, and is in the way of the archive
    assert "own_snapchat_ads/custom/AS_WRITTEN" in (await browser.get("/desk/presets/new")).text
    assert (await api.post("/presets", json=PRESET)).status_code == 201
    assert "Snapchat Ads" in (await browser.get("/desk/links/new")).text
    assert "Open &lt;i&gt;Members" in previewed(await browser.get("/desk/presets/snaps?preview_page=steps"))
    assert "Presets request access there: Snaps." in (await browser.get(f"{SNAP}/archival")).text
    assert (await _post(browser, f"{SNAP}/archival")).status_code == 409
    stale = await _post(browser, SNAP, **TYPED)
    assert (stale.status_code, "Somebody else saved version 1" in stale.text) == (422, True)
    assert (await _post(browser, SNAP, **TYPED | {"name": "Snap", "version": "1"})).status_code == 303
    assert (await api.get("/own-platforms/own_snapchat_ads")).json()["version"] == 2
    await api.delete("/presets/snaps")
    assert (await _post(browser, f"{SNAP}/archival")).status_code == 303
    listed = (await browser.get(PATH)).text
    assert "1 archived platform" in listed
    assert (await browser.get(SNAP)).status_code == 404
    assert (await _post(browser, f"{SNAP}/restoration")).status_code == 303
    assert (await browser.get(SNAP)).status_code == 200


@pytest.mark.parametrize(("path", "known", "given"), [(SNAP, NEW, TYPED), (OWN_PRESET, f"{PRESETS}/new", GIVEN)])
async def test_of_two_who_save_at_once_the_second_is_told(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World,
    path: str, known: str, given: dict[str, str],
) -> None:  # fmt: skip
    """Of own platforms and of presets: both are read before either is saved."""
    await sign_in("manager")
    assert (await _post(browser, known, **given)).status_code == 303
    opened = re.search(r'name="version" value="(\d+)"', (await browser.get(path)).text)
    assert opened
    async with sessions.begin() as session:
        await agencies.lock(session, world.north.agency_id)
        saving = [
            asyncio.create_task(_post(browser, path, **given | {"name": name, "version": opened[1]}))
            for name in ("One", "Other")
        ]
        await until_waiting(sessions, 2)
    saved = sorted([await each for each in saving], key=lambda answer: answer.status_code)
    assert [each.status_code for each in saved] == [303, 422]
    assert "Somebody else saved version" in saved[1].text


async def test_a_form_that_is_sent_twice_makes_one_platform(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, api: httpx2.AsyncClient, world: World
) -> None:
    await sign_in("manager")
    async with sessions.begin() as session:
        await agencies.lock(session, world.north.agency_id)
        saving = [asyncio.create_task(_post(browser, NEW, **TYPED)) for _ in range(2)]
        await until_waiting(sessions, 2)
    assert [(await each).headers["location"] for each in saving] == [f"{PATH}?saved=own_snapchat_ads"] * 2
    assert [each["key"] for each in (await api.get("/own-platforms")).json()["data"]] == ["own_snapchat_ads"]


async def test_members_read_it_and_nobody_else_does(
    browser: httpx2.AsyncClient, sign_in: SignIn, api: httpx2.AsyncClient, world: World
) -> None:
    await sign_in("manager")
    assert (await _post(browser, NEW, **TYPED)).status_code == 303
    forged = await browser.post(SNAP, data={"form_token": "0" * 64, **TYPED}, headers=SAME_ORIGIN)
    assert forged.status_code == 403
    await sign_in("member")
    assert "disabled" in (await browser.get(SNAP)).text
    for path in (NEW, SNAP, f"{SNAP}/archival", f"{SNAP}/restoration"):
        assert (await _post(browser, path, **TYPED)).status_code == 403, path
    await sign_in("owner", world.south)
    for path in (SNAP, f"{SNAP}/archival", f"{SNAP}/restoration"):
        assert (await _post(browser, path, **TYPED)).status_code == 404, path
    assert (await browser.get(SNAP)).status_code == 404
    assert "own_snapchat_ads" not in (await browser.get(PATH)).text
    assert (await api.get("/own-platforms/own_snapchat_ads")).json()["version"] == 1
