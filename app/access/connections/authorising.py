"""The trip to the platform's consent page and back.

The way back ends at one registered host for everybody. There the code is only sealed under a one-time handle; it is
exchanged where the browser shows the cookie of the link, or of the invitation, with which it set out. So a stranger's
link cannot collect a victim's consent: the victim's browser has no cookie of that link.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections import apps
from app.access.connections.establishing import Outcome, Purpose, establish
from app.access.connections.model import Authorisation, Invitation
from app.events.record import CLIENT, record
from app.events.types import connections as happenings
from app.kit import clock, ids, vault
from app.kit.database import ACROSS_AGENCIES, Sessions
from app.kit.refusal import Refusal
from app.kit.vault import Vault
from app.links import queries as links
from app.platforms.catalog import Platforms

__all__ = ["Back", "InvitationOver", "Outcome", "StateRefused"]

STATE_LIFE = timedelta(hours=1)
HANDLE_LIFE = timedelta(minutes=10)
INVITATION_LIFE = timedelta(days=2)


class StateRefused(Refusal):
    """The way back does not belong to a trip that is under way."""

    status = 400
    code = "state_refused"
    detail = "This way back from TikTok was used already, is too old, or did not start here."
    hint = "Open the link you were sent again and press Connect with TikTok once more. Nothing was shared."


class InvitationOver(Refusal):
    """The one-time address for connecting the agency was used, or its time ran out."""

    status = 410
    code = "invitation_over"
    detail = "This address was used already or its time ran out."
    hint = "Make a new one with POST /api/v1/connections/invitations or `keyturn agency connect`."


class Side(StrEnum):
    """Whose consent it is."""

    LINK = "link"
    AGENCY = "agency"


@dataclass(frozen=True)
class Back:
    """Where the browser goes on after the callback: the side, its id (of the link) and the one-time handle."""

    side: Side
    link_id: str | None
    handle: str


async def is_possible(
    session: AsyncSession, platforms: Platforms, vault_: Vault, agency_id: str, platform: str
) -> bool:
    """Whether clients of this agency can connect at all; without an app there is the guided lane alone."""
    if not platforms[platform].connects:
        return False
    return await apps.of_agency(session, agency_id, platforms.connected(platform), vault_) is not None


async def start_for_link(
    session: AsyncSession, platforms: Platforms, vault_: Vault, *, agency_id: str, link_id: str, cookie: str
) -> str:
    """The address of the consent page for a client's browser. Raises AppMissing."""
    platform = platforms.connected("tiktok")
    app = await apps.needed(session, agency_id, platform, vault_)
    state = _set_out(session, agency_id, platform.key, cookie, link_id=link_id)
    return platform.consent_address(app, state=state)


async def invite_agency(session: AsyncSession, agency_id: str, *, platform: str) -> tuple[Invitation, str]:
    """A one-time address part with which a member connects the agency; good for two days."""
    token = vault.new_secret()
    invitation = Invitation(
        agency_id=agency_id, id=ids.new("invitation"), platform=platform, token_hash=vault.sha256(token),
        expires_at=clock.now() + INVITATION_LIFE,
    )  # fmt: skip
    session.add(invitation)
    await session.flush()
    return invitation, token


async def invitation(session: AsyncSession, token: str) -> Invitation:
    """The invitation of a one-time address. Raises InvitationOver."""
    rows = select(Invitation).where(
        Invitation.token_hash == vault.sha256(token),
        Invitation.used_at.is_(None),
        Invitation.expires_at > func.now(),
    )
    found = (await session.scalars(rows, execution_options=ACROSS_AGENCIES)).one_or_none()
    if found is None:
        raise InvitationOver
    return found


async def start_for_agency(
    session: AsyncSession, platforms: Platforms, vault_: Vault, *, token: str
) -> tuple[str, str]:
    """The consent page's address for a member, and the cookie its browser is to hold. Raises InvitationOver."""
    invited = await invitation(session, token)
    platform = platforms.connected(invited.platform)
    app = await apps.needed(session, invited.agency_id, platform, vault_)
    cookie = vault.new_secret()
    state = _set_out(session, invited.agency_id, platform.key, cookie, invitation_id=invited.id)
    return platform.consent_address(app, state=state), cookie


def _set_out(session: AsyncSession, agency_id: str, platform: str, cookie: str, **purpose: str) -> str:
    state = vault.new_secret()
    session.add(
        Authorisation(
            agency_id=agency_id, id=ids.new("auth"), platform=platform, state_hash=vault.sha256(state),
            cookie_hash=vault.sha256(cookie), expires_at=clock.now() + STATE_LIFE, **purpose,
        )
    )  # fmt: skip
    return state


