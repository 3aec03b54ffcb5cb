"""JSON routes: the message to the client about exactly what is in the way, and reminders by e-mail."""

from typing import Annotated, Self

from fastapi import Request
from pydantic import BaseModel, Field

from app.client_portal import client_message
from app.client_portal.client_message import ClientMessage, NothingToSay
from app.kit.database import Session
from app.kit.errors import NotFound
from app.kit.web import problem
from app.links import queries
from app.links.schemas import InvitationView
from app.mail import service as mails
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router()
Reader = Annotated[Principal, requires("links:read")]
Writer = Annotated[Principal, requires("links:write")]


class ClientMessageView(BaseModel):
    """A message to a client, ready to be sent."""

    language: str = Field(description="Tag of the client's language.", examples=["fr"])
    to: str | None = Field(description="The e-mail address of the client's contact.", examples=["ana@brand.com"])
    subject: str = Field(examples=["Access for North Agency"])
    text: str = Field(examples=["Hello Ana,\n\nPlease open the link that you got from us.\n\nNora\nNorth Agency"])
    english: str | None = Field(description="The text in English, if the client's language is another.")
    mailto: str = Field(description="Address that opens the message in a mail program.")
    whatsapp: str = Field(description="Address that opens the text in WhatsApp.")

    @classmethod
    def of(cls, message: ClientMessage) -> Self:
        """From the message."""
        return cls(
            language=message.locale.tag, to=message.to, subject=message.subject, text=message.text,
            english=message.english, mailto=message.mailto, whatsapp=message.whatsapp,
        )  # fmt: skip


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


@router.get("/links/{link_id}/message", responses=problem.documented(409))
async def get_message(request: Request, caller: Reader, session: Session, link_id: str) -> ClientMessageView:
    """Return the message to send to the client now by mail, WhatsApp or chat, in the client's language.

    It says exactly what is in the way, as the reminder does, but has no address: the client opens the link that it has.
    Only while it is the client's turn, or before the link was sent.
    """
    services = services_of(request)
    aggregate = await queries.load_link(session, caller.agency_id, link_id)
    message = await client_message.of_link(session, aggregate, services.platforms, offered=services.languages)
    if message is None:
        raise NothingToSay
    return ClientMessageView.of(message)


@router.get("/links/{link_id}/reminder")
async def get_reminder(caller: Reader, session: Session, link_id: str) -> InvitationView:
    """Return the last reminder and its status; if it failed, with the error."""
    link = await queries.find(session, caller.agency_id, link_id)
    mail = await mails.newest(session, caller.agency_id, about_id=link.id, kind=client_message.REMINDER)
    if mail is None:
        raise NotFound
    return InvitationView.of(mail)
