"""Use cases of API keys."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.recorder import record
from app.kit import clock, encryption, ids
from app.kit.errors import AppError, InvalidInput
from app.tenants.api_keys import queries
from app.tenants.api_keys.models import ApiKey
from app.tenants.api_keys.scopes import SCOPES, unknown

PREFIX = "kt_live_"
USE_RECORDED_EVERY = timedelta(minutes=1)


class ScopeNotYours(AppError):
    """A key would grant scopes that its creator does not have."""

    status = 403
    code = "scope_not_yours"
    detail = "A key cannot make a key that may do more than itself."
    hint = "Leave out the scopes your key lacks (GET /api/v1/me lists them), or use `keyturn key create`."


async def create_key(
    session: AsyncSession,
    agency_id: str,
    *,
    name: str,
    scopes: list[str],
    expires_at: datetime | None,
    actor: str,
    at_most: frozenset[str] | None = None,
) -> tuple[ApiKey, str]:
    """Create a key and return it with its value, which is shown only once. `at_most`: the creator's scopes.

    Raises InvalidInput for an unknown scope or a past expiry, ScopeNotYours.
    """
    if wrong := unknown(scopes):
        raise InvalidInput(fields={"scopes": f"{wrong[0]!r} is no scope. There are: {', '.join(SCOPES)}."})
    if at_most is not None and not at_most.issuperset(scopes):
        raise ScopeNotYours
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidInput(fields={"expires_at": "Choose a time that is still to come."})
    value = PREFIX + encryption.new_secret()
    key = ApiKey(
        agency_id=agency_id, id=ids.new("key"), name=name, key_hash=encryption.sha256(value), hint=value[-4:],
        scopes=sorted(set(scopes)), expires_at=expires_at,
    )  # fmt: skip
    session.add(key)
    await session.flush()
    await record(session, catalog.KEY_CREATED, agency_id=agency_id, subject_id=key.id, actor=actor)
    return key, value


async def revoke_key(session: AsyncSession, agency_id: str, key_id: str, *, actor: str) -> ApiKey:
    """Revoke a key immediately; revoking it again changes nothing. Raises NotFound."""
    key = await queries.find(session, agency_id, key_id)
    if key.revoked_at is None:
        key.revoked_at = func.now()
        await session.flush()
        await session.refresh(key)
        await record(session, catalog.KEY_REVOKED, agency_id=agency_id, subject_id=key.id, actor=actor)
    return key


def is_use_stale(key: ApiKey, now: datetime) -> bool:
    """True if the last recorded use is at least a minute ago, so that reads rarely write."""
    return key.last_used_at is None or now - key.last_used_at >= USE_RECORDED_EVERY


async def note_use(session: AsyncSession, key: ApiKey) -> None:
    """Record that the key is used now.

    Skipped while another request records it: this one would wait for the end of that.
    """
    a_minute_ago = func.now() - USE_RECORDED_EVERY
    stale = select(ApiKey.id).where(
        ApiKey.agency_id == key.agency_id,
        ApiKey.id == key.id,
        ApiKey.last_used_at.is_(None) | (ApiKey.last_used_at < a_minute_ago),
    )
    await session.execute(
        update(ApiKey)
        .where(ApiKey.agency_id == key.agency_id, ApiKey.id.in_(stale.with_for_update(skip_locked=True)))
        .values(last_used_at=func.now())
        .execution_options(synchronize_session=False)
    )