async def receive(session: AsyncSession, vault_: Vault, *, state: str, code: str | None) -> Back:
    """The callback: consumes the state, seals the code under a new handle, exchanges nothing. Raises StateRefused."""
    handle = vault.new_secret()
    consumed = (
        update(Authorisation)
        .where(
            Authorisation.state_hash == vault.sha256(state),
            Authorisation.consumed_at.is_(None),
            Authorisation.expires_at > func.now(),
        )
        .values(
            consumed_at=func.now(),
            handle_hash=vault.sha256(handle),
            handle_expires_at=func.now() + HANDLE_LIFE,
        )
        .returning(Authorisation)
        .execution_options(synchronize_session=False, **ACROSS_AGENCIES)
    )
    trip = (await session.scalars(consumed)).one_or_none()
    if trip is None:
        raise StateRefused
    if code:
        trip.code_sealed = vault_.seal(code, bound_to=_code_place(trip))
    return Back(Side.LINK if trip.link_id else Side.AGENCY, trip.link_id, handle)


async def exchange_for_link(
    sessions: Sessions, platforms: Platforms, vault_: Vault, *, link_id: str, handle: str, cookie: str
) -> Outcome:
    """The way back on the link's own host: exchanges the code only for the browser that set out."""
    outcome, _ = await _arrive(
        sessions, platforms, vault_, handle=handle, cookie=cookie, purpose=Authorisation.link_id == link_id
    )
    return outcome


async def exchange_for_agency(
    sessions: Sessions, platforms: Platforms, vault_: Vault, *, handle: str, cookie: str
) -> tuple[Outcome, str | None]:
    """The same for the member who connects the agency, and which agency; the invitation is used up when it worked."""
    return await _arrive(
        sessions,
        platforms,
        vault_,
        handle=handle,
        cookie=cookie,
        purpose=Authorisation.invitation_id.is_not(None),
    )


async def _arrive(
    sessions: Sessions, platforms: Platforms, vault_: Vault, *, handle: str, cookie: str, purpose: Any
) -> tuple[Outcome, str | None]:
    async with sessions.begin() as session:
        trip = await _take(session, handle, cookie, purpose)
        if trip is None:
            return await _why_not(session, handle, cookie), None
        if trip.code_sealed is None:
            trip.outcome = Outcome.CANCELLED
            await _tell_cancelled(session, trip)
            return Outcome.CANCELLED, trip.agency_id
        code = vault_.open(trip.code_sealed, bound_to=_code_place(trip))
        trip.code_sealed = None
        for_whom = await _purpose(session, trip)
        platform = platforms.connected(trip.platform)
        app = await apps.needed(session, trip.agency_id, platform, vault_)
    outcome = await establish(sessions, vault_, platform, app, code, for_whom)
    async with sessions.begin() as session:
        await session.execute(
            update(Authorisation)
            .where(Authorisation.agency_id == trip.agency_id, Authorisation.id == trip.id)
            .values(outcome=outcome)
        )
    return outcome, trip.agency_id


async def _take(session: AsyncSession, handle: str, cookie: str, purpose: Any) -> Authorisation | None:
    """The trip, once: only with the cookie it set out with, within ten minutes of coming back."""
    taken = (
        update(Authorisation)
        .where(
            Authorisation.handle_hash == vault.sha256(handle),
            Authorisation.cookie_hash == vault.sha256(cookie),
            Authorisation.exchanged_at.is_(None),
            Authorisation.handle_expires_at > func.now(),
            purpose,
        )
        .values(exchanged_at=func.now())
        .returning(Authorisation)
        .execution_options(synchronize_session=False, **ACROSS_AGENCIES)
    )
    return (await session.scalars(taken)).one_or_none()


async def _why_not(session: AsyncSession, handle: str, cookie: str) -> Outcome:
    rows = select(Authorisation).where(Authorisation.handle_hash == vault.sha256(handle))
    trip = (await session.scalars(rows, execution_options=ACROSS_AGENCIES)).one_or_none()
    if trip is None:
        return Outcome.UNKNOWN
    return Outcome.TOO_LATE if trip.cookie_hash == vault.sha256(cookie) else Outcome.OTHER_BROWSER


async def _tell_cancelled(session: AsyncSession, trip: Authorisation) -> None:
    data: dict[str, Any] = {"platform": trip.platform}
    if trip.link_id:
        data = (await links.whole(session, trip.agency_id, trip.link_id)).facts()
    await record(
        session, happenings.CONSENT_CANCELLED, agency_id=trip.agency_id, subject_id=trip.link_id or trip.id,
        actor=CLIENT, data=data,
    )  # fmt: skip


async def _purpose(session: AsyncSession, trip: Authorisation) -> Purpose:
    if trip.link_id is None:
        return Purpose(trip.agency_id, invitation_id=trip.invitation_id)
    link = await links.find(session, trip.agency_id, trip.link_id)
    return Purpose(trip.agency_id, link_id=link.id, client_id=link.client_id)


def _code_place(trip: Authorisation) -> str:
    return f"authorisations.code_sealed:{trip.agency_id}:{trip.id}"
