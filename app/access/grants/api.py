"""JSON routes: grants, and their revocation."""

from typing import Annotated

from fastapi import Query

from app.access.grants import service as grants
from app.access.grants.schemas import GrantView
from app.kit.database import Session
from app.kit.input.fields import PublicId
from app.kit.web.paging import Cursor, Limit, Page, UpdatedSince
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router("/grants")

Reader = Annotated[Principal, requires("grants:read")]
Writer = Annotated[Principal, requires("links:write")]


@router.get("")
async def list_grants(
    caller: Reader,
    session: Session,
    client_id: Annotated[PublicId | None, Query(description="Only of this client.")] = None,
    updated_since: UpdatedSince = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[GrantView]:
    """List the grants of your agency, newest first, including drifted and ended ones."""
    found = await grants.page(
        session, caller.agency_id, limit=limit, cursor=cursor, client_id=client_id, updated_since=updated_since
    )
    return Page(data=[GrantView.model_validate(row) for row in found], next_cursor=found.next_cursor)


@router.post("/{grant_id}/revocation", status_code=202)
async def revoke_grant(caller: Writer, session: Session, grant_id: str) -> GrantView:
    """Revoke a grant and those that depend on it: `revoking` until a read shows that it is gone, then `ended`.

    Keyturn removes the access while the client's own connection is live; otherwise the client does, on the link or by
    hand. Access that another client record of yours has too is removed once both grants are revoked.
    """
    return GrantView.model_validate(await grants.revoke_grant(session, caller.agency_id, grant_id, actor=caller.actor))
