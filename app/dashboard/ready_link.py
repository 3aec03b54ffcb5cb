"""A link that is ready to be sent: its address, an e-mail, a text for a chat and a QR code."""

from urllib.parse import quote, urlencode, urlsplit

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.dashboard import desk
from app.dashboard.link_form import LINKS
from app.dashboard.member_session import PATH, CurrentMember, MemberForm, Worker
from app.kit.database import RecordingSession, Session
from app.kit.errors import AppError
from app.kit.html import forms, language, render
from app.kit.html.qr import qr
from app.kit.i18n import locales
from app.kit.i18n.message import Message, Text, _, _n
from app.kit.web import web_address
from app.links import emails
from app.links import queries as links
from app.links import service as link_service
from app.links.aggregate import LinkAggregate
from app.links.emails import ContactMissing, InvitationNotMailed
from app.links.schemas import InvitationView
from app.links.service import LinkOver
from app.mail import service as mails
from app.mail.sending_limits import TooManyMails
from app.platforms import declarations
from app.services import services_of

router = forms.page_router()
#: Minutes that a client usually needs, as the invitation says.
_MINUTES = 6


@router.get(f"{LINKS}/{{link_id}}/ready")
async def ready(request: Request, session: RecordingSession, caller: Worker, link_id: str) -> Response:
    """Show the address with every way to send it. Each time is recorded; the first marks the link as sent."""
    return await _page(request, session, caller, link_id)


async def _page(
    request: Request, session: AsyncSession, caller: CurrentMember, link_id: str, refused: AppError | None = None
) -> Response:
    services = services_of(request)
    aggregate = await links.load_link(session, caller.agency_id, link_id, lock=True)
    if aggregate.is_dead:
        return render.see_other(request, f"{LINKS}/{link_id}")
    address = await link_service.reveal_address(
        session, aggregate, public_url=services.public_url, keyring=services.keyring, actor=caller.member.actor
    )
    letter, tag = emails.preview_invitation(
        aggregate, platforms=services.platforms, address=address, languages=services.languages
    )
    text = _chat_text(aggregate, address)
    chat = locales.find(tag).text(text)
    client = aggregate.client
    mail = await mails.newest(session, caller.agency_id, about_id=link_id, kind=emails.INVITATION)
    return desk.page(
        request, caller, "ready_link", here=PATH, status=refused.status if refused else 200,
        refused=refused.sentences if refused else (), link=aggregate.link, client=client, address=address,
        letter=letter, tag=tag, language_name=locales.find(tag).name, chat=chat,
        gloss=None if tag == language.locale_of(request).tag else text,
        mail=mail and InvitationView.of(mail), can_mail=services.outbox is not None, qr=qr(address),
        is_local=web_address.is_this_machine(urlsplit(address).hostname or ""),
        mailto=_query(f"mailto:{quote(client.contact_email or '')}", subject=letter.subject, body=letter.text),
        whatsapp=_query("https://wa.me/", text=chat),
    )  # fmt: skip


@router.post(f"{LINKS}/{{link_id}}/invitation")
async def send(request: Request, session: Session, caller: Worker, form: MemberForm, link_id: str) -> Response:
    """E-mail the link to the client's contact. A form that is sent twice sends one e-mail."""
    services = services_of(request)
    await links.load_link(session, caller.agency_id, link_id, lock=True)
    last = await mails.newest(session, caller.agency_id, about_id=link_id, kind=emails.INVITATION)
    if form.line("last") == (last.id if last else ""):
        try:
            async with session.begin_nested():
                await emails.send_invitation(
                    session, caller.agency_id, link_id, outbox=services.outbox, platforms=services.platforms,
                    actor=caller.member.actor,
                )  # fmt: skip
        except TooManyMails as refused:
            return await _page(request, session, caller, link_id, refused)
        except (ContactMissing, InvitationNotMailed, LinkOver):
            pass  # that page says it
    return render.see_other(request, f"{LINKS}/{link_id}/ready")


def _chat_text(aggregate: LinkAggregate, address: str) -> Message:
    """The text for WhatsApp or another chat."""
    things: tuple[Text, ...] = tuple(
        declarations.texts(each.platform).things.fill(platform=declarations.name(each.platform))
        for each in aggregate.connecting
    ) or (_("tools"),)
    agency, name = aggregate.agency.name, aggregate.client.contact_name
    if name:
        return _n(
            "Hello {name}, with this link you give {agency} limited access to your {things}. It takes about {count} "
            "minute, and you stay the owner: {address}",
            "Hello {name}, with this link you give {agency} limited access to your {things}. It takes about {count} "
            "minutes, and you stay the owner: {address}",
            _MINUTES, name=name, agency=agency, things=things, address=address,
        )  # fmt: skip
    return _n(
        "Hello, with this link you give {agency} limited access to your {things}. It takes about {count} minute, and "
        "you stay the owner: {address}",
        "Hello, with this link you give {agency} limited access to your {things}. It takes about {count} minutes, and "
        "you stay the owner: {address}",
        _MINUTES, agency=agency, things=things, address=address,
    )  # fmt: skip


def _query(start: str, **values: str) -> str:
    """An address with a query; blanks are `%20`, because mail programs show `+` as it is."""
    return f"{start}?{urlencode(values, quote_via=quote, safe='')}"
