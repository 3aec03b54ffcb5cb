"""JSON routes: the calling principal, and the agency's API keys."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.kit.database import Session
from app.kit.input.fields import Line120, Moment, RequestShape, Time, Word
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.tenants.agencies import service as agencies
from app.tenants.api_keys import service
from app.tenants.api_keys.principal import CurrentCaller, Principal, requires
from app.tenants.api_keys.route import api_router

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


class KeyView(BaseModel):
    """An API key, without its value."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["key_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    name: str = Field(examples=["CRM"])
    hint: str = Field(description="The last four characters of its value.", examples=["x7Qa"])
    scopes: list[str] = Field(examples=[["links:read", "links:write"]])
    created_at: Time
    expires_at: Time | None = Field(description="Null: it does not expire.")
    last_used_at: Time | None = Field(description="To the minute.")
    revoked_at: Time | None


class NewKeyView(KeyView):
    """A new API key with its value, which is shown only once."""

    value: str = Field(examples=["kt_live_Zx3…"])


class NewKey(RequestShape):
    """A new key."""

    name: Line120 = Field(description="What will use it.", examples=["CRM"])
    scopes: list[Word] = Field(
        min_length=1, max_length=64, description="What it may do; at most what your own key may.",
        examples=[["links:read", "links:write"]],
    )  # fmt: skip
    expires_at: Moment | None = Field(None, description="Null: it does not expire.")


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
