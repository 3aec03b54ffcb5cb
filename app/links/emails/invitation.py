"""Having a link e-mailed to its client's contact."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.kit.errors import AppError
from app.links import queries, status
from app.links import service as links
from app.links.aggregate import LinkAggregate
from app.links.service import LinkOver
from app.mail import service as mails
from app.mail.models import Mail
from app.mail.rendered_email import Recipient
from app.mail.service import MailQueue
from app.platforms.registry import Platforms
from app.tenants.agencies import service as agencies

KIND = "invitation"


class MailNotConfigured(AppError):
    """This installation sends no e-mails."""

    status = 409
    code = "mail_off"
    detail = "This installation sends no e-mails."
    hint = (
        "Pass the address on yourself (GET /api/v1/links/{id}/address), or have KEYTURN_SMTP_URL and "
        "KEYTURN_MAIL_FROM set."
    )


class ContactMissing(AppError):
    """Nobody to write to."""

    status = 409
    code = "contact_missing"
    detail = "The client has no contact with an e-mail address."
    hint = "Give the client one with PATCH /api/v1/clients/{id}, then send the invitation again."


async def send_invitation(
    session: AsyncSession,
    agency_id: str,
    link_id: str,
    *,
    outbox: MailQueue | None,
    platforms: Platforms,
    actor: str,
) -> Mail:
    """Owes the client's contact an e-mail with the link's address; the first one means that the link was sent.

    Raises NotFound, LinkOver, MailNotConfigured, ContactMissing.
    """
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    client, link = aggregate.client, aggregate.link
    if status.as_of(link.status, link.expires_at, aggregate.now) in ("completed", "expired", "revoked"):
        raise LinkOver(_over(aggregate))
    if outbox is None:
        raise MailNotConfigured
    if not client.contact_email:
        raise ContactMissing
    token = outbox.keyring.decrypt(link.token_encrypted, bound_to=links.token_place(agency_id, link_id))
    address = links.address_of(aggregate, token, outbox.public_url)
    aggregate.mark_sent(actor=actor)
    mail = await _invite(
        session, outbox, aggregate, to=Recipient(client.contact_email, client.contact_name), address=address,
        platforms=platforms,
    )  # fmt: skip
    aggregate.draft_event(catalog.LINK_INVITED, actor=actor)
    await aggregate.save(session)
    return mail


async def _invite(
    session: AsyncSession,
    outbox: MailQueue,
    aggregate: LinkAggregate,
    *,
    to: Recipient,
    address: str,
    platforms: Platforms,
) -> Mail:
    read = next(
        (
            platforms[access_request.platform].name
            for access_request in aggregate.access_requests
            if not access_request.is_custom
        ),
        "",
    )
    others = dict.fromkeys(
        access_request.asset_name or platforms[access_request.platform].name
        for access_request in aggregate.access_requests
        if access_request.is_custom
    )
    return await mails.queue(
        session,
        outbox,
        aggregate.agency.id,
        kind=KIND,
        to=to,
        letterhead=agencies.email_branding(aggregate.agency),
        about_id=aggregate.link.id,
        not_after=aggregate.link.expires_at,
        context={
            "name": to.name,
            "client": aggregate.client.name,
            "platform": read,
            "others": tuple(others),
            "requested_by": aggregate.link.requested_by,
            "reasons": tuple(dict.fromkeys(access_request.reason for access_request in aggregate.access_requests)),
            "address": address,
            "until": aggregate.link.expires_at,
        },
    )


def _over(aggregate: LinkAggregate) -> str | None:
    return "Everything on this link is done; there is nothing to invite to." if aggregate.link.completed_at else None
