"""The client of a dead link asks for a new one: the agency hears of it, once, and how to give it."""

from datetime import timedelta

import httpx2
import pytest

from app.events import queries as events
from app.kit import clock
from app.kit.database import Sessions
from app.links import emails
from app.links import queries as link_queries
from app.mail.job import MailContext
from app.mail.service import MailQueue
from tests.house import change_link
from tests.mail import scenes
from tests.mail.post_office import PostOffice
from tests.world import TESTS, World


async def _expire(sessions: Sessions, world: World) -> None:
    async with sessions.begin() as session:
        link = await link_queries.find(session, world.north.agency_id, world.north.link_id)
        link.expires_at = clock.now() - timedelta(hours=1)


async def _ask(sessions: Sessions, world: World, outbox: MailQueue | None) -> None:
    async with change_link(sessions, world.north) as (session, link):
        await emails.request_renewal(session, link, outbox=outbox)


async def _text(tools: MailContext, office: PostOffice) -> str:
    await scenes.work(tools)
    (arrived,) = office.letters()
    plain = arrived.get_body(("plain",))
    assert plain is not None
    return str(plain.get_content())


async def _wishes(sessions: Sessions, world: World) -> int:
    async with sessions() as session:
        asked = events.EventFilter(types=["link.renewal_requested"])
        found = await events.newest(session, world.north.agency_id, limit=50, wanted=asked)
    return len(found)


async def test_of_an_expired_link(
    sessions: Sessions, world: World, outbox: MailQueue, tools: MailContext, office: PostOffice
) -> None:
    await _expire(sessions, world)
    for _ in range(3):
        await _ask(sessions, world, outbox)
    said = await _text(tools, office)
    (envelope,) = office.envelopes
    assert envelope.rcpt_tos == ["ana@north.example"]
    assert str(office.letters()[0]["Subject"]) == "Maison Lune asks for a new link"
    for expected in (
        "Maison Lune opened a link that has ended", "Ana Client <ana@maisonlune.example>", "Expired on: ",
        f"keyturn links extend {world.north.link_id} --expires-at +14d",
        f"/api/v1/links/{world.north.link_id}/extension", f"/api/v1/links/{world.north.link_id}/invitation",
    ):  # fmt: skip
        assert expected in said
    assert world.north.token not in said
    assert await _wishes(sessions, world) == 1


@pytest.mark.usefixtures("mailing")
async def test_pressed_in_a_browser(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World, tools: MailContext, office: PostOffice
) -> None:
    await _expire(sessions, world)
    for _ in range(2):
        answer = await browser.post(f"{world.north.link_path}/renewal", headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 303
    await scenes.work(tools)
    assert [each.rcpt_tos for each in office.envelopes] == [["ana@north.example"]]


async def test_of_a_revoked_link(
    sessions: Sessions, world: World, outbox: MailQueue, tools: MailContext, office: PostOffice
) -> None:
    async with change_link(sessions, world.north) as (_, link):
        link.revoke(actor=TESTS)
    await _ask(sessions, world, outbox)
    said = await _text(tools, office)
    assert "Revoked on: " in said
    assert f"keyturn links create --client-id {world.north.client_id} --preset run-campaigns" in said
    assert "extend" not in said


async def test_where_mail_is_off_the_wish_is_still_told(sessions: Sessions, world: World, tools: MailContext) -> None:
    await _expire(sessions, world)
    await _ask(sessions, world, None)
    assert await scenes.work(tools) == 0
    assert await _wishes(sessions, world) == 1


async def test_a_living_link_needs_no_new_one(
    sessions: Sessions, world: World, outbox: MailQueue, tools: MailContext
) -> None:
    await _ask(sessions, world, outbox)
    assert await scenes.work(tools) == 0
    assert await _wishes(sessions, world) == 0
