"""Connections from the code of a consent: exchange, discovery of assets, and the encrypted token."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import call_recorder
from app.access.connections import service as connections
from app.access.connections.models import Connection, Invitation
from app.events import catalog
from app.events.recorder import record
from app.events.schema import LinkConnectionData, LinkTroubleData
from app.kit import ids
from app.kit.actor import Actor
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.links import devices
from app.links import queries as links
from app.links.aggregate import LinkAggregate
from app.links.devices import VerifiedBy
from app.links.models import LinkSession
from app.platforms.port import (
    Access,
    App,
    ConnectedPlatform,
    Denied,
    PlatformFailure,
    Priority,
    RecordedCall,
    Token,
    Unavailable,
    Unclear,
    UnexpectedAnswer,
    said,
)
from app.platforms.resources import DiscoveredAssets

#: A client's token is revoked at the latest this long after the last write with it.
LONGEST_HOLD = timedelta(hours=72)
_TRIES = 6
LONGEST_WAIT = 10.0
Value = TypeVar("Value")


class ExchangeOutcome(StrEnum):
    """Outcome of a return from the platform."""

    CONNECTED = "connected"
    CANCELLED = "cancelled"
    TOO_LATE = "too_late"
    OTHER_BROWSER = "other_browser"
    SCOPE_MISSING = "scope_missing"
    APP_PROBLEM = "app_problem"
    PLATFORM_CHANGED = "platform_changed"
    BUSY = "busy"
    UNKNOWN = "unknown"
    #: another request makes the exchange
    UNDER_WAY = "under_way"
    #: on a new device, with an authorization that cannot use the Business Center of the link
    OTHER_COMPANY = "other_company"


@dataclass(frozen=True)
class Purpose:
    """Subject of a consent: a client's link, or the agency itself by an invitation."""

    agency_id: str
    link_id: str | None = None
    client_id: str | None = None
    #: browser of the client that started
    browser_id: str | None = None
    #: step link by which that browser came
    step_link_id: str | None = None
    invitation_id: str | None = None

    @property
    def side(self) -> str:
        """`client` or `agency`."""
        return "client" if self.link_id else "agency"

    @property
    def actor(self) -> Actor:
        """The client or the person of a step link, or the member who uses the invitation."""
        if self.client_id:
            return Actor("client", self.step_link_id or self.client_id)
        return Actor("member", self.invitation_id or self.agency_id)


async def establish(
    sessions: Sessions,
    keyring: Keyring,
    platform: ConnectedPlatform,
    app: App,
    code: str,
    code_verifier: str | None,
    purpose: Purpose,
) -> ExchangeOutcome:
    """Exchange the code and save the connection. No transaction is open during calls to the platform."""
    calls: list[RecordedCall] = []
    token: Token | None = None
    reason = ""
    try:
        token = await retry_while_unavailable(lambda: platform.exchange(app, code, code_verifier, calls.append))
        missing = platform.missing_scopes(token.scopes)
        if not missing:
            access = Access(token.value, app.app_id, Priority.INTERACTIVE)
            found = await retry_while_unavailable(lambda: platform.discover(app, access, calls.append))
            async with sessions.begin() as session:
                await _save_connection(session, keyring, platform, app, token, found, purpose, calls)
            return ExchangeOutcome.CONNECTED
        outcome, reason = ExchangeOutcome.SCOPE_MISSING, ", ".join(missing)
    except Denied as refused:
        outcome, reason = _OF_REFUSAL.get(refused.blocker, ExchangeOutcome.APP_PROBLEM), _said(refused)
    except InvitationUsed:
        outcome = ExchangeOutcome.TOO_LATE
    except OtherCompany:
        outcome = ExchangeOutcome.OTHER_COMPANY
    except UnexpectedAnswer as changed:
        outcome, reason = ExchangeOutcome.PLATFORM_CHANGED, _said(changed)
    except (Unavailable, Unclear):
        outcome = ExchangeOutcome.BUSY
    if token is not None:
        await _revoke(platform, app, token, calls)
    async with sessions.begin() as session:
        call_recorder.record_calls(session, calls, agency_id=purpose.agency_id, side=purpose.side, purpose="authorize")
        await _record_failure(session, platform.key, purpose, outcome, reason)
    return outcome


#: Outcome of a refusal of the exchange or of the discovery, by blocker.
_OF_REFUSAL = {
    "auth_code_expired": ExchangeOutcome.TOO_LATE,
    "connection_dead": ExchangeOutcome.TOO_LATE,
    "scope_not_authorized": ExchangeOutcome.SCOPE_MISSING,
}
#: Outcomes that only the agency can fix, with their blocker codes.
_OF_AGENCY = {
    ExchangeOutcome.SCOPE_MISSING: "scope_not_authorized",
    ExchangeOutcome.APP_PROBLEM: "app_problem",
    ExchangeOutcome.PLATFORM_CHANGED: "platform_changed",
}


def _said(failure: PlatformFailure) -> str:
    call = failure.call
    return said(call.operation, call.message, call.request_id)


async def _record_failure(
    session: AsyncSession, platform: str, purpose: Purpose, outcome: ExchangeOutcome, reason: str
) -> None:
    if outcome not in _OF_AGENCY:
        return
    event = catalog.CONNECTION_FAILED
    said: dict[str, Any] = {"blocker_code": _OF_AGENCY[outcome], "next_actor": "agency", "reason": reason}
    data = LinkTroubleData.known(platform=platform, **said)
    if purpose.link_id:
        data = (await links.load_link(session, purpose.agency_id, purpose.link_id)).event_data(event, **said)
    await record(
        session, event, agency_id=purpose.agency_id,
        subject_id=purpose.link_id or purpose.invitation_id or purpose.agency_id,
        actor=purpose.actor, data=data,
    )  # fmt: skip


