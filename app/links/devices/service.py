"""Making a browser the client's: by the first personal answer, by a code, or by the client's own authorization."""

import re
import secrets
import unicodedata
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.kit import clock, ids, throttle
from app.kit.encryption import Keyring
from app.kit.errors import AppError
from app.kit.throttle import Limit
from app.links import queries as links
from app.links.aggregate import LinkAggregate
from app.links.devices import queries
from app.links.devices.addresses import Address
from app.links.devices.models import DeviceCode
from app.links.devices.queries import MOST_TRIES
from app.links.models import LinkSession
from app.links.service import LinkOver
from app.mail import service as mails
from app.mail.rendered_email import Recipient
from app.mail.service import MailQueue
from app.tenants.agencies import service as agencies

KIND = "device_code"
CODE_LIFE = timedelta(minutes=10)
#: Long enough for a telephone call.
AGENCY_CODE_LIFE = timedelta(minutes=30)
#: The same code is not sent again so soon: somebody pressed twice.
PRESSED_TWICE = timedelta(seconds=30)

CODES_FOR_LINK = Limit("device-code-link", 6, timedelta(hours=6))
CODES_TO_ADDRESS = Limit("device-code-address", 6, timedelta(hours=6))
TRIES_ON_LINK = Limit("device-try-link", 30, timedelta(hours=6))


class NewDevice(AppError):
    """Something personal is saved on the link, and this browser has not shown that it is the client's."""

    status = 403
    code = "device_unknown"
    detail = "This browser is new here, so it needs a code first."


class VerifiedBy(StrEnum):
    """By what a browser is the client's."""

    #: it gave the first personal answer
    ANSWER = "answer"
    #: a code that was e-mailed to the client
    CODE = "code"
    #: a code that the agency made
    AGENCY = "agency"
    #: an authorization of its own that can use the client's Business Center
    CONNECTION = "connection"


class CodeResult(StrEnum):
    """The end of entering a code."""

    RIGHT = "right"
    WRONG = "wrong"
    #: there is none, or no longer
    OVER = "over"


async def claim(session: AsyncSession, aggregate: LinkAggregate, browser: LinkSession) -> None:
    """Bind the link to the first browser that saves something personal; both are locked. Raises NewDevice for another.

    `browser` was read with the link, so that another one is seen that was let in meanwhile.
    """
    if browser.verified_at is not None:
        return
    if await queries.is_guarded(session, aggregate):
        raise NewDevice
    let_in(browser, VerifiedBy.ANSWER)


def let_in(browser: LinkSession, by: VerifiedBy) -> None:
    """The browser is the client's from now on."""
    browser.verified_at, browser.verified_by = clock.now(), by


async def send_code(
    session: AsyncSession, outbox: MailQueue, aggregate: LinkAggregate, browser: LinkSession, address: Address
) -> None:
    """Owe the client an e-mail with a new code for one browser; earlier ones no longer work. Raises Throttled."""
    before = await queries.code_of_browser(session, browser)
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
        kind=KIND,
        to=Recipient(address.email, address.name),
        letterhead=agencies.email_branding(aggregate.agency),
        about_id=aggregate.link.id,
        not_after=made.expires_at,
        context={
            "name": address.name,
            "client": aggregate.client.name,
            "requested_by": aggregate.link.requested_by,
            "code": f"{code[:3]} {code[3:]}",
            "minutes": str(int(CODE_LIFE.total_seconds() // 60)),
        },
    )


async def make_code(
    session: AsyncSession, agency_id: str, link_id: str, *, keyring: Keyring, actor: str
) -> tuple[DeviceCode, str]:
    """A code that the agency passes to its client, for one browser within half an hour. Raises NotFound, LinkOver."""
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
    waiting = [await queries.code_of_browser(session, browser), await queries.code_of_agency(session, browser)]
    tried = [each for each in waiting if each is not None and await _count_try(session, each)]
    right = [each for each in tried if keyring.hash_matches(each.code_hash, _bound(each.id, digits), purpose=KIND)]
    if not right:
        return CodeResult.WRONG if tried else CodeResult.OVER
    for each in right:
        each.used_at = func.now()
    by_mail = any(each.browser_id for each in right)
    let_in(browser, VerifiedBy.CODE if by_mail else VerifiedBy.AGENCY)
    aggregate.draft_event(catalog.LINK_DEVICE_VERIFIED)
    await aggregate.save(session)
    return CodeResult.RIGHT


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
        code_hash=keyring.keyed_hash(_bound(code_id, code), purpose=KIND), expires_at=clock.now() + life, tries=0,
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
    """A hash of one row fits no other."""
    return f"{code_id}\0{code}"


def _digits(typed: str) -> str:
    """The digits of what was typed or pasted, in whichever script, with or without spaces."""
    return re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", typed)[:100])
