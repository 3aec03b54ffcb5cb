"""E-mails about a link: the invitation, a client needed again, and what a client asks the agency for."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.kit import clock
from app.kit.actor import Actor
from app.kit.errors import AppError
from app.kit.i18n import locales
from app.kit.i18n.message import _
from app.links import devices, queries, status
from app.links import service as link_service
from app.links.aggregate import LinkAggregate
from app.links.device_addresses import Address
from app.links.service import DEFAULT_LIFE, LinkOver
from app.links.status import PROVED
from app.mail import sending_limits
from app.mail import service as mails
from app.mail.rendered_email import Recipient, RenderedEmail
from app.mail.sending_limits import TooManyMails
from app.mail.service import Mail, MailNotConfigured, MailQueue, Shown
from app.platforms import declarations
from app.platforms.registry import Platforms
from app.tenants.agencies import service as agencies
from app.tenants.clients.models import Client
from app.tenants.members import service as members

INVITATION = "invitation"
CLIENT_NEEDED = "needed_again"
SAVED_LINK = "saved_link"
ALL_DONE = "all_done"
RENEWAL = "renewal_requested"
ERASURE = "erasure_requested"
#: Beginning of the kinds of e-mails that tell a member of the agency about a link.
NOTICE = "notice_"
#: Least time between two e-mails to a client that is needed again.
_APART = timedelta(hours=1)


def is_to_client() -> ColumnElement[bool]:
    """Condition: an e-mail about a link goes to its client, not to the agency."""
    return Mail.kind.not_in((RENEWAL, ERASURE)) & ~Mail.kind.startswith(NOTICE, autoescape=True)


class InvitationNotMailed(MailNotConfigured):
    """This installation sends no e-mails, so the address has to be passed on."""

    hint = (
        "Pass the address on yourself (GET /api/v1/links/{id}/address), or set KEYTURN_SMTP_URL and KEYTURN_MAIL_FROM."
    )
    advice = _("Show the address and pass it on yourself.")


class ContactMissing(AppError):
    """The client has no e-mail address."""

    status = 409
    code = "contact_missing"
    detail = "The client has no contact with an e-mail address."
    hint = "Give the client one with PATCH /api/v1/clients/{id}, then send the invitation again."
    message = _("The client has no contact with an e-mail address.")
    advice = _("Show the address and pass it on yourself.")


async def send_invitation(
    session: AsyncSession,
    agency_id: str,
    link_id: str,
    *,
    outbox: MailQueue | None,
    platforms: Platforms,
    actor: Actor,
) -> Mail:
    """Queue an e-mail with the link's address to the client's contact; the first one marks the link as sent.

    Raises NotFound, LinkOver, InvitationNotMailed, ContactMissing, TooManyMails.
    """
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    client, link = aggregate.client, aggregate.link
    if status.as_of(link.status, link.expires_at, aggregate.now) in ("completed", "expired", "revoked"):
        raise LinkOver(_over(aggregate))
    if outbox is None:
        raise InvitationNotMailed
    if not client.contact_email:
        raise ContactMissing
    await sending_limits.take(session, outbox, agency_id, client.contact_email)
    token = outbox.keyring.decrypt(link.token_encrypted, bound_to=link_service.token_place(agency_id, link_id))
    address = link_service.address_of(aggregate, token, outbox.public_url)
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
    return await mails.queue(
        session,
        outbox,
        aggregate.agency.id,
        kind=INVITATION,
        to=to,
        letterhead=agencies.email_branding(aggregate.agency),
        about_id=aggregate.link.id,
        not_after=aggregate.link.expires_at,
        languages=aggregate.languages,
        context=_invitation(aggregate, platforms, to.name, address),
    )


def preview_invitation(
    aggregate: LinkAggregate, *, platforms: Platforms, address: str, languages: Sequence[str]
) -> tuple[RenderedEmail, str]:
    """The invitation as it would be sent now, for other ways to send it, and the tag of its language."""
    tag = locales.best(aggregate.languages, languages)
    letterhead = agencies.email_branding(aggregate.agency)
    context = _invitation(aggregate, platforms, aggregate.client.contact_name, address)
    return mails.render(INVITATION, letterhead, tag, context), tag


def _invitation(aggregate: LinkAggregate, platforms: Platforms, name: str | None, address: str) -> dict[str, Shown]:
    """Values of the invitation's templates."""
    connecting = [each.platform for each in aggregate.connecting]
    others = dict.fromkeys(
        access_request.asset_name or aggregate.manual_platform(access_request.platform).name
        for access_request in aggregate.access_requests
        if access_request.is_manual
    )
    return {
        "name": name,
        "things": tuple(declarations.texts(each).things.fill(platform=platforms[each].name) for each in connecting),
        "have_ready": tuple(
            declarations.texts(each).have_ready.fill(platform=platforms[each].name) for each in connecting
        ),
        "others": tuple(others),
        "requested_by": aggregate.link.requested_by,
        "reasons": tuple(dict.fromkeys(access_request.why for access_request in aggregate.access_requests)),
        "address": address,
        "until": aggregate.link.expires_at,
    }