class InvitationUsed(Exception):
    """Another browser has connected the agency with the same one-time address."""


class OtherCompany(Exception):
    """The person who authorized on a new device cannot use the client's Business Center."""


async def retry_while_unavailable(read: Callable[[], Awaitable[Value]]) -> Value:
    """Call up to six times while the platform is unavailable or busy. A refusal is not retried.

    Raises at once if the next call is allowed only after LONGEST_WAIT: a person waits for the page.
    """
    for attempt in range(1, _TRIES):
        try:
            return await read()
        except (Unavailable, Unclear) as failure:
            if isinstance(failure, Unavailable) and failure.retry_after > LONGEST_WAIT:
                raise
            await asyncio.sleep(min(0.3 * attempt, 1.0) if not _limited(failure) else 1.0)
    return await read()


def _limited(failure: Exception) -> bool:
    return isinstance(failure, Unavailable) and failure.limited


async def _revoke(platform: ConnectedPlatform, app: App, token: Token, calls: list[RecordedCall]) -> None:
    """Revoke a token that is not used; the recorded call shows a failure."""
    try:
        await retry_while_unavailable(lambda: platform.revoke(app, token.value, calls.append))
    except (Denied, Unavailable, Unclear, UnexpectedAnswer):
        return


async def _save_connection(
    session: AsyncSession,
    keyring: Keyring,
    platform: ConnectedPlatform,
    app: App,
    token: Token,
    found: DiscoveredAssets,
    purpose: Purpose,
    calls: list[RecordedCall],
) -> None:
    agency_id, connection_id = purpose.agency_id, ids.new("connection")
    await _use_invitation(session, purpose)
    event = catalog.CONNECTION_AUTHORIZED
    data = LinkConnectionData.known(platform=platform.key, connection_id=connection_id)
    if purpose.link_id:
        aggregate = await _admit_browser(session, platform.key, purpose, found)
        data = aggregate.event_data(event, connection_id=connection_id)
    await _retire_older(session, platform.key, purpose, found)
    connection = Connection(
        agency_id=agency_id, id=connection_id, platform=platform.key, side=purpose.side,
        client_id=purpose.client_id, link_id=purpose.link_id, app_id=app.app_id,
        person=found.person, found=connections.discovered_columns(found), browser_id=purpose.browser_id,
        **connections.token_columns(token, keyring, agency_id, connection_id),
        revoke_at=func.now() + LONGEST_HOLD if purpose.link_id else None,
    )  # fmt: skip
    connection.due_at = connections.next_due(connection)
    session.add(connection)
    await session.flush()
    call_recorder.record_calls(
        session, calls, agency_id=purpose.agency_id, side=purpose.side, purpose="authorize",
        connection_id=connection_id,
    )  # fmt: skip
    await record(
        session, event, agency_id=purpose.agency_id, subject_id=connection_id, actor=purpose.actor, data=data,
    )  # fmt: skip


async def _use_invitation(session: AsyncSession, purpose: Purpose) -> None:
    if purpose.invitation_id is None:
        return
    used = (
        update(Invitation)
        .where(
            Invitation.agency_id == purpose.agency_id,
            Invitation.id == purpose.invitation_id,
            Invitation.used_at.is_(None),
        )
        .values(used_at=func.now())
        .returning(Invitation.id)
    )
    if (await session.execute(used)).scalar_one_or_none() is None:
        raise InvitationUsed


async def _admit_browser(
    session: AsyncSession, platform: str, purpose: Purpose, found: DiscoveredAssets
) -> LinkAggregate:
    """Admit a browser without a verified person: nothing was saved before, or it can use the link's account.

    Raises OtherCompany.
    """
    assert purpose.link_id is not None
    aggregate = await links.load_link(session, purpose.agency_id, purpose.link_id, lock=True)
    browser = await session.get(LinkSession, (purpose.agency_id, purpose.browser_id), populate_existing=True)
    if browser is None or browser.verified_at is not None or browser.step_link_id is not None:
        return aggregate
    if not await devices.is_guarded(session, aggregate):
        devices.let_in(browser, VerifiedBy.ANSWER)
        return aggregate
    given = aggregate.on(platform).client_account_id
    known = (
        frozenset({given})
        if given
        else await connections.accounts_of_link(session, purpose.agency_id, purpose.link_id, platform)
    )
    if not known & {each.account_id for each in found.accounts if each.usable}:
        raise OtherCompany
    devices.let_in(browser, VerifiedBy.CONNECTION)
    return aggregate


async def _retire_older(session: AsyncSession, platform: str, purpose: Purpose, found: DiscoveredAssets) -> None:
    """Make the revocation of older connections to the same Business Centers due: the new one replaces them."""
    rows = select(Connection).where(
        Connection.agency_id == purpose.agency_id,
        Connection.platform == platform,
        Connection.side == purpose.side,
        Connection.client_id.is_not_distinct_from(purpose.client_id),
        Connection.status == "live",
    )
    covered = {each.account_id for each in found.accounts if each.usable}
    for older in (await session.scalars(rows.order_by(Connection.id).with_for_update())).all():
        if older.side == "agency" or older.link_id == purpose.link_id or connections.usable(older) <= covered:
            older.revoke_at = older.due_at = func.now()
    await session.flush()
