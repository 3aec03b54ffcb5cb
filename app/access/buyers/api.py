"""JSON routes: the agency's buyers, and their access to ad accounts."""

from typing import Annotated

from fastapi import Response

from app.access import call_recorder
from app.access.buyers import service
from app.access.buyers.schemas import Buyers, BuyersView, GrantDetail
from app.access.call_recorder import PlatformCallView
from app.access.grants import service as grants
from app.kit.database import Session
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.links import queries as links
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router()

AgencyReader = Annotated[Principal, requires("agency:read")]
AgencyWriter = Annotated[Principal, requires("agency:write")]
LinkReader = Annotated[Principal, requires("links:read")]
LinkWriter = Annotated[Principal, requires("links:write")]
Reader = Annotated[Principal, requires("grants:read")]


@router.get("/agency/accounts/{account_row_id}/buyers")
async def get_buyers(caller: AgencyReader, session: Session, account_row_id: str) -> BuyersView:
    """List the buyers of a Business Center: they get access to the ad accounts that clients share with it."""
    await service.find_center(session, caller.agency_id, account_row_id)
    return BuyersView.of(await service.list_of_center(session, caller.agency_id, account_row_id))


@router.put("/agency/accounts/{account_row_id}/buyers")
async def set_buyers(caller: AgencyWriter, session: Session, account_row_id: str, given: Buyers) -> BuyersView:
    """Replace the buyers of a Business Center.

    They get access to every verified ad account. Access that Keyturn gave to former buyers is removed.
    """
    await service.set_for_center(session, caller.agency_id, account_row_id, given.named(), actor=caller.actor)
    return BuyersView.of(await service.list_of_center(session, caller.agency_id, account_row_id))


@router.get("/links/{link_id}/buyers")
async def get_link_buyers(caller: LinkReader, session: Session, link_id: str) -> BuyersView:
    """List the buyers of a link. `updated_at` is null if it has none of its own: those of the Business Center apply."""
    await links.find(session, caller.agency_id, link_id)
    return BuyersView.of(await service.list_of_link(session, caller.agency_id, link_id))


@router.put("/links/{link_id}/buyers")
async def set_link_buyers(caller: LinkWriter, session: Session, link_id: str, given: Buyers) -> BuyersView:
    """Replace the buyers of a link; they apply instead of those of the Business Center."""
    await service.set_for_link(session, caller.agency_id, link_id, given.named(), actor=caller.actor)
    return BuyersView.of(await service.list_of_link(session, caller.agency_id, link_id))


@router.delete("/links/{link_id}/buyers", status_code=204)
async def unset_link_buyers(caller: LinkWriter, session: Session, link_id: str) -> Response:
    """Remove the buyers of a link; those of the Business Center apply again."""
    await service.unset_for_link(session, caller.agency_id, link_id, actor=caller.actor)
    return Response(status_code=204)


@router.get("/grants/{grant_id}")
async def get_grant(caller: Reader, session: Session, grant_id: str) -> GrantDetail:
    """Retrieve a grant with the access of your buyers."""
    grant = await grants.find(session, caller.agency_id, grant_id)
    return GrantDetail.with_buyers(grant, await service.of_grant(session, caller.agency_id, grant_id))


@router.get("/grants/{grant_id}/calls")
async def list_grant_calls(
    caller: Reader, session: Session, grant_id: str, limit: Limit = 50, cursor: Cursor = None
) -> Page[PlatformCallView]:
    """List the platform calls about your buyers on a grant, newest first."""
    await grants.find(session, caller.agency_id, grant_id)
    rows = await call_recorder.page_of_grant(
        session, caller.agency_id, grant_id, limit=limit + 1, before=before(cursor, "call")
    )
    return by_id([PlatformCallView.model_validate(row) for row in rows], limit)