def _over(aggregate: LinkAggregate) -> str | None:
    return "Everything on this link is done, so no invitation is needed." if aggregate.link.completed_at else None


async def email_client_needed(
    session: AsyncSession, outbox: MailQueue | None, aggregate: LinkAggregate
) -> timedelta | None:
    """Queue the e-mail to a client that is needed after its consent: more is requested, or access is gone.

    Returns the time to wait if the last such e-mail is too recent, or a limit of e-mails is reached.
    """
    agency_id, link_id = aggregate.agency.id, aggregate.link.id
    link, client, now = aggregate.link, aggregate.client, aggregate.now
    if outbox is None or link.needed_again_at is None or not client.contact_email or aggregate.is_dead:
        return None
    last = await mails.newest(session, agency_id, about_id=link_id, kind=CLIENT_NEEDED)
    if last is not None and last.created_at >= link.needed_again_at:
        return None
    if last is not None and now - last.created_at < _APART:
        return last.created_at + _APART - now
    try:
        async with session.begin_nested():
            await sending_limits.take(session, outbox, agency_id, client.contact_email)
    except TooManyMails as refused:
        return refused.retry_after
    token = outbox.keyring.decrypt(link.token_encrypted, bound_to=link_service.token_place(agency_id, link_id))
    await mails.queue(
        session,
        outbox,
        agency_id,
        kind=CLIENT_NEEDED,
        to=Recipient(client.contact_email, client.contact_name),
        letterhead=agencies.email_branding(aggregate.agency),
        about_id=link_id,
        languages=aggregate.languages,
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
            "address": link_service.address_of(aggregate, token, outbox.public_url),
        },
    )
    return None


async def email_saved_link(
    session: AsyncSession, outbox: MailQueue, aggregate: LinkAggregate, to: Address, *, language: str
) -> Mail:
    """Queue an e-mail with the link, so that its client goes on later or elsewhere. Raises TooManyMails.

    `language`: that of the page on which it is requested.
    """
    await sending_limits.take(session, outbox, aggregate.agency.id, to.email)
    return await mails.queue(
        session,
        outbox,
        aggregate.agency.id,
        kind=SAVED_LINK,
        to=Recipient(to.email, to.name),
        letterhead=agencies.email_branding(aggregate.agency),
        about_id=aggregate.link.id,
        not_after=aggregate.works_until,
        languages=(language,),
        context={
            "name": to.name,
            "requested_by": aggregate.link.requested_by,
            "address": link_service.own_address(aggregate, keyring=outbox.keyring, public_url=outbox.public_url),
            "until": aggregate.works_until,
            "guarded": await devices.is_guarded(session, aggregate),
        },
    )


