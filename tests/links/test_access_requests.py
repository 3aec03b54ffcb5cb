"""One more access, and another role: whatever is wider waits for the client's yes."""

from html import escape
from typing import Any

import httpx2
import pytest

from tests.client_portal.walk import Walk
from tests.world import World


@pytest.fixture
async def access_request_id(api: httpx2.AsyncClient, world: World) -> str:
    """The access request of the north agency's link."""
    return str((await api.get(f"/links/{world.north.link_id}/access-requests")).json()["data"][0]["id"])


@pytest.fixture
def walk(browser: httpx2.AsyncClient, world: World) -> Walk:
    return Walk(browser, world.north)


async def role(
    api: httpx2.AsyncClient, access_request_id: str, role: str, reason: str | None = None
) -> httpx2.Response:
    return await api.post(f"/access-requests/{access_request_id}/role", json={"role": role, "reason": reason})


async def test_before_the_yes_any_role_can_be_asked_for(api: httpx2.AsyncClient, access_request_id: str) -> None:
    lower = (await role(api, access_request_id, "ANALYST")).json()
    assert (lower["role"], lower["status"]) == ("ANALYST", "waiting")
    refused = (await role(api, access_request_id, "ADMIN")).json()
    assert list(refused["errors"]) == ["reason"]
    wider = (await role(api, access_request_id, "ADMIN", "To move the account.")).json()
    assert (wider["role"], wider["role_reason"], wider["wider_than_usual"]) == ("ADMIN", "To move the account.", True)
    unknown = (await role(api, access_request_id, "KING", "x")).json()
    assert "`ANALYST`, `OPERATOR`, `ADMIN`" in unknown["errors"]["role"]


async def test_a_wider_role_than_agreed_waits_for_the_clients_yes(
    api: httpx2.AsyncClient, walk: Walk, access_request_id: str
) -> None:
    await walk.start()
    await walk.answer()
    await walk.agree()
    assert (await api.get(f"/access-requests/{access_request_id}")).json()["approved_at"]
    asked = (await role(api, access_request_id, "ADMIN", "To move the account.")).json()
    assert (asked["status"], asked["next_actor"], asked["approved_at"]) == ("waiting", "client", None)
    assert walk.goes_to(await walk.see()) == "review"
    assert "To move the account." in (await walk.see("review")).text
    await walk.agree()
    assert (await api.get(f"/access-requests/{access_request_id}")).json()["status"] != "waiting"


async def test_less_than_agreed_needs_no_new_yes(api: httpx2.AsyncClient, walk: Walk, access_request_id: str) -> None:
    await walk.start()
    await walk.answer()
    await walk.agree()
    lowered = (await role(api, access_request_id, "ANALYST")).json()
    assert (lowered["role"], lowered["role_first"], lowered["status"]) == ("ANALYST", "OPERATOR", "approved")
    assert lowered["approved_at"] is not None


async def test_nothing_is_asked_on_a_dead_link(api: httpx2.AsyncClient, world: World, access_request_id: str) -> None:
    await api.post(f"/links/{world.north.link_id}/revocation")
    further = {"kind": "ad_account", "role": "ANALYST", "reason": "To look."}
    for answer in (
        await role(api, access_request_id, "ADMIN", "x"),
        await api.post(f"/links/{world.north.link_id}/access-requests", json=further),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "link_over")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"platform": "myspace"}, "platform"), ({"kind": "billing"}, "kind"), ({"role": "KING"}, "role"),
        ({"needs_events": True}, "needs_events"), ({"reason": ""}, "reason"),
        ({"role": "ANALYST"}, "role"),  # the client chooses its ad accounts once, as OPERATOR
    ],
)  # fmt: skip
async def test_an_access_request_that_cannot_be_is_refused(
    api: httpx2.AsyncClient, world: World, wrong: dict[str, Any], field: str
) -> None:
    wish = {"kind": "ad_account", "role": "OPERATOR", "reason": "To look."} | wrong
    answer = await api.post(f"/links/{world.north.link_id}/access-requests", json=wish)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])


async def test_one_more_account_leads_the_client_back_to_choose(
    api: httpx2.AsyncClient, walk: Walk, world: World, access_request_id: str
) -> None:
    await walk.start()
    await walk.answer()
    await walk.agree()
    wish = {"kind": "ad_account", "role": "ANALYST", "reason": "To look at one more.", "required": False}
    added = await api.post(f"/links/{world.north.link_id}/access-requests", json=wish)
    assert (added.status_code, added.json()["status"]) == (201, "waiting")
    assert walk.goes_to(await walk.see()) == "assets"
    assert walk.goes_to(await walk.send("assets", ad_account="7200000000000000203")) == "review"
    review = (await walk.see("review")).text
    assert "View results (Analyst)" in review
    assert "Not this one" in review
    assert walk.goes_to(await walk.send("review/answer", group=added.json()["id"], answer="no")) == "review"
    assert (await api.get(f"/access-requests/{added.json()['id']}")).json()["status"] == "declined"
    assert walk.goes_to(await walk.see()) == "progress"
    assert walk.goes_to(await walk.send("review/answer", group=access_request_id, answer="no")) == "review"
    assert (await api.get(f"/access-requests/{access_request_id}")).json()["status"] != "declined"


async def test_the_agency_reads_what_its_client_agreed_to(
    api: httpx2.AsyncClient, walk: Walk, world: World, access_request_id: str
) -> None:
    path = f"/links/{world.north.link_id}/consents"
    assert (await api.get(path)).json() == {"data": [], "next_cursor": None}
    await walk.start()
    await walk.answer()
    await walk.agree()
    (first,) = (await api.get(path)).json()["data"]
    assert (first["name"], first["language"], first["link_id"]) == ("Theo Brand", "en", world.north.link_id)
    assert "Create, change and pause ads" in first["sentences"]
    receipt = (await walk.see("receipt")).text
    assert all(escape(sentence, quote=False) in receipt for sentence in first["sentences"])
    await role(api, access_request_id, "ADMIN", "To move the account.")
    await walk.agree()
    latest, again = (await api.get(path)).json()["data"]
    assert again == first
    assert "as Full control (Admin)." in latest["sentences"][0]
