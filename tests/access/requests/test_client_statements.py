"""Access requests of manual platforms from consent to the agency's word, beside TikTok's and alone."""

from collections.abc import Sequence
from datetime import timedelta

import httpx2
import pytest

from app.access import handshakes
from app.access.requests import link_lifecycle
from app.access.requests import service as access_requests
from app.kit import clock
from app.kit.errors import NotFound
from app.kit.i18n.locales import ENGLISH
from app.links.models import AccessRequest
from simulator import seed
from tests import manual_platforms
from tests.house import House, change_link
from tests.world import TESTS, Corner


@pytest.fixture(autouse=True)
def _presets(monkeypatch: pytest.MonkeyPatch) -> None:
    manual_platforms.known(monkeypatch)


async def agreed(house: House, preset: str) -> Corner:
    """A link of the preset to which the client said yes; TikTok by connecting, where it is asked for."""
    north = await manual_platforms.with_link(house.tools.sessions, house.world.north, preset)
    if preset == "everything":
        await house.connect_agency(north)
        await house.connect_client(north)
        await house.agree(north, seed.LUNE_EU)
    else:
        async with change_link(house.tools.sessions, north) as (_, link):
            link.give_consent("Ana Client", ["as shown"], locale=ENGLISH)
    async with change_link(house.tools.sessions, north) as (_, link):
        access_requests.refresh_statuses(link)
    return north


async def custom(house: House, corner: Corner) -> Sequence[AccessRequest]:
    """The access requests of manual platforms."""
    return [access_request for access_request in await house.access_requests(corner) if access_request.is_manual]


async def say(house: House, corner: Corner, access_request: AccessRequest, *, done: bool = True) -> None:
    """The client presses the button."""
    async with change_link(house.tools.sessions, corner) as (_, link):
        (access_requests.say_steps_done if done else access_requests.withdraw_statement)(link, access_request.id)


async def test_after_consent_it_is_the_clients_turn_at_once(house: House) -> None:
    north = await agreed(house, "manual")
    access_requests = await custom(house, north)
    assert [(access_request.status, access_request.next_actor) for access_request in access_requests] == [
        ("awaiting_client", "client")
    ] * 3
    assert (await house.events(north)).count("access.awaiting_client") == 3
    async with house.tools.sessions() as session:
        assert await handshakes.of_client(session, north.agency_id, north.client_id) == []


async def test_the_client_says_done_takes_it_back_and_says_it_again(house: House) -> None:
    north = await agreed(house, "manual")
    access_request, *_ = await custom(house, north)
    await say(house, north, access_request)
    first, *_ = await custom(house, north)
    assert (first.status, first.next_actor, first.client_attested_by) == ("awaiting_partner", "agency", "Ana Client")
    assert first.client_attested_at is not None
    await say(house, north, access_request)
    again, *_ = await custom(house, north)
    assert again.client_attested_at == first.client_attested_at
    await say(house, north, access_request, done=False)
    back, *_ = await custom(house, north)
    assert (back.status, back.client_attested_at, back.client_attested_by) == ("awaiting_client", None, None)
    await say(house, north, access_request)
    assert (await custom(house, north))[0].status == "awaiting_partner"


async def test_the_agencys_word_counts_with_or_without_the_clients(house: House, api: httpx2.AsyncClient) -> None:
    north = await agreed(house, "manual")
    first, second, third = await custom(house, north)
    await say(house, north, first)
    hint = (await api.get(f"/access-requests/{first.id}")).json()["hint"]
    assert hint.startswith("The client says that the steps are done")
    for access_request in (first, second):
        said = (await api.post(f"/access-requests/{access_request.id}/attestation", json={"by": "Nora North"})).json()
        assert (said["status"], said["attested_by"], said["hint"]) == ("attested", "Nora North", None)
    assert (await api.get(f"/links/{north.link_id}")).json()["status"] == "submitted"
    await api.post(f"/access-requests/{third.id}/attestation", json={"by": "Nora North"})
    link = (await api.get(f"/links/{north.link_id}")).json()
    assert (link["status"], link["assets"]["verified"], link["platforms"][0]["agency_account_id"]) == (
        "completed",
        3,
        None,
    )
    assert [access_request["client_attested_by"] for access_request in link["access_requests"]] == [
        "Ana Client",
        None,
        None,
    ]
    assert link["access_requests"][2]["steps"][0] == "Open the booking tool’s settings."


