"""OAuth authorization at a platform: the redirect to its consent page, the callback, and the return.

The callback is one registered host for all agencies. It only encrypts the code and creates a handle. The code is
exchanged at the host whose cookie the browser holds, of the link or the invitation with which it started. So an
attacker's link cannot collect a victim's consent: the victim's browser has no cookie of that link.

Every address of the return may be loaded again, concurrently, or first by another browser: the code is exchanged once,
and every request answers with its outcome.
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

from app.access.connections import service as connections
from app.access.connections.models import Authorization, Invitation
from app.access.connections.token_exchange import ExchangeOutcome, Purpose, establish
from app.events import catalog
from app.events.recorder import record
from app.events.schema import LinkData
from app.kit import clock, encryption, ids
from app.kit.actor import bind_actor, current_actor
from app.kit.database import CROSS_TENANT, Sessions
from app.kit.encryption import Keyring
from app.kit.errors import AppError
from app.kit.i18n.message import _
from app.links import queries as links
from app.links.models import Link, LinkSession
from app.platforms.port import App, ConnectedPlatform
from app.platforms.registry import Platforms
from app.tenants.agencies import domains

__all__ = ["CallbackResult", "CallbackTarget", "ExchangeOutcome", "InvitationOver", "StateRefused"]

STATE_LIFE = timedelta(hours=1)
HANDLE_LIFE = timedelta(minutes=10)
INVITATION_LIFE = timedelta(days=2)
#: Maximum duration of an exchange; one that did not finish by then never will.
LONGEST_EXCHANGE = timedelta(minutes=1)
#: Seconds for which a concurrent request waits for it.
PATIENCE = 3.0


class StateRefused(AppError):
    """The callback belongs to no authorization of ours."""

    status = 400
    code = "state_refused"
    message = _("This way back did not start here.")
    advice = _("Open the link you were sent again: it shows how things stand, and you can continue there.")


class InvitationOver(AppError):
    """The one-time address for connecting the agency was used or has expired."""

    status = 410
    code = "invitation_over"
    message = _("This address was used already or its time ran out.")
    advice = _("Ask the person who sent it to you for a new one.")


class Party(StrEnum):
    """Party that gives the consent."""

    LINK = "link"
    AGENCY = "agency"


@dataclass(frozen=True)
class CallbackResult:
    """Result of a return. `is_first`: this request made the exchange, so its caller handles the consequences."""

    outcome: ExchangeOutcome
    agency_id: str | None = None
    client_id: str | None = None
    is_first: bool = False
    platform: str = ""


@dataclass(frozen=True)
class CallbackTarget:
    """Destination of the browser after the callback: the side, its id (of the link), the handle, and the domain."""

    side: Party
    link_id: str | None
    handle: str
    #: a verified domain of the agency; None: the installation's own host
    domain: str | None = None


async def is_possible(session: AsyncSession, platforms: Platforms, agency_id: str, platform: str) -> bool:
    """True if members and clients of this agency can connect; without an app only the guided lane is possible."""
    return can_connect(platforms, platform, own_app=await connections.has_own_app(session, agency_id, platform))


def can_connect(platforms: Platforms, platform: str, *, own_app: bool) -> bool:
    """As `is_possible`, for callers that know if the agency has its own app."""
    return platforms[platform].connects and (own_app or platforms.connected(platform).default_app is not None)


async def start_for_link(
    session: AsyncSession,
    platform: ConnectedPlatform,
    keyring: Keyring,
    *,
    agency_id: str,
    link_id: str,
    cookie: str,
    domain: str | None = None,
) -> str:
    """Start an authorization in a client's browser; the address of the consent page. Raises AppMissing.

    `domain`: that of the agency at which the browser has its cookie.
    """
    app = await connections.required_app(session, agency_id, platform, keyring)
    return _add_authorization(session, agency_id, platform, app, keyring, cookie, link_id=link_id, domain=domain)


async def invite_agency(session: AsyncSession, agency_id: str, *, platform: str) -> tuple[Invitation, str]:
    """Create an invitation to connect the agency, with its secret token; valid for two days."""
    token = encryption.new_secret()
    invitation = Invitation(
        agency_id=agency_id, id=ids.new("invitation"), platform=platform, token_hash=encryption.sha256(token),
        expires_at=clock.now() + INVITATION_LIFE,
    )  # fmt: skip
    session.add(invitation)
    await session.flush()
    return invitation, token


def invitation_address(public_url: str, token: str) -> str:
    """The one-time address of an invitation."""
    return f"{public_url}/connect/{token}"


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
    """Start an authorization in a member's browser; the address of the consent page, and the cookie to set.

    Raises InvitationOver, AppMissing.
    """
    invited = await invitation(session, token)
    platform = platforms.connected(invited.platform)
    app = await connections.required_app(session, invited.agency_id, platform, keyring)
    cookie = encryption.new_secret()
    consent = _add_authorization(session, invited.agency_id, platform, app, keyring, cookie, invitation_id=invited.id)
    return consent, cookie


def _add_authorization(
    session: AsyncSession,
    agency_id: str,
    platform: ConnectedPlatform,
    app: App,
    keyring: Keyring,
    cookie: str,
    **purpose: str | None,
) -> str:
    """Add an authorization for this browser; the address of the consent page."""
    state = encryption.new_secret()
    consent = platform.consent(app, state=state)
    made = Authorization(
        agency_id=agency_id, id=ids.new("auth"), platform=platform.key, state_hash=encryption.sha256(state),
        cookie_hash=encryption.sha256(cookie), expires_at=clock.now() + STATE_LIFE, **purpose,
    )  # fmt: skip
    if consent.code_verifier is not None:
        made.code_verifier_encrypted = keyring.encrypt(consent.code_verifier, bound_to=_verifier_place(made))
    session.add(made)
    return consent.address


async def receive(session: AsyncSession, keyring: Keyring, *, state: str, code: str | None) -> CallbackTarget:
    """Handle the callback: encrypt the code and return a handle. Exchanges nothing, and may be repeated.

    The handle is derived from the state, so that every repetition redirects to the same address. A code that arrives
    after a cancelled return (Back at the platform) counts; one that arrives after another code does not.
    Raises StateRefused for an unknown state.
    """
    rows = select(Authorization).where(Authorization.state_hash == encryption.sha256(state)).with_for_update()
    authorization = (await session.scalars(rows, execution_options=CROSS_TENANT)).one_or_none()
    if authorization is None:
        raise StateRefused
    handle = keyring.keyed_hash(state, purpose="handle")
    now = clock.now()
    if authorization.exchanged_at is None:
        authorization.consumed_at, authorization.handle_hash = (
            authorization.consumed_at or now,
            encryption.sha256(handle),
        )
        if authorization.expires_at > now:
            authorization.handle_expires_at = now + HANDLE_LIFE
            if code and authorization.code_encrypted is None:
                authorization.code_encrypted, authorization.outcome = (
                    keyring.encrypt(code, bound_to=_code_place(authorization)),
                    None,
                )
    await session.flush()
    side, domain = Party.LINK if authorization.link_id else Party.AGENCY, authorization.domain
    if domain is not None and await domains.agency_of(session, domain) != authorization.agency_id:
        domain = None  # it was removed in the meantime
    return CallbackTarget(side, authorization.link_id, handle, domain)


async def exchange_for_link(
    sessions: Sessions, platforms: Platforms, keyring: Keyring, *, link_id: str, handle: str, cookie: str
) -> CallbackResult:
    """Exchange the code on the link's own host, for the browser that started."""
    return await _exchange(
        sessions, platforms, keyring, handle=handle, cookie=cookie, purpose=Authorization.link_id == link_id
    )


