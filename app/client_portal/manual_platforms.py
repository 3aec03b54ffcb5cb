"""The access requests of a link that are of manual platforms, ready to be told."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.client_portal.copy import manual_platforms
from app.client_portal.copy.manual_platforms import ManualGroup, ManualRequest
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest
from app.platforms.manual import library
from app.tenants.agencies import platform_ids


def of(aggregate: LinkAggregate) -> list[ManualRequest]:
    """All of them, in their order."""
    return [_asked(access_request) for access_request in aggregate.access_requests if access_request.is_custom]


def fresh(aggregate: LinkAggregate) -> list[ManualRequest]:
    """Those the client has not answered yet."""
    return [
        _asked(access_request)
        for access_request in aggregate.access_requests
        if access_request.is_custom and not access_request.approved_at and not access_request.declined_at
    ]


async def groups(session: AsyncSession, aggregate: LinkAggregate) -> Sequence[ManualGroup]:
    """All of them by platform, with the agency's own ids filled in; declined ones are told, too."""
    if not any(access_request.is_custom for access_request in aggregate.access_requests):
        return []
    known = await platform_ids.every(session, aggregate.agency.id)
    return manual_platforms.groups(of(aggregate), agency=aggregate.agency.name, identifiers=known)


def _asked(access_request: AccessRequest) -> ManualRequest:
    return ManualRequest(
        id=access_request.id,
        platform=library.find(access_request.platform),
        role=access_request.role,
        reason=access_request.reason,
        status=access_request.status,
        since=access_request.status_since,
        given=access_request.asset_id,
        title=access_request.asset_name,
        own_steps=tuple(access_request.steps or ()),
        client_said_by=access_request.client_attested_by,
        client_said_at=access_request.client_attested_at,
        agency_said_by=access_request.attested_by,
        agency_said_at=access_request.attested_at,
        agreed_at=access_request.approved_at,
    )
