"""Browsers of a link: once personal data is saved, a new browser is verified by a code or an authorization."""

import re
import secrets
import unicodedata
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import bindparam, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.kit import clock, encryption, ids, throttle
from app.kit.actor import Actor
from app.kit.encryption import Keyring
from app.kit.errors import AppError
from app.kit.throttle import Limit
from app.links import device_addresses, queries
from app.links import queries as links
from app.links.aggregate import LinkAggregate
from app.links.device_addresses import Address
from app.links.models import DeviceCode, LinkSession
from app.links.service import LinkOver
from app.mail import service as mails
from app.mail.rendered_email import Recipient
from app.mail.service import MailQueue
from app.tenants.agencies import service as agencies

DEVICE_CODE_EMAIL = "device_code"
CODE_LIFE = timedelta(minutes=10)
#: Condition: a browser of the link `link_id` was verified as the client's.
HAS_VERIFIED = exists().where(
    LinkSession.agency_id == bindparam("agency_id"),
    LinkSession.link_id == bindparam("link_id"),
    LinkSession.verified_at.is_not(None),
)
#: Long enough for a telephone call.
AGENCY_CODE_LIFE = timedelta(minutes=30)
#: No second code is sent within this time: the button was pressed twice.
PRESSED_TWICE = timedelta(seconds=30)
#: Wrong entries after which a code no longer works.
MOST_TRIES = 5
CODES_FOR_LINK = Limit("device-code-link", 6, timedelta(hours=6))
CODES_TO_ADDRESS = Limit("device-code-address", 6, timedelta(hours=6))
TRIES_ON_LINK = Limit("device-try-link", 30, timedelta(hours=6))


class NewDevice(AppError):
    """Personal data is saved on the link, and this browser is not verified as the client's."""

    status = 403
    code = "device_unknown"
    detail = "This browser is new here, so it needs a code first."


class VerifiedBy(StrEnum):
    """Means by which a browser was verified as the client's."""

    #: it gave the first personal answer
    ANSWER = "answer"
    #: a code that was e-mailed to the client
    CODE = "code"
    #: a code that the agency made
    AGENCY = "agency"
    #: an authorization of its own that can use the client's Business Center
    CONNECTION = "connection"


class CodeResult(StrEnum):
    """Result of an entered code."""

    RIGHT = "right"
    WRONG = "wrong"
    #: no code can be entered any more
    OVER = "over"


async def open_link(session: AsyncSession, aggregate: LinkAggregate, cookie: str) -> LinkSession:
    """Return the browser with this cookie, after Start was pressed; create it if it is new."""
    known = await queries.browser(session, aggregate.agency.id, aggregate.link.id, cookie)
    return known or new_browser(session, aggregate, cookie)


def new_browser(session: AsyncSession, aggregate: LinkAggregate, cookie: str) -> LinkSession:
    """Create a browser of the link, and mark the link as opened."""
    made = LinkSession(
        agency_id=aggregate.agency.id, id=ids.new("browser"), link_id=aggregate.link.id,
        cookie_hash=encryption.sha256(cookie),
    )  # fmt: skip
    session.add(made)
    aggregate.mark_opened()
    return made


async def is_guarded(session: AsyncSession, aggregate: LinkAggregate) -> bool:
    """True if personal data is saved (contacts, answers, a consent), or a browser is verified as the client's."""
    if holds_personal(aggregate):
        return True
    values = {"agency_id": aggregate.agency.id, "link_id": aggregate.link.id}
    return (await session.execute(select(HAS_VERIFIED), values)).scalar_one()


def holds_personal(aggregate: LinkAggregate) -> bool:
    """True if contacts, answers, files or a consent are saved."""
    link, intake = aggregate.link, aggregate.intake
    return bool(intake.contacts is not None or link.submitted_at is not None or aggregate.answers or aggregate.files)


async def claim(session: AsyncSession, aggregate: LinkAggregate, browser: LinkSession) -> None:
    """Bind the link to the first browser that saves personal data; both are locked. Raises NewDevice for another.

    `browser` must be read with the link, so that a verification by another transaction is seen.
    """
    if browser.verified_at is not None:
        return
    if await is_guarded(session, aggregate):
        raise NewDevice
    let_in(browser, VerifiedBy.ANSWER)


def let_in(browser: LinkSession, by: VerifiedBy) -> None:
    """Mark the browser as the client's."""
    browser.verified_at, browser.verified_by = clock.now(), by


def addresses_of(aggregate: LinkAggregate) -> tuple[Address, ...]:
    """Addresses that a code for this link may be e-mailed to."""
    client = aggregate.client
    return device_addresses.of_client(client.contact_email, client.contact_name, aggregate.intake.contacts or [])


