"""The calling principal: the key in `Authorization: Bearer kt_live_…`, and its scopes."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.kit import clock
from app.kit.actor import Actor, bind_actor
from app.kit.database import alone
from app.kit.errors import AppError
from app.services import services_of
from app.tenants.api_keys import service

_bearer = HTTPBearer(
    auto_error=False, scheme_name="ApiKey", description="An API key of the agency: `Bearer kt_live_…`."
)


class KeyMissing(AppError):
    """No API key."""

    status = 401
    code = "key_missing"
    detail = "This address needs an API key."
    hint = "Send the header `Authorization: Bearer kt_live_…`. Keys are made with `keyturn key create`."


class KeyInvalid(AppError):
    """An invalid key; revoked and unknown keys are not distinguished."""

    status = 401
    code = "key_invalid"
    detail = "This API key does not work: there is no such key, or it has ended."
    hint = "Check that all of it was copied. `keyturn key create` makes a new one."


class ScopeMissing(AppError):
    """The key is valid, but lacks the scope."""

    status = 403
    code = "scope_missing"
    detail = "This API key may not do that."


@dataclass(frozen=True)
class Principal:
    """A program of one agency."""

    agency_id: str
    key_id: str
    key_name: str
    scopes: frozenset[str]

    @property
    def actor(self) -> Actor:
        """The principal as events, platform calls and the audit log name it."""
        return Actor("api_key", self.key_id)


async def _caller(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Principal:
    if not given:
        raise KeyMissing
    # outside the request's transaction, so that none is open while a handler looks up an address it was given
    async with alone(services_of(request).sessions) as session:
        key, now = await service.by_value(session, given.credentials), clock.now()
        if key is None or key.revoked_at or (key.expires_at and key.expires_at <= now):
            raise KeyInvalid
        if service.is_use_stale(key, now):
            await service.record_use(session, key)
    principal = Principal(key.agency_id, key.id, key.name, frozenset(key.scopes))
    bind_actor(principal.actor)
    return principal


CurrentCaller = Annotated[Principal, Depends(_caller)]


def requires(scope: str) -> Any:
    """The principal; refused with 403 unless its key has the scope."""

    async def allowed(caller: CurrentCaller) -> Principal:
        if scope not in caller.scopes:
            raise ScopeMissing(hint=f"Use a key with the scope `{scope}`.")
        return caller

    return Depends(allowed)
