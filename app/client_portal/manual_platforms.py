"""The asks of a link that are of written platforms, ready to be told."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.client_portal.copy import manual_platforms
from app.client_portal.copy.manual_platforms import ManualGroup, ManualRequest
from app.links.models import Ask
from app.links.queries import LinkAggregate
from app.platforms.manual import library
from app.tenants.agencies.platform_ids import queries as identities


def of(whole: LinkAggregate) -> list[ManualRequest]:
    """All of them, in their order."""
    return [_asked(ask) for ask in whole.asks if ask.is_custom]


def fresh(whole: LinkAggregate) -> list[ManualRequest]:
    """Those the client has not answered yet."""
    return [_asked(ask) for ask in whole.asks if ask.is_custom and not ask.approved_at and not ask.declined_at]


async def groups(session: AsyncSession, whole: LinkAggregate) -> Sequence[ManualGroup]:
    """All of them by platform, with the agency's own ids filled in; declined ones are told, too."""
    if not any(ask.is_custom for ask in whole.asks):
        return []
    known = await identities.every(session, whole.agency.id)
    return manual_platforms.groups(of(whole), agency=whole.agency.name, identifiers=known)


def _asked(ask: Ask) -> ManualRequest:
    return ManualRequest(
        id=ask.id, platform=library.find(ask.platform), role=ask.role, reason=ask.reason, state=ask.state,
        since=ask.state_since, given=ask.asset_id, title=ask.asset_name, own_steps=tuple(ask.steps or ()),
        client_said_by=ask.client_attested_by, client_said_at=ask.client_attested_at,
        agency_said_by=ask.attested_by, agency_said_at=ask.attested_at, agreed_at=ask.approved_at,
    )  # fmt: skip
