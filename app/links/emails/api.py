"""JSON routes: e-mails about a link."""

from typing import Annotated

from fastapi import APIRouter, Request

from app.kit.database import Session
from app.kit.errors import NotFound
from app.links import queries
from app.links.emails import invitation
from app.links.emails.schemas import InvitationView
from app.mail import service as mails
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(route_class=ApiRoute)

Reader = Annotated[Principal, requires("links:read")]
Writer = Annotated[Principal, requires("links:write")]


@router.post("/links/{link_id}/invitation", status_code=202)
async def invite(request: Request, caller: Writer, session: Session, link_id: str) -> InvitationView:
    """E-mails the link to the client's contact, in your agency's name. Each call sends one e-mail."""
    services = services_of(request)
    mail = await invitation.send_invitation(
        session, caller.agency_id, link_id, outbox=services.outbox, platforms=services.platforms, actor=caller.actor
    )
    return InvitationView.of(mail)


@router.get("/links/{link_id}/invitation")
async def get_invitation(caller: Reader, session: Session, link_id: str) -> InvitationView:
    """The last invitation: whether it waits, was sent, or was given up and why."""
    link = await queries.find(session, caller.agency_id, link_id)
    mail = await mails.newest(session, caller.agency_id, about_id=link.id, kind=invitation.KIND)
    if mail is None:
        raise NotFound("This link was not e-mailed yet.", hint="POST to the same address e-mails it.")
    return InvitationView.of(mail)
