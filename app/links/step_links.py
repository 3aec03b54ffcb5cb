"""Step links: made by a client for somebody else who does what one platform needs, opened in a browser, revoked."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.kit import clock, encryption, ids
from app.kit.encryption import Keyring
from app.links import devices, queries
from app.links.aggregate import LinkAggregate
from app.links.models import LinkSession, StepLink
from app.tenants.agencies import domains

LIFE = timedelta(days=7)
#: Most step links of one link that can be opened at the same time.
MOST = 10


def is_usable(step: StepLink) -> bool:
    """True if it can still be opened, and used in the browsers that opened it."""
    return step.revoked_at is None and step.expires_at > clock.now()


async def pass_on(
    session: AsyncSession, aggregate: LinkAggregate, platform: str, person: str, *, keyring: Keyring
) -> StepLink:
    """Make a step link on a locked link; the same person keeps the one there is."""
    usable = [each for each in await of_link(session, aggregate) if is_usable(each)]
    same = next((each for each in usable if (each.platform, each.person) == (platform, person)), None)
    if same is not None:
        return same
    for oldest in usable[: len(usable) - MOST + 1]:
        _revoke(aggregate, oldest)
    token, step_id = encryption.new_secret(), ids.new("step")
    made = StepLink(
        agency_id=aggregate.agency.id, id=step_id, link_id=aggregate.link.id, platform=platform, person=person,
        token_hash=encryption.sha256(token),
        token_encrypted=keyring.encrypt(token, bound_to=_place(aggregate.agency.id, step_id)),
        expires_at=aggregate.now + LIFE,
    )  # fmt: skip
    session.add(made)
    aggregate.draft_event(catalog.LINK_DELEGATED, screen=platform)
    await aggregate.save(session)
    return made


async def of_link(session: AsyncSession, aggregate: LinkAggregate) -> Sequence[StepLink]:
    """The step links of a link, in the order in which they were made."""
    rows = select(StepLink).where(StepLink.agency_id == aggregate.agency.id, StepLink.link_id == aggregate.link.id)
    return (await session.scalars(rows.order_by(StepLink.id))).all()


def address(aggregate: LinkAggregate, step: StepLink, *, keyring: Keyring, public_url: str) -> str:
    """The secret address of a step link, for the client who made it."""
    token = keyring.decrypt(step.token_encrypted, bound_to=_place(step.agency_id, step.id))
    return f"{domains.base_url(aggregate.agency, public_url).rstrip('/')}/l/step/{token}"


async def take_back(session: AsyncSession, aggregate: LinkAggregate, step_id: str) -> None:
    """Revoke one of the step links of a locked link; its browsers are refused from then on."""
    step = next((each for each in await of_link(session, aggregate) if each.id == step_id), None)
    if step is not None and is_usable(step):
        _revoke(aggregate, step)
        await aggregate.save(session)


def _revoke(aggregate: LinkAggregate, step: StepLink) -> None:
    step.revoked_at = aggregate.now
    aggregate.draft_event(catalog.LINK_STEP_TAKEN_BACK, screen=step.platform)


async def open_step(session: AsyncSession, aggregate: LinkAggregate, step: StepLink, cookie: str) -> LinkSession:
    """The browser with this cookie, limited to the step; one that is the client's own keeps the whole link."""
    browser = await queries.browser(session, aggregate.agency.id, aggregate.link.id, cookie)
    if browser is None:
        browser = devices.new_browser(session, aggregate, cookie)
        browser.step_link_id = step.id
    elif browser.step_link_id or (browser.verified_at is None and await devices.is_guarded(session, aggregate)):
        browser.step_link_id = step.id
    if browser.step_link_id and step.opened_at is None:
        step.opened_at = aggregate.now
        aggregate.draft_event(catalog.LINK_STEP_OPENED, screen=step.platform)
    await aggregate.save(session)
    return browser


def _place(agency_id: str, step_id: str) -> str:
    """Context to which the encrypted secret of a step link is bound."""
    return f"step_links.token_encrypted:{agency_id}:{step_id}"
