"""The walk's browser sends what a person's would: what stands in the form, what they filled in, the button pressed."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from demo.walk.browser import Browser, File, NotAsExpected

PAGE = """<h1>Tell us</h1>
<form method="post" action="/sent" enctype="multipart/form-data">
  <input type="hidden" name="token" value="t1"><input type="hidden" name="token" value="t2">
  <input type="radio" name="one" value="a" checked><input type="radio" name="one" value="b">
  <input type="checkbox" name="many" value="x"><input type="checkbox" name="many" value="y">
  <textarea name="note">as it was</textarea><input type="file" name="plan">
  <button name="go" value="on">Continue</button><button name="remove" value="f1">Remove</button>
</form>
<form action="/found"><input name="q" value=""><button>Look for it</button></form>
<form id="f" method="post" action="/below"><input name="name" value="Ana"></form>
<form method="post" action="/lane"><button name="lane" value="guided">By hand</button></form>
<div><button form="f" name="agree" value="yes">Yes, do it</button></div><p>Said below</p>"""


@pytest.fixture
async def browser() -> AsyncIterator[tuple[Browser, list[httpx2.Request]]]:
    """A browser before a page with two forms, and what it sends."""
    sent: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return httpx2.Response(200, text=PAGE)

    async with Browser(httpx2.MockTransport(answer)) as made:
        await made.open("https://a.example/l/link_1/questions?again=1")
        yield made, sent


async def test_a_form_is_sent_as_it_stands_with_the_button_pressed(
    browser: tuple[Browser, list[httpx2.Request]],
) -> None:
    page, sent = browser
    await page.press("Continue", {"many": ["x", "y"], "plan": File("plan.csv", b"a,b")})
    body = sent[-1].content.decode()
    assert (sent[-1].method, sent[-1].url.path) == ("POST", "/sent")
    parts = {name: body.count(f'name="{name}"') for name in ("token", "one", "many", "note", "plan", "go", "remove")}
    assert parts == {"token": 2, "one": 1, "many": 2, "note": 1, "plan": 1, "go": 1, "remove": 0}
    assert 'filename="plan.csv"' in body
    assert "as it was" in body


async def test_a_form_without_a_method_access_requests_by_address(
    browser: tuple[Browser, list[httpx2.Request]],
) -> None:
    page, sent = browser
    await page.press("Look for it", {"q": "pixel"})
    assert (sent[-1].method, str(sent[-1].url)) == ("GET", "https://a.example/found?q=pixel")


async def test_a_button_below_its_form_sends_that_form(browser: tuple[Browser, list[httpx2.Request]]) -> None:
    page, sent = browser
    assert "Said below" not in page.page.form("Yes").words
    await page.press("Yes, ", {"name": "Ana Client"})
    assert (sent[-1].method, sent[-1].url.path) == ("POST", "/below")
    assert sent[-1].content == b"name=Ana+Client&agree=yes"


async def test_the_screen_is_the_last_part_of_the_address(browser: tuple[Browser, list[httpx2.Request]]) -> None:
    assert browser[0].screen == "questions"


async def test_a_form_that_is_not_there_is_told_with_the_page(browser: tuple[Browser, list[httpx2.Request]]) -> None:
    with pytest.raises(NotAsExpected, match=r"I agree.*Tell us"):
        await browser[0].press("I agree")
