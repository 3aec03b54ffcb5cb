"""JSON routes: taking access away."""

from typing import Annotated

from fastapi import APIRouter

from app.access.grants.schemas import GrantView
from app.access.revocations import service
from app.kit.database import Session
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(prefix="/grants", tags=["grants"], route_class=ApiRoute)

Writer = Annotated[Principal, requires("links:write")]


@router.post("/{grant_id}/revocation", status_code=202)
async def revoke_grant(caller: Writer, session: Session, grant_id: str) -> GrantView:
    """Takes one grant away, with what hangs on it: `revoking` until a read shows that it is gone, then `ended`.

    While the client's own connection lives Keyturn does it; otherwise the client does, on the link or by hand. What
    another of your client records has just the same is taken away once that one's grant is revoked, too.
    """
    return GrantView.model_validate(await service.revoke_grant(session, caller.agency_id, grant_id, actor=caller.actor))
