"""Deliveries of one webhook endpoint: the list, one attempt with answer and request, and replays."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.dashboard import webhook_form
from app.dashboard.member_session import CurrentMember, Manager, MemberForm, Viewer
from app.dashboard.webhook_frame import HERE, Said, attempt, page, tab
from app.dashboard.webhook_words import SAID
from app.events import catalog
from app.events import queries as events
from app.events.models import Event
from app.events.rendering import EventRecord
from app.kit import clock
from app.kit.database import Session, reading
from app.kit.errors import AppError, InvalidInput, NotFound
from app.kit.html import forms
from app.kit.i18n.message import Message, _
from app.kit.input.text import visible
from app.services import services_of
from app.webhooks.deliveries import queries, service
from app.webhooks.deliveries.creation import is_body_deleted
from app.webhooks.deliveries.queries import DeliveryFilter, StatusFilter, VisibleDelivery
from app.webhooks.message import STANDARD, USER_AGENT
from app.webhooks.models import TERMINAL, Attempt, Endpoint, Replay, ReplaySelect
from app.webhooks.policies import retry_policy
from app.webhooks.replays import service as replays
from app.webhooks.replays.service import ReplayMatches, Selection

router = forms.page_router()
_LISTED, _ATTEMPTS, _REPLAYS = 50, 50, 20
#: Characters of a body, and of one header, that are shown.
_LONGEST_BODY, _LONGEST_HEADER, _MOST_HEADERS = 6000, 300, 40
#: Times of later attempts that are listed.
_PLANNED = 6
#: Time during which a page waits for a first attempt, and for the deliveries of a replay.
_FRESH = timedelta(minutes=2)
_TIME_WRONG = _("Enter a time, such as 2026-12-01T09:00.")
_SPAN_WRONG = _("The end must be after the start, and at most 30 days later.")
_RATE = 10


@dataclass(frozen=True)
class ShownText:
    """Text of somebody else, without invisible characters and at most so long; `cut`: there is more."""

    text: str
    cut: bool
    size: int


@dataclass(frozen=True)
class Phase:
    """A part of the time of an attempt; start and width in percent of the whole."""

    words: Message
    milliseconds: int
    start: float
    width: float


@dataclass(frozen=True)
class DeliveryDetail:
    """One delivery with its attempts in their order, the chosen one, and its request."""

    seen: VisibleDelivery
    attempts: Sequence[Attempt]
    chosen: Attempt | None
    number: int
    answer: ShownText | None
    answer_head: str
    request: ShownText | None
    request_head: str
    phases: Sequence[Phase]
    planned: Sequence[datetime]
    is_over: bool
    body_deleted: bool


@router.get(f"{HERE}/{{endpoint_id}}/deliveries")
async def deliveries(
    request: Request,
    caller: Viewer,
    endpoint_id: str,
    status: Annotated[StatusFilter | Literal[""], Query()] = "",
    type: Annotated[str, Query(max_length=128)] = "",
    since: Annotated[str, Query(max_length=32)] = "",
    until: Annotated[str, Query(max_length=32)] = "",
    before: Annotated[str, Query(max_length=64)] = "",
    delivery: Annotated[str, Query(max_length=64)] = "",
    a: Annotated[int, Query(ge=0, le=10_000)] = 0,
    said: Said = "",
) -> Response:
    """The deliveries, and one of them with one attempt. Every choice is in the address."""
    head = await tab(request, caller, endpoint_id, "deliveries")
    problems: dict[str, Message] = {}
    sought = DeliveryFilter(
        endpoint_id=endpoint_id, status=status or None, event_type=type or None,
        since=_moment("since", since, problems), until=_moment("until", until, problems),
    )  # fmt: skip
    async with reading(services_of(request).sessions) as session:
        rows = await queries.page(session, caller.agency_id, sought, limit=_LISTED + 1, before=before or None)
        names = await _client_names(session, caller.agency_id, rows[:_LISTED])
        chosen_id = delivery or (rows[0].delivery.id if rows else "")
        detail = await _detail(session, head["endpoint"], chosen_id, a) if chosen_id else None
    if detail:  # read after the list: both show the same status
        rows = [detail.seen if row.delivery.id == detail.seen.delivery.id else row for row in rows]
    chosen: dict[str, Any] = {"status": status, "type": type, "since": since, "until": until}
    return page(
        request, caller, "deliveries", status=422 if problems else 200, rows=rows[:_LISTED],
        more=rows[_LISTED - 1].delivery.id if rows[_LISTED:] else "", names=names, detail=detail,
        given=chosen, number=a, opened=delivery, problems=problems, said=said, kept=_address(chosen),
        types=list(catalog.FOR_CRMS), awaited=detail is not None and _is_awaited(detail.seen), **head,
    )  # fmt: skip


@router.post(f"{HERE}/{{endpoint_id}}/deliveries/{{delivery_id}}/retry")
async def retry(
    request: Request, session: Session, caller: Manager, form: MemberForm, endpoint_id: str, delivery_id: str  # noqa: ARG001
) -> Response:  # fmt: skip
    """Send an ended delivery again."""
    await _check_belongs(session, caller.agency_id, endpoint_id, delivery_id)
    back = _back(request, endpoint_id, delivery_id)
    retrying = partial(
        service.retry, session, caller.agency_id, delivery_id, public_url=services_of(request).public_url
    )
    return await attempt(request, session, back, "retry", retrying)


@router.post(f"{HERE}/{{endpoint_id}}/deliveries/{{delivery_id}}/cancel")
async def cancel(
    request: Request, session: Session, caller: Manager, form: MemberForm, endpoint_id: str, delivery_id: str  # noqa: ARG001
) -> Response:  # fmt: skip
    """Cancel an open delivery."""
    await _check_belongs(session, caller.agency_id, endpoint_id, delivery_id)
    back = _back(request, endpoint_id, delivery_id)
    return await attempt(
        request, session, back, "cancel", lambda: service.cancel(session, caller.agency_id, delivery_id)
    )


@router.get(f"{HERE}/{{endpoint_id}}/replay")
async def replay_page(
    request: Request,
    caller: Viewer,
    endpoint_id: str,
    since: Annotated[str, Query(max_length=32)] = "",
    until: Annotated[str, Query(max_length=32)] = "",
    select: Annotated[str, Query(max_length=16)] = "failed",
    type: Annotated[str, Query(max_length=128)] = "",
    said: Said = "",
) -> Response:
    """The choice of events, a preview of it, and the replays of this endpoint with their progress."""
    head = await tab(request, caller, endpoint_id, "replay")
    problems: dict[str, Message] = {}
    given = {"since": since, "until": until, "select": select, "type": type}
    found: ReplayMatches | None = None
    sample: Sequence[EventRecord] = ()
    async with reading(services_of(request).sessions) as session:
        if since:
            found = await _preview(session, caller, endpoint_id, given, problems)
        if found and found.matched:
            sample = await events.read(
                session, caller.agency_id, Event.id.in_(found.sample), limit=5, order=events.OLDEST_FIRST
            )
        else:
            since = since or _typed_time(
                await replays.trouble_since(session, caller.agency_id, endpoint_id, clock.now())
            )
        rows = await replays.page(session, caller.agency_id, limit=_REPLAYS, endpoint_id=endpoint_id)
        progress = await replays.progress(session, caller.agency_id, [row.id for row in rows])
    under_way = any(_is_under_way(row, progress) for row in rows)
    return page(
        request, caller, "replay", given={**given, "since": since}, found=found, sample=sample, names=_names(sample),
        rows=rows, progress=progress, problems=problems, types=list(catalog.FOR_CRMS),
        patterns=[group.pattern for group in webhook_form.GROUPS], said=said, under_way=under_way, **head,
    )  # fmt: skip


@router.post(f"{HERE}/{{endpoint_id}}/replay")
async def start_replay(
    request: Request, session: Session, caller: Manager, form: MemberForm, endpoint_id: str
) -> Response:
    """Start the replay that the preview showed."""
    problems: dict[str, Message] = {}
    given = {name: form.text(name) for name in ("since", "until", "select", "type")}
    selection = _selection(given, problems)
    if selection is None:
        raise InvalidInput(fields=dict.fromkeys(problems, ""))

    async def act() -> None:
        await replays.start(
            session, caller.agency_id, endpoint_id, selection, rate_per_second=_RATE, actor=caller.member.actor
        )

    return await attempt(request, session, f"{HERE}/{endpoint_id}/replay", "replay", act)


@router.post(f"{HERE}/{{endpoint_id}}/replay/{{replay_id}}/cancel")
async def cancel_replay(
    request: Request, session: Session, caller: Manager, form: MemberForm, endpoint_id: str, replay_id: str  # noqa: ARG001
) -> Response:  # fmt: skip
    """Cancel a running replay."""
    return await attempt(
        request, session, f"{HERE}/{endpoint_id}/replay", "replay_cancel",
        lambda: replays.cancel(session, caller.agency_id, replay_id, actor=caller.member.actor),
    )  # fmt: skip


async def _detail(session: AsyncSession, endpoint: Endpoint, delivery_id: str, number: int) -> DeliveryDetail:
    """One delivery of this endpoint. Raises NotFound."""
    seen = await queries.find(session, endpoint.agency_id, delivery_id)
    if seen.delivery.endpoint_id != endpoint.id:
        raise NotFound
    attempts = list(await queries.attempts(session, endpoint.agency_id, delivery_id, limit=_ATTEMPTS))[::-1]
    number = number if 1 <= number <= len(attempts) else len(attempts)
    chosen = attempts[number - 1] if attempts else None
    stored = await queries.body(session, endpoint.agency_id, seen.delivery)
    return DeliveryDetail(
        seen=seen,
        attempts=attempts,
        chosen=chosen,
        number=number,
        answer=_shown(chosen.body) if chosen and chosen.body else None,
        answer_head=_head(chosen.headers) if chosen else "",
        request=_shown(_pretty(stored.content)) if stored else None,
        request_head=_request_head(endpoint, seen, chosen) if endpoint.destination in STANDARD else "",
        phases=_phases(chosen) if chosen else (),
        planned=_planned(endpoint, seen),
        is_over=seen.delivery.status in TERMINAL,
        body_deleted=is_body_deleted(seen.delivery),
    )


def _phases(attempt: Attempt) -> list[Phase]:
    """The parts of the time of an attempt in their order; the rest is the body of the answer."""
    known = [
        (_("Name lookup"), attempt.dns_ms),
        (_("Connection, TLS"), attempt.connect_ms),
        (_("Waiting"), attempt.first_byte_ms),
    ]
    parts = [(words, spent) for words, spent in known if spent is not None]
    rest = attempt.total_ms - sum(spent for _words, spent in parts)
    if attempt.first_byte_ms is not None and rest > 0:
        parts.append((_("Answer"), rest))
    whole, start, phases = max(attempt.total_ms, 1), 0.0, []
    for words, spent in parts:
        width = min(100 * spent / whole, 100 - start)
        phases.append(Phase(words, spent, round(start, 1), max(round(width, 1), 0.5)))
        start += width
    return phases


def _is_awaited(seen: VisibleDelivery) -> bool:
    """True for a delivery that is about to be attempted for the first time since it was made or sent again."""
    row, now = seen.delivery, clock.now()
    fresh = any(moment and abs(now - moment) < _FRESH for moment in (row.created_at, row.due_at))
    return seen.status in ("pending", "in_flight") and fresh and not row.attempts_since_requeue


def _is_under_way(row: Replay, progress: Mapping[str, replays.ReplayProgress]) -> bool:
    pending = progress[row.id].pending if row.id in progress else 0
    return row.status == "running" or (pending > 0 and clock.now() - row.created_at < _FRESH)


async def _check_belongs(session: AsyncSession, agency_id: str, endpoint_id: str, delivery_id: str) -> None:
    seen = await queries.find(session, agency_id, delivery_id)
    if seen.delivery.endpoint_id != endpoint_id:
        raise NotFound


async def _client_names(session: AsyncSession, agency_id: str, rows: Sequence[VisibleDelivery]) -> dict[str, str]:
    """By event, the name of the client it is about."""
    if not rows:
        return {}
    wanted = Event.id.in_([row.delivery.event_id for row in rows])
    return _names(await events.read(session, agency_id, wanted, limit=len(rows)))


def _names(found: Sequence[EventRecord]) -> dict[str, str]:
    """By event, the name of the client it is about."""
    names = {each.id: {**each.facts, **each.personal}.get("client_name") for each in found}
    return {event_id: str(name) for event_id, name in names.items() if name}


def _request_head(endpoint: Endpoint, seen: VisibleDelivery, chosen: Attempt | None) -> str:
    """The head of the request as far as it is known afterwards; signatures and headers of the agency are not kept."""
    row = seen.delivery
    lines = {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": row.event_id,
        "x-keyturn-event-type": row.event_type,
        "x-keyturn-delivery-id": row.id,
        "x-keyturn-attempt": str(chosen.number if chosen else 1),
        "x-keyturn-endpoint-id": endpoint.id,
    }
    return "\n".join((" ".join(("POST", endpoint.url)), _head(lines)))


def _planned(endpoint: Endpoint, seen: VisibleDelivery) -> list[datetime]:
    """Earliest times of the next attempts, if each fails; the first is exact, the others may be a little later."""
    row = seen.delivery
    if row.status in TERMINAL or row.due_at is None:
        return []
    times = [row.due_at]
    delays = retry_policy.delays(endpoint.retry_policy)
    for delay in delays[row.attempts_since_requeue + 1 :]:
        times.append(times[-1] + timedelta(seconds=delay))
    return [each for each in times if each < row.expires_at][:_PLANNED]


def _head(headers: Mapping[str, Any]) -> str:
    """Headers as lines, cut."""
    return "\n".join(_cut(f"{name}: {value}") for name, value in list(headers.items())[:_MOST_HEADERS])


def _cut(text: str) -> str:
    line = " ".join(visible(text).split())
    return line if len(line) <= _LONGEST_HEADER else line[: _LONGEST_HEADER - 1] + "…"


def _shown(text: str) -> ShownText:
    return ShownText(visible(text[:_LONGEST_BODY]), len(text) > _LONGEST_BODY, len(text.encode()))


def _pretty(content: bytes) -> str:
    """A body of ours with line breaks."""
    return json.dumps(json.loads(content), ensure_ascii=False, indent=2)


def _moment(name: str, text: str, problems: dict[str, Message]) -> datetime | None:
    """A time in UTC, as a browser's field sends it; None if nothing was entered."""
    if not text:
        return None
    try:
        given = datetime.fromisoformat(text)
        given = given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
    except (ValueError, OverflowError):
        problems[name] = _TIME_WRONG
        return None
    if not 2000 <= given.year < 2200:
        problems[name] = _TIME_WRONG
        return None
    return given


