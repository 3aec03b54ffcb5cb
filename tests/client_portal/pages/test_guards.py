"""Every screen and every form: for the browser that opened the link, and for nobody else."""

import httpx2
import pytest
from fastapi import FastAPI

from tests.client_portal.walk import SAME_ORIGIN, Walk
from tests.world import PUBLIC_URL, World

SCREENS = (
    "", "way", "account", "assets", "others", "about", "questions", "checklist", "review", "progress",
    "progress/lines", "tiktok/steps", "tiktok/guides", "tiktok/linking", "tiktok/linking/ad/new",
    "tiktok/linking/result", "access-requests/x/steps", "receipt", "return?handle=x",
)  # fmt: skip
FORMS = (
    "lane", "connection", "account", "assets", "about", "checklist", "review", "review/answer", "check", "change",
    "renewal", "tiktok/linking/result",
)  # fmt: skip


async def test_nobody_sees_a_screen_without_the_cookie(walk: Walk) -> None:
    for screen in SCREENS:
        page = await walk.see(screen)
        assert page.status_code == 403, screen
        assert "Open your link again to continue" in page.text
        assert "North" not in page.text


async def test_the_cookie_of_another_link_opens_nothing(app: FastAPI, walk: Walk, world: World) -> None:
    await walk.start()  # in its own client's browser, so that there is something to open
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PUBLIC_URL) as browser:
        started = await Walk(browser, world.south).start()
        cookie = started.headers["set-cookie"].partition(";")[0]
        for screen in SCREENS:
            address = f"{walk.path}/{walk.place(screen)}".rstrip("/")
            page = await browser.get(address, headers={"Cookie": cookie})
            assert page.status_code == 403, screen
            assert "North" not in page.text


@pytest.mark.parametrize("link_id", ["link_nonsense", "agency_01ksy1q3e0fzs8qj5m8g3d4w7r", "x"])
async def test_no_link_has_such_an_id(walk: Walk, link_id: str) -> None:
    started = await walk.start()
    cookie = started.headers["set-cookie"].partition(";")[0]
    assert (await walk.browser.get(f"/l/{link_id}/tiktok/way", headers={"Cookie": cookie})).status_code == 403


async def test_nobody_sends_a_form_without_the_cookie(walk: Walk) -> None:
    for form in FORMS:
        sent = {"form_token": "0" * 64}
        answer = await walk.browser.post(f"{walk.path}/{walk.place(form)}", data=sent, headers=SAME_ORIGIN)
        assert answer.status_code == 403, form


async def test_a_form_without_its_token_changes_nothing(walk: Walk) -> None:
    await walk.start()
    await walk.answer()
    await walk.agree()
    for form in FORMS:
        for token in ("", "0" * 64, "é"):
            sent = {"form_token": token}
            answer = await walk.browser.post(f"{walk.path}/{walk.place(form)}", data=sent, headers=SAME_ORIGIN)
            assert answer.status_code == 403, (form, token)
            assert "nothing was changed" in answer.text


async def test_a_form_from_another_site_changes_nothing_even_with_its_token(walk: Walk) -> None:
    await walk.start()
    await walk.answer()
    await walk.agree()
    sent = {"form_token": await walk.token()}
    for form in FORMS:
        for site in ("cross-site", "same-site"):
            answer = await walk.browser.post(
                f"{walk.path}/{walk.place(form)}", data=sent, headers={"Sec-Fetch-Site": site}
            )
            assert answer.status_code == 403, (form, site)


async def test_the_token_of_one_browser_is_no_good_in_another(app: FastAPI, walk: Walk) -> None:
    await walk.start()
    stolen = await walk.token()
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PUBLIC_URL) as other:
        second = Walk(other, walk.corner)
        await second.start()
        answer = await other.post(
            f"{walk.path}/{walk.place('lane')}", data={"form_token": stolen, "lane": "guided"}, headers=SAME_ORIGIN
        )
    assert answer.status_code == 403


@pytest.mark.parametrize("screen", ["account", "assets", "about", "review", "progress", "receipt"])
async def test_whoever_is_too_early_is_led_to_what_comes_first(walk: Walk, screen: str) -> None:
    await walk.start()
    assert walk.goes_to(await walk.see(screen)) == "way"


HEADERS = {
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}


async def test_every_page_carries_the_headers_that_protect_it(walk: Walk) -> None:
    pages = [
        await walk.browser.get(walk.corner.link_path),
        await walk.browser.get("/north/maison-lune/unknown"),
        await walk.see("way"),
        await walk.start(),
        await walk.see(),
        await walk.see("way"),
        await walk.send("lane", lane="guided"),
        await walk.send("account", account_id="nonsense"),
        await walk.see("account"),
    ]
    assert [page.status_code for page in pages] == [200, 404, 403, 303, 303, 200, 303, 303, 200]
    for page in pages:
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert HEADERS.items() <= dict(page.headers).items()


async def test_forms_may_lead_to_the_consent_page_only_where_there_is_a_button_for_it(walk: Walk) -> None:
    await walk.start()
    assert "form-action 'self' http://127.0.0.1" in (await walk.see("way")).headers["content-security-policy"]
    await walk.answer()
    assert "form-action 'self';" in (await walk.see("about")).headers["content-security-policy"]


@pytest.mark.parametrize(("colour", "on_dark"), [("7a2e8e", "ae81ba"), ("0b5cad", "5f93c8")])
async def test_the_brand_is_a_style_sheet_for_light_and_dark(
    browser: httpx2.AsyncClient, colour: str, on_dark: str
) -> None:
    sheet = await browser.get(f"/l/brand/{colour}.css")
    assert sheet.text == f":root {{ --brand: #{colour}; --on-light: #{colour}; --on-dark: #{on_dark}; }}\n"
    assert sheet.headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("colour", ["red.css", "7A2E8E.css", "7a2e8e;}body{x.css", "7a2e8.css", "7a2e8ef.css"])
async def test_nothing_but_a_colour_gets_into_it(browser: httpx2.AsyncClient, colour: str) -> None:
    assert (await browser.get(f"/l/brand/{colour}")).status_code == 404
