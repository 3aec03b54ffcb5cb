"""Existing access: what clients share now, and findings about it, as an agency looks through them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, func, or_, select, true, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.access.buyers.models import BuyerAccess
from app.access.grants.models import Grant
from app.links.models import AccessRequest, Link
from app.links.presets.preset import WIDE
from app.links.status import OVER
from app.platforms import declarations
from app.tenants.clients.models import Client

Finding = Literal["drifted", "closed", "wide", "unlinked"]
#: In the order of urgency. `closed`: no named buyer can open it; `unlinked`: no link asks for it.
FINDINGS: tuple[Finding, ...] = get_args(Finding)
_TOO_HIGH = "role_higher_than_requested"


@dataclass(frozen=True)
class FoundAccess:
    """A grant with its client, its access request if a link asks for it, its buyers, and its findings.

    `buyers`: those who should be able to open it; `able`: those of them who can.
    """

    grant: Grant
    client: Client
    access_request: AccessRequest | None
    buyers: int
    able: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class AccessCounts:
    """Numbers of grants: all, without finding, and by finding. One grant may have several findings."""

    all: int
    agreed: int
    by_finding: Mapping[Finding, int]


def _request_id() -> ColumnElement[Any]:
    """The access request of a grant; of a found one, the newest on the client's links that asks for the same asset."""
    asked = aliased(AccessRequest)
    same = (
        select(asked.id)
        .join(Link, and_(Link.agency_id == asked.agency_id, Link.id == asked.link_id))
        .where(
            asked.agency_id == Grant.agency_id, Link.client_id == Grant.client_id, asked.platform == Grant.platform,
            asked.kind == Grant.kind, asked.asset_id == Grant.asset_id, asked.status.not_in(OVER),
            func.coalesce(asked.parent_asset_id, "") == func.coalesce(Grant.parent_asset_id, ""),
        )
        .order_by(asked.id.desc())
        .limit(1)
        .correlate(Grant)
    )  # fmt: skip
    return func.coalesce(Grant.access_request_id, same.scalar_subquery())


#: The access request of a grant, looked up row by row: the planner would rather read all of them.
_ASKED = aliased(
    AccessRequest,
    select(AccessRequest)
    .where(AccessRequest.agency_id == Grant.agency_id, AccessRequest.id == _request_id())
    .correlate(Grant)
    .limit(1)
    .lateral("asked"),
)


async def count(session: AsyncSession, agency_id: str, words: str = "") -> AccessCounts:
    """Count the existing access that a search is about, in one statement."""
    conditions = _conditions()
    sought = _current(agency_id, words).cte()
    columns: list[Any] = [
        select(func.count()).select_from(sought).scalar_subquery(),
        func.count().filter(~_without(conditions)),
        *(func.count().filter(conditions[each]) for each in FINDINGS),
    ]
    rows = _joined(select(*columns), agency_id).where(_one_of(_noticed(agency_id)))
    if words:
        rows = rows.where(_one_of(select(sought.c.id)))
    every, not_agreed, *found = (await session.execute(rows)).one()
    return AccessCounts(every, every - not_agreed, dict(zip(FINDINGS, found, strict=True)))


async def page(
    session: AsyncSession,
    agency_id: str,
    *,
    limit: int,
    before: str | None = None,
    finding: Finding | Literal["none"] | None = None,
    words: str = "",
) -> Sequence[FoundAccess]:
    """Existing access, newest first, in one statement. `finding`: only with it, or `none`: only without any."""
    conditions = _conditions()
    shown: list[Any] = [Grant, Client, _ASKED, _buyers(), _buyers(BuyerAccess.status == "open")]
    rows = _joined(select(*shown, *conditions.values()), agency_id)
    if words:
        rows = rows.where(_one_of(_current(agency_id, words)))
    if before:
        rows = rows.where(Grant.id < before)
    if finding == "none":
        rows = rows.where(_without(conditions))
    elif finding is not None:
        rows = rows.where(conditions[finding], _one_of(_noticed(agency_id)))
    found = await session.execute(rows.order_by(Grant.id.desc()).limit(limit))
    return [
        FoundAccess(grant, client, asked, buyers, able, tuple(compress(FINDINGS, which)))
        for grant, client, asked, buyers, able, *which in found
    ]


def _joined(rows: Select[Any], agency_id: str) -> Select[Any]:
    """Current grants of an agency with client and access request."""
    return (
        rows.select_from(Grant)
        .join(Client, and_(Client.agency_id == Grant.agency_id, Client.id == Grant.client_id))
        .outerjoin(_ASKED, true())
        .where(Grant.agency_id == agency_id, Grant.status != "ended")
    )


def _one_of(found: Select[str] | CompoundSelect[str]) -> ColumnElement[bool]:
    """Condition of the grants with these ids. An array is looked up id by id, however many the planner expects."""
    return Grant.id == func.any(func.array(found.scalar_subquery()))


def _current(agency_id: str, words: str = "") -> Select[str]:
    """Ids of current grants, and of those only what a search is about; an index holds all that it reads."""
    current = aliased(Grant)
    rows = select(current.id).where(current.agency_id == agency_id, current.status != "ended")
    if not words:
        return rows
    named = (Client.name.icontains(words, autoescape=True), current.asset_name.icontains(words, autoescape=True))
    return rows.join(Client, and_(Client.agency_id == current.agency_id, Client.id == current.client_id)).where(
        or_(*named, current.asset_id == words, current.client_account_id == words)
    )


def _noticed(agency_id: str) -> CompoundSelect[str]:
    """Ids of the grants that may have a finding: few among those that are as agreed, and each part has an index."""
    current = aliased(Grant)
    rows = select(current.id).where(current.agency_id == agency_id, current.status != "ended")
    too_high = select(AccessRequest.id).where(AccessRequest.agency_id == agency_id, AccessRequest.code == _TOO_HIGH)
    closed = select(BuyerAccess.grant_id).where(
        BuyerAccess.agency_id == agency_id, BuyerAccess.wanted, BuyerAccess.status.not_in(("open", "ended"))
    )
    return union(
        rows.where(current.status.in_(("drifted", "revoking"))),
        rows.where(current.access_request_id.is_(None)),
        rows.where(current.access_request_id.in_(too_high)),
        rows.where(current.id.in_(closed)),
    )


def _conditions() -> dict[Finding, ColumnElement[bool]]:
    is_live = Grant.status == "live"
    in_no_link = _ASKED.id.is_(None)
    with_roles = declarations.keys(lambda kind: len(kind.roles) > 1)
    full_control = and_(in_no_link, is_live, Grant.role == WIDE, Grant.kind.in_(with_roles))
    return {
        "drifted": Grant.status == "drifted",
        "closed": and_(is_live, _buyers() > 0, _buyers(BuyerAccess.status == "open") == 0),
        "wide": or_(func.coalesce(_ASKED.code, "") == _TOO_HIGH, full_control),
        "unlinked": and_(is_live, in_no_link),
    }


def _without(conditions: Mapping[Finding, ColumnElement[bool]]) -> ColumnElement[bool]:
    return and_(Grant.status == "live", ~or_(*conditions.values()))


def _buyers(*which: ColumnElement[bool]) -> ColumnElement[int]:
    """The number of buyers who should be able to open an ad account."""
    rows = select(func.count()).where(
        BuyerAccess.agency_id == Grant.agency_id, BuyerAccess.grant_id == Grant.id, BuyerAccess.wanted,
        BuyerAccess.status != "ended", *which,
    )  # fmt: skip
    return rows.correlate(Grant).scalar_subquery()
