"""JSON routes: e-mails that remind the client of exactly what is in the way."""

from typing import Annotated

from fastapi import Request

from app.client_portal import client_message
from app.kit.database import Session
from app.kit.errors import NotFound
from app.links import queries
from app.links.schemas import InvitationView
from app.mail import service as mails
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router()
Reader = Annotated[Principal, requires("links:read")]
Writer = Annotated[Principal, requires("links:write")]


@router.post("/links/{link_id}/reminder", status_code=202)
async def remind(request: Request, caller: Writer, session: Session, link_id: str) -> InvitationView:
    """E-mail the client what is in the way now, in its language, with the link. Each call sends one e-mail.

    Only while it is the client's turn. The sentences are those of the client's own page.
    """
    services = services_of(request)
    mail = await client_message.send(
        session, caller.agency_id, link_id, outbox=services.outbox, platforms=services.platforms, actor=caller.actor
    )
    return InvitationView.of(mail)


@router.get("/links/{link_id}/reminder")
async def get_reminder(caller: Reader, session: Session, link_id: str) -> InvitationView:
    """Return the last reminder and its status; if it failed, with the error."""
    link = await queries.find(session, caller.agency_id, link_id)
    mail = await mails.newest(session, caller.agency_id, about_id=link.id, kind=client_message.REMINDER)
    if mail is None:
        raise NotFound
    return InvitationView.of(mail)
