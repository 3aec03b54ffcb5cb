"""What becomes of deliveries when their endpoint moves or goes."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.encryption import Keyring
from app.webhooks.dispatcher import ordering
from app.webhooks.endpoints import changes as endpoint_changes
from app.webhooks.endpoints import service as endpoints
from app.webhooks.endpoints.models import Endpoint
from app.webhooks.models import OPEN, Delivery


async def change_endpoint(
    session: AsyncSession,
    agency_id: str,
    endpoint_id: str,
    changes: Mapping[str, Any],
    *,
    if_match: str | None = None,
    keyring: Keyring,
    actor: str,
    verify: bool = False,
) -> Endpoint:
    """Changes an endpoint. With another URL, what is on its way to the old one decides nothing any more: it goes again.

    Once it wants no order any more, nothing waits for its turn. Raises what `endpoints.changes.change_endpoint` raises.
    """
    if "ordering" in changes:
        await ordering.hold(session, agency_id, endpoint_id)
    touched = _open if "ordering" in changes else _leased if "url" in changes else None
    if touched:  # deliveries by their ids, then the endpoint: in this order attempts are written down too
        rows = select(Delivery.id).where(*touched(agency_id, endpoint_id)).order_by(Delivery.id)
        await session.execute(rows.with_for_update())
    changed = await endpoint_changes.change_endpoint(
        session, agency_id, endpoint_id, changes, if_match=if_match, keyring=keyring, actor=actor, verify=verify
    )
    if "url" in changed.what:
        await _take_leases_away(session, agency_id, endpoint_id)
    if "ordering" in changed.what and changed.endpoint.ordering == "none":
        await _let_all_go(session, agency_id, endpoint_id)
    return changed.endpoint


async def delete_endpoint(
    session: AsyncSession, agency_id: str, endpoint_id: str, *, if_match: str | None = None, actor: str
) -> None:
    """Deletes an endpoint and cancels what is pending; what is in flight ends as a late attempt.

    Raises NotFound and EndpointChanged.
    """
    # its order, deliveries by their ids, then the endpoint: as attempts are written down too
    await ordering.hold(session, agency_id, endpoint_id)
    open_ones = (
        select(Delivery.id)
        .where(*_open(agency_id, endpoint_id))
        .order_by(Delivery.id)
        .with_for_update()
        .cte("open_ones")
    )
    await session.execute(
        update(Delivery)
        .where(Delivery.agency_id == agency_id, Delivery.id.in_(open_ones.select()))
        .values(status="cancelled", reason="endpoint_deleted", due_at=None, lease_until=None, lease_token=None)
        .execution_options(synchronize_session=False)
    )
    await endpoint_changes.current(session, agency_id, endpoint_id, if_match)
    await endpoints.delete_endpoint(session, agency_id, endpoint_id, actor=actor)


async def _let_all_go(session: AsyncSession, agency_id: str, endpoint_id: str) -> None:
    waits = Delivery.due_at.is_(None)
    await session.execute(
        update(Delivery)
        .where(*_open(agency_id, endpoint_id), Delivery.ordered)
        .values(
            ordered=False,
            due_at=func.coalesce(Delivery.due_at, func.now()),
            reason=case((waits, None), else_=Delivery.reason),
        )
        .execution_options(synchronize_session=False)
    )


async def _take_leases_away(session: AsyncSession, agency_id: str, endpoint_id: str) -> None:
    await session.execute(
        update(Delivery)
        .where(*_leased(agency_id, endpoint_id))
        .values(lease_until=None, lease_token=None)
        .execution_options(synchronize_session=False)
    )


def _leased(agency_id: str, endpoint_id: str) -> tuple[ColumnElement[bool], ...]:
    return *_open(agency_id, endpoint_id), Delivery.lease_token.is_not(None)


def _open(agency_id: str, endpoint_id: str) -> tuple[ColumnElement[bool], ...]:
    return Delivery.agency_id == agency_id, Delivery.endpoint_id == endpoint_id, Delivery.status.in_(OPEN)
