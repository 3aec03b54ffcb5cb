"""JSON routes: grants."""

from typing import Annotated

from fastapi import APIRouter

from app.access.grants import queries
from app.access.grants.schemas import GrantView
from app.kit.change_feed import UpdatedSince
from app.kit.database import Session
from app.kit.input.fields import PublicId
from app.kit.web.paging import Cursor, Limit, Page
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(prefix="/grants", tags=["grants"], route_class=ApiRoute)

Reader = Annotated[Principal, requires("grants:read")]


@router.get("")
async def list_grants(
    caller: Reader,
    session: Session,
    client_id: PublicId | None = None,
    updated_since: UpdatedSince = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[GrantView]:
    """The access your agency has, newest first; what drifted or ended too."""
    found = await queries.page(
        session, caller.agency_id, limit=limit, cursor=cursor, client_id=client_id, updated_since=updated_since
    )
    return Page(data=[GrantView.model_validate(row) for row in found], next_cursor=found.next_cursor)
