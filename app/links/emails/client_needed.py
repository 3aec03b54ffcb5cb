"""E-mail to a client that agreed before: the agency asks for more, or access is gone."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.links import service as links
from app.links import url
from app.links.aggregate import LinkAggregate
from app.mail import service as mails
from app.mail.rendered_email import Recipient
from app.mail.service import MailQueue
from app.tenants.agencies import service as agencies

KIND = "needed_again"
#: Several things asked for one after the other make one e-mail, or two.
_APART = timedelta(hours=1)


async def write_to_client(
    session: AsyncSession, outbox: MailQueue | None, aggregate: LinkAggregate
) -> timedelta | None:
    """Owes the e-mail where it is due; when to ask again, if it is due only later."""
    agency_id, link_id = aggregate.agency.id, aggregate.link.id
    link, client, now = aggregate.link, aggregate.client, aggregate.now
    if outbox is None or link.needed_again_at is None or not client.contact_email or aggregate.is_dead:
        return None
    last = await mails.newest(session, agency_id, about_id=link_id, kind=KIND)
    if last is not None and last.created_at >= link.needed_again_at:
        return None
    if last is not None and now - last.created_at < _APART:
        return last.created_at + _APART - now
    token = outbox.keyring.decrypt(link.token_encrypted, bound_to=links.token_place(agency_id, link_id))
    await mails.queue(
        session,
        outbox,
        agency_id,
        kind=KIND,
        to=Recipient(client.contact_email, client.contact_name),
        letterhead=agencies.email_branding(aggregate.agency),
        about_id=link_id,
        context={
            "name": client.contact_name,
            "requested_by": link.requested_by,
            "gone": tuple(
                access_request.asset_name or str(access_request.asset_id)
                for access_request in aggregate.access_requests
                if access_request.status == "drifted"
            ),
            "reasons": tuple(
                dict.fromkeys(
                    access_request.why
                    for access_request in aggregate.access_requests
                    if access_request.status == "waiting"
                )
            ),
            "address": url.of_link(outbox.public_url, aggregate.agency.slug, client.name, token),
        },
    )
    return None
