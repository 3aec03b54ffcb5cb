"""Kickoffs: running all checks, statements of members, and the shared result.

A run has three steps, because no transaction stays open during calls: `prepare`, `read`, `complete`.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import handshakes
from app.access.context import AccessContext
from app.access.handshakes import Handshake
from app.access.kickoffs import checks
from app.access.kickoffs.checks import KickoffCheck, MemberStatement
from app.access.kickoffs.models import Kickoff
from app.access.kickoffs.reader import LiveReads, read_live
from app.access.readiness import service as readiness
from app.access.readiness.checks import Item
from app.access.reconciler import queries as reconciling
from app.access.reconciler.platform_reader import record_observed
from app.access.reconciler.queries import ReconcileInput
from app.events import catalog
from app.events.catalog import EventType
from app.events.recorder import record
from app.events.schema import KickoffData
from app.kit import clock, encryption, ids, throttle
from app.kit.actor import current_actor
from app.kit.database import CROSS_TENANT
from app.kit.errors import AppError, InvalidInput, NotFound
from app.kit.i18n.locales import english
from app.kit.i18n.message import _
from app.kit.throttle import Limit, Throttled
from app.links import queries as links
from app.links.models import AccessRequest
from app.links.status import OVER
from app.services import Services

#: Kickoffs of one link: each takes calls of the platform app's rate limit.
RUNS_OF_LINK = Limit("kickoff-link", 20, timedelta(hours=1))
#: Path of shared results.
SHARED_PATH = "/kickoffs"
#: Lives of the shared address, in days.
SHARED_DAYS, MOST_SHARED_DAYS = 14, 90
COUNTRY_MISSING = _("Name the country of the payment method.")


class TooManyKickoffs(AppError):
    """The link was checked too often within an hour."""

    status = 429
    code = "too_many_kickoffs"
    detail = "This link was checked too often within the last hour."
    hint = "Read the last result with GET /api/v1/links/{id}/kickoffs, or try again later."
    message = _("This link was checked too often within the last hour.")
    advice = _("The last result is still here. Try again later.")


class NotAttestable(AppError):
    """The check was decided by a read, or waits for another check."""

    status = 409
    code = "check_not_attestable"
    detail = "A read decided this check, or it waits for another one: it takes no statement."
    hint = "Run the checks again with POST /api/v1/links/{id}/kickoffs."
    message = _("This check takes no statement: a read decided it, or it waits for another one.")
    advice = _("Check again instead.")


class NotNewest(AppError):
    """A later kickoff of the link exists, and this one is history."""

    status = 409
    code = "kickoff_not_newest"
    detail = "A later kickoff of this link exists. This one is history and does not change."
    hint = "Take the newest one of GET /api/v1/links/{id}/kickoffs."
    message = _("There is a later kickoff. This one is history and does not change.")


@dataclass(frozen=True)
class KickoffInput:
    """Rows that a kickoff is decided from. `statements`: of members in the kickoff before, by check."""

    agency_id: str
    link_id: str
    requests: Sequence[AccessRequest]
    handshakes: Sequence[tuple[Handshake, ReconcileInput]]
    items: Mapping[str, Item]
    statements: Mapping[str, MemberStatement]
    started: float


@dataclass(frozen=True)
class PastKickoff:
    """A line of the history."""

    id: str
    created_at: datetime
    launch_ready: bool
    ran_by: str


async def prepare(session: AsyncSession, agency_id: str, link_id: str) -> KickoffInput:
    """Load a link for a kickoff. Commit before `read`. Raises NotFound, TooManyKickoffs."""
    aggregate = await links.load_link(session, agency_id, link_id)
    try:
        await throttle.take(session, (RUNS_OF_LINK, link_id))
    except Throttled as reached:
        raise TooManyKickoffs from reached
    pairs = {(each.platform, each.client_account_id, each.agency_account_id) for each in aggregate.connecting}
    every = await handshakes.of_client(session, agency_id, aggregate.client.id)
    here = [each for each in every if (each.platform, each.client_account_id, each.agency_account_id) in pairs]
    before = await page(session, agency_id, link_id, limit=1)
    return KickoffInput(
        agency_id=agency_id,
        link_id=link_id,
        requests=[each for each in aggregate.access_requests if _is_wanted(each)],
        handshakes=[(each, await reconciling.load_input(session, each)) for each in here],
        items={item.key: item for item in await readiness.of_link(session, aggregate)},
        statements=_statements(before[0].results) if before else {},
        started=time.monotonic(),
    )


async def read(services: Services, kickoff: KickoffInput) -> LiveReads:
    """Read everything at the platforms, with the agency's connection. No transaction is open meanwhile."""
    context = AccessContext(services.sessions, services.keyring, services.platforms)
    return await read_live(context, kickoff.handshakes, kickoff.requests)


