"""One delivery of a subject at a time, in the order of their sequence, for endpoints that want it.

Who has to wait is put aside (`due_at` null, reason `ordering`) and brought back when the one before it is over. Both
happen under a lock of the endpoint, so that nobody is put aside while the one they wait for ends. Whoever takes it does
so before touching deliveries, and these before the endpoint's health and the endpoint: nobody waits in a circle.
"""

import uuid
from collections.abc import Collection, Iterable

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import ids
from app.kit.database import CROSS_TENANT, Connected

#: How many are put aside in one go.
AT_ONCE = 500

_PUT_ASIDE = text(
    """
    UPDATE webhook_deliveries d SET due_at = NULL, reason = 'ordering'
    FROM (
      SELECT x.agency_id, x.id FROM webhook_deliveries x
      WHERE x.agency_id = :agency_id AND x.endpoint_id = :endpoint_id AND x.ordered
        AND x.due_at <= now() AND (x.lease_until IS NULL OR x.lease_until <= now())
        AND EXISTS (
          SELECT FROM webhook_deliveries earlier
          WHERE earlier.agency_id = x.agency_id AND earlier.endpoint_id = x.endpoint_id AND earlier.ordered
            AND earlier.status IN ('pending', 'retrying') AND earlier.subject_id = x.subject_id
            AND earlier.sequence < x.sequence)
      ORDER BY x.due_at LIMIT :at_once FOR UPDATE SKIP LOCKED
    ) late
    WHERE d.agency_id = late.agency_id AND d.id = late.id
    """
)
_BRING_BACK = text(
    """
    UPDATE webhook_deliveries d SET due_at = now(), reason = NULL
    FROM (
      SELECT DISTINCT ON (x.subject_id) x.agency_id, x.id, x.due_at FROM webhook_deliveries x
      WHERE x.agency_id = :agency_id AND x.endpoint_id = :endpoint_id AND x.subject_id = ANY(:subject_ids)
        AND x.ordered AND x.status IN ('pending', 'retrying')
      ORDER BY x.subject_id, x.sequence
    ) following
    WHERE d.agency_id = following.agency_id AND d.id = following.id AND d.due_at IS NULL
    """
)


async def put_aside(session: Connected, lanes: Iterable[tuple[uuid.UUID, uuid.UUID]]) -> None:
    """Puts aside what must wait at these (agency, endpoint); holds their locks until the transaction ends."""
    chosen = sorted(set(lanes))
    await hold_raw(session, chosen)
    for agency_id, endpoint_id in chosen:
        given = {"agency_id": agency_id, "endpoint_id": endpoint_id, "at_once": AT_ONCE}
        await session.execute(_PUT_ASIDE, given, execution_options=CROSS_TENANT)


async def hold(session: AsyncSession, agency_id: str, endpoint_id: str) -> None:
    """Makes the order of an endpoint ours until the transaction ends; before anything is done to its deliveries."""
    await hold_raw(session, [(ids.parse("agency", agency_id), ids.parse("endpoint", endpoint_id))])


async def hold_raw(session: Connected, lanes: Iterable[tuple[uuid.UUID, uuid.UUID]]) -> None:
    """See `hold`; those of several (agency, endpoint), in one order."""
    for _, endpoint_id in sorted(set(lanes)):
        key = func.hashtextextended(f"webhooks order {endpoint_id}", 0)
        await session.execute(select(func.pg_advisory_xact_lock(key)))


async def release(session: AsyncSession, agency_id: str, endpoint_id: str, subject_ids: Collection[str]) -> None:
    """Lets the next of these subjects go, after what it waited for was written as over; what `hold` is for."""
    await release_raw(
        session, ids.parse("agency", agency_id), ids.parse("endpoint", endpoint_id), sorted(set(subject_ids))
    )


async def release_raw(
    session: AsyncSession, agency_id: uuid.UUID, endpoint_id: uuid.UUID, subject_ids: list[str]
) -> None:
    """See `release`."""
    given = {"agency_id": agency_id, "endpoint_id": endpoint_id, "subject_ids": subject_ids}
    await session.execute(_BRING_BACK, given, execution_options=CROSS_TENANT)
