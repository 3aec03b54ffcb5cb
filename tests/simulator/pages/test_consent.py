"""The consent page, as a browser without JavaScript goes through it."""

import re
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from simulator import seed
from simulator.pages import consent
from tests.shape import source
from tests.simulator.caller import Caller
from tests.simulator.conftest import REDIRECT

#: Ids in the table of permissions to request.
DOCUMENTED = [int(each) for each in re.findall(r"^\| .+ \| (\d+) \| ", source.text("docs/tiktok-app.md"), re.MULTILINE)]
ASK = {"app_id": seed.FULL_APP, "state": "st&ate=1", "redirect_uri": REDIRECT}


class Form(HTMLParser):
    """The fields of a page's form as a browser would send them, with the boxes left ticked."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self.buttons: dict[str, list[str]] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "input" and (given.get("type") == "hidden" or "checked" in given):
            self.fields.setdefault(name, []).append(value)
        if tag == "button":
            self.buttons.setdefault(name, []).append(value)


async def access_request(caller: Caller, **change: str) -> httpx2.Response:
    return await caller.client.get("/portal/auth", params={**ASK, **change})


def returned(response: httpx2.Response) -> tuple[str, dict[str, list[str]]]:
    assert response.status_code == 303
    address = urlsplit(response.headers["Location"])
    return f"{address.scheme}://{address.netloc}{address.path}", parse_qs(address.query)


async def test_sign_in_then_authorize(caller: Caller) -> None:
    first = await access_request(caller)
    assert "this is not TikTok" in first.text
    sign_in = Form(first.text)
    assert seed.ANA_CLIENT in sign_in.buttons["person"]
    assert {name: [value] for name, value in ASK.items()} == sign_in.fields
    second = await access_request(caller, person=seed.ANA_CLIENT)
    assert "Business Center partner management" in second.text
    assert "this is not TikTok" in second.text
    agree = Form(second.text)
    assert agree.fields["advertiser_ids"] == [seed.LUNE_EU, seed.LUNE_UK, seed.LUNE_US]
    assert agree.buttons == {"decision": ["authorize", "cancel"]}
    response = await caller.client.post("/portal/auth", data={**agree.fields, "decision": "authorize"})
    address, query = returned(response)
    assert address == REDIRECT
    assert set(query) == {"auth_code", "code", "state"}
    assert query["auth_code"] == query["code"]
    assert re.fullmatch("[0-9a-f]{40}", query["code"][0])
    assert query["state"] == [ASK["state"]]


async def test_the_app_asks_for_what_the_documentation_names(caller: Caller) -> None:
    page = (await access_request(caller, person=seed.ANA_CLIENT)).text
    permissions = re.findall(r"<li>([^<]+)</li>", page)
    assert permissions == [consent.PERMISSION_NAMES[number] for number in DOCUMENTED]


async def test_unticked(caller: Caller) -> None:
    agree = Form((await access_request(caller, person=seed.ANA_CLIENT)).text)
    agree.fields["advertiser_ids"].remove(seed.LUNE_UK)
    response = await caller.client.post("/portal/auth", data={**agree.fields, "decision": "authorize"})
    code = returned(response)[1]["auth_code"][0]
    app = {"app_id": seed.FULL_APP, "secret": seed.FULL_APP_SECRET}
    exchanged = await caller.post("oauth2/access_token/", None, **app, auth_code=code)
    assert exchanged.data["advertiser_ids"] == [seed.LUNE_EU, seed.LUNE_US]


async def test_nothing_ticked(caller: Caller) -> None:
    agree = Form((await access_request(caller, person=seed.ANA_CLIENT)).text)
    del agree.fields["advertiser_ids"]
    response = await caller.client.post("/portal/auth", data={**agree.fields, "decision": "authorize"})
    assert "auth_code" in returned(response)[1]


async def test_cancel(caller: Caller) -> None:
    agree = Form((await access_request(caller, person=seed.ANA_CLIENT)).text)
    response = await caller.client.post("/portal/auth", data={**agree.fields, "decision": "cancel"})
    assert returned(response) == (REDIRECT, {"state": [ASK["state"]]})


async def test_a_redirect_with_a_query_keeps_it(caller: Caller) -> None:
    address = f"{REDIRECT}?shop=1"
    body = {"app_id": seed.FULL_APP, "redirect_uri": address}
    await caller.control("POST", "registered-redirects", body)
    form = {**ASK, "redirect_uri": address, "person": seed.ANA_CLIENT, "decision": "cancel"}
    response = await caller.client.post("/portal/auth", data=form)
    assert returned(response) == (REDIRECT, {"shop": ["1"], "state": [ASK["state"]]})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"app_id": "7400000000000000099"}, "Invalid app"),
        ({"app_id": ""}, "Invalid app"),
        ({"redirect_uri": f"{REDIRECT}/"}, "Invalid redirect URI"),
        ({"redirect_uri": f"{REDIRECT}?a=1"}, "Invalid redirect URI"),
        ({"redirect_uri": REDIRECT.upper()}, "Invalid redirect URI"),
        ({"redirect_uri": "https://evil.example/"}, "Invalid redirect URI"),
        ({"redirect_uri": ""}, "Invalid redirect URI"),
    ],
)
async def test_refusals(caller: Caller, change: dict[str, str], problem: str) -> None:
    for response in (
        await access_request(caller, **change),
        await access_request(caller, **change, person=seed.ANA_CLIENT),
        await caller.client.post(
            "/portal/auth", data={"person": seed.ANA_CLIENT, "decision": "authorize", **ASK, **change}
        ),
    ):
        assert "Location" not in response.headers
        if response.status_code != 422:  # an empty field of a form is a missing one
            assert (response.status_code, problem in response.text) == (400, True)


async def test_somebody_unknown_signs_in_first(caller: Caller) -> None:
    response = await access_request(caller, person="7012345678909999999")
    assert "Who is signing in?" in response.text


async def test_cancelling_at_tiktok_kills_codes_under_way(caller: Caller) -> None:
    form = {**ASK, "person": seed.ANA_CLIENT, "decision": "authorize"}
    code = returned(await caller.client.post("/portal/auth", data=form))[1]["auth_code"][0]
    await caller.control("POST", "tokens/revocation", {"person": seed.ANA_CLIENT})
    app = {"app_id": seed.FULL_APP, "secret": seed.FULL_APP_SECRET}
    assert (await caller.post("oauth2/access_token/", None, **app, auth_code=code)).code == 40110


async def test_what_a_visitor_sends_is_escaped(caller: Caller) -> None:
    response = await access_request(caller, state='"><script>alert(1)</script>')
    assert "<script" not in response.text


async def test_pages_are_plain(caller: Caller) -> None:
    """No script, no inline style, nothing from elsewhere."""
    for path in ("/business-center", f"/business-center/{seed.MAISON_LUNE}"):
        page = await caller.client.get(path)
        assert not re.search(r"<script|style=|<style|https?://", page.text)
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    css = await caller.client.get("/static/simulator.css")
    assert css.headers["Content-Type"].startswith("text/css")
    assert not re.search(r"url\(|@import", css.text)