async def complete(session: AsyncSession, kickoff: KickoffInput, seen: LiveReads, *, ran_by: str) -> Kickoff:
    """Store the result with the calls that it rests on."""
    for calls in seen.calls:
        await record_observed(session, calls)
    results = checks.of_kickoff(seen.readings, kickoff.items, kickoff.statements)
    row = Kickoff(
        agency_id=kickoff.agency_id, id=ids.new("kickoff"), link_id=kickoff.link_id, ran_by=ran_by,
        took_ms=int((time.monotonic() - kickoff.started) * 1000), **_result_columns(results),
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await _record(session, row, catalog.KICKOFF_COMPLETED)
    return row


async def find(session: AsyncSession, agency_id: str, kickoff_id: str, *, lock: bool = False) -> Kickoff:
    """One kickoff; `lock` locks the row and reads it again. Raises NotFound."""
    rows = select(Kickoff).where(Kickoff.agency_id == agency_id, Kickoff.id == kickoff_id)
    if lock:
        rows = rows.with_for_update().execution_options(populate_existing=True)
    found = (await session.scalars(rows)).one_or_none()
    if found is None:
        raise NotFound
    return found


async def page(
    session: AsyncSession, agency_id: str, link_id: str, *, limit: int, before: str | None = None
) -> Sequence[Kickoff]:
    """The kickoffs of a link, newest first; `before` is the id of the last one seen."""
    rows = select(Kickoff).where(Kickoff.agency_id == agency_id, Kickoff.link_id == link_id)
    if before:
        rows = rows.where(Kickoff.id < before)
    return (await session.scalars(rows.order_by(Kickoff.id.desc()).limit(limit))).all()


async def history(session: AsyncSession, agency_id: str, link_id: str, *, limit: int) -> Sequence[PastKickoff]:
    """The kickoffs of a link without their checks, newest first."""
    rows = (
        select(Kickoff.id, Kickoff.created_at, Kickoff.launch_ready, Kickoff.ran_by)
        .where(Kickoff.agency_id == agency_id, Kickoff.link_id == link_id)
        .order_by(Kickoff.id.desc())
        .limit(limit)
    )
    return [PastKickoff(*row) for row in await session.execute(rows)]


async def attest(
    session: AsyncSession,
    agency_id: str,
    kickoff_id: str,
    check_id: str,
    *,
    by: str,
    note: str = "",
    country: str | None = None,
) -> Kickoff:
    """Record the statement of a named person about a check that no read decided; later kickoffs keep it.

    Raises NotFound, NotNewest, NotAttestable, and InvalidInput without the country that the check needs.
    """
    row = await find(session, agency_id, kickoff_id, lock=True)
    newest = await history(session, agency_id, row.link_id, limit=1)
    if newest[0].id != row.id:
        raise NotNewest
    results = row.results
    check = next((each for each in results if each.id == check_id), None)
    if check is None:
        raise NotFound
    if not check.can_attest:
        raise NotAttestable
    if check.key == "country" and country is None:
        raise InvalidInput(fields={"country": english(COUNTRY_MISSING)})
    stated = checks.attested(check, MemberStatement(by, clock.now(), note, country))
    for name, value in _result_columns([stated if each is check else each for each in results]).items():
        setattr(row, name, value)
    await session.flush()
    await _record(session, row, catalog.KICKOFF_ATTESTED)
    return row


async def share(
    session: AsyncSession, agency_id: str, kickoff_id: str, *, days: int = SHARED_DAYS
) -> tuple[Kickoff, str]:
    """Share the result under a new secret address, which replaces the one before; the row and the secret."""
    row = await find(session, agency_id, kickoff_id, lock=True)
    token = encryption.new_secret()
    row.share_token_hash, row.share_expires_at = encryption.sha256(token), clock.now() + timedelta(days=days)
    await session.flush()
    return row, token


async def stop_sharing(session: AsyncSession, agency_id: str, kickoff_id: str) -> Kickoff:
    """End the shared address at once. Repeating it changes nothing. Raises NotFound."""
    row = await find(session, agency_id, kickoff_id, lock=True)
    row.share_token_hash = row.share_expires_at = None
    await session.flush()
    return row


async def by_token(session: AsyncSession, token: str) -> Kickoff | None:
    """The kickoff that is shared under this secret now."""
    rows = select(Kickoff).where(
        Kickoff.share_token_hash == encryption.sha256(token), Kickoff.share_expires_at > func.now()
    )
    return (await session.scalars(rows, execution_options=CROSS_TENANT)).one_or_none()


def address_of(public_url: str, token: str) -> str:
    """The secret address of a result: `https://host/kickoffs/token`."""
    return f"{public_url}{SHARED_PATH}/{token}"


def shared_until(row: Kickoff) -> datetime | None:
    """The end of the shared address; None if it is not shared now."""
    ends = row.share_expires_at
    return ends if ends is not None and ends > clock.now() else None


async def _record(session: AsyncSession, row: Kickoff, event: EventType[KickoffData]) -> None:
    """Record an event about a kickoff, with its link as it is now."""
    aggregate = await links.load_link(session, row.agency_id, row.link_id)
    data = aggregate.event_data(
        event, kickoff_id=row.id, status="launch_ready" if row.launch_ready else "not_ready",
        checks_left=sum(each.is_left for each in row.results),
    )  # fmt: skip
    await record(
        session, event, agency_id=row.agency_id, subject_id=row.link_id, actor=current_actor(), data=data
    )  # fmt: skip


def _is_wanted(request: AccessRequest) -> bool:
    """True if the launch waits for it: not for what has ended or is being removed, nor for what is left to choice."""
    is_left_to_choice = not request.required and request.status == "waiting"
    return request.status not in OVER and request.unwanted_at is None and not is_left_to_choice


def _result_columns(results: Sequence[KickoffCheck]) -> dict[str, object]:
    return {
        "checks": [each.model_dump(mode="json", exclude_defaults=True) for each in results],
        "launch_ready": checks.is_launch_ready(results),
    }


def _statements(results: Sequence[KickoffCheck]) -> dict[str, MemberStatement]:
    return {each.id: each.statement for each in results if each.statement is not None}
