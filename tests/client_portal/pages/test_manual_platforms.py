"""Manual platforms on the client's pages: alone, beside TikTok, with every mistake a person makes."""

import re

import httpx2
import pytest

from app.kit.database import Sessions
from app.links import queries as links
from tests import manual_platforms
from tests.client_portal.walk import BY_HAND, SAME_ORIGIN, Walk
from tests.house import House
from tests.world import World


@pytest.fixture(autouse=True)
def _presets(monkeypatch: pytest.MonkeyPatch) -> None:
    manual_platforms.known(monkeypatch)


@pytest.fixture
async def alone(browser: httpx2.AsyncClient, sessions: Sessions, world: World) -> Walk:
    """A client from whom nothing of TikTok is asked."""
    walk = Walk(browser, await manual_platforms.with_link(sessions, world.north, "manual"))
    await walk.start()
    return walk


@pytest.fixture
async def both(browser: httpx2.AsyncClient, sessions: Sessions, world: World) -> Walk:
    """A client from whom TikTok and more is asked."""
    walk = Walk(browser, await manual_platforms.with_link(sessions, world.north, "everything"))
    await walk.start()
    return walk


async def ids(walk: Walk, api: httpx2.AsyncClient) -> dict[str, str]:
    """The access requests of manual platforms, by platform."""
    found = (await api.get(f"/links/{walk.corner.link_id}/access-requests")).json()["data"]
    return {
        access_request["platform"]: access_request["id"]
        for access_request in found
        if access_request["kind"] == "custom"
    }


async def agree(walk: Walk, **given: str) -> None:
    """Everything that a link of manual platforms alone asks, and the yes."""
    assert walk.goes_to(await walk.send("others", **given)) == "about"
    await walk.answer("about")
    assert walk.goes_to(await walk.agree()) == "progress"


def offered(things: str, role: str, page: str) -> bool:
    """True if a page names things with the role on them."""
    return bool(re.search(rf">{re.escape(things)}</h2>\s*<span [^>]*>{re.escape(role)}<", page))


async def test_the_link_says_what_is_asked_for_where(alone: Walk) -> None:
    page = (await alone.browser.get(alone.corner.link_path)).text
    assert "asks for limited access to your Meta Business and Google Analytics and Tag Manager" in page
    assert offered("Meta Business: Ad account", "Manage campaigns", page)
    for said in ("Booking tool, reports only", "To see what"):
        assert said in page
    assert "TikTok" not in page
    assert "Business Center" not in page


async def test_tiktok_and_more_are_told_together(both: Walk) -> None:
    page = (await both.browser.get(both.corner.link_path)).text
    assert "to your TikTok ads and to Meta Business" in page
    assert offered("TikTok ad accounts", "Run campaigns (Operator)", page)
    assert offered("Meta Business: Ad account", "Manage campaigns", page)


async def test_the_reason_for_a_wider_role_is_read_before_the_yes(both: Walk, api: httpx2.AsyncClient) -> None:
    found = (await ids(both, api))["google_analytics"]
    wider = {"role": "GA4_ANALYST", "reason": "To build the reports you asked for."}
    assert (await api.post(f"/access-requests/{found}/role", json=wider)).status_code == 200
    page = (await both.browser.get(both.corner.link_path)).text
    assert "To build the reports you asked for." in page
    assert "To see what visitors do." not in page


async def test_alone_there_is_no_business_center_no_lane_and_no_connection(
    alone: Walk, api: httpx2.AsyncClient
) -> None:
    assert alone.goes_to(await alone.see()) == "others"
    for screen in ("way", "account", "assets"):
        assert alone.goes_to(await alone.see(screen)) == "others"
    for form, fields in (("connection", {}), ("lane", {"lane": "connected"})):
        assert alone.goes_to(await alone.send(form, **fields)) == "others"
    page = (await alone.see("others")).text
    assert "Step 2 of 4" in page
    await agree(alone)
    for screen in ("progress", "receipt"):
        text = (await alone.see(screen)).text
        assert "TikTok" not in text
        assert "Business Center" not in text
    assert alone.goes_to(await alone.send("check")) == "progress"
    link = (await api.get(f"/links/{alone.corner.link_id}")).json()
    assert {each["lane"] for each in link["platforms"]} == {None}
    assert (link["status"], link["next_actor"]) == ("submitted", "client")


