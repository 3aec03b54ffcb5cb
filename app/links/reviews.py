"""Reviews: the client says once a quarter that the access of its link is still right."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.kit import ids
from app.links.aggregate import LinkAggregate
from app.links.models import AccessReview

#: Time after a review, or after the consent, from which the next one is due.
QUARTER = timedelta(days=90)
#: A second statement within this time is the same one: the button was pressed twice.
_AGAIN = timedelta(days=1)


async def last(session: AsyncSession, agency_id: str, link_id: str) -> AccessReview | None:
    """The client's latest review of a link."""
    rows = select(AccessReview).where(AccessReview.agency_id == agency_id, AccessReview.link_id == link_id)
    return (await session.scalars(rows.order_by(AccessReview.id.desc()).limit(1))).one_or_none()


def is_due(aggregate: LinkAggregate, latest: AccessReview | None) -> bool:
    """True a quarter after the last review, or after the consent."""
    since = latest.created_at if latest else aggregate.consent.given_at if aggregate.consent else None
    return since is not None and aggregate.now - since >= QUARTER


async def confirm(session: AsyncSession, aggregate: LinkAggregate) -> None:
    """Record that everything on a locked link is still right."""
    latest = await last(session, aggregate.agency.id, aggregate.link.id)
    if latest is not None and aggregate.now - latest.created_at < _AGAIN:
        return
    session.add(
        AccessReview(
            agency_id=aggregate.agency.id, id=ids.new("review"), link_id=aggregate.link.id, name=aggregate.person
        )
    )
    aggregate.draft_event(catalog.REVIEW_COMPLETED)
    await aggregate.save(session)
