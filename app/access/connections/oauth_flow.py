"""The trip to the platform's consent page and back.

The way back ends at one registered host for everybody. There the code is only sealed under a handle; it is exchanged
where the browser shows the cookie of the link, or of the invitation, with which it set out. So a stranger's link cannot
collect a victim's consent: the victim's browser has no cookie of that link.

Every address of the way back may be loaded again, at the same time, or by somebody else first: the code is exchanged
once, and each time the answer is how that ended.
"""

import asyncio
import hmac
import time
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Update, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections import platform_apps
from app.access.connections.models import Authorization, Invitation
from app.access.connections.token_exchange import ExchangeOutcome, Purpose, establish
from app.events import catalog
from app.events.recorder import CLIENT, record
from app.kit import clock, encryption, ids
from app.kit.database import CROSS_TENANT, Sessions
from app.kit.encryption import Keyring
from app.kit.errors import AppError
from app.links import queries as links
from app.links.models import LinkSession
from app.platforms.registry import Platforms

__all__ = ["CallbackResult", "CallbackTarget", "ExchangeOutcome", "InvitationOver", "StateRefused"]

STATE_LIFE = timedelta(hours=1)
HANDLE_LIFE = timedelta(minutes=10)
INVITATION_LIFE = timedelta(days=2)
#: A request that carries a trip out takes no longer; one that did not finish by then never will.
LONGEST_EXCHANGE = timedelta(minutes=1)
#: Seconds for which another request waits for it.
PATIENCE = 3.0


class StateRefused(AppError):
    """The way back does not belong to a trip that is under way."""

    status = 400
    code = "state_refused"
    detail = "This way back from TikTok did not start here."
    hint = "Open the link you were sent again: it shows how things stand, and you can go on there."


class InvitationOver(AppError):
    """The one-time address for connecting the agency was used, or its time ran out."""

    status = 410
    code = "invitation_over"
    detail = "This address was used already or its time ran out."
    hint = "Ask the person who sent it to you for a new one."


class Party(StrEnum):
    """Party that gives the consent."""

    LINK = "link"
    AGENCY = "agency"


@dataclass(frozen=True)
class CallbackResult:
    """The end of a way back. `is_first`: this request carried it out, so what follows from it is still to be done."""

    outcome: ExchangeOutcome
    agency_id: str | None = None
    is_first: bool = False


@dataclass(frozen=True)
class CallbackTarget:
    """Destination of the browser after the callback: the side, its id (of the link) and the handle."""

    side: Party
    link_id: str | None
    handle: str


async def is_possible(session: AsyncSession, platforms: Platforms, agency_id: str, platform: str) -> bool:
    """True if people of this agency and its clients can connect; without an app there is the guided lane alone."""
    return can_connect(platforms, platform, own_app=await platform_apps.has_own(session, agency_id, platform))


def can_connect(platforms: Platforms, platform: str, *, own_app: bool) -> bool:
    """The same where it is known if the agency has an app of its own."""
    return platforms[platform].connects and (own_app or platforms.connected(platform).default_app is not None)


async def start_for_link(
    session: AsyncSession, platforms: Platforms, keyring: Keyring, *, agency_id: str, link_id: str, cookie: str
) -> str:
    """The address of the consent page for a client's browser. Raises AppMissing."""
    platform = platforms.connected("tiktok")
    app = await platform_apps.needed(session, agency_id, platform, keyring)
    state = _set_out(session, agency_id, platform.key, cookie, link_id=link_id)
    return platform.consent_address(app, state=state)


async def invite_agency(session: AsyncSession, agency_id: str, *, platform: str) -> tuple[Invitation, str]:
    """A one-time address part with which a member connects the agency; good for two days."""
    token = encryption.new_secret()
    invitation = Invitation(
        agency_id=agency_id, id=ids.new("invitation"), platform=platform, token_hash=encryption.sha256(token),
        expires_at=clock.now() + INVITATION_LIFE,
    )  # fmt: skip
    session.add(invitation)
    await session.flush()
    return invitation, token