async def exchange_for_agency(
    sessions: Sessions, platforms: Platforms, keyring: Keyring, *, handle: str, cookie: str
) -> CallbackResult:
    """Exchange the code for the member who connects the agency; a success uses the invitation."""
    return await _exchange(
        sessions,
        platforms,
        keyring,
        handle=handle,
        cookie=cookie,
        purpose=Authorization.invitation_id.is_not(None),
    )


async def _exchange(
    sessions: Sessions, platforms: Platforms, keyring: Keyring, *, handle: str, cookie: str, purpose: Any
) -> CallbackResult:
    """Exchange the code in the first request; later and concurrent requests return its outcome."""
    async with sessions.begin() as session:
        found = await _by_handle(session, handle, purpose)
        if found is None:
            return CallbackResult(ExchangeOutcome.UNKNOWN)
        authorization, subject = found
        if not hmac.compare_digest(authorization.cookie_hash, encryption.sha256(cookie)):
            return CallbackResult(ExchangeOutcome.OTHER_BROWSER)
        bind_actor(subject.actor)
        if (
            authorization.exchanged_at is None
            and authorization.code_encrypted is None
            and authorization.handle_expires_at is not None
        ):
            await _cancel(session, authorization)
            return CallbackResult(ExchangeOutcome.CANCELLED, authorization.agency_id, platform=authorization.platform)
        code_encrypted = await _claim(session, authorization)
        if code_encrypted is not None:
            code = keyring.decrypt(code_encrypted, bound_to=_code_place(authorization))
            verifier = authorization.code_verifier_encrypted
            code_verifier = keyring.decrypt(verifier, bound_to=_verifier_place(authorization)) if verifier else None
            platform = platforms.connected(authorization.platform)
            app = await connections.app_of_agency(session, authorization.agency_id, platform, keyring)
    if code_encrypted is None:
        first = await _outcome_of_first(sessions, authorization)
        return CallbackResult(first, authorization.agency_id, platform=authorization.platform)
    outcome = ExchangeOutcome.APP_PROBLEM  # the app was removed in the meantime
    if app is not None:
        outcome = await establish(sessions, keyring, platform, app, code, code_verifier, subject)
    async with sessions.begin() as session:
        await session.execute(_this(authorization).values(outcome=outcome))
    return CallbackResult(
        outcome, authorization.agency_id, client_id=subject.client_id, is_first=True, platform=authorization.platform
    )


