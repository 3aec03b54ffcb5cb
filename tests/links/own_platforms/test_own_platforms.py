"""Own platforms over HTTP: from the definition to the receipt of a client, and what they refuse."""

import copy
import re
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from app.links.own_platforms import pictures
from app.links.own_platforms.schemas import EXAMPLE
from tests.client_portal.walk import Walk
from tests.tenants.agencies.pictures import drawn, read
from tests.world import World

MINE: dict[str, Any] = {"key": "own_snapchat_ads", **EXAMPLE}
BODY: dict[str, Any] = dict(EXAMPLE)
ASK = {"platform": "own_snapchat_ads", "kind": "custom", "role": "AS_WRITTEN", "reason": "To run your Snaps."}
PRESET = {"slug": "snaps", "name": "Snaps", "sentence": "Snapchat only.", "access_requests": [ASK], "screens": []}


async def defined(api: httpx2.AsyncClient, **changed: Any) -> httpx2.Response:
    return await api.post("/own-platforms", json=MINE | changed)


async def link_of(api: httpx2.AsyncClient, browser: httpx2.AsyncClient, world: World) -> Walk:
    """A client with a link of the preset, who has pressed Start."""
    made = (await api.post("/links", json={"client_id": world.north.client_id, "preset": "snaps"})).json()
    corner = replace(world.north, link_id=made["id"], token=made["address"].rpartition("/")[2])
    client = Walk(browser, corner, first="review")
    await client.start()
    return client


async def test_a_whole_life_of_a_link_with_nothing_else(
    api: httpx2.AsyncClient, browser: httpx2.AsyncClient, world: World, app: FastAPI
) -> None:
    app.state.services.languages = ("en", "fr")
    sent = await api.put("/own-platforms/pictures", files={"file": ("a.webp", drawn("WEBP", (1200, 600)))})
    picture = sent.json()
    assert (sent.status_code, picture["width"], picture["height"]) == (200, 1000, 500)
    definition = copy.deepcopy(MINE)
    definition["steps"][0] |= {
        "text": {"en": "Open <b>Members</b> & {more}.", "fr": "Ouvrez {plus}."},
        "picture": {"sha256": picture["sha256"], "alt": {"en": 'The page "Members"'}},
    }
    made = await api.post("/own-platforms", json=definition)
    assert (made.status_code, made.json()["version"], made.json()["language"]) == (201, 1, "en"), made.text
    app.state.services.languages = ("en",)
    assert "own_snapchat_ads" in [each["platform"] for each in (await api.get("/platforms")).json()["data"]]
    assert (await api.post("/presets", json=PRESET)).status_code == 201
    client = await link_of(api, browser, world)
    welcome = (await client.browser.get(client.corner.link_path)).text
    for said in ("Snapchat Ads: Ad account<", "Campaign manager<", "change and pause ads", "To run your Snaps."):
        assert said in welcome, said
    # a new version is for new links
    changed = BODY | {"name": "Snap", "steps": [{"text": {"en": "Only this, with:"}, "shows_entered": True}]}
    for version in (2, 2):
        assert (await api.put("/own-platforms/own_snapchat_ads", json=changed)).json()["version"] == version
    assert (await api.get("/own-platforms/own_snapchat_ads?version=1")).json()["name"] == "Snapchat Ads"
    assert client.goes_to(await client.see()) == "review", "no step shows an id of the client"
    review = (await client.see("review")).text
    assert "Snapchat Ads: Ad account. Give North Agency the role “Campaign manager” there." in review
    assert client.goes_to(await client.agree()) == "progress"
    assert "then press “I have sent the invitation”." in (await client.see("progress")).text
    asked = (await api.get(f"/links/{client.corner.link_id}/access-requests")).json()["data"][0]
    page = (await client.see(f"access-requests/{asked['id']}/steps?every=true")).text
    assert "Open &lt;b&gt;Members&lt;/b&gt; &amp; {more}." in page
    assert 'alt="The page &#34;Members&#34;"' in page
    assert 'value="ads@north.example"' in page
    assert "Menu words checked" not in page
    assert "Snap<" not in page
    shown = re.search(r'src="(/pictures/[^"]+)"', page)
    assert shown
    served = await client.browser.get(shown[1])
    assert (served.headers["content-type"], read(served.content).size) == ("image/png", (1000, 500))
    assert served.headers["content-security-policy"] == "default-src 'none'"
    assert asked["platform"] == "own_snapchat_ads"
    assert client.goes_to(await client.send(f"access-requests/{asked['id']}/done")) == "progress#others"
    assert "Theo Brand said so on" in (await client.see("progress")).text
    attested = await api.post(f"/access-requests/{asked['id']}/attestation", json={"by": "Nora North"})
    assert attested.json()["status"] == "attested"
    assert (await api.get(f"/links/{client.corner.link_id}")).json()["status"] == "completed"
    receipt = (await client.see("receipt")).text
    for said in ("By Nora North", "Open Members, choose North Agency and press Remove."):
        assert said in receipt, said
    events = (await api.get("/events", params={"limit": 100})).json()["data"]
    assert {each["data"]["platform"] for each in events if each["type"] == "access.attested"} == {"own_snapchat_ads"}
    # archived: presets that request it are named, links keep it
    refused = await api.delete("/own-platforms/own_snapchat_ads")
    assert (refused.status_code, refused.json()["code"]) == (409, "own_platform_in_presets")
    assert "Snaps" in refused.json()["detail"]
    assert (await api.get("/own-platforms/own_snapchat_ads/use")).json() == {
        "active_links": 0, "public_links": 0, "presets": ["Snaps"],
    }  # fmt: skip
    await api.delete("/presets/snaps")
    assert (await api.delete("/own-platforms/own_snapchat_ads")).status_code == 204
    assert (await api.post("/presets", json=PRESET | {"slug": "more"})).status_code == 422
    assert (await api.get("/own-platforms")).json()["data"] == []
    assert len((await api.get("/own-platforms?archived=true")).json()["data"]) == 1
    assert "Open Members, choose" in (await client.see("receipt")).text
    assert (await api.post("/own-platforms/own_snapchat_ads/restoration")).json()["archived_at"] is None
    # requested once more, on a link that did not have it
    other = await api.post(f"/links/{world.north.link_id}/access-requests", json=ASK)
    assert (other.status_code, other.json()["platform"]) == (201, "own_snapchat_ads")


