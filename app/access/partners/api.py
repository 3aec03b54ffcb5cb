"""JSON routes: partners."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.access.partners import queries, service
from app.access.partners.queries import Filter
from app.access.partners.schemas import PartnersClient, PartnerView
from app.kit.database import Session
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(prefix="/partners", route_class=ApiRoute)

Reader = Annotated[Principal, requires("grants:read")]
Writer = Annotated[Principal, requires("clients:write")]


@router.get("")
async def list_partners(
    caller: Reader,
    session: Session,
    only: Annotated[Filter | None, Query(description="Those linked to a client record of yours, or not.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PartnerView]:
    """The partners of your Business Centers that imports found, the last found first; gone ones too."""
    rows = await queries.page(
        session, caller.agency_id, limit=limit + 1, before=before(cursor, "partner"), only=only
    )  # fmt: skip
    return by_id(await PartnerView.many(session, caller.agency_id, rows), limit)


@router.get("/{partner_id}")
async def get_partner(caller: Reader, session: Session, partner_id: str) -> PartnerView:
    """One partner."""
    row = await queries.find(session, caller.agency_id, partner_id)
    return (await PartnerView.many(session, caller.agency_id, [row]))[0]


@router.put("/{partner_id}/client")
async def link_partner(caller: Writer, session: Session, partner_id: str, given: PartnersClient) -> PartnerView:
    """Says which client a partner is: access found of it moves there, and a client the import made for it goes."""
    row = await service.link_partner(
        session, caller.agency_id, partner_id, client_id=given.client_id, actor=caller.actor
    )
    return (await PartnerView.many(session, caller.agency_id, [row]))[0]
