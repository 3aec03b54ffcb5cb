"""The e-mail to an agency: the client of a dead link wants a new one."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import clock
from app.links.aggregate import LinkAggregate
from app.links.service import DEFAULT_LIFE
from app.mail import service as mail
from app.mail.models import Mail
from app.mail.rendered_email import Recipient
from app.mail.service import MailQueue, Shown
from app.tenants.agencies import service as agencies
from app.tenants.clients.models import Client

KIND = "renewal_requested"


async def pass_on_wish(session: AsyncSession, outbox: MailQueue, aggregate: LinkAggregate, *, now: datetime) -> Mail:
    """To the agency's contact: the client of a dead link wants a new one, and how to give it."""
    agency, link = aggregate.agency, aggregate.link
    return await mail.queue(
        session,
        outbox,
        agency.id,
        kind=KIND,
        to=Recipient(agency.contact_email, agency.contact_name),
        letterhead=agencies.email_branding(agency),
        about_id=link.id,
        context={
            "client": aggregate.client.name,
            "client_contact": _contact(aggregate.client),
            "link_id": link.id,
            "requested_by": link.requested_by,
            "revoked": link.revoked_at is not None,
            "since": link.revoked_at or link.expires_at,
            **_ways(aggregate, f"{outbox.public_url}/api/v1/links", now + DEFAULT_LIFE),
        },
    )


def _contact(client: Client) -> str | None:
    if client.contact_name and client.contact_email:
        return f"{client.contact_name} <{client.contact_email}>"
    return client.contact_email or client.contact_name


def _ways(aggregate: LinkAggregate, links: str, new_end: datetime) -> dict[str, Shown]:
    """Instructions for the agency: an expired link can be extended, a revoked one stays closed."""
    link = aggregate.link
    if link.revoked_at:
        return {
            "command_line": f"keyturn links create --client-id {link.client_id} --preset {link.preset}",
            "api_line": _post(links, f'{{"client_id": "{link.client_id}", "preset": "{link.preset}"}}'),
            "invitation_line": None,
        }
    return {
        "command_line": f"keyturn links extend {link.id} --expires-at +{DEFAULT_LIFE.days}d",
        "api_line": _post(f"{links}/{link.id}/extension", f'{{"expires_at": "{clock.iso(new_end)}"}}'),
        "invitation_line": _post(f"{links}/{link.id}/invitation") if aggregate.client.contact_email else None,
    }


def _post(address: str, body: str | None = None) -> str:
    told = f" -H 'Content-Type: application/json' -d '{body}'" if body else ""
    return f'curl -X POST {address} -H "Authorization: Bearer $KEYTURN_API_KEY"{told}'
