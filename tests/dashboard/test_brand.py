"""The brand page: what clients see of the agency, its logo, and the accounts that they share with."""

import html
import io
import re

import httpx2
import pytest
from PIL import Image

from app.kit.database import Sessions
from app.tenants.agencies import branding, service
from app.tenants.members.models import Role
from tests.client_portal.walk import SAME_ORIGIN
from tests.dashboard.conftest import SignIn
from tests.world import World

PATH = "/desk/brand"
GIVEN = {
    "name": "North & Co", "contact_name": "Bo", "contact_email": "bo@North.example", "colour": "#FFE000",
    "language": "en",
}  # fmt: skip


async def _token(browser: httpx2.AsyncClient) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', (await browser.get(PATH)).text)
    assert found
    return found[1]


async def _send(browser: httpx2.AsyncClient, path: str, **fields: str) -> httpx2.Response:
    return await browser.post(path, data={"form_token": await _token(browser), **fields}, headers=SAME_ORIGIN)


def _previewed(page: httpx2.Response) -> str:
    """The client's page inside the page."""
    found = re.search(r'srcdoc="([^"]*)"', page.text)
    assert found
    return html.unescape(found[1])


def _png() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(made, "PNG")
    return made.getvalue()


async def test_changes_are_what_the_clients_see(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in("manager")
    assert (await _send(browser, PATH, **GIVEN)).status_code == 303
    async with sessions() as session:
        agency = await service.find(session, world.north.agency_id)
    assert (agency.name, agency.contact_email, agency.brand["colour"]) == ("North & Co", "bo@north.example", "#ffe000")
    page = (await browser.get(PATH)).text
    assert "North &amp;amp; Co asks for limited access" in page
    assert f"/l/brand/{branding.readable('#ffe000').removeprefix('#')}.css" in page
    assert "Clients see" in page
    client = (await browser.get(world.north.link_path)).text
    assert "North &amp; Co" in client


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("name", " ", "Enter the name"), ("contact_name", "", "Enter the name of the contact person"),
     ("contact_email", "bo", "e-mail"), ("colour", "red", "six hex digits")],
)  # fmt: skip
async def test_what_is_wrong_is_said_and_the_rest_stays_typed(
    browser: httpx2.AsyncClient, sign_in: SignIn, field: str, value: str, words: str
) -> None:
    await sign_in()
    refused = await _send(browser, PATH, **{**GIVEN, field: value})
    assert refused.status_code == 422
    assert words in refused.text
    assert 'value="Bo"' in refused.text or field == "contact_name"


