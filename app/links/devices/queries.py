"""Reading which browsers of a link are the client's, and the codes that are under way."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.links.aggregate import LinkAggregate
from app.links.devices import addresses
from app.links.devices.addresses import Address
from app.links.devices.models import DeviceCode
from app.links.models import LinkSession

#: A code is dead after so many wrong entries.
MOST_TRIES = 5


async def is_let_in(session: AsyncSession, aggregate: LinkAggregate, browser: LinkSession) -> bool:
    """True if a browser may see and change the link: nothing personal is saved yet, or the browser is the client's.

    A browser that only opened the link before anything was saved is not the client's.
    """
    return browser.verified_at is not None or not await is_guarded(session, aggregate)


async def is_guarded(session: AsyncSession, aggregate: LinkAggregate) -> bool:
    """True if something personal is saved: contacts, answers, a consent, or a browser verified as the client's."""
    if (
        aggregate.intake.contacts is not None
        or aggregate.link.submitted_at is not None
        or aggregate.answers
        or aggregate.files
    ):
        return True
    rows = select(LinkSession.id).where(
        LinkSession.agency_id == aggregate.agency.id,
        LinkSession.link_id == aggregate.link.id,
        LinkSession.verified_at.is_not(None),
    )
    return (await session.execute(select(rows.exists()))).scalar_one()


def addresses_of(aggregate: LinkAggregate) -> tuple[Address, ...]:
    """Addresses that a code for this link may be e-mailed to."""
    client = aggregate.client
    return addresses.of_client(client.contact_email, client.contact_name, aggregate.intake.contacts or [])


async def code_of_browser(session: AsyncSession, browser: LinkSession) -> DeviceCode | None:
    """The newest code that was e-mailed for a browser, if it can still be entered."""
    return await _newest(session, browser, DeviceCode.browser_id == browser.id)


async def code_of_agency(session: AsyncSession, browser: LinkSession) -> DeviceCode | None:
    """The newest code that the agency made for the browser's link, if it can still be entered."""
    return await _newest(session, browser, DeviceCode.browser_id.is_(None))


async def _newest(session: AsyncSession, browser: LinkSession, *of: object) -> DeviceCode | None:
    rows = select(DeviceCode).where(
        DeviceCode.agency_id == browser.agency_id,
        DeviceCode.link_id == browser.link_id,
        *of,  # type: ignore[arg-type]
    )
    newest = rows.order_by(DeviceCode.id.desc()).limit(1).subquery()
    usable = select(DeviceCode).where(
        DeviceCode.agency_id == browser.agency_id,
        DeviceCode.id == newest.c.id,
        DeviceCode.used_at.is_(None),
        DeviceCode.expires_at > func.now(),
        DeviceCode.tries < MOST_TRIES,
    )
    return (await session.scalars(usable)).one_or_none()
