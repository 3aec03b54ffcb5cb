"""The language of e-mails about a link and of their values: the link's for its client, the agency's for the agency."""

from dataclasses import replace

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.kit import clock
from app.kit.database import Sessions
from app.kit.i18n import pseudo
from app.links import emails
from app.links.presets import builtin
from app.mail.rendered_email import RenderedEmail
from app.mail.service import Mail, MailQueue, content_place
from tests.house import change_link
from tests.mail.marks import shown_in
from tests.pseudo import unmarked
from tests.world import PUBLIC_URL, World

REASON = builtin.newest()["prospect"].access_requests[0].reason


@pytest.fixture
async def bilingual(app: FastAPI, outbox: MailQueue, sessions: Sessions, world: World) -> MailQueue:
    """An outbox that offers the pseudo-locale, in which a link is."""
    app.state.services.outbox = replace(outbox, languages=("en", pseudo.TAG))
    async with change_link(sessions, world.north) as (_, found):
        found.link.language, found.access_requests[0].reason = pseudo.TAG, REASON
    return app.state.services.outbox  # type: ignore[no-any-return]  # the state of an application has no types


async def _written(sessions: Sessions, world: World, outbox: MailQueue) -> tuple[str, RenderedEmail]:
    """The language and the content of the one e-mail."""
    async with sessions() as session:
        mail = (await session.scalars(select(Mail).where(Mail.agency_id == world.north.agency_id))).one()
    place = content_place(mail.agency_id, mail.id)
    return mail.language, RenderedEmail.from_json(outbox.keyring.decrypt(mail.content_encrypted or b"", bound_to=place))


def _given(world: World) -> list[str]:
    """Names and addresses in the e-mails."""
    return [
        "North Agency",
        "Maison Lune",
        "Ana Agent",
        "Ana Client",
        "ana@north.example",
        f"{PUBLIC_URL}{world.north.link_path}",
    ]


async def test_an_invitation_with_the_reason_of_a_preset(
    api: httpx2.AsyncClient, bilingual: MailQueue, sessions: Sessions, world: World
) -> None:
    assert (await api.post(f"/links/{world.north.link_id}/invitation")).status_code == 202
    language, written = await _written(sessions, world, bilingual)
    assert language == pseudo.TAG
    assert f"- {pseudo.disguised(REASON)}" in written.text.splitlines()
    assert unmarked(shown_in(written), _given(world)) == []


async def test_a_client_that_is_needed_again(bilingual: MailQueue, sessions: Sessions, world: World) -> None:
    async with change_link(sessions, world.north) as (session, found):
        found.link.needed_again_at = clock.now()
        await emails.email_client_needed(session, bilingual, found)
    language, written = await _written(sessions, world, bilingual)
    assert language == pseudo.TAG
    assert f"- {pseudo.disguised(REASON)}" in written.text.splitlines()
    assert unmarked(shown_in(written), _given(world)) == []


@pytest.mark.parametrize("language", ["en", pseudo.TAG])
async def test_the_agency_is_written_to_in_its_own(
    bilingual: MailQueue, sessions: Sessions, world: World, language: str
) -> None:
    async with change_link(sessions, world.north) as (session, found):
        found.agency.language, found.link.expires_at = language, found.now
        await emails.email_renewal(session, bilingual, found, now=found.now)
    chosen, written = await _written(sessions, world, bilingual)
    assert chosen == language
    assert (pseudo.START in written.text) is (language == pseudo.TAG)
