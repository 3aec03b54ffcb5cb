"""The asks of a link that are of written platforms, ready to be told."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.journey.telling import written
from app.journey.telling.written import Asked, Group
from app.links.model import Ask
from app.links.queries import Whole
from app.people.agencies.identities import queries as identities
from app.platforms.written import library


def of(whole: Whole) -> list[Asked]:
    """All of them, in their order."""
    return [_asked(ask) for ask in whole.asks if ask.is_custom]


def fresh(whole: Whole) -> list[Asked]:
    """Those the client has not answered yet."""
    return [_asked(ask) for ask in whole.asks if ask.is_custom and not ask.approved_at and not ask.declined_at]


async def groups(session: AsyncSession, whole: Whole) -> Sequence[Group]:
    """All of them by platform, with the agency's own ids filled in; declined ones are told, too."""
    if not any(ask.is_custom for ask in whole.asks):
        return []
    known = await identities.every(session, whole.agency.id)
    return written.groups(of(whole), agency=whole.agency.name, identifiers=known)


def _asked(ask: Ask) -> Asked:
    return Asked(
        id=ask.id, platform=library.find(ask.platform), role=ask.role, reason=ask.reason, state=ask.state,
        since=ask.state_since, given=ask.asset_id, title=ask.asset_name, own_steps=tuple(ask.steps or ()),
        client_said_by=ask.client_attested_by, client_said_at=ask.client_attested_at,
        agency_said_by=ask.attested_by, agency_said_at=ask.attested_at, agreed_at=ask.approved_at,
    )  # fmt: skip
