"""Every parameter and every field of the dashboard with values that no page of ours sends: refused, or kept as text."""

import re

import httpx2
import pytest
from fastapi.routing import APIRoute

from app import routes
from app.dashboard.member_session import COOKIE, PATH
from app.kit.database import Sessions
from app.kit.web.paging import pack
from app.kit.web.request_checks import parameter_names
from bench import desk
from tests.client_portal.walk import SAME_ORIGIN, press
from tests.dashboard import addresses
from tests.dashboard.conftest import SignIn
from tests.dashboard.pages import Page
from tests.world import World

VALUES = (
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "-1", "9" * 30, "\ufffe\u202e'\"><b>{{7*7}}%n", "😀" * 40,
    pack("9999-12-31T23:59:59-14:00", "link_01ksy1q3e0fzs8qj5m8g3d4w7s"), pack(10**30, "x"), pack(-1, "x"), "link_x",
)  # fmt: skip

#: Forms that end what others need, or the session.
ENDS = re.compile(
    r"sign-out|sessions/|deletion|removal|revocation|personal-data|archival|second-factor|passkeys|password"
)


async def test_no_page_fails_on_what_its_address_says(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    cookie, names = await desk.ready(sessions, world.north)
    browser.cookies.set(COOKIE, cookie)
    known = {**names, "session_id": "x", "code": "x", "token": "x", "provider": "x"}
    tried = 0
    for route in routes.served("pages"):
        if not isinstance(route, APIRoute) or route.path not in addresses.of("GET"):
            continue
        path = route.path.format_map(known)
        for name in sorted(set(parameter_names(route.dependant))):
            for value in VALUES:
                answer = await browser.get(path, params={name: value})
                assert answer.status_code < 500, (path, name, value)
                assert "<b>{{" not in answer.text, (path, name)
                tried += 1
    assert tried > 300


async def test_no_form_fails_on_what_its_fields_say(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    """One field at a time; the others are as the page fills them in."""
    cookie, names = await desk.ready(sessions, world.north)
    browser.cookies.set(COOKIE, cookie)
    pages = [path.format_map(names) for path in dict.fromkeys(desk.addresses())]
    tried = set()
    for page in pages:
        seen = Page((await browser.get(page)).text)
        pages += [each for each in sorted(seen.queries) if "act=" in each and each not in pages]
        for method, action, fields in seen.forms:
            form = (action or page).partition("#")[0], *sorted(fields)
            if method != "post" or form in tried or ENDS.search(form[0]):
                continue
            tried.add(form)
            for name in fields.keys() - {"", "form_token"}:
                for value in VALUES[:6]:
                    sent = {each: min(offered) for each, offered in fields.items() if each} | {name: value}
                    answer = await browser.post(form[0], data=sent, headers=SAME_ORIGIN)
                    assert answer.status_code < 500, (form, name, value)
                    assert "<b>{{" not in answer.text, (form, name)
    assert len(tried) > 30


@pytest.mark.parametrize("path", [f"{PATH}/presets/new", f"{PATH}/platforms/own/new"])
@pytest.mark.parametrize("act", ["up-", "remove-x", "clear-", "up-access-", "remove-question-", "add-", "-"])
async def test_no_button_of_an_editor_fails_on_its_number(
    browser: httpx2.AsyncClient, sign_in: SignIn, path: str, act: str
) -> None:
    await sign_in()
    for number in ("", "-1", "²", "9" * 5000):
        kept = {"picture-0": "f" * 64, "what-0": "tiktok/ad_account/OPERATOR", "act": act + number}
        assert (await press(browser, path, **kept)).status_code in (200, 422), number[:9]