async def invitation(session: AsyncSession, token: str) -> Invitation:
    """The invitation of a one-time address. Raises InvitationOver."""
    rows = select(Invitation).where(
        Invitation.token_hash == encryption.sha256(token),
        Invitation.used_at.is_(None),
        Invitation.expires_at > func.now(),
    )
    found = (await session.scalars(rows, execution_options=CROSS_TENANT)).one_or_none()
    if found is None:
        raise InvitationOver
    return found


async def start_for_agency(
    session: AsyncSession, platforms: Platforms, keyring: Keyring, *, token: str
) -> tuple[str, str]:
    """The consent page's address for a member, and the cookie its browser is to hold. Raises InvitationOver."""
    invited = await invitation(session, token)
    platform = platforms.connected(invited.platform)
    app = await platform_apps.needed(session, invited.agency_id, platform, keyring)
    cookie = encryption.new_secret()
    state = _set_out(session, invited.agency_id, platform.key, cookie, invitation_id=invited.id)
    return platform.consent_address(app, state=state), cookie


def _set_out(session: AsyncSession, agency_id: str, platform: str, cookie: str, **purpose: str) -> str:
    state = encryption.new_secret()
    session.add(
        Authorization(
            agency_id=agency_id, id=ids.new("auth"), platform=platform, state_hash=encryption.sha256(state),
            cookie_hash=encryption.sha256(cookie), expires_at=clock.now() + STATE_LIFE, **purpose,
        )
    )  # fmt: skip
    return state


async def receive(session: AsyncSession, keyring: Keyring, *, state: str, code: str | None) -> CallbackTarget:
    """The callback: seals the code under a handle and exchanges nothing, however often it is loaded.

    The handle follows from the state, so that each time the browser is sent to the same place. A code that comes after
    a cancelled way back, by Back at the platform, counts; one that comes after another code does not.
    Raises StateRefused for a state that is none of ours.
    """
    rows = select(Authorization).where(Authorization.state_hash == encryption.sha256(state)).with_for_update()
    trip = (await session.scalars(rows, execution_options=CROSS_TENANT)).one_or_none()
    if trip is None:
        raise StateRefused
    handle = keyring.keyed_hash(state, purpose="handle")
    now = clock.now()
    if trip.exchanged_at is None:
        trip.consumed_at, trip.handle_hash = trip.consumed_at or now, encryption.sha256(handle)
        if trip.expires_at > now:
            trip.handle_expires_at = now + HANDLE_LIFE
            if code and trip.code_encrypted is None:
                trip.code_encrypted, trip.outcome = keyring.encrypt(code, bound_to=_code_place(trip)), None
    await session.flush()
    return CallbackTarget(Party.LINK if trip.link_id else Party.AGENCY, trip.link_id, handle)


async def exchange_for_link(
    sessions: Sessions, platforms: Platforms, keyring: Keyring, *, link_id: str, handle: str, cookie: str
) -> CallbackResult:
    """The way back on the link's own host: exchanges the code only for the browser that set out."""
    return await _arrive(
        sessions, platforms, keyring, handle=handle, cookie=cookie, purpose=Authorization.link_id == link_id
    )


async def exchange_for_agency(
    sessions: Sessions, platforms: Platforms, keyring: Keyring, *, handle: str, cookie: str
) -> CallbackResult:
    """The same for the member who connects the agency; the invitation is used up when it worked."""
    return await _arrive(
        sessions,
        platforms,
        keyring,
        handle=handle,
        cookie=cookie,
        purpose=Authorization.invitation_id.is_not(None),
    )


async def _arrive(
    sessions: Sessions, platforms: Platforms, keyring: Keyring, *, handle: str, cookie: str, purpose: Any
) -> CallbackResult:
    """Exchange the code the first time; later, and at the same time, tell how the first time ended."""
    async with sessions.begin() as session:
        trip = await _by_handle(session, handle, purpose)
        if trip is None:
            return CallbackResult(ExchangeOutcome.UNKNOWN)
        if not hmac.compare_digest(trip.cookie_hash, encryption.sha256(cookie)):
            return CallbackResult(ExchangeOutcome.OTHER_BROWSER)
        if trip.exchanged_at is None and trip.code_encrypted is None and trip.handle_expires_at is not None:
            await _cancel(session, trip)
            return CallbackResult(ExchangeOutcome.CANCELLED, trip.agency_id)
        taken = await _take(session, trip)
        if taken is not None:
            assert taken.code_encrypted is not None
            code = keyring.decrypt(taken.code_encrypted, bound_to=_code_place(taken))
            taken.code_encrypted = None
            for_whom = await _purpose(session, taken)
            platform = platforms.connected(taken.platform)
            app = await platform_apps.of_agency(session, taken.agency_id, platform, keyring)
    if taken is None:
        return CallbackResult(await _outcome_of_first(sessions, trip), trip.agency_id)
    outcome = ExchangeOutcome.APP_PROBLEM  # the app was removed meanwhile
    if app is not None:
        outcome = await establish(sessions, keyring, platform, app, code, for_whom)
    async with sessions.begin() as session:
        await session.execute(_this(trip).values(outcome=outcome))
    return CallbackResult(outcome, trip.agency_id, is_first=True)