async def email_done(session: AsyncSession, outbox: MailQueue, aggregate: LinkAggregate) -> None:
    """Queue the e-mail with the receipt to the client of a completed link, once for each completion."""
    agency_id, link, client = aggregate.agency.id, aggregate.link, aggregate.client
    if (
        link.completed_at is None
        or not client.contact_email
        or await mails.was_queued(
            session, agency_id, about_id=link.id, kind=ALL_DONE, to=client.contact_email, since=link.completed_at
        )
    ):
        return
    await mails.queue(
        session, outbox, agency_id, kind=ALL_DONE, to=Recipient(client.contact_email, client.contact_name),
        letterhead=agencies.email_branding(aggregate.agency), about_id=link.id, languages=aggregate.languages,
        context={
            "name": client.contact_name, "client": client.name, "requested_by": link.requested_by,
            "things": tuple(
                each.asset_name or str(each.asset_id) for each in aggregate.access_requests if each.status in PROVED
            ),
            "address": link_service.own_address(aggregate, keyring=outbox.keyring, public_url=outbox.public_url),
        },
    )  # fmt: skip


async def request_renewal(session: AsyncSession, aggregate: LinkAggregate, *, outbox: MailQueue | None) -> None:
    """Record once that the client of a dead link wants a new one, and e-mail the agency if mail is on."""
    if aggregate.request_renewal() and outbox is not None:
        await email_renewal(session, outbox, aggregate, now=aggregate.now)


async def email_renewal(session: AsyncSession, outbox: MailQueue, aggregate: LinkAggregate, *, now: datetime) -> Mail:
    """Queue the e-mail to the agency's contact: the client of a dead link wants a new one, with instructions."""
    agency, link = aggregate.agency, aggregate.link
    return await mails.queue(
        session,
        outbox,
        agency.id,
        kind=RENEWAL,
        to=Recipient(agency.contact_email, agency.contact_name),
        letterhead=agencies.email_branding(agency),
        about_id=link.id,
        languages=(agency.language,),
        context={
            "client": aggregate.client.name,
            "client_contact": _contact(aggregate.client),
            "link_id": link.id,
            "requested_by": link.requested_by,
            "revoked": link.revoked_at is not None,
            "since": link.revoked_at or link.expires_at,
            **_instructions(aggregate, f"{outbox.public_url}/api/v1/links", now + DEFAULT_LIFE),
        },
    )


async def request_erasure(session: AsyncSession, aggregate: LinkAggregate, *, outbox: MailQueue | None) -> None:
    """Record once that the client wants its personal data erased, and e-mail those who may do it, if mail is on."""
    if aggregate.request_erasure() and outbox is not None:
        await _email_erasure(session, outbox, aggregate)


async def _email_erasure(session: AsyncSession, outbox: MailQueue, aggregate: LinkAggregate) -> None:
    """Queue an e-mail to each owner and manager; to the agency's contact if it has no members."""
    agency, link = aggregate.agency, aggregate.link
    people = [each for each in await members.every(session, agency.id) if members.may(each.role, "manager")]
    recipients = [Recipient(each.email, each.name) for each in people]
    for to in recipients or [Recipient(agency.contact_email, agency.contact_name)]:
        await mails.queue(
            session, outbox, agency.id, kind=ERASURE, to=to, letterhead=agencies.email_branding(agency),
            about_id=link.id, languages=(agency.language,),
            context={
                "client": aggregate.client.name,
                "link_id": link.id,
                "asked_at": link.erasure_requested_at,
                "until": link.erase_by,
                "address": f"{outbox.public_url}/desk/links/{link.id}/personal-data",
            },
        )  # fmt: skip


def _contact(client: Client) -> str | None:
    if client.contact_name and client.contact_email:
        return f"{client.contact_name} <{client.contact_email}>"
    return client.contact_email or client.contact_name


def _instructions(aggregate: LinkAggregate, links: str, new_end: datetime) -> dict[str, Shown]:
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
    data = f" -H 'Content-Type: application/json' -d '{body}'" if body else ""
    return f'curl -X POST {address} -H "Authorization: Bearer $KEYTURN_API_KEY"{data}'
