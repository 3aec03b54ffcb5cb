"""Reading how ready a client is."""

from collections.abc import Sequence

from sqlalchemy import Exists, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections import queries as connections
from app.access.readiness.checks import ClientStatement, Facts, Item, RequestedAsset, checklist
from app.access.readiness.models import WHOLE_LIST, ReadinessAnswer
from app.kit import clock
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest
from app.links.status import OVER


async def of_link(session: AsyncSession, aggregate: LinkAggregate) -> tuple[Item, ...]:
    """The checklist of a link as things stand now."""
    agency_id, link, told = aggregate.agency.id, aggregate.link, aggregate.intake
    living = [access_request for access_request in aggregate.access_requests if access_request.status not in OVER]
    platform = next(
        (access_request.platform for access_request in aggregate.access_requests if not access_request.is_custom), None
    )
    found = None
    if platform is not None:
        found = await connections.of_client(session, agency_id, aggregate.client.id, platform, told.bc_id or "")
    contacts = told.contacts or []
    facts = Facts(
        today=clock.now().date(),
        kinds=frozenset(access_request.kind for access_request in living),
        bc_id=told.bc_id,
        accounts=_chosen(living, "ad_account"),
        pixels=_chosen(living, "pixel"),
        pixel_codes=None if told.pixel_codes is None else tuple(told.pixel_codes),
        markets=None if told.markets is None else tuple(told.markets),
        emails=tuple(contact["email"] for contact in contacts) or None,
        approver=next((contact["name"] for contact in contacts if contact["role"] == "approver"), None),
        told_at=told.updated_at,
        found=connections.discovered(found) if found else None,
        found_at=found.found_at if found else None,
        said=await said(session, agency_id, link.id),
    )
    return checklist(facts)


def _chosen(access_requests: Sequence[AccessRequest], kind: str) -> tuple[RequestedAsset, ...]:
    return tuple(
        RequestedAsset(
            access_request.asset_id, access_request.verified_at if access_request.status == "verified" else None
        )
        for access_request in access_requests
        if access_request.kind == kind and access_request.asset_id
    )


async def said(session: AsyncSession, agency_id: str, link_id: str) -> dict[str, ClientStatement]:
    """The client's last word on each thing."""
    rows = select(ReadinessAnswer).where(
        ReadinessAnswer.agency_id == agency_id,
        ReadinessAnswer.link_id == link_id,
        ReadinessAnswer.item != WHOLE_LIST,
    )
    oldest_first = (await session.scalars(rows.order_by(ReadinessAnswer.id))).all()
    return {row.item: ClientStatement(row.answer, row.by, row.created_at, row.note or "") for row in oldest_first}


def was_seen(agency_id: str, link_id: str) -> Exists:
    """Condition: the client went through the list."""
    return exists().where(
        ReadinessAnswer.agency_id == agency_id,
        ReadinessAnswer.link_id == link_id,
        ReadinessAnswer.item == WHOLE_LIST,
    )
