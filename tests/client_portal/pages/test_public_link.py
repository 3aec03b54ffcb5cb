"""Public links: a public address that shows who asks, and makes each visitor a client and a link of their own."""

import asyncio
import re
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from app.kit.html import forms
from tests.client_portal.walk import press
from tests.world import World

DETAILS = {"company": "Brand <SA>", "name": "Ana Lima", "email": "ana@brand.example"}


@pytest.fixture
async def path(api: httpx2.AsyncClient) -> str:
    """Where a public link of the north agency lies."""
    return await opened(api)


async def opened(api: httpx2.AsyncClient, **wish: Any) -> str:
    made = await api.post("/public-links", json={"preset": "prospect", **wish})
    assert made.status_code == 201, made.text
    return str(urlsplit(made.json()["address"]).path)


async def enter(browser: httpx2.AsyncClient, path: str, **changed: str) -> httpx2.Response:
    return await press(browser, path, **DETAILS | changed)


async def links(api: httpx2.AsyncClient) -> list[dict[str, Any]]:
    found = [each["id"] for each in (await api.get("/links")).json()["data"] if each["public_link_id"]]
    return [(await api.get(f"/links/{each}")).json() for each in found]


async def test_looking_changes_nothing(browser: httpx2.AsyncClient, api: httpx2.AsyncClient, path: str) -> None:
    for _ in range(3):
        page = await browser.get(path, params={"external_id": "hubspot:7"})
        assert (page.status_code, "North Agency" in page.text, "hubspot:7" in page.text) == (200, True, True)
        assert page.headers["x-robots-tag"] == "noindex"
    assert await links(api) == []
    assert list(browser.cookies) == [forms.BROWSER], "a browser is known by a cookie, and by nothing that is kept here"


async def test_details_make_a_client_and_a_link(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, path: str
) -> None:
    answer = await enter(browser, path, external_id="hubspot:7")
    assert answer.status_code == 303
    (link,) = await links(api)
    assert answer.headers["location"] == f"/l/{link['id']}"
    assert (link["status"], link["preset"], link["external_id"]) == ("opened", "prospect", None)
    assert (link["client"]["name"], link["client"]["external_id"]) == ("Brand <SA>", "hubspot:7")
    assert link["claimed_external_id"] == "hubspot:7"
    assert (await browser.get(f"{answer.headers['location']}/tiktok/way")).status_code == 200
    events = (await api.get("/events", params={"subject_id": link["id"]})).json()["data"]
    assert [each["type"] for each in reversed(events)] == ["link.created", "link.sent", "link.opened"]
    assert events[0]["data"]["external_id"] == "hubspot:7"


async def test_a_known_id_opens_nothing_of_whose_it_is(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, path: str, world: World
) -> None:
    before = (await api.get(f"/clients/{world.north.client_id}")).json()
    answer = await enter(browser, path, external_id="crm-1")  # Maison Lune's
    (link,) = await links(api)
    assert link["client_id"] != world.north.client_id
    assert (link["client"]["external_id"], link["claimed_external_id"]) == (None, "crm-1")
    assert "Maison Lune" not in (await browser.get(f"{answer.headers['location']}/tiktok/way")).text
    assert (await api.get(f"/clients/{world.north.client_id}")).json() == before


