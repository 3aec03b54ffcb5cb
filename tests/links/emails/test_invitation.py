"""Having a link e-mailed: what arrives, what is told, and when it is refused."""

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import update

from app.events import queries as events
from app.kit.database import Sessions
from app.links import queries as links
from app.links.models import Link
from app.mail import service as mails
from app.mail.job import MailContext
from app.tenants.clients.models import Client
from tests import manual_platforms
from tests.mail import scenes
from tests.mail.post_office import PostOffice
from tests.world import PUBLIC_URL, World


async def _set(
    sessions: Sessions, row: type[Link] | type[Client], agency_id: str, row_id: str, **values: object
) -> None:
    async with sessions.begin() as session:
        await session.execute(update(row).where(row.agency_id == agency_id, row.id == row_id).values(**values))


async def _happened(sessions: Sessions, world: World) -> list[str]:
    async with sessions() as session:
        about = events.EventFilter(subject_id=world.north.link_id)
        found = await events.newest(session, world.north.agency_id, limit=50, wanted=about)
    return [each.type for each in reversed(found)]


@pytest.mark.usefixtures("mailing")
async def test_the_client_gets_the_link(
    api: httpx2.AsyncClient, tools: MailContext, office: PostOffice, world: World, sessions: Sessions
) -> None:
    answer = await api.post(f"/links/{world.north.link_id}/invitation")
    assert answer.status_code == 202
    told = answer.json()
    assert (told["status"], told["email"], told["sent_at"]) == ("waiting", "ana@maisonlune.example", None)
    assert world.north.token not in answer.text
    await scenes.work(tools)
    (envelope,), (arrived,) = office.envelopes, office.letters()
    assert envelope.rcpt_tos == ["ana@maisonlune.example"]
    assert str(arrived["From"]) == "North Agency via Keyturn <keyturn@post.example>"
    assert str(arrived["Reply-To"]) == "Ana Agent <ana@north.example>"
    plain = arrived.get_body(("plain",))
    assert plain is not None
    assert f"{PUBLIC_URL}{world.north.link_path}" in plain.get_content().splitlines()
    assert (await api.get(f"/links/{world.north.link_id}/invitation")).json()["status"] == "sent"
    assert await _happened(sessions, world) == ["link.created", "link.sent", "link.invited"]


@pytest.mark.usefixtures("mailing")
async def test_the_second_one_is_no_second_sent(api: httpx2.AsyncClient, sessions: Sessions, world: World) -> None:
    for _ in range(2):
        await api.post(f"/links/{world.north.link_id}/invitation")
    assert await _happened(sessions, world) == ["link.created", "link.sent", "link.invited", "link.invited"]


@pytest.mark.usefixtures("mailing")
async def test_the_same_request_again_sends_nothing_again(
    api: httpx2.AsyncClient, tools: MailContext, world: World
) -> None:
    headers = {"Idempotency-Key": "once"}
    for _ in range(2):
        await api.post(f"/links/{world.north.link_id}/invitation", headers=headers)
    assert await scenes.work(tools) == 1


@pytest.mark.usefixtures("mailing")
async def test_why_it_did_not_arrive_is_told(
    api: httpx2.AsyncClient, tools: MailContext, office: PostOffice, world: World
) -> None:
    office.at_recipient = ["550 No such user"]
    await api.post(f"/links/{world.north.link_id}/invitation")
    await scenes.work(tools)
    told = (await api.get(f"/links/{world.north.link_id}/invitation")).json()
    assert (told["status"], told["attempts"]) == ("failed", 1)
    assert told["last_error"] == "The mail server refused it: 550 No such user."


async def test_where_mail_is_off_none_is_promised(
    api: httpx2.AsyncClient, app: FastAPI, tools: MailContext, sessions: Sessions, world: World
) -> None:
    app.state.services.outbox = None
    answer = await api.post(f"/links/{world.north.link_id}/invitation")
    assert (answer.status_code, answer.json()["code"]) == (409, "mail_off")
    assert await scenes.work(tools) == 0
    assert await _happened(sessions, world) == ["link.created"]


@pytest.mark.usefixtures("mailing")
async def test_without_a_contact_it_is_refused(api: httpx2.AsyncClient, sessions: Sessions, world: World) -> None:
    await _set(sessions, Client, world.north.agency_id, world.north.client_id, contact_email=None)
    answer = await api.post(f"/links/{world.north.link_id}/invitation")
    assert (answer.status_code, answer.json()["code"]) == (409, "contact_missing")


@pytest.mark.usefixtures("mailing")
@pytest.mark.parametrize("end", ["revoked", "completed", "expired"])
async def test_a_link_that_is_over_is_not_sent(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, end: str
) -> None:
    await _set(sessions, Link, world.north.agency_id, world.north.link_id, status=end)
    answer = await api.post(f"/links/{world.north.link_id}/invitation")
    assert (answer.status_code, answer.json()["code"]) == (409, "link_over")


@pytest.mark.usefixtures("mailing")
async def test_an_agency_sees_and_sends_its_own_alone(
    api: httpx2.AsyncClient, tools: MailContext, world: World
) -> None:
    for call in (api.get, api.post):
        assert (await call(f"/links/{world.south.link_id}/invitation")).status_code == 404
    assert await scenes.work(tools) == 0


async def test_before_the_first_there_is_none(api: httpx2.AsyncClient, world: World) -> None:
    assert (await api.get(f"/links/{world.north.link_id}/invitation")).status_code == 404


@pytest.mark.usefixtures("mailing")
async def test_nobody_sends_without_a_key(api: httpx2.AsyncClient, world: World) -> None:
    answer = await api.post(f"/links/{world.north.link_id}/invitation", headers={"Authorization": ""})
    assert answer.status_code == 401


@pytest.mark.usefixtures("mailing")
async def test_it_is_worthless_when_the_link_has_ended(
    api: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    async with sessions() as session:
        ends = (await links.find(session, world.north.agency_id, world.north.link_id)).expires_at
    await api.post(f"/links/{world.north.link_id}/invitation")
    async with sessions() as session:
        mail = await mails.newest(session, world.north.agency_id, about_id=world.north.link_id, kind="invitation")
    assert mail is not None
    assert mail.not_after == ends


@pytest.mark.usefixtures("mailing")
@pytest.mark.parametrize(
    ("preset", "subject", "says", "says_not"),
    [
        ("manual", "to your Meta Business, Google Analytics and Tag Manager and Booking tool, reports only",
         "Your sign-in to Meta Business", "TikTok"),
        ("everything", "to your TikTok ads and more", "Admin access to your TikTok Business Center", "Nothing"),
    ],
)  # fmt: skip
async def test_what_to_have_ready_is_of_the_platforms_asked_for(
    api: httpx2.AsyncClient, tools: MailContext, office: PostOffice, world: World, sessions: Sessions,
    monkeypatch: pytest.MonkeyPatch, preset: str, subject: str, says: str, says_not: str,
) -> None:  # fmt: skip
    manual_platforms.known(monkeypatch)
    corner = await manual_platforms.with_link(sessions, world.north, preset)
    assert (await api.post(f"/links/{corner.link_id}/invitation")).status_code == 202
    await scenes.work(tools)
    (arrived,) = office.letters()
    assert str(arrived["Subject"]) == f"North Agency asks for limited access {subject}"
    for kind in ("plain", "html"):
        part = arrived.get_body((kind,))
        assert part is not None
        text = part.get_content()
        assert says in text
        assert says_not not in text
        assert "Meta Business" in text
