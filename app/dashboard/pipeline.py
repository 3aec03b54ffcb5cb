"""The pipeline, home of the dashboard: links by whose turn it is, the longest wait first."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, Select, and_, literal, or_, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from app.client_portal import client_message
from app.client_portal.client_message import ClientMessage
from app.dashboard import desk, first_steps, turns
from app.dashboard.member_session import PATH, CurrentMember, Viewer
from app.dashboard.turns import Label, Situation
from app.kit import clock, ids
from app.kit.database import reading
from app.kit.errors import NotFound
from app.kit.html import forms
from app.kit.i18n.message import Message, _
from app.kit.web.paging import CursorWrong, before, pack, unpack
from app.links import queries
from app.links.models import AccessRequest, Link
from app.links.own_platforms import service as own_platforms
from app.links.presets import service as presets
from app.links.turns import TURNS, Turn, TurnCount, Wanted, condition, counts, of_turn, turn_of
from app.platforms.blockers import BLOCKERS
from app.services import Services, services_of
from app.tenants.clients.models import Client

router = forms.page_router()
#: Rows of a group on the page of all groups, and on that of one.
_FEW, _MANY = 10, 50
#: Groups shown together; ended links have a page of their own.
_TOGETHER: tuple[Turn, ...] = TURNS[:-1]
#: Groups in which nobody waits.
_NEWEST_FIRST: tuple[Turn, ...] = ("verified", "ended")
#: Links by the member who looks after them.
Owned = Literal["all", "mine", "nobody"]
#: Order of the groups in which somebody waits.
Sort = Literal["wait", "newest"]
SORTS: Mapping[Sort, Message] = {"wait": _("Longest wait first"), "newest": _("Newest first")}
OWNED: Mapping[Owned, Message] = {"all": _("All"), "mine": _("Mine"), "nobody": _("No owner")}


@dataclass(frozen=True)
class PipelineRow:
    """One link: the client, what is missing, since when, and how far it is."""

    link: Link
    client: Client
    situation: Situation
    marks: Sequence[Label]
    done: int
    wanted: int
    since: datetime | None


@dataclass(frozen=True)
class Group:
    """Links of one turn. `numbers`: of all of them; `rows`: those shown."""

    turn: Turn
    label: Label
    numbers: TurnCount
    rows: Sequence[PipelineRow]

    @property
    def count(self) -> int:
        """Number of all links."""
        return self.numbers.count

    @property
    def since(self) -> datetime | None:
        """The start of the longest wait."""
        return self.numbers.since

    @property
    def has_waited(self) -> bool:
        """True if the longest wait is a minute or more."""
        return self.since is not None and clock.now() - self.since >= timedelta(minutes=1)


class PipelineQuery(BaseModel):
    """Parameters of the pipeline's address.

    `q` searches names; `code` is a blocker's; `say`: the link whose message to the client is open; `cursor` is one of
    `turn`.
    """

    turn: Turn | None = None
    q: Annotated[str, Field(max_length=200)] = ""
    owner: Owned = "all"
    preset: Annotated[str, Field(max_length=64)] = ""
    platform: Annotated[str, Field(max_length=64)] = ""
    code: Annotated[str, Field(max_length=48)] = ""
    sort: Sort = "wait"
    say: Annotated[str, Field(max_length=64)] = ""
    cursor: Annotated[str | None, Field(max_length=400)] = None

    @property
    def words(self) -> str:
        """The words of the search, each after one space."""
        return " ".join(self.q.split())

    @property
    def is_all(self) -> bool:
        """True if no link is left out."""
        return not (self.turn or self.words or self.in_menu or self.code) and self.owner == "all"

    @property
    def in_menu(self) -> int:
        """Number of filters that are set in the menu."""
        return bool(self.preset) + bool(self.platform)

    @property
    def newest_first(self) -> Collection[Turn]:
        """Groups with the newest link first."""
        return TURNS if self.sort == "newest" else _NEWEST_FIRST

    def at(self, **changed: str | None) -> str:
        """The address with other parameters, without cursor and message. Those that change nothing are left out."""
        given = {**self.model_dump(exclude_defaults=True, exclude={"cursor", "say"}), **changed}
        query = {
            name: value for name, value in given.items() if value and value != PipelineQuery.model_fields[name].default
        }
        return f"{PATH}?{urlencode(query)}" if query else PATH


@router.get(PATH)
async def pipeline(request: Request, caller: Viewer, query: Annotated[PipelineQuery, Query()]) -> Response:
    """Every group, or one page by page."""
    turn, most = query.turn, _MANY if query.turn else _FEW
    wanted = Wanted(
        words=query.words, owner_id=caller.member.id if query.owner == "mine" else None,
        unowned=query.owner == "nobody", preset=query.preset, platform=query.platform, code=query.code,
    )  # fmt: skip
    async with reading(services_of(request).sessions) as session:
        numbers = await counts(session, caller.agency_id, wanted)
        shown = (turn,) if turn else _TOGETHER
        rows = await _rows(session, caller.agency_id, shown, condition(caller.agency_id, wanted), query, most=most + 1)
        known = await presets.every(session, caller.agency_id)
        platforms = await own_platforms.requestable(session, caller.agency_id, services_of(request).platforms)
        message = await _message(session, caller, services_of(request), query.say)
        steps_done = await first_steps.progress(session, caller.agency) if caller.may("manager") else None
    platform = services_of(request).platforms.default.name
    groups = [
        Group(each, turns.in_words(each, platform), numbers.get(each, TurnCount()), rows.get(each, [])[:most])
        for each in TURNS
    ]
    more = _place(turn, rows[turn][most - 1].link, query) if turn and len(rows.get(turn, ())) > most else None
    blocker = BLOCKERS.get(query.code)
    return desk.page(
        request, caller, "pipeline", here=PATH, groups=groups, shown=shown, turn=turn, q=query.words,
        now=clock.now(), is_empty=query.is_all and not numbers, query=query, owned=OWNED, sorts=SORTS,
        presets=known, platforms=platforms.values(), blocker=blocker.summary if blocker else query.code,
        meanings=turns.MEANINGS, message=message, more=more,
        progress=steps_done if steps_done and steps_done.next else None, steps=first_steps.titles(),
    )  # fmt: skip


async def _message(
    session: AsyncSession, caller: CurrentMember, services: Services, link_id: str
) -> ClientMessage | None:
    """The message to the client of the link that the address names; None if there is nothing to say."""
    if not link_id or not caller.may("member"):
        return None
    try:
        aggregate = await queries.load_link(session, caller.agency_id, link_id)
    except NotFound:
        return None
    return await client_message.of_link(session, aggregate, services.platforms, offered=services.languages)


async def _rows(
    session: AsyncSession,
    agency_id: str,
    shown: Sequence[Turn],
    wanted: ColumnElement[bool],
    query: PipelineQuery,
    *,
    most: int,
) -> Mapping[Turn, Sequence[PipelineRow]]:
    """The rows of some groups: all links in one statement, their access requests in another. Raises CursorWrong."""
    chosen = union_all(*(_of_group(turn, wanted, most, query) for turn in shown)).subquery()
    both = (
        select(Link, Client)
        .join(Client, (Client.agency_id == Link.agency_id) & (Client.id == Link.client_id))
        .where(Link.agency_id == agency_id, Link.id.in_(select(chosen.c.id)))
        .order_by(Link.next_actor_since.nulls_last(), Link.id)
    )
    found = (await session.execute(both)).all()
    asked = select(AccessRequest).where(
        AccessRequest.agency_id == agency_id, AccessRequest.link_id.in_([link.id for link, _ in found])
    )
    requests: dict[str, list[AccessRequest]] = {}
    if found:
        for each in await session.scalars(asked.order_by(AccessRequest.position, AccessRequest.id)):
            requests.setdefault(each.link_id, []).append(each)
    rows: dict[Turn, list[PipelineRow]] = {}
    for link, client in found:
        row = _row(link, client, requests.get(link.id, []))
        rows.setdefault(turn_of(link.stage, link.next_actor), []).append(row)
    for turn in query.newest_first:
        rows.get(turn, []).sort(key=lambda each: each.link.id, reverse=True)
    return rows


def _of_group(turn: Turn, wanted: ColumnElement[bool], most: int, query: PipelineQuery) -> Select[tuple[str]]:
    rows, after = select(Link.id).where(wanted, of_turn(turn)), query.cursor if query.turn else None
    if turn in query.newest_first:
        rows = rows.order_by(Link.id.desc())
        if after:
            rows = rows.where(Link.id < before(after, "link"))
    else:
        rows = rows.order_by(Link.next_actor_since, Link.id)
        if after:
            rows = rows.where(_waits_less(*unpack(after, str, str)))
    return select(rows.limit(most).subquery().c.id)


def _place(turn: Turn, link: Link, query: PipelineQuery) -> str:
    """The cursor of what comes after a link."""
    if turn in query.newest_first:
        return pack(link.id)
    return pack(link.next_actor_since.isoformat() if link.next_actor_since else "", link.id)


def _waits_less(since: str | int, link_id: str | int) -> ColumnElement[bool]:
    """Condition of the links after one that has waited since then; those that wait for nobody come last."""
    try:
        ids.parse("link", str(link_id))
        moment = datetime.fromisoformat(str(since)).astimezone(UTC) if since else None
    except (ValueError, OverflowError) as problem:
        raise CursorWrong from problem
    last = literal(link_id, Link.id.type)
    waits_for_nobody = Link.next_actor_since.is_(None)
    if moment is None:
        return and_(waits_for_nobody, Link.id > last)
    return or_(waits_for_nobody, tuple_(Link.next_actor_since, Link.id) > tuple_(literal(moment), last))


def _row(link: Link, client: Client, requests: Sequence[AccessRequest]) -> PipelineRow:
    marks = sorted((turns.STATUSES[each.status] for each in requests), key=lambda mark: mark.icon != "verified")
    return PipelineRow(
        link=link, client=client, situation=turns.situation(link, requests), marks=marks, done=link.done_count,
        wanted=link.open_count + link.done_count, since=link.next_actor_since or link.completed_at,
    )  # fmt: skip