async def send_code(
    session: AsyncSession,
    outbox: MailQueue,
    aggregate: LinkAggregate,
    browser: LinkSession,
    address: Address,
    *,
    language: str,
) -> None:
    """Queue an e-mail with a new code for one browser; earlier codes no longer work. Raises Throttled.

    `language`: that of the page on which it is requested.
    """
    before = await code_of_browser(session, browser)
    if before and before.sent_to == address.masked and clock.now() - before.created_at < PRESSED_TWICE:
        return
    hashed = outbox.keyring.keyed_hash(address.email.casefold(), purpose="device-code-address")
    await throttle.take(session, (CODES_FOR_LINK, aggregate.link.id), (CODES_TO_ADDRESS, hashed))
    made, code = _new_code(
        outbox.keyring, browser.agency_id, browser.link_id, CODE_LIFE, browser_id=browser.id, sent_to=address.masked
    )
    session.add(made)
    await session.flush()
    await mails.queue(
        session,
        outbox,
        aggregate.agency.id,
        kind=DEVICE_CODE_EMAIL,
        to=Recipient(address.email, address.name),
        letterhead=agencies.email_branding(aggregate.agency),
        about_id=aggregate.link.id,
        not_after=made.expires_at,
        languages=(language,),
        context={
            "name": address.name,
            "client": aggregate.client.name,
            "requested_by": aggregate.link.requested_by,
            "code": f"{code[:3]} {code[3:]}",
            "minutes": int(CODE_LIFE.total_seconds() // 60),
        },
    )


async def make_code(
    session: AsyncSession, agency_id: str, link_id: str, *, keyring: Keyring, actor: Actor
) -> tuple[DeviceCode, str]:
    """Create a code that the agency passes to its client, valid for one browser and 30 minutes.

    Raises NotFound, LinkOver.
    """
    aggregate = await links.load_link(session, agency_id, link_id, lock=True)
    if aggregate.is_dead:
        raise LinkOver
    made, code = _new_code(keyring, agency_id, link_id, AGENCY_CODE_LIFE)
    session.add(made)
    aggregate.draft_event(catalog.LINK_DEVICE_CODE_MADE, actor=actor)
    await aggregate.save(session)
    return made, code


async def enter_code(
    session: AsyncSession, keyring: Keyring, aggregate: LinkAggregate, browser: LinkSession, typed: str
) -> CodeResult:
    """Try a typed code. Each try is counted, so the caller must commit. Raises Throttled."""
    digits = _digits(typed)
    if len(digits) != 6:
        return CodeResult.WRONG
    await throttle.take(session, (TRIES_ON_LINK, aggregate.link.id))
    mailed = await code_of_browser(session, browser)
    if mailed is not None and mailed.sent_to not in {each.masked for each in addresses_of(aggregate)}:
        mailed = None  # it was sent to an address that is the client's no more
    waiting = [mailed, await code_of_agency(session, browser)]
    tried = [each for each in waiting if each is not None and await _count_try(session, each)]
    right = [
        each
        for each in tried
        if keyring.hash_matches(each.code_hash, _bound(each.id, digits), purpose=DEVICE_CODE_EMAIL)
    ]
    if not right:
        return CodeResult.WRONG if tried else CodeResult.OVER
    for each in right:
        each.used_at = func.now()
    by_mail = any(each.browser_id for each in right)
    let_in(browser, VerifiedBy.CODE if by_mail else VerifiedBy.AGENCY)
    aggregate.draft_event(catalog.LINK_DEVICE_VERIFIED)
    await aggregate.save(session)
    return CodeResult.RIGHT


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


def _new_code(
    keyring: Keyring,
    agency_id: str,
    link_id: str,
    life: timedelta,
    *,
    browser_id: str | None = None,
    sent_to: str | None = None,
) -> tuple[DeviceCode, str]:
    code, code_id = f"{secrets.randbelow(1_000_000):06}", ids.new("code")
    made = DeviceCode(
        agency_id=agency_id, id=code_id, link_id=link_id, browser_id=browser_id, sent_to=sent_to,
        code_hash=keyring.keyed_hash(_bound(code_id, code), purpose=DEVICE_CODE_EMAIL),
        expires_at=clock.now() + life, tries=0,
    )  # fmt: skip
    return made, code


async def _count_try(session: AsyncSession, code: DeviceCode) -> bool:
    """Count a try; True if one was left. Safe under concurrent tries."""
    counted = (
        update(DeviceCode)
        .where(
            DeviceCode.agency_id == code.agency_id,
            DeviceCode.id == code.id,
            DeviceCode.used_at.is_(None),
            DeviceCode.tries < MOST_TRIES,
        )
        .values(tries=DeviceCode.tries + 1)
        .returning(DeviceCode.id)
        .execution_options(synchronize_session=False)
    )
    return (await session.execute(counted)).scalar_one_or_none() is not None


def _bound(code_id: str, code: str) -> str:
    """Hash input bound to one row."""
    return f"{code_id}\0{code}"


def _digits(typed: str) -> str:
    """The digits of a typed or pasted code, in any script, with or without spaces."""
    return re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", typed)[:100])
