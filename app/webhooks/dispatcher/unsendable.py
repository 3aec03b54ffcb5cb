"""Deliveries to endpoints that are deleted or disabled: ended without an attempt."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.kit.database import CROSS_TENANT
from app.webhooks.dispatcher.endpoint_queues import QueueDepth

AT_ONCE = 500

_END = text(
    """
    UPDATE webhook_deliveries d
    SET state = CASE WHEN e.deleted_at IS NULL THEN 'skipped' ELSE 'cancelled' END,
      reason = CASE WHEN e.deleted_at IS NULL THEN 'endpoint_disabled' ELSE 'endpoint_deleted' END,
      due_at = NULL, lease_until = NULL, lease_token = NULL
    FROM webhook_endpoints e
    WHERE e.agency_id = :agency_id AND e.id = :endpoint_id AND (e.deleted_at IS NOT NULL OR e.state = 'disabled')
      AND d.agency_id = e.agency_id AND d.id IN (
      SELECT x.id FROM webhook_deliveries x
      WHERE x.agency_id = :agency_id AND x.endpoint_id = :endpoint_id AND x.state IN ('pending', 'retrying')
        AND (x.lease_until IS NULL OR x.lease_until <= now())
      ORDER BY x.id LIMIT :at_once FOR UPDATE SKIP LOCKED)
    """
)


async def end(connection: AsyncConnection, lanes: Sequence[QueueDepth]) -> bool:
    """Ends a few of each, those that are not due yet and those put aside as well; whether there were any."""
    for agency_id, endpoint_id in sorted({(lane.agency_id, lane.endpoint_id) for lane in lanes}):
        given = {"agency_id": agency_id, "endpoint_id": endpoint_id, "at_once": AT_ONCE}
        await connection.execute(_END, given, execution_options=CROSS_TENANT)
    return bool(lanes)
