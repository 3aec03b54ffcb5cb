"""Asking for one more access on a link, or for another role. Whatever is wider waits for the client's yes."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.recorder import KEYTURN, record
from app.events.types import access as ask_happenings
from app.events.types import links as happenings
from app.events.types.event_type import EventType
from app.kit import clock
from app.kit.errors import AppError, InvalidInput
from app.links import client_actions, queries, status
from app.links.models import Ask
from app.links.presets import validation
from app.links.presets.preset import PresetAsk
from app.links.queries import LinkAggregate
from app.links.service import LinkOver, new_ask
from app.platforms.port import Platform

MOST_OPEN = 200


class AskOver(AppError):
    """The client said no to it, or it ended."""

    status = 409
    code = "ask_over"
    detail = "This is no longer asked for."
    hint = "Ask anew with POST /api/v1/links/{id}/asks."


class TooManyAsks(AppError):
    """More than a client can oversee."""

    status = 409
    code = "too_many_asks"
    detail = f"A link asks for at most {MOST_OPEN} accesses."
    hint = "Make another link for the client."


async def ask_for_role(
    session: AsyncSession,
    agency_id: str,
    ask_id: str,
    *,
    role: str,
    reason: str | None,
    platforms: Mapping[str, Platform],
    actor: str,
) -> Ask:
    """Another role: a wider one needs a reason and the client's yes; a lower one counts at once.

    Access shared in a wider role is then removed and shared again, with a short gap; the caller wakes the handshake.
    Raises NotFound, Malformed, LinkOver, AskOver.
    """
    ask = await queries.ask(session, agency_id, ask_id)
    whole = await queries.whole(session, agency_id, ask.link_id, lock=True)
    ask = next(each for each in whole.asks if each.id == ask_id)
    role = validation.official(PresetAsk(ask.platform, ask.kind, role, ask.reason), platforms).role
    if role == ask.role:
        return ask
    refuse_over(whole)
    if ask.state in status.OVER:
        raise AskOver
    wanted = PresetAsk(ask.platform, ask.kind, role, ask.reason)
    if wrong := validation.of_ask(wanted, platforms, beside=_beside(whole)).get("role"):
        raise InvalidInput(fields={"role": wrong})
    wider = validation.is_wider(platforms[ask.platform].kinds[ask.kind], role, ask.role)
    if wider and not reason:
        raise InvalidInput(fields={"reason": "Say why a wider role is needed; the client reads it before agreeing."})
    ask.role_first = ask.role_first or ask.role
    ask.role, ask.role_reason = role, reason
    if ask.approved_at is not None:
        await (_wait_for_yes if wider else _lower)(session, whole, ask)
        await session.flush()
        await open_again(session, whole, reason="wider_role" if wider else "lower_role", actor=actor)
    await tell(session, whole, ask, happenings.ROLE_ASKED, actor)
    if wider:
        await tell_requested(session, whole, ask, actor)
    return ask


async def add_ask(
    session: AsyncSession,
    agency_id: str,
    link_id: str,
    wanted: PresetAsk,
    *,
    platforms: Mapping[str, Platform],
    actor: str,
) -> Ask:
    """One more access on a living link; a completed link is open again until it is proved.

    Raises NotFound, Malformed, LinkOver, TooManyAsks.
    """
    whole = await queries.whole(session, agency_id, link_id, lock=True)
    refuse_over(whole)
    wanted = validation.official(wanted, platforms)
    if wrong := validation.of_ask(wanted, platforms, beside=[*_beside(whole), wanted]):
        raise InvalidInput(fields=wrong)
    if len(whole.asks) >= MOST_OPEN:
        raise TooManyAsks
    ask = new_ask(whole.link, wanted, max(each.position for each in whole.asks) + 1)
    session.add(ask)
    await session.flush()
    await session.refresh(ask)
    whole = await queries.whole(session, agency_id, link_id)
    await open_again(session, whole, reason="access_requested", actor=actor)
    await tell(session, whole, ask, happenings.ASK_ADDED, actor)
    await tell_requested(session, whole, ask, actor)
    return ask


async def _wait_for_yes(session: AsyncSession, whole: LinkAggregate, ask: Ask) -> None:
    """What the client agreed to stays shared; the wider role is asked for like a new access."""
    await client_actions.set_state(
        session, whole, ask, state="waiting", code=None, next_actor="client", approved_at=None, attested_at=None,
        attested_by=None, recheck_at=None, verified_at=None, actor=KEYTURN,
    )  # fmt: skip


async def _lower(session: AsyncSession, whole: LinkAggregate, ask: Ask) -> None:
    """Less than agreed needs no new yes; it counts once it is read back in the lower role."""
    await client_actions.set_state(
        session, whole, ask, state="approved", code=None, next_actor="us", reduce_at=func.now(), verified_at=None,
        attested_at=None, attested_by=None, actor=KEYTURN,
    )  # fmt: skip


def refuse_over(whole: LinkAggregate) -> None:
    """Nothing more can be asked for on a link that is over. Raises LinkOver."""
    link, now = whole.link, clock.now()
    if status.is_dead(status.as_of(link.status, link.expires_at, now)) or _is_past(link.expires_at, now):
        raise LinkOver(hint="Make a new link for the client, or give this one more time if it has expired.")


def _is_past(expires_at: datetime, now: datetime) -> bool:
    """A completed link stays open as a receipt, but past its time nobody can be asked anything on it."""
    return expires_at <= now


async def open_again(session: AsyncSession, whole: LinkAggregate, *, reason: str, actor: str) -> None:
    """A completed link waits for its client again; one under way has something new for a client who agreed before."""
    if whole.link.status in ("completed", "drifted"):
        await client_actions.reopen(session, whole, "submitted", reason=reason, actor=actor)
    elif whole.link.submitted_at is not None:
        client_actions.need_client(whole)


async def tell_requested(session: AsyncSession, whole: LinkAggregate, ask: Ask, actor: str) -> None:
    """More is asked of a client, or in a wider role: it waits for the client's yes."""
    await tell(session, whole, ask, ask_happenings.REQUESTED, actor)


def _beside(whole: LinkAggregate) -> list[PresetAsk]:
    living = [ask for ask in whole.asks if ask.state not in status.OVER]
    return [PresetAsk(ask.platform, ask.kind, ask.role, ask.reason) for ask in living]


async def tell(session: AsyncSession, whole: LinkAggregate, ask: Ask, event: EventType, actor: str) -> None:
    """Records an event about an ask as it is now."""
    await session.flush()
    await session.refresh(ask)
    now = await queries.whole(session, whole.agency.id, whole.link.id)
    await record(session, event, agency_id=whole.agency.id, subject_id=whole.link.id, actor=actor, data=now.facts(ask))
