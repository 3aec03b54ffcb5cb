"""JSON routes: open links."""

from typing import Annotated

from fastapi import APIRouter, Request

from app.kit.database import Session
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.links.public_links import queries, service
from app.links.public_links.schemas import MadeOpenLink, NewOpenLink, OpenLinkView
from app.links.schemas import AddressView
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(prefix="/open-links", tags=["open links"], route_class=ApiRoute)

Reader = Annotated[Principal, requires("links:read")]
Writer = Annotated[Principal, requires("links:write")]
Revealer = Annotated[Principal, requires("links:address")]


@router.get("")
async def list_open_links(
    caller: Reader, session: Session, limit: Limit = 50, cursor: Cursor = None
) -> Page[OpenLinkView]:
    """Your open links, newest first."""
    rows = await queries.page(session, caller.agency_id, limit=limit + 1, before=before(cursor, "openlink"))
    return by_id([OpenLinkView.of(row) for row in rows], limit)


@router.post("", status_code=201)
async def create_open_link(request: Request, caller: Writer, session: Session, given: NewOpenLink) -> MadeOpenLink:
    """Makes a public address for anybody. Each use of it makes a client and a link of their own."""
    state = request.app.state
    made, token = await service.create_open_link(
        session, caller.agency_id, vault_=state.vault, actor=caller.actor, **dict(given)
    )
    address = await service.address_of(session, made, token, public_url=state.public_url)
    return MadeOpenLink(**dict(OpenLinkView.of(made)), address=address)


@router.get("/{open_link_id}")
async def read_open_link(caller: Reader, session: Session, open_link_id: str) -> OpenLinkView:
    """One open link, and how often it was used."""
    return OpenLinkView.of(await queries.find(session, caller.agency_id, open_link_id))


@router.get("/{open_link_id}/address")
async def read_open_address(request: Request, caller: Revealer, session: Session, open_link_id: str) -> AddressView:
    """Its address again. Each look is recorded."""
    state = request.app.state
    address = await service.show_address(
        session, caller.agency_id, open_link_id, public_url=state.public_url, vault_=state.vault, actor=caller.actor
    )
    return AddressView(address=address)


@router.post("/{open_link_id}/revocation")
async def revoke_open_link(caller: Writer, session: Session, open_link_id: str) -> OpenLinkView:
    """Ends an open link at once. The links made by it go on; ending it again changes nothing."""
    return OpenLinkView.of(await service.revoke_open_link(session, caller.agency_id, open_link_id, actor=caller.actor))