async def test_the_preview_shows_what_is_typed_and_saves_nothing(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in("manager")
    typed = {**GIVEN, "colour": "#0b5cad", "welcome": "Hello <b>you</b>", "words_language": "en"}
    page = await _send(browser, PATH, act="preview", **typed)
    assert page.status_code == 200
    client = _previewed(page)
    for words in ("North &amp; Co asks for limited access", "North &amp; Co writes:", "Hello &lt;b&gt;you", "Bo"):
        assert words in client, words
    assert "easy to read" in page.text
    assert 'value="Bo"' in page.text, "what was typed stays in the form"
    assert "/l/brand/0b5cad.css" in client
    bad = await _send(browser, PATH, act="preview", **{**typed, "colour": "#12", "return_url": "http://x", "name": ""})
    assert bad.status_code == 422
    assert "Enter the name" in bad.text
    assert f"{world.north.name} writes:" in _previewed(bad), "what is wrong is shown as it was saved"
    async with sessions() as session:
        agency = await service.find(session, world.north.agency_id)
    assert (agency.name, agency.brand) == (world.north.name, {})


async def test_own_words_are_saved_and_refused(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in()
    given = {**GIVEN, "welcome": "Hello", "closing": "Bye", "return_url": "https://North.example/thanks",
             "sender_name": "North Ads", "words_language": "en"}  # fmt: skip
    assert (await _send(browser, PATH, **given)).status_code == 303
    for field, value in (
        ("welcome", "x" * 401), ("closing", "Send us your password"), ("return_url", "https://me@evil.example/"),
        ("return_url", "javascript:alert(1)"),
    ):  # fmt: skip
        refused = await _send(browser, PATH, **{**given, field: value})
        assert refused.status_code == 422
        assert f'href="#{field}"' in refused.text
    assert "Hello" in (await browser.get(world.north.link_path)).text
    async with sessions() as session:
        agency = await service.find(session, world.north.agency_id)
    assert agency.brand["words"] == {"en": {"welcome": "Hello", "closing": "Bye"}}
    assert (agency.brand["return_url"], agency.brand["sender_name"]) == ("https://north.example/thanks", "North Ads")
    assert service.email_branding(agency).sender == "North Ads"
    assert (await _send(browser, PATH, **GIVEN)).status_code == 303
    async with sessions() as session:
        agency = await service.find(session, world.north.agency_id)
    assert agency.brand == {"colour": "#ffe000"}, "what was emptied is gone"


async def _send_logo(browser: httpx2.AsyncClient, content: bytes, *, token: str = "") -> httpx2.Response:
    return await browser.post(
        PATH, data={"form_token": token or await _token(browser), **GIVEN}, files={"logo": ("logo.png", content)},
        headers=SAME_ORIGIN,
    )  # fmt: skip


async def test_a_logo_is_saved_with_the_rest_and_removed(
    browser: httpx2.AsyncClient, sign_in: SignIn, world: World
) -> None:
    await sign_in()
    shown = re.compile(rf'src="(/logo/{world.north.slug}/[0-9a-f]+\.png)"')
    assert (await _send_logo(browser, _png())).status_code == 303
    address = shown.search(html.unescape((await browser.get(PATH)).text))
    assert address
    assert (await browser.get(address[1])).headers["content-type"] == "image/png"
    assert (await _send_logo(browser, b"")).status_code == 303
    assert shown.search(html.unescape((await browser.get(PATH)).text)), "it stays while no other is chosen"
    for _again in range(2):
        assert (await _send(browser, PATH, no_logo="yes", **GIVEN)).status_code == 303
        assert not shown.search(html.unescape((await browser.get(PATH)).text))
    assert (await _send_logo(browser, _png(), token="0" * 64)).status_code == 403
    for content in (b"<svg onload='x'/>", b"no picture", b"x" * (3 * 1024 * 1024)):
        refused = await _send_logo(browser, content)
        assert refused.status_code == 422
        assert 'href="#logo"' in refused.text
        assert 'value="North &amp; Co"' in refused.text, "what was typed stays"


@pytest.mark.parametrize(
    ("given", "status"),
    [("7000999988887777123", 303), ("https://business.tiktok.com/manage/overview?org_id=7000999988887777123", 303),
     ("none", 422), ("7000999988887777123 7000999988887777124", 422)],
)  # fmt: skip
async def test_a_business_center_is_added_from_what_is_pasted(
    browser: httpx2.AsyncClient, sign_in: SignIn, given: str, status: int
) -> None:
    await sign_in()
    for expected in (status, 422):  # once only
        answer = await _send(browser, f"{PATH}/accounts", platform="tiktok", account_id=given, account_name="EU")
        assert answer.status_code == expected
    assert ("7000999988887777123" in (await browser.get(PATH)).text) == (status == 303)


@pytest.mark.parametrize("role", ["member", "viewer"])
async def test_others_read_and_change_nothing(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, role: Role
) -> None:
    await sign_in(role)
    assert "North" in (await browser.get(PATH)).text
    for path in (PATH, f"{PATH}/accounts"):
        assert (await _send(browser, path, **GIVEN)).status_code == 403
    async with sessions() as session:
        assert (await service.find(session, world.north.agency_id)).name == world.north.name


async def test_nobody_is_led_to_the_sign_in(browser: httpx2.AsyncClient) -> None:
    assert (await browser.get(PATH)).status_code == 303
    assert (await browser.post(PATH, headers=SAME_ORIGIN)).status_code == 303