async def test_a_form_sent_twice_makes_one_link(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, path: str
) -> None:
    once = re.search(r'name="once" value="([^"]+)"', (await browser.get(path)).text)
    assert once
    answers = await asyncio.gather(*(enter(browser, path, once=once[1]) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert len(await links(api)) == 1


async def test_wrong_details_are_said_and_kept(browser: httpx2.AsyncClient, api: httpx2.AsyncClient, path: str) -> None:
    for field, value, said in (
        ("company", " ", "name of your company"), ("name", "", "Enter your name"), ("email", "ana", "such as ana@"),
        ("company", "x" * 201, "at most 200"), ("website", "spam.example", "people don’t see"),
    ):  # fmt: skip
        answer = await enter(browser, path, **{field: value}, external_id="crm-9")
        assert (answer.status_code, said in answer.text) == (422, True), field
        assert ("Ana Lima" in answer.text or field == "name", "crm-9" in answer.text) == (True, True)
    assert await links(api) == []


async def test_an_id_that_cannot_be_kept_is_left_out(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, path: str
) -> None:
    assert (await browser.get(path, params={"external_id": "x" * 201})).status_code == 200
    await enter(browser, path, external_id="x" * 201)
    (link,) = await links(api)
    assert (link["claimed_external_id"], link["client"]["external_id"]) == (None, None)


async def test_one_place_makes_five_an_hour(browser: httpx2.AsyncClient, api: httpx2.AsyncClient, path: str) -> None:
    answers = await asyncio.gather(*(enter(browser, path) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [303] * 5 + [429] * 3
    busy = next(answer for answer in answers if answer.status_code == 429)
    assert "Too many people started here" in busy.text
    assert "ana@brand.example" in busy.text
    assert busy.headers["retry-after"] == "3600"
    assert len(await links(api)) == 5


async def test_one_link_makes_no_more_than_it_may(browser: httpx2.AsyncClient, api: httpx2.AsyncClient) -> None:
    hourly = await opened(api, most_per_hour=2)
    assert [(await enter(browser, hourly)).status_code for _ in range(3)] == [303, 303, 429]
    counted = await opened(api, most_uses=1)
    assert [(await enter(browser, counted)).status_code for _ in range(2)] == [303, 410]
    assert (await browser.get(counted)).status_code == 410


async def test_a_revoked_one_takes_nobody_and_its_links_go_on(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, path: str
) -> None:
    location = (await enter(browser, path)).headers["location"]
    (public_link,) = (await api.get("/public-links")).json()["data"]
    assert public_link["uses"] == 1
    assert (await api.post(f"/public-links/{public_link['id']}/revocation")).json()["status"] == "revoked"
    for answer in (await browser.get(path), await enter(browser, path)):
        assert (answer.status_code, "takes no new clients" in answer.text) == (410, True)
    assert (await browser.get(f"{location}/tiktok/way")).status_code == 200


async def test_a_paused_one_says_so_calmly_and_goes_on_with_its_numbers(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, path: str
) -> None:
    location = (await enter(browser, path)).headers["location"]
    (public_link,) = (await api.get("/public-links")).json()["data"]
    at = f"/public-links/{public_link['id']}"
    form = await browser.get(path)
    for _ in range(2):  # again changes nothing
        paused = (await api.post(f"{at}/pause")).json()
        assert (paused["status"], paused["uses"], bool(paused["paused_at"])) == ("paused", 1, True)
    typed = dict(re.findall(r'name="(once|form_token)" value="([^"]+)"', form.text)) | DETAILS
    for answer in (
        await browser.get(path), await browser.post(path, data=typed, headers={"Sec-Fetch-Site": "same-origin"})
    ):  # fmt: skip
        assert answer.status_code == 409
        for words in ("This link is paused", "Open this address again later", "Ana Agent"):
            assert words in answer.text
    assert (await browser.get(f"{location}/tiktok/way")).status_code == 200, "its links go on"
    for _ in range(2):
        assert (await api.post(f"{at}/resumption")).json()["status"] == "open"
    assert (await enter(browser, path)).status_code == 303
    told = (await api.get("/events", params={"subject_id": public_link["id"]})).json()["data"]
    assert [each["type"] for each in reversed(told)][1:] == ["public_link.paused", "public_link.resumed"]
    changed = (await api.get("/audit", params={"subject_id": public_link["id"]})).json()["data"]
    assert [each["changed"] for each in changed[:2]] == [["paused_at"], ["paused_at"]]
    await api.post(f"{at}/revocation")
    for act in ("pause", "resumption"):
        refused = await api.post(f"{at}/{act}")
        assert (refused.status_code, refused.json()["code"]) == (409, "public_link_over")


async def test_its_address_can_be_seen_again(api: httpx2.AsyncClient, path: str) -> None:
    (public_link,) = (await api.get("/public-links")).json()["data"]
    shown = (await api.get(f"/public-links/{public_link['id']}/address")).json()["address"]
    assert urlsplit(shown).path == path


async def test_other_sites_and_unknown_tokens(browser: httpx2.AsyncClient, path: str) -> None:
    foreign = await browser.post(path, data=DETAILS, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    unknown = f"/north/open/{'x' * 43}"
    for answer in (await browser.get(unknown), await enter(browser, unknown)):
        assert (answer.status_code, "We don’t know this link" in answer.text) == (404, True)


async def test_a_client_called_open_has_a_link_that_opens(browser: httpx2.AsyncClient, api: httpx2.AsyncClient) -> None:
    made = (await api.post("/links", json={"client": {"name": "Open"}})).json()
    assert "/north/open/" in made["address"]
    assert "limited access" in (await browser.get(made["address"])).text
    assert (await press(browser, made["address"])).headers["location"] == f"/l/{made['id']}"
