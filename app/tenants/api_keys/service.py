"""API keys, with which programs of an agency sign in: table, queries and use cases."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.events import catalog
from app.events.recorder import record
from app.events.schema import Data
from app.kit import clock, encryption, ids
from app.kit.actor import Actor
from app.kit.audit import Audit
from app.kit.database import CROSS_TENANT, Base, CreatedAt, agency_key, belongs_to, belongs_to_agency
from app.kit.errors import AppError, InvalidInput, NotFound
from app.tenants.api_keys.scopes import SCOPES
from app.tenants.members.models import Member

PREFIX = "kt_live_"
USE_RECORDED_EVERY = timedelta(minutes=1)


class ApiKey(CreatedAt, Base):
    """A key `kt_live_…`. Only its SHA-256 is stored; `hint` is its last four characters, to identify it."""

    __tablename__ = "api_keys"
    __audit__ = Audit("api_key", ignored=("hint", "last_used_at", "made_by_id"))
    __table_args__ = (belongs_to_agency(), belongs_to("members", "made_by_id"))

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("key"), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    key_hash: Mapped[bytes] = mapped_column(unique=True)
    hint: Mapped[str] = mapped_column(String(4))
    scopes: Mapped[list[Any]]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    #: the member who made it, directly or by another key; None for a command
    made_by_id: Mapped[str | None] = mapped_column(ids.Id("member"))


#: Conditions of a key that signs in.
_WORKS = (ApiKey.revoked_at.is_(None), ApiKey.expires_at.is_(None) | (ApiKey.expires_at > func.now()))


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
    actor: Actor,
    at_most: frozenset[str] | None = None,
) -> tuple[ApiKey, str]:
    """Create a key and return it with its value, which is shown only once. `at_most`: the creator's scopes.

    Raises InvalidInput for an unknown scope or a past expiry, ScopeNotYours.
    """
    if wrong := _unknown_scopes(scopes):
        raise InvalidInput(fields={"scopes": f"{wrong[0]!r} is no scope. Scopes are: {', '.join(SCOPES)}."})
    if at_most is not None and not at_most.issuperset(scopes):
        raise ScopeNotYours
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidInput(fields={"expires_at": "Choose a time that is still to come."})
    value = PREFIX + encryption.new_secret()
    key = ApiKey(
        agency_id=agency_id, id=ids.new("key"), name=name, key_hash=encryption.sha256(value), hint=value[-4:],
        scopes=sorted(set(scopes)), expires_at=expires_at, made_by_id=await _maker(session, agency_id, actor),
    )  # fmt: skip
    session.add(key)
    await session.flush()
    await record(session, catalog.KEY_CREATED, agency_id=agency_id, subject_id=key.id, actor=actor, data=Data())
    return key, value


async def revoke_key(session: AsyncSession, agency_id: str, key_id: str, *, actor: Actor) -> ApiKey:
    """Revoke a key immediately; revoking it again changes nothing. Raises NotFound."""
    key = await find(session, agency_id, key_id)
    if key.revoked_at is None:
        key.revoked_at = func.now()
        await session.flush()
        await session.refresh(key)
        await record(session, catalog.KEY_REVOKED, agency_id=agency_id, subject_id=key.id, actor=actor, data=Data())
    return key


async def _maker(session: AsyncSession, agency_id: str, actor: Actor) -> str | None:
    """The member who makes a key; of a key that makes another, the member who made it."""
    if actor.kind == "member":
        return actor.id
    return (await find(session, agency_id, actor.id)).made_by_id if actor.kind == "api_key" else None


async def working_of(session: AsyncSession, agency_id: str, member_id: str) -> Sequence[ApiKey]:
    """The keys that a member made and that still work, newest first."""
    rows = select(ApiKey).where(ApiKey.agency_id == agency_id, ApiKey.made_by_id == member_id, *_WORKS)
    return (await session.scalars(rows.order_by(ApiKey.id.desc()))).all()


async def orphaned(session: AsyncSession, agency_id: str) -> Sequence[ApiKey]:
    """The keys that still work although the member who made them was removed, newest first."""
    rows = (
        select(ApiKey)
        .join(Member, (Member.agency_id == ApiKey.agency_id) & (Member.id == ApiKey.made_by_id))
        .where(ApiKey.agency_id == agency_id, Member.removed_at.is_not(None), *_WORKS)
    )
    return (await session.scalars(rows.order_by(ApiKey.id.desc()))).all()


async def makers(session: AsyncSession, agency_id: str, keys: Sequence[ApiKey]) -> Mapping[str, Member]:
    """The members who made keys, removed ones included, by id."""
    rows = select(Member).where(Member.agency_id == agency_id, Member.id.in_({each.made_by_id for each in keys}))
    return {each.id: each for each in await session.scalars(rows)}


async def find(session: AsyncSession, agency_id: str, key_id: str) -> ApiKey:
    """Load one key. Raises NotFound."""
    found = await session.get(ApiKey, (agency_id, key_id))
    if found is None:
        raise NotFound
    return found


async def page(session: AsyncSession, agency_id: str, *, limit: int, before: str | None) -> Sequence[ApiKey]:
    """Keys, newest first; `before` is the id of the last one seen."""
    rows = select(ApiKey).where(ApiKey.agency_id == agency_id)
    if before:
        rows = rows.where(ApiKey.id < before)
    return (await session.scalars(rows.order_by(ApiKey.id.desc()).limit(limit))).all()


async def by_value(session: AsyncSession, key: str) -> ApiKey | None:
    """The key with this value, revoked and expired ones included."""
    return (await session.scalars(_BY_HASH, {"key_hash": encryption.sha256(key)})).one_or_none()


_BY_HASH = select(ApiKey).where(ApiKey.key_hash == bindparam("key_hash")).execution_options(**CROSS_TENANT)


def is_use_stale(key: ApiKey, now: datetime) -> bool:
    """True if the last recorded use is at least a minute ago, so that reads rarely write."""
    return key.last_used_at is None or now - key.last_used_at >= USE_RECORDED_EVERY


async def record_use(session: AsyncSession, key: ApiKey) -> None:
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


def _unknown_scopes(scopes: list[str]) -> list[str]:
    """Unknown scopes, in the given order."""
    return [scope for scope in scopes if scope not in SCOPES]