async def test_from_the_link_to_the_receipt_alone(alone: Walk, api: httpx2.AsyncClient) -> None:
    access_requests = await ids(alone, api)
    await agree(alone, **{f"id-{access_requests['meta']}": "act_1234567"})
    page = (await alone.see("progress")).text
    assert "It’s your turn" in page
    assert "0 of 3 done" in page
    steps = {
        platform: (await alone.see(f"access-requests/{access_request}/steps?every=true")).text
        for platform, access_request in access_requests.items()
    }
    assert f'value="{manual_platforms.PORTFOLIO}"' in steps["meta"]
    assert f'value="{manual_platforms.MAILBOX}"' in steps["google_analytics"]
    assert "Menu words checked on" in steps["meta"]
    assert 'href="https://facebook.com/business/help/708679622611131"' in steps["meta"]
    assert "with the role {viewer} &amp; no other" in steps["other"]
    for platform, access_request in access_requests.items():
        page = (await alone.see(f"access-requests/{access_request}/steps?step=99")).text
        assert "I have done this</button>" in page, platform
        assert f"access-requests/{access_request}/done" in page
    page = (await alone.see("progress")).text
    assert page.count("I have done this</button>") == 3
    for platform in access_requests:
        assert alone.goes_to(await alone.send(f"access-requests/{access_requests[platform]}/done")) == "progress#others"
    page = (await alone.see("progress")).text
    assert "Waiting for North Agency" in page
    assert "Theo Brand said so on" in page
    assert "I have done this</button>" not in page
    await alone.send(f"access-requests/{access_requests['meta']}/not-done")
    assert (await alone.see("progress")).text.count("I have done this</button>") == 1
    for access_request in access_requests.values():
        assert (
            await api.post(f"/access-requests/{access_request}/attestation", json={"by": "Nora North"})
        ).status_code == 200
    assert alone.goes_to(await alone.see()) == "receipt"
    receipt = (await alone.see("receipt")).text
    assert "North Agency confirmed that it works." in receipt
    for said in ("act_1234567", "By Nora North", "Said by Theo Brand", "How to take it back", "Booking tool"):
        assert said in receipt
    assert "Verified" not in receipt
    assert "good" not in re.findall(r'request-short (\w+)"', receipt)


async def test_beside_tiktok_each_goes_its_own_way(both: Walk, api: httpx2.AsyncClient, house: House) -> None:
    access_requests = await ids(both, api)
    for screen in ("lane", "account"):
        await both.send(screen, **BY_HAND[screen])
    assert both.goes_to(await both.send("assets", **BY_HAND["assets"])) == "others"
    page = (await both.see("others")).text
    assert "Step 4 of 6" in page
    assert (
        both.goes_to(await both.send("others", **{f"id-{access_requests['google_analytics']}": "345678901"})) == "about"
    )
    await both.answer("about")
    review = (await both.see("review")).text
    for said in ("Share ad account 7200000000000000201", "GA4 property 345678901. Give North Agency the role “Viewer”",
                 "(TikTok ad accounts)", "(Meta Business: Ad account)", "Keyturn can’t look there"):  # fmt: skip
        assert said in review
    assert both.goes_to(await both.agree()) == "progress"
    page = (await both.see("progress")).text
    assert "Your steps in TikTok" in page
    assert "And on other platforms" in page
    assert "Do the steps below, and press the button under each." in page
    await house.work()
    await both.send(f"access-requests/{access_requests['meta']}/done")
    # another ad account: what is said of other platforms stays
    assert both.goes_to(await both.send("change", screen="assets")) == "assets"
    found = {
        access_request["platform"]: access_request["status"]
        for access_request in (await api.get(f"/links/{both.corner.link_id}/access-requests")).json()["data"]
    }
    assert found == {
        "tiktok": "waiting", "meta": "awaiting_partner", "google_analytics": "awaiting_client",
        "other": "awaiting_client",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["my account", "12 34", "7" * 201])
