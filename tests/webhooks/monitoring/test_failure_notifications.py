"""An agency hears that an endpoint keeps failing: by an event for its other endpoints and by e-mail."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import func, select

from app.kit import clock
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.mail.rendered_email import RenderedEmail
from app.mail.service import Mail, MailQueue, content_place
from app.webhooks.context import MaintenanceContext, WebhookContext
from app.webhooks.maintenance import failure_notifications
from app.webhooks.models import Endpoint
from tests.webhooks import rows, scenes
from tests.world import PUBLIC_URL

DEGRADED, DISABLED = "webhook.endpoint.degraded", "webhook.endpoint.disabled"


def failing(hours: float, **values: Any) -> dict[str, Any]:
    """The health of an endpoint that has been failing for so long."""
    now = clock.now()
    return {
        "failing_since": now - timedelta(hours=hours), "last_failed_at": now, "failed_attempts": 8,
        "last_code": "blocked_address", **values,
    }  # fmt: skip


HOPELESS: dict[str, Any] = {"failed_attempts": 20, "exhausted": 1, "notices": 4}


@pytest.fixture
def mailing(keeping: MaintenanceContext, keyring: Keyring) -> MaintenanceContext:
    """The tools of an installation that sends e-mails."""
    return replace(keeping, outbox=MailQueue(keyring, PUBLIC_URL))


async def letters(sessions: Sessions, keyring: Keyring, agency_id: str) -> list[RenderedEmail]:
    """The e-mails that are owed about endpoints."""
    found = select(Mail).where(Mail.agency_id == agency_id, Mail.kind == "endpoint_failing").order_by(Mail.id)
    async with sessions() as session:
        mails = (await session.scalars(found)).all()
    assert {mail.to_email for mail in mails} <= {"ana@north.example"}
    sealed = [(mail.content_encrypted or b"", content_place(agency_id, mail.id)) for mail in mails]
    return [RenderedEmail.from_json(keyring.decrypt(content, bound_to=place)) for content, place in sealed]


async def test_after_ten_minutes_of_only_failures_the_agency_hears_once(
    mailing: MaintenanceContext, sessions: Sessions, keyring: Keyring, endpoint: Endpoint
) -> None:
    row = await rows.add_delivery(sessions, endpoint)
    await rows.add_attempt(sessions, row, explanation="The host name does not exist.")
    await rows.set_health(sessions, endpoint, **failing(0.2, last_event_id=row.event_id))
    assert [
        await failure_notifications.notify_agencies(mailing),
        await failure_notifications.notify_agencies(mailing),
    ] == [1, 0]
    [event] = await rows.events(sessions, endpoint.agency_id, DEGRADED)
    facts = event.facts
    assert (event.subject_id, facts["endpoint_id"], facts["failed_count"]) == (endpoint.id, endpoint.id, 8)
    assert (facts["sample_event_id"], facts["reason"]) == (
        row.event_id,
        "connect_refused",
    )  # blocked looks like refused
    assert (await rows.health(sessions, endpoint)).notices == 1
    [letter] = await letters(sessions, keyring, endpoint.agency_id)
    assert letter.subject == "A webhook endpoint of North Agency keeps failing"
    for said in (endpoint.url, endpoint.id, row.event_id, "The host name does not exist.", "8 attempts", "/replays"):
        assert said in letter.text
        assert said in letter.html
    assert "blocked" not in letter.text + letter.html


async def test_a_success_takes_the_notice_back(
    mailing: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    await rows.set_health(sessions, endpoint, **failing(0.2, failing_since=None))
    assert await failure_notifications.notify_agencies(mailing) == 0


@pytest.mark.parametrize(
    "status",
    [{"paused_at": func.now()}, {"status": "disabled"}, {"deleted_at": func.now()}],
    ids=["paused", "disabled", "deleted"],
)
async def test_who_stopped_it_knows(
    mailing: MaintenanceContext, sessions: Sessions, endpoint: Endpoint, status: dict[str, Any]
) -> None:
    await rows.set_health(sessions, endpoint, **failing(130, **HOPELESS))
    await rows.set_endpoint(sessions, endpoint, **status)
    assert await failure_notifications.notify_agencies(mailing) == 0


async def test_the_news_goes_to_other_endpoints_never_to_itself(
    mailing: MaintenanceContext, tools: WebhookContext, sessions: Sessions, keyring: Keyring, endpoint: Endpoint
) -> None:
    await rows.set_endpoint(sessions, endpoint, event_types=["webhook.*"])
    other, _ = await scenes.make_endpoint(
        sessions, keyring, endpoint.agency_id, "https://ops.example.com/", ["webhook.endpoint.degraded"]
    )
    await rows.set_health(sessions, endpoint, **failing(0.2))
    await failure_notifications.notify_agencies(mailing)
    await scenes.fan_all_out(tools)
    told = [
        row.endpoint_id for row in await scenes.deliveries(sessions, endpoint.agency_id) if row.event_type == DEGRADED
    ]
    assert told == [other.id]


async def test_a_hopeless_endpoint_is_disabled_and_its_agency_told(
    mailing: MaintenanceContext, sessions: Sessions, keyring: Keyring, endpoint: Endpoint
) -> None:
    before = REGISTRY.get_sample_value("webhook_auto_disabled_total", {"reason": "failing"}) or 0
    await rows.set_health(sessions, endpoint, **failing(121, **HOPELESS))
    assert [
        await failure_notifications.notify_agencies(mailing),
        await failure_notifications.notify_agencies(mailing),
    ] == [1, 0]
    now = await rows.find_endpoint(sessions, endpoint)
    assert (now.status, now.status_reason) == ("disabled", "failing")
    assert len(await rows.events(sessions, endpoint.agency_id, DISABLED)) == 1
    [letter] = await letters(sessions, keyring, endpoint.agency_id)
    assert letter.subject == "Disabled: a webhook endpoint of North Agency kept failing"
    assert f"/endpoints/{endpoint.id}/activation" in letter.text
    assert REGISTRY.get_sample_value("webhook_auto_disabled_total", {"reason": "failing"}) == before + 1


async def test_without_mail_the_event_is_there_all_the_same(
    keeping: MaintenanceContext, sessions: Sessions, keyring: Keyring, endpoint: Endpoint
) -> None:
    await rows.set_health(sessions, endpoint, **failing(25, notices=1))
    assert await failure_notifications.notify_agencies(keeping) == 1
    assert len(await rows.events(sessions, endpoint.agency_id, DEGRADED)) == 1
    assert await letters(sessions, keyring, endpoint.agency_id) == []


async def test_two_workers_at_once_tell_once(
    mailing: MaintenanceContext, sessions: Sessions, keyring: Keyring, endpoint: Endpoint
) -> None:
    await rows.set_health(sessions, endpoint, **failing(0.2))
    told = await asyncio.gather(*(failure_notifications.notify_agencies(mailing) for _ in range(4)))
    assert sum(told) == 1
    assert len(await letters(sessions, keyring, endpoint.agency_id)) == 1


async def test_a_round_is_bounded_and_the_next_goes_on(
    mailing: MaintenanceContext, sessions: Sessions, keyring: Keyring, endpoint: Endpoint
) -> None:
    others = [
        (await scenes.make_endpoint(sessions, keyring, endpoint.agency_id, f"https://crm.example.com/{number}"))[0]
        for number in range(4)
    ]
    for each in (endpoint, *others):
        await rows.set_health(sessions, each, **failing(0.2))
    few = replace(mailing, at_once=2)
    assert [await failure_notifications.notify_agencies(few) for _ in range(4)] == [2, 2, 1, 0]
