"""Notices to members about their links: at once or in a digest, as each wants it, and once for each occasion."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.dashboard import notice_task
from app.dashboard.notice_task import NoticeContext
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.links.models import Link
from app.mail.service import Mail, MailQueue
from app.tenants.agencies.models import Agency
from app.tenants.clients.models import Client
from app.tenants.members import notices
from app.tenants.members import service as members
from app.webhooks.models import PeriodicTask
from tests.world import PUBLIC_URL, Corner, World

CLIENT_MAIL = ("all_done", "ana@maisonlune.example")
#: By notice, the columns of a link of which it tells, and how long after the change it does.
OCCASIONS: dict[str, tuple[dict[str, Any], str, timedelta]] = {
    "done": ({"status": "completed", "stage": "verified", "next_actor": None}, "completed_at", timedelta(0)),
    "drifted": ({"status": "drifted", "stage": "reopened", "next_actor": "client"}, "needed_again_at", timedelta(0)),
    "needs_you": ({"status": "submitted", "next_actor": "agency"}, "next_actor_since", notice_task.SETTLED),
    "stuck": ({"status": "sent", "next_actor": "client"}, "next_actor_since", notice_task.STUCK_AFTER),
}


@dataclass(frozen=True)
class Telling:
    """The task, the link of `world.north`, and its members: an owner, a manager, and a member who owns the link."""

    context: NoticeContext
    corner: Corner
    ids: dict[str, str]

    async def happen(self, notice: str, ago: timedelta = timedelta(minutes=1)) -> None:
        """The link comes to the state of a notice; it was to be told this long ago."""
        values, since, delay = OCCASIONS[notice]
        await self.settle(**values, **{since: func.now() - delay - ago})

    async def settle(self, **values: object) -> None:
        """Set columns of the link."""
        async with self.context.sessions.begin() as session:
            here = update(Link).where(Link.agency_id == self.corner.agency_id, Link.id == self.corner.link_id)
            await session.execute(here.values(**values))

    async def choose(self, role: str, *, wanted: list[str], digest: bool = False) -> None:
        """A member's choice."""
        async with self.context.sessions.begin() as session:
            await notices.choose(session, self.corner.agency_id, self.ids[role], wanted=wanted, digest=digest)

    async def round(self, *, since: timedelta = timedelta(hours=1)) -> list[tuple[str, str]]:
        """All e-mails after a round that looks at this time: kind and address."""
        async with self.context.sessions.begin() as session:
            here = update(PeriodicTask).where(PeriodicTask.id == notice_task.NOTICES)
            await session.execute(here.values(reached=func.now() - since))
        await notice_task.run(self.context)
        return await self.queued()

    async def queued(self) -> list[tuple[str, str]]:
        """All e-mails: kind and address."""
        async with self.context.sessions() as session:
            rows = select(Mail.kind, Mail.to_email).where(Mail.agency_id == self.corner.agency_id)
            return sorted((kind, email) for kind, email in await session.execute(rows))


@pytest.fixture
async def telling(world: World, sessions: Sessions, keyring: Keyring) -> Telling:
    ids = {}
    async with sessions.begin() as session:
        for role in ("owner", "manager", "member", "viewer"):
            member = await members.add(
                session, world.north.agency_id, name="Nora", email=f"{role}@north.example", role=role, password_hash="x"
            )  # fmt: skip
            ids[role] = member.id
        await members.add(
            session, world.south.agency_id, name="Sam", email="owner@south.example", role="owner", password_hash="x"
        )
        # the digest is due at any hour of the test's day
        zone = {"time_zone": "UTC"}
        await session.execute(update(Agency).where(Agency.id == world.north.agency_id).values(reminders=zone))
    made = Telling(NoticeContext(sessions, MailQueue(keyring, PUBLIC_URL)), world.north, ids)
    await made.settle(owner_member_id=ids["member"])
    return made


@pytest.mark.parametrize("notice", OCCASIONS)
async def test_the_owner_of_a_link_is_told_once(telling: Telling, notice: str) -> None:
    await telling.happen(notice)
    told = [(f"notice_{notice}", "member@north.example")]
    expected = sorted([CLIENT_MAIL, *told]) if notice == "done" else told
    assert await telling.round() == expected
    assert await telling.round() == expected


