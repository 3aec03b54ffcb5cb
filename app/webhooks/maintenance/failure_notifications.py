"""Notifications to an agency whose endpoint keeps failing, and disabling of the endpoint in the end."""

import json
from collections.abc import Sequence

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.recorder import record
from app.events.schema import EndpointFailureData
from app.kit import clock
from app.kit.actor import system_actor
from app.kit.database import CROSS_TENANT
from app.mail import service as mails
from app.mail.rendered_email import Recipient
from app.mail.service import Mail, MailQueue
from app.tenants.agencies import service as agencies
from app.webhooks import metrics
from app.webhooks.context import MaintenanceContext
from app.webhooks.deliveries import conditions
from app.webhooks.endpoints import lifecycle
from app.webhooks.models import Attempt, Endpoint, EndpointHealth
from app.webhooks.policies import health_rules, response_classifier
from app.webhooks.policies.health_rules import Failing, FailureStep

Key = tuple[str, str]


async def notify_agencies(tools: MaintenanceContext) -> int:
    """Run one round over failing endpoints, each in its own transaction. Returns the number of notified agencies.

    A round has a maximum; the next one continues.
    """
    told, last = 0, None
    while found := await _failing(tools, last):
        last = found[-1][0]
        for key, failing in found:
            if health_rules.failure_step(failing, clock.now()).do != "nothing":
                told += await _act(tools, *key)
            if told >= tools.at_once:
                return told
    return told


async def _failing(tools: MaintenanceContext, last: Key | None) -> Sequence[tuple[Key, Failing]]:
    """A page of failing endpoints that are active and not paused."""
    same = and_(EndpointHealth.agency_id == Endpoint.agency_id, EndpointHealth.id == Endpoint.id)
    found = (
        select(EndpointHealth)
        .join(Endpoint, same)
        .where(EndpointHealth.failing_since.is_not(None), conditions.endpoint_is_active(), Endpoint.paused_at.is_(None))
        .order_by(EndpointHealth.agency_id, EndpointHealth.id)
        .limit(tools.at_once)
    )
    if last is not None:
        agency_id, endpoint_id = last
        later = and_(EndpointHealth.agency_id == agency_id, EndpointHealth.id > endpoint_id)
        found = found.where((EndpointHealth.agency_id > agency_id) | later)
    async with tools.sessions() as session:
        rows = (await session.scalars(found.execution_options(**CROSS_TENANT))).all()
    return [((row.agency_id, row.id), failing) for row in rows if (failing := _as_failing(row))]


async def _act(tools: MaintenanceContext, agency_id: str, endpoint_id: str) -> bool:
    """Decide again with the row locked, because of a success or another worker, and act."""
    async with tools.sessions.begin() as session:
        row = await session.get(EndpointHealth, (agency_id, endpoint_id), with_for_update=True)
        failing = _as_failing(row) if row else None
        step = health_rules.failure_step(failing, clock.now()) if failing else FailureStep("nothing", 0)
        if row is None or step.do == "nothing":
            return False
        disabled = step.do == "disable"
        if disabled:
            endpoint = await lifecycle.disable(session, agency_id, endpoint_id, reason="failing", actor=system_actor())
        else:
            endpoint = await _degraded(session, row, step.notices)
        await _queue_email(session, tools.outbox, endpoint, row)
    if disabled:
        metrics.DISABLED.labels("failing").inc()
    return True


async def _degraded(session: AsyncSession, row: EndpointHealth, notices: int) -> Endpoint:
    row.notices = notices
    found = select(Endpoint).where(Endpoint.agency_id == row.agency_id, Endpoint.id == row.id)
    endpoint = (await session.scalars(found)).one()
    await record(
        session,
        catalog.ENDPOINT_DEGRADED,
        agency_id=row.agency_id,
        subject_id=row.id,
        actor=system_actor(),
        data=EndpointFailureData(
            endpoint_id=row.id,
            status=endpoint.status,
            reason=response_classifier.public_code(row.last_code) if row.last_code else None,
            failed_count=row.failed_attempts,
            sample_event_id=row.last_event_id,
        ),
    )
    return endpoint


async def _queue_email(
    session: AsyncSession, outbox: MailQueue | None, endpoint: Endpoint, row: EndpointHealth
) -> None:
    if outbox is not None:
        await queue_failure_email(session, outbox, endpoint, row)


def _as_failing(row: EndpointHealth) -> Failing | None:
    if row.failing_since is None:
        return None
    last = row.last_failed_at or row.failing_since
    return Failing(row.failing_since, last, row.failed_attempts, row.exhausted, row.notices)


KIND = "endpoint_failing"


async def queue_failure_email(
    session: AsyncSession, outbox: MailQueue, endpoint: Endpoint, health: EndpointHealth
) -> Mail:
    """Queue the e-mail to the contact; the status of the endpoint says whether it was disabled."""
    agency = await agencies.find(session, endpoint.agency_id)
    webhooks = f"{outbox.public_url}/api/v1/webhooks"
    return await mails.queue(
        session,
        outbox,
        agency.id,
        kind=KIND,
        to=Recipient(agency.contact_email, agency.contact_name),
        letterhead=agencies.email_branding(agency),
        about_id=endpoint.id,
        languages=(agency.language,),
        context={
            "disabled": endpoint.status == "disabled",
            "url": endpoint.url,
            "description": endpoint.description,
            "endpoint_id": endpoint.id,
            "since": health.failing_since,
            "failed_attempts": health.failed_attempts,
            "exhausted": health.exhausted,
            "last_error": await _last_error(session, endpoint),
            "last_code": response_classifier.public_code(health.last_code or "connect_failed"),
            "sample_event_id": health.last_event_id,
            "activation_line": _post(f"{webhooks}/endpoints/{endpoint.id}/activation", {"replay": "failed"}),
            "replay_line": _post(f"{webhooks}/replays", _replay(endpoint, health)),
        },
    )


def _replay(endpoint: Endpoint, health: EndpointHealth) -> dict[str, str | None]:
    span = {"since": clock.iso(health.failing_since), "until": clock.iso(clock.now())}
    return {"endpoint_id": endpoint.id, "select": "failed", **span}


async def _last_error(session: AsyncSession, endpoint: Endpoint) -> str | None:
    """The newest failure as a sentence; None if it is no longer stored."""
    found = select(Attempt.explanation).where(
        Attempt.agency_id == endpoint.agency_id, Attempt.endpoint_id == endpoint.id, Attempt.arrived.is_(False)
    )
    explained: str | None = await session.scalar(found.order_by(Attempt.id.desc()).limit(1))
    return explained


def _post(address: str, body: dict[str, str | None]) -> str:
    told = f"-H 'Content-Type: application/json' -d '{json.dumps(body)}'"
    return f'curl -X POST {address} -H "Authorization: Bearer $KEYTURN_API_KEY" {told}'