async def test_the_other_agency_never_sees_it(api: httpx2.AsyncClient, world: World) -> None:
    sent = await api.put("/own-platforms/pictures", files={"file": ("a.png", drawn())})
    await defined(api)
    theirs = {"Authorization": f"Bearer {world.south.key}"}
    at = "/own-platforms/own_snapchat_ads"
    for method, path, body in (
        ("GET", at, None), ("GET", f"{at}?version=1", None), ("GET", f"{at}/use", None), ("PUT", at, BODY),
        ("DELETE", at, None), ("POST", f"{at}/restoration", None), ("GET", "/platforms/own_snapchat_ads", None),
    ):  # fmt: skip
        answer = await api.request(method, path, json=body, headers=theirs)
        assert answer.status_code == 404, (method, path, answer.text)
    for path in ("/own-platforms", "/own-platforms?archived=true"):
        assert (await api.get(path, headers=theirs)).json()["data"] == []
    assert (await api.post("/presets", json=PRESET, headers=theirs)).status_code == 422
    foreign = copy.deepcopy(MINE)
    foreign["steps"][0]["picture"] = {"sha256": sent.json()["sha256"], "alt": {"en": "x"}}
    assert list((await api.post("/own-platforms", json=foreign, headers=theirs)).json()["errors"]) == [
        "steps.0.picture.sha256"
    ]
    assert (await api.post("/own-platforms", json=MINE, headers=theirs)).json()["version"] == 1


async def test_the_same_picture_again_needs_no_room(api: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST", 1)
    for content, status in ((drawn(), 200), (drawn(), 200), (drawn(size=(10, 10)), 409)):
        sent = await api.put("/own-platforms/pictures", files={"file": ("a.png", content)})
        assert sent.status_code == status, sent.text


async def test_a_key_is_made_of_any_name(api: httpx2.AsyncClient) -> None:
    keys = [(await api.post("/own-platforms", json={**EXAMPLE, "name": "小红书"})).json()["key"] for _ in range(2)]
    assert keys == ["own_platform", "own_platform_2"]


async def test_bad_input_is_named_by_field_and_nothing_is_kept(api: httpx2.AsyncClient) -> None:
    step = {"text": {"en": "Open it."}}
    for changed, field in (
        ({"name": ""}, "name"), ({"name": "x" * 121}, "name"), ({"key": "tiktok"}, "key"), ({"key": "own_"}, "key"),
        ({"key": f"own_{'x' * 29}"}, "key"), ({"access": {"en": " "}}, "access.en"), ({"can": []}, "can"),
        ({"role": {"pl": "Zarządca"}}, "role.pl"), ({"steps": []}, "steps"), ({"steps": [step] * 21}, "steps"),
        ({"steps": [{"text": {"en": "Send us your password."}}]}, "steps.0.text.en"), ({"steps": [step]}, "enter"),
        ({"enter": None}, "enter"), ({"enter": {"label": {}, "value": "x"}}, "enter.label.en"),
        ({"steps": [step | {"picture": {"sha256": "0" * 64, "alt": {"en": "x"}}, "shows_entered": True}]},
         "steps.0.picture.sha256"),
        ({"steps": [step | {"picture": {"sha256": "0" * 64, "alt": {}}}]}, "steps.0.picture.alt.en"),
    ):  # fmt: skip
        refused = await defined(api, **changed)
        assert refused.status_code == 422, (changed, refused.text)
        assert field in refused.json()["errors"], (field, refused.text)
    assert (await api.get("/own-platforms")).json()["data"] == []
    for content, said in (
        (b"GIF89a", "no picture"), (drawn("GIF"), "no picture"), (b"<svg xmlns='x'/>", "SVG"),
        (b"\x00" * (2**21 + 1), "2 MB"),
    ):  # fmt: skip
        refused = await api.put("/own-platforms/pictures", files={"file": ("a.png", content)})
        assert (refused.status_code, refused.json()["code"]) == (422, "picture_refused")
        assert said in refused.json()["detail"]
    assert (await defined(api, key=None)).json()["key"] == "own_snapchat_ads"
    assert (await defined(api)).json()["code"] == "own_platform_taken"
    assert (await defined(api, key=None)).json()["key"] == "own_snapchat_ads_2"