@pytest.mark.parametrize("notice", OCCASIONS)
async def test_nobody_is_told_before_its_time_or_of_what_was_before(telling: Telling, notice: str) -> None:
    await telling.happen(notice, ago=-timedelta(minutes=1))
    assert await telling.round() == []
    await telling.happen(notice, ago=timedelta(hours=3))
    assert await telling.round() == []


async def test_a_link_without_an_owner_is_told_to_owners_and_managers(telling: Telling) -> None:
    await telling.settle(owner_member_id=None)
    await telling.happen("needs_you")
    assert await telling.round() == [
        ("notice_needs_you", "manager@north.example"), ("notice_needs_you", "owner@north.example"),
    ]  # fmt: skip


async def test_the_same_again_is_another_occasion(telling: Telling) -> None:
    await telling.happen("needs_you")
    await telling.round()
    async with telling.context.sessions.begin() as session:
        mails = update(Mail).where(Mail.agency_id == telling.corner.agency_id)
        await session.execute(mails.values(created_at=func.now() - timedelta(days=1)))
    assert len(await telling.round()) == 2


async def test_a_member_chooses_what_to_be_told(telling: Telling) -> None:
    await telling.choose("member", wanted=["done", "stuck", "drifted"])
    await telling.happen("needs_you")
    assert await telling.round() == []
    await telling.choose("member", wanted=["needs_you"])
    assert await telling.round() == [("notice_needs_you", "member@north.example")]


async def test_rounds_at_once_tell_once(telling: Telling) -> None:
    await telling.happen("done")
    async with telling.context.sessions.begin() as session:
        await session.execute(update(PeriodicTask).values(reached=func.now() - timedelta(hours=1)))
    await asyncio.gather(*(notice_task.run(telling.context) for _ in range(3)))
    assert await telling.queued() == sorted([CLIENT_MAIL, ("notice_done", "member@north.example")])


@pytest.mark.parametrize("values", [{"revoked_at": func.now()}, {"status": "draft"}, {"status": "expired"}])
async def test_of_a_link_that_is_no_more_nothing_is_told(telling: Telling, values: dict[str, object]) -> None:
    await telling.happen("stuck")
    await telling.settle(**values)
    assert await telling.round() == []


async def test_a_digest_replaces_them_all(telling: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice_task, "DIGEST_HOUR", 0)  # it is always morning
    await telling.choose("member", wanted=["needs_you"], digest=True)
    assert await telling.round() == []  # nothing to tell
    await telling.happen("needs_you")
    digest = [("notice_digest", "member@north.example")]
    assert await telling.round() == digest
    assert await telling.round() == digest


async def test_a_digest_waits_for_the_morning(telling: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice_task, "DIGEST_HOUR", 23)
    async with telling.context.sessions.begin() as session:
        zone = await _zone_where_it_is_noon(session)
        await session.execute(
            update(Agency).where(Agency.id == telling.corner.agency_id).values(reminders={"time_zone": zone})
        )
    await telling.choose("member", wanted=[], digest=True)
    await telling.happen("needs_you")
    assert await telling.round() == []


async def _zone_where_it_is_noon(session: AsyncSession) -> str:
    hour = int((await session.execute(select(func.extract("hour", func.timezone("UTC", func.now()))))).scalar_one())
    return f"Etc/GMT{hour - 12:+d}" if hour != 12 else "UTC"


async def test_a_client_without_an_address_gets_no_receipt(telling: Telling) -> None:
    async with telling.context.sessions.begin() as session:
        client = update(Client).where(Client.agency_id == telling.corner.agency_id)
        await session.execute(client.values(contact_email=None))
    await telling.happen("done")
    assert await telling.round() == [("notice_done", "member@north.example")]


async def test_without_a_mail_server_nobody_is_told(telling: Telling) -> None:
    await telling.happen("done")
    await notice_task.run(replace(telling.context, outbox=None))
    assert await telling.queued() == []
