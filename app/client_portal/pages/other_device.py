"""The link on another device, or later: as a QR code, to copy, and by e-mail."""

from datetime import timedelta

from fastapi import Request
from fastapi.responses import Response

from app.client_portal import rate_limits, screens
from app.client_portal.errors import TooMany
from app.client_portal.link_session import LinkForm, OpenLink
from app.client_portal.rendering import screen, sent_back
from app.kit.database import Session
from app.kit.html import forms, language, render
from app.kit.html.qr import qr
from app.kit.i18n.message import _
from app.kit.throttle import Limit
from app.links import devices, emails
from app.links import service as link_service
from app.links.device_addresses import INVITED, Address
from app.mail.sending_limits import TooManyMails
from app.services import services_of

router = forms.page_router()
MAILS_OF_LINK = Limit("saved-link", 6, timedelta(hours=6))


@router.get("/l/{link_id}/other-device")
async def show(request: Request, session: Session, link: OpenLink, sent: bool = False) -> Response:
    """Show the link's address. `sent`: it was e-mailed a moment ago."""
    services, draft = services_of(request), link.draft_of(request)
    invited = _invited(link)
    address = link_service.own_address(link.aggregate, keyring=services.keyring, public_url=services.public_url)
    return screen(
        request,
        link,
        "other-device",
        problems=draft.problems if draft else {},
        given=draft.form.text("email", most=254) if draft else "",
        address=address,
        qr=qr(address),
        invited=invited.masked if invited else None,
        can_mail=services.outbox is not None,
        sent=sent,
        guarded=await devices.is_guarded(session, link.aggregate),
        until=link.aggregate.works_until,
        onward=screens.next_screen(link.progress),
    )


@router.post("/l/{link_id}/other-device")
async def send(request: Request, session: Session, link: OpenLink, form: LinkForm) -> Response:
    """E-mail the link to the invited address, or to the given one."""
    typed, outbox = form.email("email"), services_of(request).outbox
    to = _invited(link) if form.text("to") == INVITED else Address("given", typed) if typed else None
    problems = dict(form.problems)
    if to is None:
        problems.setdefault("email", _("Enter an e-mail address."))
    if problems or to is None or outbox is None:
        return sent_back(request, link, form, problems)
    await rate_limits.take(session, link.aggregate, (MAILS_OF_LINK, link.aggregate.link.id))
    try:
        await emails.email_saved_link(session, outbox, link.aggregate, to, language=language.locale_of(request).tag)
    except TooManyMails as reached:
        raise TooMany(link.aggregate, reached.retry_after) from reached
    link.browser.draft = None
    return render.see_other(request, f"{link.path}/other-device?sent=1")


def _invited(link: OpenLink) -> Address | None:
    return next((each for each in devices.addresses_of(link.aggregate) if each.key == INVITED), None)
