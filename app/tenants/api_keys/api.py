"""JSON routes: the calling principal, and the agency's API keys."""

from typing import Annotated

from pydantic import BaseModel, Field

from app.kit.database import Session
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.tenants.agencies import service as agencies
from app.tenants.api_keys import service
from app.tenants.api_keys.principal import CurrentCaller, Principal, requires
from app.tenants.api_keys.route import api_router
from app.tenants.api_keys.schemas import KeyView, NewKey, NewKeyView

router = api_router()
Reader = Annotated[Principal, requires("keys:read")]
Writer = Annotated[Principal, requires("keys:write")]


class Me(BaseModel):
    """The calling principal: a cheap request to test and label a connection."""

    agency_id: str = Field(examples=["agency_01ksy1q3e0fzs8qj5m8g3d4w7r"])
    agency_name: str = Field(examples=["North Agency"])
    key_id: str = Field(examples=["key_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    key_name: str = Field(examples=["CRM"])
    scopes: list[str] = Field(examples=[["links:read", "links:write"]])


@router.get("/me")
async def get_me(caller: CurrentCaller, session: Session) -> Me:
    """Return the agency and the scopes of the calling key."""
    agency = await agencies.find(session, caller.agency_id)
    return Me(
        agency_id=agency.id, agency_name=agency.name, key_id=caller.key_id, key_name=caller.key_name,
        scopes=sorted(caller.scopes),
    )  # fmt: skip


@router.get("/keys")
async def list_keys(caller: Reader, session: Session, limit: Limit = 50, cursor: Cursor = None) -> Page[KeyView]:
    """List the API keys of your agency, newest first; revoked ones included."""
    rows = await service.page(session, caller.agency_id, limit=limit + 1, before=before(cursor, "key"))
    return by_id([KeyView.model_validate(row) for row in rows], limit)


@router.post("/keys", status_code=201)
async def create_key(caller: Writer, session: Session, given: NewKey) -> NewKeyView:
    """Create an API key. Store its value: it is shown only once."""
    key, value = await service.create_key(
        session, caller.agency_id, name=given.name, scopes=given.scopes, expires_at=given.expires_at,
        actor=caller.actor, at_most=caller.scopes,
    )  # fmt: skip
    return NewKeyView(**KeyView.model_validate(key).model_dump(), value=value)


@router.get("/keys/{key_id}")
async def get_key(caller: Reader, session: Session, key_id: str) -> KeyView:
    """Return one API key."""
    return KeyView.model_validate(await service.find(session, caller.agency_id, key_id))


@router.post("/keys/{key_id}/revocation")
async def revoke_key(caller: Writer, session: Session, key_id: str) -> KeyView:
    """Revoke an API key immediately. Revoking it again changes nothing."""
    return KeyView.model_validate(await service.revoke_key(session, caller.agency_id, key_id, actor=caller.actor))
