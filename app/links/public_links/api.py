"""JSON routes: public links."""

from typing import Annotated

from fastapi import APIRouter, Request

from app.kit.database import Session
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.links.public_links import queries, service
from app.links.public_links.schemas import CreatedPublicLink, NewPublicLink, PublicLinkView
from app.links.schemas import AddressView
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(prefix="/public-links", route_class=ApiRoute)

Reader = Annotated[Principal, requires("links:read")]
Writer = Annotated[Principal, requires("links:write")]
Revealer = Annotated[Principal, requires("links:address")]


@router.get("")
async def list_public_links(
    caller: Reader, session: Session, limit: Limit = 50, cursor: Cursor = None
) -> Page[PublicLinkView]:
    """Your public links, newest first."""
    rows = await queries.page(session, caller.agency_id, limit=limit + 1, before=before(cursor, "publiclink"))
    return by_id([PublicLinkView.of(row) for row in rows], limit)


@router.post("", status_code=201)
async def create_public_link(
    request: Request, caller: Writer, session: Session, given: NewPublicLink
) -> CreatedPublicLink:
    """Makes a public address for anybody. Each use of it makes a client and a link of their own."""
    services = services_of(request)
    made, token = await service.create_public_link(
        session, caller.agency_id, keyring=services.keyring, actor=caller.actor, **dict(given)
    )
    address = await service.address_of(session, made, token, public_url=services.public_url)
    return CreatedPublicLink(**dict(PublicLinkView.of(made)), address=address)


@router.get("/{public_link_id}")
async def get_public_link(caller: Reader, session: Session, public_link_id: str) -> PublicLinkView:
    """One public link, and how often it was used."""
    return PublicLinkView.of(await queries.find(session, caller.agency_id, public_link_id))


@router.get("/{public_link_id}/address")
async def get_public_link_address(
    request: Request, caller: Revealer, session: Session, public_link_id: str
) -> AddressView:
    """Its address again. Each look is recorded."""
    services = services_of(request)
    address = await service.show_address(
        session,
        caller.agency_id,
        public_link_id,
        public_url=services.public_url,
        keyring=services.keyring,
        actor=caller.actor,
    )
    return AddressView(address=address)


@router.post("/{public_link_id}/revocation")
async def revoke_public_link(caller: Writer, session: Session, public_link_id: str) -> PublicLinkView:
    """Ends a public link at once. The links made by it go on; ending it again changes nothing."""
    return PublicLinkView.of(
        await service.revoke_public_link(session, caller.agency_id, public_link_id, actor=caller.actor)
    )
