"""Reminders by schedule: to a client whose turn it is, once for each day, and never when they are not wanted."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select, update

from app.client_portal import client_message, reminder_task
from app.client_portal.reminder_task import ReminderContext
from app.events import queries as events
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.links.models import Link
from app.mail.service import Mail, MailQueue
from app.tenants.agencies.models import Agency
from app.tenants.clients.models import Client
from tests.client_portal.walk import press
from tests.house import House
from tests.world import PUBLIC_URL, TESTS, Corner, World

#: No hour is quiet, so that the time of the test does not matter.
ANY_HOUR: dict[str, Any] = {"quiet_from": 0, "quiet_until": 0, "on_weekends": True}


@dataclass(frozen=True)
class Reminding:
    """The task, and the link of `world.north`, whose address was given out."""

    context: ReminderContext
    corner: Corner

    async def settle(self, **values: object) -> None:
        """Set columns of the link."""
        async with self.context.sessions.begin() as session:
            here = update(Link).where(Link.agency_id == self.corner.agency_id, Link.id == self.corner.link_id)
            await session.execute(here.values(**values))

    async def wait(self, days: float) -> None:
        """The turn of the client, and all e-mails, are this many days older."""
        by = timedelta(days=days)
        async with self.context.sessions.begin() as session:
            here = Link.agency_id == self.corner.agency_id, Link.id == self.corner.link_id
            older = {"next_actor_since": Link.next_actor_since - by, "reminded_turn": Link.reminded_turn - by}
            await session.execute(update(Link).where(*here).values(**older))
            mails = update(Mail).where(Mail.agency_id == self.corner.agency_id)
            await session.execute(mails.values(created_at=Mail.created_at - by))

    async def agency(self, **settings: object) -> None:
        """Set reminders of the agency."""
        async with self.context.sessions.begin() as session:
            await session.execute(
                update(Agency).where(Agency.id == self.corner.agency_id).values(reminders=ANY_HOUR | settings)
            )

    async def sent(self) -> int:
        """Reminders after another round of the task."""
        await reminder_task.run(self.context)
        async with self.context.sessions() as session:
            counted = select(func.count()).select_from(Mail).where(Mail.agency_id == self.corner.agency_id)
            return (await session.execute(counted.where(Mail.kind == client_message.REMINDER))).scalar_one()


@pytest.fixture
async def reminding(house: House, world: World, sessions: Sessions, keyring: Keyring) -> Reminding:
    context = ReminderContext(sessions, MailQueue(keyring, PUBLIC_URL), house.tools.platforms)
    made = Reminding(context, world.north)
    await made.agency()
    await made.settle(status="sent", next_actor="client", next_actor_since=func.now())
    return made


async def test_a_client_is_reminded_on_the_days_of_its_turn_and_no_more(reminding: Reminding) -> None:
    assert await reminding.sent() == 0
    for days, expected in ((0.9, 0), (0.2, 1), (1, 1), (1, 2), (4, 3), (30, 3)):
        await reminding.wait(days)
        assert await reminding.sent() == expected, days
        assert await reminding.sent() == expected, days


async def test_after_a_pause_of_the_worker_one_reminder_stands_for_all(reminding: Reminding) -> None:
    await reminding.wait(8)
    assert await reminding.sent() == 1
    await reminding.wait(1)
    assert await reminding.sent() == 1


async def test_a_new_turn_begins_anew(reminding: Reminding) -> None:
    await reminding.wait(8)
    assert await reminding.sent() == 1
    await reminding.settle(next_actor_since=func.now())
    await reminding.wait(1.1)
    assert await reminding.sent() == 2


@pytest.mark.parametrize(
    "values",
    [
        {"next_actor": "agency"},
        {"next_actor": None, "next_actor_since": None},
        {"status": "draft"},
        {"status": "revoked"},
        {"expires_at": func.now() - timedelta(minutes=1)},
        {"reminders_ended_at": func.now()},
        {"reminder_days": []},
        {"reminder_days": [3]},
    ],
)
async def test_a_client_who_need_not_or_must_not_be_reminded_is_not(
    reminding: Reminding, values: dict[str, Any]
) -> None:
    await reminding.wait(2)
    await reminding.settle(**values)
    assert await reminding.sent() == 0


async def test_an_agency_may_send_none_and_a_link_may_have_days_of_its_own(reminding: Reminding) -> None:
    await reminding.agency(days=[])
    await reminding.wait(2)
    assert await reminding.sent() == 0
    await reminding.settle(reminder_days=[2])
    assert await reminding.sent() == 1


async def test_a_client_without_an_address_gets_none(reminding: Reminding) -> None:
    async with reminding.context.sessions.begin() as session:
        client = update(Client).where(Client.agency_id == reminding.corner.agency_id)
        await session.execute(client.values(contact_email=None))
    await reminding.wait(2)
    assert await reminding.sent() == 0


async def test_in_quiet_hours_it_waits(reminding: Reminding) -> None:
    await reminding.wait(2)
    async with reminding.context.sessions() as session:
        hour = int((await session.execute(select(func.extract("hour", func.timezone("UTC", func.now()))))).scalar_one())
    await reminding.settle(time_zone="UTC", next_actor_since=func.now() - timedelta(days=1, minutes=1))
    await reminding.agency(quiet_from=(hour - 1) % 24, quiet_until=(hour + 2) % 24)
    assert await reminding.sent() == 0
    await reminding.agency()
    assert await reminding.sent() == 1


async def test_soon_after_another_e_mail_it_waits(reminding: Reminding) -> None:
    await reminding.wait(2)
    context = reminding.context
    async with context.sessions.begin() as session:
        await client_message.send(
            session, reminding.corner.agency_id, reminding.corner.link_id, outbox=context.outbox,
            platforms=context.platforms, actor=TESTS,
        )  # fmt: skip
    assert await reminding.sent() == 1
    await reminding.wait(0.9)
    assert await reminding.sent() == 2


async def test_two_workers_at_once_send_one(reminding: Reminding) -> None:
    await reminding.wait(2)
    await asyncio.gather(*(reminder_task.run(reminding.context) for _ in range(4)))
    assert await reminding.sent() == 1


async def test_without_a_mail_server_nobody_is_reminded(reminding: Reminding) -> None:
    await reminding.wait(2)
    await reminder_task.run(replace(reminding.context, outbox=None))
    async with reminding.context.sessions() as session:
        assert not (await session.scalars(select(Mail).where(Mail.agency_id == reminding.corner.agency_id))).all()


async def test_a_reminder_is_recorded_as_the_systems(reminding: Reminding) -> None:
    await reminding.wait(2)
    await reminding.sent()
    async with reminding.context.sessions() as session:
        about = events.EventFilter(subject_id=reminding.corner.link_id)
        found = await events.newest(session, reminding.corner.agency_id, limit=1, wanted=about)
    assert [(each.type, each.actor_kind) for each in found] == [("link.reminded", "system")]


async def test_the_client_asks_for_no_more(reminding: Reminding, browser: httpx2.AsyncClient) -> None:
    path = f"/north/maison-lune/{reminding.corner.token}/reminders"
    assert "Send me no more reminders" in (await browser.get(path)).text
    await reminding.wait(2)
    assert await reminding.sent() == 1  # only looking changes nothing
    answer = await press(browser, path)
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert "You get no more reminders" in (await browser.get(path)).text
    await reminding.wait(8)
    assert await reminding.sent() == 1
