"""Limits of e-mails that a person asks for: refused in words with the true wait, and nothing is half done."""

import math
import re
from contextlib import suppress
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update

from app.kit import clock
from app.kit.database import CROSS_TENANT, Sessions
from app.kit.encryption import Keyring
from app.kit.throttle import Throttle
from app.links import emails
from app.links import queries as links
from app.mail import sending_limits
from app.mail.sending_limits import TooManyMails
from app.mail.service import Mail, MailQueue
from app.tenants.members.models import MemberInvitation
from tests.client_portal.walk import press
from tests.dashboard.conftest import SignIn, sign_in
from tests.world import PUBLIC_URL, World

__all__ = ["sign_in"]
CLIENT, AGENCY, BO, NORA = "ana@maisonlune.example", "ana@north.example", "bo@north.example", "owner@north.example"
SAID = "Too many e-mails were sent in a short time, so this one was not."


@pytest.fixture
def outbox(app: FastAPI, keyring: Keyring) -> MailQueue:
    """E-mail of the application, switched on."""
    made = MailQueue(keyring, PUBLIC_URL)
    app.state.services.outbox = made
    return made


async def _use_up(sessions: Sessions, outbox: MailQueue, agency_id: str, email: str) -> None:
    """Use all that the agency may send to an address."""
    with suppress(TooManyMails):
        while True:
            async with sessions.begin() as session:
                await sending_limits.take(session, outbox, agency_id, email)


async def _sent(sessions: Sessions) -> int:
    async with sessions() as session:
        return (await session.scalars(select(func.count()).select_from(Mail), execution_options=CROSS_TENANT)).one()


@pytest.mark.parametrize(
    ("email", "path", "body"),
    [
        (CLIENT, "/links/{link}/invitation", None),
        (CLIENT, "/links/{link}/reminder", None),
        (BO, "/members/invitations", {"email": BO, "role": "member"}),
        (AGENCY, "/agency/mail-tests", None),
    ],
)
async def test_a_program_reads_the_true_wait_and_nothing_is_half_done(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, outbox: MailQueue,
    email: str, path: str, body: dict[str, str] | None,
) -> None:  # fmt: skip
    north, path = world.north, path.format(link=world.north.link_id)
    await _use_up(sessions, outbox, world.south.agency_id, email)
    assert (await api.post(path, json=body)).status_code < 300, "each agency is counted by itself"
    if path == "/members/invitations":
        pending = (await api.get(path)).json()["data"]
        await api.delete(f"{path}/{pending[0]['id']}")
    before = await _sent(sessions)
    await _use_up(sessions, outbox, north.agency_id, email.upper())
    refused = await api.post(path, json=body)
    assert (refused.status_code, refused.json()["code"], refused.json()["detail"]) == (429, "too_many_mails", SAID)
    wait = int(refused.headers["retry-after"])
    step = sending_limits.TO_ADDRESS.step.total_seconds()
    assert step - 60 < wait <= step
    assert refused.json()["hint"] == f"Try again in {math.ceil(wait / 60)} minutes."
    assert await _sent(sessions) == before
    assert (await api.get("/members/invitations")).json()["data"] == []
    async with sessions.begin() as session:
        await session.execute(update(Throttle).values(full_at=Throttle.full_at - timedelta(seconds=wait)))
    assert (await api.post(path, json=body)).status_code < 300, "the wait is the true one"


async def test_a_refused_invitation_leaves_the_link_a_draft(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, outbox: MailQueue
) -> None:
    await _use_up(sessions, outbox, world.north.agency_id, CLIENT)
    for path in ("invitation", "reminder"):
        assert (await api.post(f"/links/{world.north.link_id}/{path}")).status_code == 429
    assert (await api.get(f"/links/{world.north.link_id}")).json()["status"] == "draft"


async def test_an_agency_sends_so_many_in_all(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, outbox: MailQueue
) -> None:
    full = func.statement_timestamp() + sending_limits.OF_AGENCY.within
    async with sessions.begin() as session:
        session.add(Throttle(kind=sending_limits.OF_AGENCY.kind, subject=world.north.agency_id, full_at=full))
    for path in (f"links/{world.north.link_id}/invitation", "agency/mail-tests"):
        refused = await api.post(f"/{path}")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_mails")
    assert await _sent(sessions) == 0
    async with sessions.begin() as session:
        await sending_limits.take(session, outbox, world.south.agency_id, CLIENT)


@pytest.mark.parametrize(
    ("email", "page", "form", "given"),
    [
        (CLIENT, "links/{link}/ready", "links/{link}/invitation", {"last": ""}),
        (CLIENT, "links/{link}", "links/{link}/reminder", {"last": ""}),
        (BO, "team", "team/invitations", {"email": BO, "role": "member"}),
        (NORA, "first-steps?step=mail", "first-steps/mail", {}),
    ],
)
async def test_a_member_reads_the_wait_on_the_page(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, outbox: MailQueue,
    email: str, page: str, form: str, given: dict[str, str],
) -> None:  # fmt: skip
    await sign_in()
    await _use_up(sessions, outbox, world.north.agency_id, email)
    page, form = (f"/desk/{each.format(link=world.north.link_id)}" for each in (page, form))
    refused = await press(browser, page, form, **given)
    assert refused.status_code == 429
    assert SAID in refused.text
    assert re.search(r"Try again in 3[56] minutes\.", refused.text)
    assert await _sent(sessions) == 0
    async with sessions() as session:
        assert not (await session.scalars(select(MemberInvitation), execution_options=CROSS_TENANT)).all()


async def test_a_row_of_a_file_that_cannot_be_sent_makes_no_link(
    browser: httpx2.AsyncClient, sign_in: SignIn, api: httpx2.AsyncClient, sessions: Sessions, world: World,
    outbox: MailQueue,
) -> None:  # fmt: skip
    await sign_in()
    await _use_up(sessions, outbox, world.north.agency_id, BO)
    rows = f"client,contact,email\nFirst,Bo,{BO}\nSecond,Di,di@second.example\n"
    report = await press(
        browser, "/desk/links/csv", "/desk/links/csv", rows=rows, preset="run-campaigns", days="14", send="mail"
    )
    assert SAID in report.text
    assert [each["name"] for each in (await api.get("/clients")).json()["data"]] == ["Second", "Maison Lune"]
    assert await _sent(sessions) == 1


async def test_a_client_that_is_needed_again_is_told_later(sessions: Sessions, world: World, outbox: MailQueue) -> None:
    north = world.north
    await _use_up(sessions, outbox, north.agency_id, CLIENT)
    async with sessions.begin() as session:
        found = await links.load_link(session, north.agency_id, north.link_id, lock=True)
        found.link.needed_again_at = clock.now()
        wait = await emails.email_client_needed(session, outbox, found)
        found.link.needed_again_at = None
    assert wait is not None
    assert timedelta() < wait <= sending_limits.TO_ADDRESS.step
    assert await _sent(sessions) == 0
