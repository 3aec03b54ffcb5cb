"""The e-mail to an agency's contact: an endpoint keeps failing, or was disabled for it."""

import json

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import clock
from app.mail import service as mails
from app.mail.models import Mail
from app.mail.rendered_email import Recipient
from app.mail.service import MailQueue
from app.tenants.agencies import email_branding
from app.tenants.agencies import queries as agencies
from app.webhooks.endpoints.models import Endpoint, EndpointHealth
from app.webhooks.models import Attempt
from app.webhooks.policies import response_classifier

KIND = "endpoint_failing"


async def write(session: AsyncSession, outbox: MailQueue, endpoint: Endpoint, health: EndpointHealth) -> Mail:
    """Owes the contact the news; whether it was disabled stands in its status."""
    agency = await agencies.find(session, endpoint.agency_id)
    webhooks = f"{outbox.public_url}/api/v1/webhooks"
    return await mails.queue(
        session,
        outbox,
        agency.id,
        kind=KIND,
        to=Recipient(agency.contact_email, agency.contact_name),
        letterhead=email_branding.of_agency(agency),
        about_id=endpoint.id,
        context={
            "disabled": endpoint.status == "disabled",
            "url": endpoint.url,
            "description": endpoint.description,
            "endpoint_id": endpoint.id,
            "since": health.failing_since,
            "failed_attempts": str(health.failed_attempts),
            "exhausted": str(health.exhausted),
            "last_error": await _last_error(session, endpoint),
            "last_code": response_classifier.shown(health.last_code or "connect_failed"),
            "sample_event_id": health.last_event_id,
            "activation_line": _post(f"{webhooks}/endpoints/{endpoint.id}/activation", {"replay": "failed"}),
            "replay_line": _post(f"{webhooks}/replays", _replay(endpoint, health)),
        },
    )


def _replay(endpoint: Endpoint, health: EndpointHealth) -> dict[str, str | None]:
    span = {"since": clock.iso(health.failing_since), "until": clock.iso(clock.now())}
    return {"endpoint_id": endpoint.id, "select": "failed", **span}


async def _last_error(session: AsyncSession, endpoint: Endpoint) -> str | None:
    """The newest failure in words; None when it was too long ago to be kept."""
    found = select(Attempt.explanation).where(
        Attempt.agency_id == endpoint.agency_id, Attempt.endpoint_id == endpoint.id, Attempt.arrived.is_(False)
    )
    explained: str | None = await session.scalar(found.order_by(Attempt.id.desc()).limit(1))
    return explained


def _post(address: str, body: dict[str, str | None]) -> str:
    told = f"-H 'Content-Type: application/json' -d '{json.dumps(body)}'"
    return f'curl -X POST {address} -H "Authorization: Bearer $KEYTURN_API_KEY" {told}'