async def test_a_wrong_id_keeps_what_was_typed(alone: Walk, api: httpx2.AsyncClient, text: str) -> None:
    access_requests = await ids(alone, api)
    meta, ga4 = f"id-{access_requests['meta']}", f"id-{access_requests['google_analytics']}"
    page = await alone.sent_back("others", **{meta: text, ga4: "345678901"})
    assert f'id="{meta}-problem"' in page
    assert f'id="{ga4}-problem"' not in page
    assert f'value="{text}"' in page
    assert 'value="345678901"' in page
    assert alone.goes_to(await alone.see("about")) == "others"


async def test_one_id_is_not_given_for_two_things(alone: Walk, api: httpx2.AsyncClient) -> None:
    access_requests = await ids(alone, api)
    same = {f"id-{access_requests[key]}": "345678901" for key in ("meta", "google_analytics")}
    assert "already, for" in await alone.sent_back("others", **same)


async def test_ids_can_be_changed_and_swapped_until_the_yes(alone: Walk, api: httpx2.AsyncClient) -> None:
    access_requests = await ids(alone, api)
    meta, ga4 = f"id-{access_requests['meta']}", f"id-{access_requests['google_analytics']}"
    for given in ({meta: "111222333", ga4: "444555666"}, {meta: "444555666", ga4: "111222333"}):
        assert alone.goes_to(await alone.send("others", **given)) == "about"
    found = (await api.get(f"/links/{alone.corner.link_id}/access-requests")).json()["data"]
    assert [access_request["asset_id"] for access_request in found] == ["444555666", "111222333", None]
    await agree(alone)
    kept = (await api.get(f"/links/{alone.corner.link_id}/access-requests")).json()["data"]
    assert [access_request["asset_id"] for access_request in kept] == [None, None, None]


async def test_the_words_are_only_for_this_browser_and_this_link(
    alone: Walk, api: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    access_requests = await ids(alone, api)
    await agree(alone)
    where = f"{alone.path}/access-requests/{access_requests['meta']}/done"
    forged = await alone.browser.post(where, data={"form_token": "0" * 64}, headers=SAME_ORIGIN)
    assert forged.status_code == 403
    foreign = await alone.browser.post(
        where, data={"form_token": await alone.token()}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert foreign.status_code == 403
    south = await manual_platforms.with_link(sessions, world.south, "manual")
    async with sessions() as session:
        theirs = (await links.access_requests(session, south.agency_id, south.link_id))[0].id
    for access_request in (theirs, "access_request_nonsense"):
        assert (await alone.send(f"access-requests/{access_request}/done")).status_code == 404
    assert {
        access_request["status"]
        for access_request in (await api.get(f"/links/{alone.corner.link_id}/access-requests")).json()["data"]
    } == {"awaiting_client"}


async def test_the_page_moves_when_the_agency_confirms(alone: Walk, api: httpx2.AsyncClient) -> None:
    access_requests = await ids(alone, api)
    await agree(alone)
    mark = re.search(r"progress/lines\?mark=(\w+)", (await alone.see("progress")).text)
    assert mark
    assert (await alone.see(f"progress/lines?mark={mark[1]}")).status_code == 204
    await api.post(f"/access-requests/{access_requests['meta']}/attestation", json={"by": "Nora North"})
    moved = await alone.see(f"progress/lines?mark={mark[1]}")
    assert (moved.status_code, "Meta Business: Ad account: Confirmed." in moved.text) == (200, True)