def _typed_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")


def _selection(given: Mapping[str, str], problems: dict[str, Message]) -> Selection | None:
    """The selection of a replay; None with the problems noted."""
    since, until = _moment("since", given["since"], problems), _moment("until", given["until"], problems)
    if since is None:
        problems.setdefault("since", _TIME_WRONG)
    select = next((each for each in get_args(ReplaySelect) if each == given["select"]), None)
    if problems or since is None or select is None:
        return None
    now = clock.now()
    return Selection(select, since, min(until or now, now), [given["type"]] if given["type"] else [])


async def _preview(
    session: AsyncSession,
    caller: CurrentMember,
    endpoint_id: str,
    given: Mapping[str, str],
    problems: dict[str, Message],
) -> ReplayMatches | None:
    """Preview of a selection; None with the problems noted."""
    selection = _selection(given, problems)
    if selection is None:
        return None
    try:
        return await replays.preview(session, caller.agency_id, endpoint_id, selection)
    except NotFound:
        raise
    except AppError as refused:
        problems["since"] = SAID[refused.code][1] if refused.code in SAID else _SPAN_WRONG
        return None


def _back(request: Request, endpoint_id: str, delivery_id: str) -> str:
    """The page of a delivery with the filter of its list, which is in the address of the form."""
    kept = {name: request.query_params.get(name, "") for name in ("status", "type", "since", "until")}
    return f"{HERE}/{endpoint_id}/deliveries?{_address({**kept, 'delivery': delivery_id})}"


def _address(given: Mapping[str, Any]) -> str:
    """The choices as the query of an address."""
    return urlencode({name: value for name, value in given.items() if value})
