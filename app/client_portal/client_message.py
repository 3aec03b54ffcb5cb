"""A message to the client about exactly what is in the way, in the client's language: ready to send, or e-mailed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections import oauth_flow
from app.client_portal import rendering
from app.client_portal.copy import status_rows
from app.events import catalog
from app.kit.actor import Actor
from app.kit.errors import AppError
from app.kit.i18n import locales
from app.kit.i18n.locales import Locale
from app.kit.i18n.message import Message, _, _n
from app.links import queries, url
from app.links import service as link_service
from app.links.aggregate import LinkAggregate
from app.links.emails import ContactMissing, InvitationNotMailed
from app.links.models import AccessRequest
from app.links.status import OVER
from app.mail import sending_limits
from app.mail import service as mails
from app.mail.rendered_email import Recipient
from app.mail.service import Mail, MailQueue
from app.platforms.registry import Platforms
from app.tenants.agencies import service as agencies

#: Kind of the e-mail.
REMINDER = "reminder"
#: Sentences about single access requests in one message.
_MOST = 4
#: By status of the link, the reason to open it before the client has agreed to anything.
_BEFORE: Mapping[str, Message] = {
    "draft": _(
        "{agency} needs limited access to work on your ads. It takes about 6 minutes, and you stay the owner of "
        "everything."
    ),
    "sent": _(
        "{agency} still waits for your access to work on your ads. It takes about 6 minutes, and you stay the owner of "
        "everything."
    ),
    "opened": _("You opened {agency}’s link and have not begun. It takes about 6 minutes, and nothing is shared yet."),
    "in_progress": _(
        "You have begun to give {agency} access. What you entered is kept: you continue where you stopped."
    ),
}
_WITHOUT_ADDRESS = _("Please open the link that you got from us.")
_WITH_ADDRESS = _("This is your link: {address}")


class NothingToSay(AppError):
    """It is not the client's turn."""

    status = 409
    code = "not_the_clients_turn"
    detail = "The client has nothing to do on this link now."
    hint = "`next_actor` of the link says who acts next."
    message = _("The client has nothing to do on this link now.")
    advice = _("The page of the link says whose turn it is.")


@dataclass(frozen=True)
class ClientMessage:
    """Subject and text in the client's language; `english`: the text in English if that is another one."""

    locale: Locale
    to: str | None
    subject: str
    text: str
    english: str | None

    @property
    def mailto(self) -> str:
        """Address that opens it in the mail program."""
        return f"mailto:{quote(self.to or '', safe='@')}?{_query(subject=self.subject, body=self.text)}"

    @property
    def whatsapp(self) -> str:
        """Address that opens it in WhatsApp, which asks for the recipient."""
        return f"https://wa.me/?{_query(text=self.text)}"


def _query(**values: str) -> str:
    return urlencode({name: value.replace("\n", "\r\n") for name, value in values.items()}, quote_via=quote)


async def of_link(
    session: AsyncSession,
    aggregate: LinkAggregate,
    platforms: Platforms,
    *,
    offered: Sequence[str],
    address: str | None = None,
) -> ClientMessage | None:
    """The message for a client whose turn it is, or who has not got the link yet; else None.

    `offered`: tags of the languages of this installation. `address`: the link's own, if it may be part of it.
    """
    reasons = await _to_say(session, aggregate, platforms)
    if not reasons:
        return None
    subject = _("Access for {agency}", agency=aggregate.agency.name)
    ending = _WITH_ADDRESS.fill(address=address) if address else _WITHOUT_ADDRESS
    return _message(aggregate, subject, [*reasons, ending], offered)


async def send(
    session: AsyncSession,
    agency_id: str,
    link_id: str,
    *,
    outbox: MailQueue | None,
    platforms: Platforms,
    actor: Actor,
) -> Mail:
    """Queue the message with the link's address to the client's contact; the first one marks the link as sent.

    Raises NotFound, NothingToSay, InvitationNotMailed, ContactMissing, TooManyMails.
    """
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    link, client = aggregate.link, aggregate.client
    reasons = await _to_say(session, aggregate, platforms)
    if not reasons:
        raise NothingToSay
    if outbox is None:
        raise InvitationNotMailed
    if not client.contact_email:
        raise ContactMissing
    await sending_limits.take(session, outbox, agency_id, client.contact_email)
    token = outbox.keyring.decrypt(link.token_encrypted, bound_to=link_service.token_place(agency_id, link_id))
    address = link_service.address_of(aggregate, token, outbox.public_url)
    aggregate.mark_sent(actor=actor)
    mail = await mails.queue(
        session, outbox, agency_id, kind=REMINDER, to=Recipient(client.contact_email, client.contact_name),
        letterhead=agencies.email_branding(aggregate.agency), about_id=link_id, not_after=link.expires_at,
        languages=aggregate.languages,
        context={
            "name": client.contact_name, "reasons": tuple(reasons), "requested_by": link.requested_by,
            "address": address, "no_more_address": url.no_reminders(address), "until": link.expires_at,
        },
    )  # fmt: skip
    aggregate.draft_event(catalog.LINK_REMINDED, actor=actor)
    await aggregate.save(session)
    return mail


