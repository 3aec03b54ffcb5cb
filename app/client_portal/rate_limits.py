"""Limits per link and per browser, which bound the number of events, rows and calls.

They are several times the need of the busiest client so far. A client at a limit reads when to continue.
"""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.client_portal.errors import TooMany
from app.kit import throttle
from app.kit.throttle import Limit, Throttled
from app.links.aggregate import LinkAggregate
from app.links.models import LinkSession

FORMS_OF_BROWSER = Limit("form-browser", 150, timedelta(hours=1))
FORMS_ON_LINK = Limit("form-link", 600, timedelta(days=1))
#: Browsers that press Start for the first time; one that comes back does not count.
BROWSERS_ON_LINK = Limit("browser-link", 40, timedelta(days=1))
AUTHORIZATIONS_ON_LINK = Limit("trip-link", 20, timedelta(hours=1))
#: "Check again", which calls the platform.
CHECKS_ON_LINK = Limit("look-link", 60, timedelta(hours=1))
RENEWALS_OF_LINK = Limit("renewal-link", 20, timedelta(days=1))


async def take_form(session: AsyncSession, aggregate: LinkAggregate, browser: LinkSession) -> None:
    """Count a form sent from a screen. Raises TooMany."""
    await take(session, aggregate, (FORMS_ON_LINK, aggregate.link.id), (FORMS_OF_BROWSER, browser.id))


async def take(session: AsyncSession, aggregate: LinkAggregate, *wanted: tuple[Limit, str]) -> None:
    """Count one use of each limit. Raises TooMany."""
    try:
        await throttle.take(session, *wanted)
    except Throttled as reached:
        raise TooMany(aggregate, reached.retry_after) from reached
