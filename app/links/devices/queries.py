"""Reading which browsers of a link are the client's, and the codes that are under way."""

from sqlalchemy import Exists, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.links.aggregate import LinkAggregate
from app.links.devices import addresses
from app.links.devices.addresses import Address
from app.links.devices.models import DeviceCode
from app.links.models import LinkSession

#: A code is dead after so many wrong entries.
MOST_TRIES = 5


async def is_guarded(session: AsyncSession, aggregate: LinkAggregate) -> bool:
    """True if something personal is saved: contacts, answers, a consent, or a browser verified as the client's."""
    if holds_personal(aggregate):
        return True
    return (await session.execute(select(has_verified(aggregate.agency.id, aggregate.link.id)))).scalar_one()


def holds_personal(aggregate: LinkAggregate) -> bool:
    """True if contacts, answers, files or a consent are saved."""
    link, intake = aggregate.link, aggregate.intake
    return bool(intake.contacts is not None or link.submitted_at is not None or aggregate.answers or aggregate.files)


def has_verified(agency_id: str, link_id: str) -> Exists:
    """Condition: a browser was verified as the client's."""
    return exists().where(
        LinkSession.agency_id == agency_id, LinkSession.link_id == link_id, LinkSession.verified_at.is_not(None)
    )


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
