"""Deletion of expired idempotency records."""

from sqlalchemy import delete

from app.kit.database import Sessions
from app.tenants.api_keys.idempotency.models import IdempotencyKey


async def forget(sessions: Sessions, row: IdempotencyKey) -> None:
    """Delete a stored response 24 hours after it was given; its key can be used again."""
    gone = delete(IdempotencyKey).where(IdempotencyKey.agency_id == row.agency_id, IdempotencyKey.id == row.id)
    async with sessions.begin() as session:
        await session.execute(gone)
