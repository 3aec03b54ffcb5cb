"""Periodic task: records that a client left an opened link unfinished, once for each stay."""

from datetime import timedelta

from app.client_portal import screens
from app.client_portal.link_session import progress_of
from app.kit.database import Sessions
from app.links import abandonment, queries

#: Key of the task.
ABANDONED = "abandoned"
EVERY = timedelta(minutes=1)
#: Time without an action of the client after which a stay has ended.
QUIET = timedelta(minutes=15)
_MOST = 500


async def run(sessions: Sessions) -> timedelta:
    """Record each in a transaction of its own. Returns the delay until the next round."""
    async with sessions() as session:
        found = await abandonment.due(session, QUIET, _MOST)
    for agency_id, link_id in found:
        await _record(sessions, agency_id, link_id)
    return EVERY


async def _record(sessions: Sessions, agency_id: str, link_id: str) -> None:
    """Record it if the client did not come back in the meantime."""
    async with sessions.begin() as session:
        aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
        if not await abandonment.is_due(session, agency_id, link_id, QUIET):
            return
        connected = frozenset(each.platform for each in aggregate.connecting if each.is_connected)
        aggregate.mark_abandoned(screens.next_screen(progress_of(aggregate, connected=connected)))
        await aggregate.save(session)