async def test_after_the_agencys_word_the_clients_changes_nothing(house: House, api: httpx2.AsyncClient) -> None:
    north = await agreed(house, "manual")
    access_request, *_ = await custom(house, north)
    await say(house, north, access_request)
    await api.post(f"/access-requests/{access_request.id}/attestation", json={"by": "Nora North"})
    await say(house, north, access_request, done=False)
    after, *_ = await custom(house, north)
    assert (after.status, after.client_attested_by) == ("attested", "Ana Client")


async def test_tiktok_and_the_others_go_their_own_ways_on_one_link(house: House, api: httpx2.AsyncClient) -> None:
    north = await agreed(house, "everything")
    await house.work()
    assert [status for status, _ in await house.statuses(north)] == ["verified", *["awaiting_client"] * 3]
    assert (await api.get(f"/links/{north.link_id}")).json()["next_actor"] == "client"
    for access_request in await custom(house, north):
        await say(house, north, access_request)
    await house.check_now(north)
    await house.work()
    assert [status for status, _ in await house.statuses(north)] == ["verified", *["awaiting_partner"] * 3]
    assert "link.completed" not in await house.events(north)
    for access_request in await custom(house, north):
        # TikTok can be read; that says nothing of the others
        assert (
            await api.post(f"/access-requests/{access_request.id}/attestation", json={"by": "Nora North"})
        ).status_code == 200
    await house.check_now(north)
    await house.work()
    assert [status for status, _ in await house.statuses(north)] == ["verified", *["attested"] * 3]
    assert (await house.events(north)).count("link.completed") == 1


async def test_there_is_nothing_to_look_at(house: House, api: httpx2.AsyncClient) -> None:
    north = await agreed(house, "everything")
    access_request, *_ = await custom(house, north)
    refused = await api.post(f"/access-requests/{access_request.id}/verification")
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_read")


async def test_nobody_speaks_before_consent(house: House, api: httpx2.AsyncClient) -> None:
    north = await manual_platforms.with_link(house.tools.sessions, house.world.north, "manual")
    access_request, *_ = await custom(house, north)
    await say(house, north, access_request)
    untouched, *_ = await custom(house, north)
    assert (untouched.status, untouched.client_attested_at) == ("waiting", None)
    refused = await api.post(f"/access-requests/{access_request.id}/attestation", json={"by": "Nora North"})
    assert refused.json()["code"] == "access_request_not_approved"


async def test_the_clients_word_is_for_its_own_link_and_for_manual_platforms(house: House) -> None:
    mine, theirs = (
        await agreed(house, "everything"),
        await manual_platforms.with_link(house.tools.sessions, house.world.south, "manual"),
    )
    tiktok = (await house.access_requests(mine))[0]
    foreign, *_ = await custom(house, theirs)
    for access_request in (tiktok, foreign):
        with pytest.raises(NotFound):
            await say(house, mine, access_request)


async def test_when_the_link_ends_what_was_confirmed_stays_and_the_rest_ends(
    house: House, api: httpx2.AsyncClient
) -> None:
    north = await agreed(house, "manual")
    first, second, _ = await custom(house, north)
    await api.post(f"/access-requests/{first.id}/attestation", json={"by": "Nora North"})
    await say(house, north, second)
    async with house.tools.sessions.begin() as session:
        await link_lifecycle.end_link(session, north.agency_id, north.link_id, actor=TESTS)
    assert [access_request.status for access_request in await custom(house, north)] == ["attested", "ended", "ended"]


async def test_a_link_that_lives_again_goes_on_where_it_stood(house: House) -> None:
    north = await agreed(house, "manual")
    access_request, *_ = await custom(house, north)
    await say(house, north, access_request)
    async with change_link(house.tools.sessions, north) as (_, link):
        link.link.expires_at = clock.now() - timedelta(days=1)
        assert link.expire()
        access_requests.refresh_statuses(link)
    assert {access_request.status for access_request in await custom(house, north)} == {"ended"}
    async with house.tools.sessions.begin() as session:
        later = clock.now() + timedelta(days=3)
        await link_lifecycle.renew_link(session, north.agency_id, north.link_id, expires_at=later, actor=TESTS)
    statuses = [access_request.status for access_request in await custom(house, north)]
    assert statuses == ["awaiting_partner", "awaiting_client", "awaiting_client"]