async def _by_handle(session: AsyncSession, handle: str, purpose: Any) -> Authorization | None:
    rows = select(Authorization).where(Authorization.handle_hash == encryption.sha256(handle), purpose)
    return (await session.scalars(rows, execution_options=CROSS_TENANT)).one_or_none()


async def _take(session: AsyncSession, trip: Authorization) -> Authorization | None:
    """The trip, for one request alone, within ten minutes of coming back."""
    taken = (
        _this(trip)
        .where(
            Authorization.exchanged_at.is_(None),
            Authorization.code_encrypted.is_not(None),
            Authorization.handle_expires_at > func.now(),
        )
        .values(exchanged_at=func.now())
        .returning(Authorization)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(taken)).one_or_none()


async def _outcome_of_first(sessions: Sessions, trip: Authorization) -> ExchangeOutcome:
    """The end of a trip that another request carries out, or carried out before; waits for it a little."""
    rows = select(Authorization.outcome, Authorization.exchanged_at, func.now()).where(
        Authorization.agency_id == trip.agency_id, Authorization.id == trip.id
    )
    waited_since = time.monotonic()
    while True:
        async with sessions() as session:
            outcome, exchanged_at, now = (await session.execute(rows)).one()
        if outcome is not None:
            return ExchangeOutcome(outcome)
        if exchanged_at is None or now - exchanged_at > LONGEST_EXCHANGE:
            return ExchangeOutcome.TOO_LATE
        if time.monotonic() - waited_since > PATIENCE:
            return ExchangeOutcome.UNDER_WAY
        await asyncio.sleep(0.1)


async def _cancel(session: AsyncSession, trip: Authorization) -> None:
    """Tell once that nothing was consented to, however often the way back is loaded."""
    cancelled = _this(trip).where(Authorization.outcome.is_(None)).values(outcome=ExchangeOutcome.CANCELLED)
    if (await session.execute(cancelled.returning(Authorization.id))).scalar_one_or_none() is not None:
        await _tell_cancelled(session, trip)


def _this(trip: Authorization) -> Update:
    return update(Authorization).where(Authorization.agency_id == trip.agency_id, Authorization.id == trip.id)


async def _tell_cancelled(session: AsyncSession, trip: Authorization) -> None:
    data: dict[str, Any] = {"platform": trip.platform}
    if trip.link_id:
        data = (await links.load_link(session, trip.agency_id, trip.link_id)).event_data()
    await record(
        session, catalog.CONNECTION_CONSENT_CANCELLED, agency_id=trip.agency_id, subject_id=trip.link_id or trip.id,
        actor=CLIENT, data=data,
    )  # fmt: skip


async def _purpose(session: AsyncSession, trip: Authorization) -> Purpose:
    if trip.link_id is None:
        return Purpose(trip.agency_id, invitation_id=trip.invitation_id)
    link = await links.find(session, trip.agency_id, trip.link_id)
    rows = select(LinkSession.id).where(
        LinkSession.agency_id == trip.agency_id,
        LinkSession.link_id == link.id,
        LinkSession.cookie_hash == trip.cookie_hash,
    )
    browser_id = (await session.execute(rows)).scalar_one_or_none()
    return Purpose(trip.agency_id, link_id=link.id, client_id=link.client_id, browser_id=browser_id)


def _code_place(trip: Authorization) -> str:
    return f"authorizations.code_encrypted:{trip.agency_id}:{trip.id}"