async def _to_say(session: AsyncSession, aggregate: LinkAggregate, platforms: Platforms) -> list[Message]:
    """The sentences for a client whose turn it is, or who has not got the link yet; else none."""
    link = aggregate.link
    if aggregate.is_dead or (link.status != "draft" and link.next_actor != "client"):
        return []
    reasons = [_BEFORE[link.status]] if link.status in _BEFORE else await _reasons(session, aggregate, platforms)
    return [each.fill(agency=aggregate.agency.name) for each in reasons]


def about_launch(aggregate: LinkAggregate, points: Sequence[Message], *, offered: Sequence[str]) -> ClientMessage:
    """The message for a client on whose side these points are left before the launch."""
    beginning = _n(
        "One thing is left on your side before the launch:",
        "{count} things are left on your side before the launch:",
        len(points),
    )
    subject = _("Before the launch with {agency}", agency=aggregate.agency.name)
    return _message(aggregate, subject, [beginning, *points], offered)


def _message(
    aggregate: LinkAggregate, subject: Message, sentences: Sequence[Message], offered: Sequence[str]
) -> ClientMessage:
    """A message with greeting and signature, in the client's language and in English."""
    client, agency = aggregate.client, aggregate.agency
    greeting = _("Hello {name},", name=client.contact_name) if client.contact_name else _("Hello,")
    lines = [greeting, *sentences]
    locale = locales.find(locales.best(aggregate.languages, offered))
    signed = f"{aggregate.link.requested_by}\n{agency.name}"
    return ClientMessage(
        locale=locale,
        to=client.contact_email,
        subject=locale.text(subject),
        text=_text(lines, signed, locale),
        english=None if locale.tag == locales.SOURCE else _text(lines, signed, locales.ENGLISH),
    )


def _text(lines: Sequence[Message], signed: str, locale: Locale) -> str:
    return "\n\n".join([*(locale.text(each) for each in lines), signed])


async def _reasons(session: AsyncSession, aggregate: LinkAggregate, platforms: Platforms) -> list[Message]:
    """The sentences of the client's own page about each access request that waits for the client."""
    theirs = [each for each in aggregate.access_requests if each.next_actor == "client" and each.status not in OVER]
    asked = [each for each in theirs if each.status == "waiting"]
    found = await _sentences(session, aggregate, platforms, [each for each in theirs if each not in asked])
    if asked:
        found.append(
            _n(
                "{agency} asks for {count} more access. You read what it is for, and say yes or no.",
                "{agency} asks for {count} more accesses. You read what they are for, and say yes or no.",
                len(asked),
            )
        )
    left = len(found) - _MOST
    if left <= 0:
        return found
    return [*found[:_MOST], _n("The link shows {count} more point.", "The link shows {count} more points.", left)]


async def _sentences(
    session: AsyncSession, aggregate: LinkAggregate, platforms: Platforms, about: Sequence[AccessRequest]
) -> list[Message]:
    access = await rendering.read_access(session, aggregate, aggregate.connecting)
    possible = {
        here.platform: await oauth_flow.is_possible(session, platforms, aggregate.agency.id, here.platform)
        for here in aggregate.connecting
    }
    sentences = []
    for each in about:
        if each.platform not in possible:
            asset = each.asset_name or aggregate.manual_platform(each.platform).name
            sentences.append(_("{asset} isn’t shared yet. The link shows the steps.", asset=asset))
            continue
        row = status_rows.of_access_request(
            each, aggregate, platforms.connected(each.platform), access[each.platform].held,
            can_connect=possible[each.platform],
            can_look=rendering.is_readable(aggregate.on(each.platform), access), in_message=True,
        )  # fmt: skip
        sentences.append(row.sentence)
    return list(dict.fromkeys(sentences))
