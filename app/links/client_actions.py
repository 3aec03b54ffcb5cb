"""Use cases of a client that need more than the link: a browser of its own, and an e-mail."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import encryption, ids
from app.links import queries
from app.links.aggregate import LinkAggregate
from app.links.emails import renewal
from app.links.models import LinkSession
from app.mail.service import MailQueue


async def open_link(session: AsyncSession, aggregate: LinkAggregate, cookie: str) -> LinkSession:
    """Start was pressed in the browser that holds this cookie. A browser that did before stays the same one."""
    known = await queries.browser(session, aggregate.agency.id, aggregate.link.id, cookie)
    return known or new_browser(session, aggregate, cookie)


def new_browser(session: AsyncSession, aggregate: LinkAggregate, cookie: str) -> LinkSession:
    """The same for a browser that is not known."""
    made = LinkSession(
        agency_id=aggregate.agency.id, id=ids.new("browser"), link_id=aggregate.link.id,
        cookie_hash=encryption.sha256(cookie),
    )  # fmt: skip
    session.add(made)
    aggregate.mark_opened()
    return made


async def request_renewal(session: AsyncSession, aggregate: LinkAggregate, *, outbox: MailQueue | None) -> None:
    """The client of a dead link wants a new one; recorded once, however often pressed. If mail is on, also e-mailed."""
    if aggregate.request_renewal() and outbox is not None:
        await renewal.pass_on_wish(session, outbox, aggregate, now=aggregate.now)
