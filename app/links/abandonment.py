"""Opened links that their client left unfinished: which are to be recorded."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import ids
from app.kit.database import CROSS_TENANT

#: Links whose client did something since the last record, but not for a while. Actions are browsers that open the
#: link, authorizations, and everything that is saved.
_DUE = """
    SELECT links.agency_id, links.id
    FROM links
    JOIN intakes ON intakes.agency_id = links.agency_id AND intakes.id = links.id
    CROSS JOIN LATERAL (
        SELECT greatest(
            links.opened_at, intakes.updated_at,
            (SELECT max(updated_at) FROM link_platforms AS on_link
             WHERE on_link.agency_id = links.agency_id AND on_link.link_id = links.id),
            (SELECT max(created_at) FROM link_sessions AS browser
             WHERE browser.agency_id = links.agency_id AND browser.link_id = links.id),
            (SELECT max(created_at) FROM authorizations AS started
             WHERE started.agency_id = links.agency_id AND started.link_id = links.id)
        ) AS at
    ) AS last
    WHERE links.status IN ('opened', 'in_progress') AND links.opened_at <= now() - CAST(:quiet AS interval)
        AND links.expires_at > now()
        AND last.at <= now() - CAST(:quiet AS interval) AND (links.abandoned_at IS NULL OR links.abandoned_at < last.at)
"""
_FIND = (
    text(f"{_DUE} ORDER BY links.opened_at LIMIT :most")
    .columns(agency_id=ids.Id("agency"), id=ids.Id("link"))
    .execution_options(**CROSS_TENANT)
)
_IS_DUE = text(f"SELECT EXISTS ({_DUE} AND links.agency_id = :agency_id AND links.id = :link_id)")


async def due(session: AsyncSession, quiet: timedelta, most: int) -> Sequence[tuple[str, str]]:
    """Agency and id of links whose client did nothing for that long, each once for a stay."""
    rows = await session.execute(_FIND, {"quiet": quiet, "most": most})
    return [(row.agency_id, row.id) for row in rows]


async def is_due(session: AsyncSession, agency_id: str, link_id: str, quiet: timedelta) -> bool:
    """True if that is so for one link, once it is locked."""
    about = {"quiet": quiet, "agency_id": ids.parse("agency", agency_id), "link_id": ids.parse("link", link_id)}
    found: bool = (await session.execute(_IS_DUE, about)).scalar_one()
    return found
