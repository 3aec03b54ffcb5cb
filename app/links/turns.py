"""Links by whose turn it is: groups of the pipeline, what a search finds, and the numbers of each group."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import ColumnElement, and_, exists, func, select, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.links.models import AccessRequest, Link, LinkPlatform
from app.links.status import OVER, PROVED
from app.tenants.clients import service as clients
from app.tenants.clients.models import Client
from app.tenants.members.models import Member

Turn = Literal["agency", "drifted", "client", "platform", "verified", "ended"]
#: In the order in which the agency can change something.
TURNS: tuple[Turn, ...] = get_args(Turn)
_ENDED = ("expired", "revoked", "closed")
_PROVED_OR_ENDED = ("verified", "drifted", *_ENDED)


@dataclass(frozen=True)
class Wanted:
    """Links that are searched for. `words`: of names, or an id; `code`: of a blocker that holds an access request up.

    `owner_id`: of the member who looks after them; `unowned`: only those that nobody of the agency looks after.
    """

    words: str = ""
    owner_id: str | None = None
    unowned: bool = False
    preset: str | None = None
    platform: str | None = None
    code: str | None = None


@dataclass(frozen=True)
class TurnCount:
    """Number of links of one turn, and the start of the longest wait."""

    count: int = 0
    since: datetime | None = None


def turn_of(stage: str, next_actor: str | None) -> Turn:
    """The group of a link in the pipeline."""
    if stage in ("drifted", "verified"):
        return "drifted" if stage == "drifted" else "verified"
    if stage in _ENDED:
        return "ended"
    if next_actor in ("agency", "client"):
        return "agency" if next_actor == "agency" else "client"
    return "platform" if next_actor is not None else "agency"


def of_turn(turn: Turn) -> ColumnElement[bool]:
    """Condition of the links of a group, as `turn_of`."""
    if turn in ("drifted", "verified"):
        return Link.stage == turn
    if turn == "ended":
        return Link.stage.in_(_ENDED)
    active = Link.stage.not_in(_PROVED_OR_ENDED)
    if turn == "agency":
        return active & (Link.next_actor.is_(None) | (Link.next_actor == "agency"))
    if turn == "client":
        return active & (Link.next_actor == "client")
    return active & Link.next_actor.in_(("platform", "us"))


def condition(agency_id: str, wanted: Wanted) -> ColumnElement[bool]:
    """Condition of the links of an agency that are searched for."""
    conditions = [_matching(agency_id, " ".join(wanted.words.split()))]
    if wanted.owner_id:
        conditions.append(Link.owner_member_id == wanted.owner_id)
    if wanted.unowned:
        left = select(Member.id).where(Member.agency_id == agency_id, Member.removed_at.is_not(None))
        conditions.append(Link.owner_member_id.is_(None) | Link.owner_member_id.in_(left))
    if wanted.preset:
        conditions.append(Link.preset == wanted.preset)
    if wanted.platform:
        there = exists().where(
            LinkPlatform.agency_id == agency_id, LinkPlatform.link_id == Link.id,
            LinkPlatform.platform == wanted.platform,
        )  # fmt: skip
        conditions.append(there)
    if wanted.code:
        held_up = select(AccessRequest.link_id).where(
            AccessRequest.agency_id == agency_id, AccessRequest.code == wanted.code,
            AccessRequest.status.not_in(PROVED | OVER),
        )  # fmt: skip
        conditions.append(Link.id == func.any(func.array(held_up.scalar_subquery())))
    return and_(*conditions)


def _matching(agency_id: str, words: str) -> ColumnElement[bool]:
    """Condition of the links that a search is about: few, so that each is looked up by its id."""
    if not words:
        return Link.agency_id == agency_id
    link = aliased(Link)
    rows = select(link.id).where(link.agency_id == agency_id)
    by_client = rows.join(Client, (Client.agency_id == link.agency_id) & (Client.id == link.client_id)).where(
        clients.named(agency_id, words)
    )
    by_asset = select(AccessRequest.link_id).where(
        AccessRequest.agency_id == agency_id,
        AccessRequest.asset_name.icontains(words, autoescape=True) | (AccessRequest.asset_id == words),
    )
    found = union(by_client, rows.where(link.external_id == words), by_asset)
    return and_(Link.agency_id == agency_id, Link.id == func.any(func.array(found.scalar_subquery())))


async def counts(session: AsyncSession, agency_id: str, wanted: Wanted) -> Mapping[Turn, TurnCount]:
    """The numbers of each group in which there are links."""
    rows = select(Link.stage, Link.next_actor, func.count(), func.min(Link.next_actor_since))
    found = await session.execute(rows.where(condition(agency_id, wanted)).group_by(Link.stage, Link.next_actor))
    made: dict[Turn, TurnCount] = {}
    for stage, next_actor, count, since in found:
        turn = turn_of(stage, next_actor)
        before = made.get(turn, TurnCount())
        times = [each for each in (before.since, since) if each is not None]
        made[turn] = TurnCount(before.count + count, min(times, default=None))
    return made