async def _by_handle(session: AsyncSession, handle: str, purpose: Any) -> tuple[Authorization, Purpose] | None:
    """The authorization of a handle, with its client and the browser that started."""
    rows = (
        select(Authorization, Link.client_id, LinkSession.id, LinkSession.step_link_id)
        .outerjoin(Link, (Link.agency_id == Authorization.agency_id) & (Link.id == Authorization.link_id))
        .outerjoin(
            LinkSession,
            (LinkSession.agency_id == Authorization.agency_id)
            & (LinkSession.link_id == Authorization.link_id)
            & (LinkSession.cookie_hash == Authorization.cookie_hash),
        )
        .where(Authorization.handle_hash == encryption.sha256(handle), purpose)
    )
    found = (await session.execute(rows, execution_options=CROSS_TENANT)).one_or_none()
    if found is None:
        return None
    authorization, client_id, browser_id, step_link_id = found
    return authorization, Purpose(
        authorization.agency_id, link_id=authorization.link_id, client_id=client_id, browser_id=browser_id,
        step_link_id=step_link_id, invitation_id=authorization.invitation_id,
    )  # fmt: skip


async def _claim(session: AsyncSession, authorization: Authorization) -> bytes | None:
    """Claim the authorization for this request, within ten minutes after the callback; the code, which is deleted."""
    code_encrypted = authorization.code_encrypted
    if code_encrypted is None:
        return None
    claimed = (
        _this(authorization)
        .where(
            Authorization.exchanged_at.is_(None),
            Authorization.code_encrypted == code_encrypted,
            Authorization.handle_expires_at > func.now(),
        )
        .values(exchanged_at=func.now(), code_encrypted=None, code_verifier_encrypted=None)
        .returning(Authorization.id)
        .execution_options(synchronize_session=False)
    )
    return code_encrypted if (await session.execute(claimed)).scalar_one_or_none() is not None else None


async def _outcome_of_first(sessions: Sessions, authorization: Authorization) -> ExchangeOutcome:
    """Outcome of the exchange that another request makes or made; waits for it up to PATIENCE."""
    rows = select(Authorization.outcome, Authorization.exchanged_at, func.now()).where(
        Authorization.agency_id == authorization.agency_id, Authorization.id == authorization.id
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


async def _cancel(session: AsyncSession, authorization: Authorization) -> None:
    """Record once that the consent was cancelled, however often the return is loaded."""
    cancelled = _this(authorization).where(Authorization.outcome.is_(None)).values(outcome=ExchangeOutcome.CANCELLED)
    if (await session.execute(cancelled.returning(Authorization.id))).scalar_one_or_none() is not None:
        await _record_cancelled(session, authorization)


def _this(authorization: Authorization) -> Update:
    return update(Authorization).where(
        Authorization.agency_id == authorization.agency_id, Authorization.id == authorization.id
    )


async def _record_cancelled(session: AsyncSession, authorization: Authorization) -> None:
    event, data = catalog.CONNECTION_CONSENT_CANCELLED, LinkData.known(platform=authorization.platform)
    if authorization.link_id:
        data = (await links.load_link(session, authorization.agency_id, authorization.link_id)).event_data(event)
    await record(
        session, event, agency_id=authorization.agency_id,
        subject_id=authorization.link_id or authorization.id, actor=current_actor(), data=data,
    )  # fmt: skip


def _verifier_place(authorization: Authorization) -> str:
    return f"authorizations.code_verifier_encrypted:{authorization.agency_id}:{authorization.id}"


def _code_place(authorization: Authorization) -> str:
    return f"authorizations.code_encrypted:{authorization.agency_id}:{authorization.id}"
