"""Queries of API keys."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import encryption
from app.kit.database import CROSS_TENANT
from app.kit.errors import NotFound
from app.tenants.api_keys.models import ApiKey


async def by_value(session: AsyncSession, key: str) -> ApiKey | None:
    """The key with this value, revoked and expired ones included."""
    rows = select(ApiKey).where(ApiKey.key_hash == encryption.sha256(key))
    return (await session.scalars(rows, execution_options=CROSS_TENANT)).one_or_none()


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
