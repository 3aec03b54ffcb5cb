"""A client asks for its personal data to be erased: owners and managers hear of it once, and by when to do it."""

from datetime import UTC, datetime

import pytest

from app.kit.database import Sessions
from app.links import emails
from app.links.models import Link
from app.mail.job import MailContext
from app.mail.service import MailQueue
from app.tenants.members import service as members
from tests.house import change_link
from tests.mail import scenes
from tests.mail.post_office import PostOffice
from tests.world import World


async def test_owners_and_managers_are_told_once_and_nobody_if_mail_is_off(
    sessions: Sessions, world: World, outbox: MailQueue, tools: MailContext, office: PostOffice
) -> None:
    async with sessions.begin() as session:
        for role in ("owner", "manager", "member", "viewer"):
            await members.add(
                session, world.north.agency_id, name="Nora", email=f"{role}@north.example", role=role, password_hash="x"
            )  # fmt: skip
    for _ in range(2):
        async with change_link(sessions, world.north) as (session, link):
            await emails.request_erasure(session, link, outbox=outbox)
    async with change_link(sessions, world.south) as (session, link):
        await emails.request_erasure(session, link, outbox=None)
    await scenes.work(tools)
    assert sorted(each.rcpt_tos[0] for each in office.envelopes) == ["manager@north.example", "owner@north.example"]
    letter = office.letters()[0]
    due = link.link.erase_by
    assert due is not None
    assert str(letter["Subject"]).startswith("Maison Lune asks you to erase its personal data by ")
    for kind in ("plain", "html"):
        body = letter.get_body((kind,))
        assert body is not None
        for words in (
            f"/desk/links/{world.north.link_id}/personal-data", "The law gives you one month", f"{due.year}",
        ):  # fmt: skip
            assert words in body.get_content(), (kind, words)


async def test_an_agency_without_members_is_told_by_its_contact(
    sessions: Sessions, world: World, outbox: MailQueue, tools: MailContext, office: PostOffice
) -> None:
    async with change_link(sessions, world.north) as (session, link):
        await emails.request_erasure(session, link, outbox=outbox)
    await scenes.work(tools)
    assert [each.rcpt_tos for each in office.envelopes] == [["ana@north.example"]]


@pytest.mark.parametrize(
    ("asked", "due"),
    [((2026, 1, 31), (2026, 2, 28)), ((2026, 12, 5), (2027, 1, 5)), ((2028, 1, 30), (2028, 2, 29))],
)
def test_a_month_ends_on_the_same_day_or_the_last_one(asked: tuple[int, int, int], due: tuple[int, int, int]) -> None:
    day = Link(erasure_requested_at=datetime(*asked, 23, 59, tzinfo=UTC)).erase_by
    assert day
    assert (day.year, day.month, day.day) == due
