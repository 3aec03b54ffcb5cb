"""Making a link asks only for what clients will be told to paste: Business Centers and ids of the agency's own."""

import httpx2
import pytest
from sqlalchemy import delete

from app.kit.database import Sessions
from app.tenants.agencies.models import AgencyAccount
from tests import manual_platforms
from tests.world import World


@pytest.fixture(autouse=True)
def _presets(monkeypatch: pytest.MonkeyPatch) -> None:
    manual_platforms.known(monkeypatch)


async def without_business_center(sessions: Sessions, world: World) -> None:
    """North names none."""
    async with sessions.begin() as session:
        await session.execute(delete(AgencyAccount).where(AgencyAccount.agency_id == world.north.agency_id))


def wish(preset: str) -> dict[str, object]:
    """A link for a new client."""
    return {"preset": preset, "client": {"name": "Brand SA"}}


async def test_manual_platforms_alone_need_no_business_center(
    api: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    await without_business_center(sessions, world)
    await manual_platforms.tell_identities(sessions, world.north)
    made = await api.post("/links", json=wish("manual"))
    link = made.json()
    assert (made.status_code, {each["agency_account_id"] for each in link["platforms"]}) == (201, {None})
    assert [
        (access_request["platform"], access_request["kind"], access_request["role"])
        for access_request in link["access_requests"]
    ] == [
        ("meta", "custom", "MANAGE_CAMPAIGNS"),
        ("google_analytics", "custom", "GA4_VIEWER"),
        ("other", "custom", "AS_WRITTEN"),
    ]
    assert (link["access_requests"][2]["asset_name"], len(link["access_requests"][2]["steps"])) == (
        "Booking tool, reports only",
        2,
    )
    assert link["assets"] == {"total": 3, "verified": 0, "blocked": 0}


async def test_beside_tiktok_a_business_center_is_needed(
    api: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    await manual_platforms.tell_identities(sessions, world.north)
    made = (await api.post("/links", json=wish("everything"))).json()
    assert (made["platforms"][0]["agency_account_id"], len(made["access_requests"])) == (world.north.account_id, 4)
    await without_business_center(sessions, world)
    refused = await api.post("/links", json=wish("everything"))
    assert (refused.status_code, refused.json()["code"]) == (409, "agency_account_missing")


async def test_an_id_that_clients_would_have_to_paste_is_needed(api: httpx2.AsyncClient) -> None:
    refused = await api.post("/links", json=wish("manual"))
    told = refused.json()
    assert (refused.status_code, told["code"]) == (409, "platform_identity_missing")
    assert told["detail"] == "Meta Business: Business portfolio ID of the agency is not known yet."
    assert told["hint"] == "Set it with PUT /api/v1/agency/platforms/meta: portfolio_id=1234567890123456."
    await api.put("/agency/platforms/meta", json={"identifiers": {"portfolio_id": manual_platforms.PORTFOLIO}})
    assert "Google Analytics" in (await api.post("/links", json=wish("manual"))).json()["detail"]
    await api.put("/agency/platforms/google_analytics", json={"identifiers": {"email": manual_platforms.MAILBOX}})
    assert (await api.post("/links", json=wish("manual"))).status_code == 201
