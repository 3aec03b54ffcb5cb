"""Naming buyers, and making one row due for each ad account and buyer as grants come, change and go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.buyers import queries
from app.access.buyers.models import BuyerAccess, BuyerList
from app.access.buyers.queries import People
from app.access.grants import queries as grants
from app.access.grants.models import Grant
from app.events import catalog
from app.events.recorder import record
from app.kit import ids, jobs
from app.kit.errors import InvalidInput
from app.links import queries as links
from app.links.status import OVER
from app.platforms import roles

MOST_BUYERS = 50


@dataclass(frozen=True)
class NamedBuyer:
    """A buyer as somebody names them."""

    email: str
    role: str


class RoleAboveRequested(InvalidInput):
    """A buyer is to have more than the link asks for."""

    code = "role_above_requested"
    detail = "A buyer cannot have a larger role than the client is asked to give."


async def set_for_center(
    session: AsyncSession, agency_id: str, center_id: str, named: Sequence[NamedBuyer], *, actor: str
) -> None:
    """These people, and nobody else, get what is shared with a Business Center. Raises NotFound, InvalidInput.

    Who is no longer named loses what Keyturn gave them; what somebody else gave them stays.
    """
    center = await queries.center(session, agency_id, center_id, lock=True)
    await _write(session, agency_id, {"business_center_id": center_id}, _people(named))
    await record(
        session, catalog.BUYERS_SET, agency_id=agency_id, subject_id=agency_id, actor=actor,
        data={"tiktok_bc_id": center.bc_id},
    )  # fmt: skip
    await sync_buyer_access(
        session, agency_id, Grant.agency_bc_id == center.bc_id, Grant.platform == center.platform, again=True
    )


async def set_for_link(
    session: AsyncSession, agency_id: str, link_id: str, named: Sequence[NamedBuyer], *, actor: str
) -> None:
    """These people alone get what is shared on a link. Raises NotFound, InvalidInput, RoleAboveRequested."""
    aggregate = await links.load_link(session, agency_id, link_id, lock=True)
    people = _people(named)
    asked = [
        access_request.role
        for access_request in aggregate.access_requests
        if access_request.kind == "ad_account" and access_request.status not in OVER
    ]
    largest = max(asked, key=_rank, default=None)
    above = [email for email, role in people.items() if largest and _rank(role) > _rank(largest)]
    if above:
        sentence = f"This link asks for {largest} at most: give {above[0]} that role or a smaller one."
        raise RoleAboveRequested(fields={"buyers": sentence})
    await _write(session, agency_id, {"link_id": link_id}, people)
    await _tell_of_link(session, agency_id, link_id, actor)
    await sync_buyer_access(session, agency_id, Grant.client_id == aggregate.client.id, again=True)


async def unset_for_link(session: AsyncSession, agency_id: str, link_id: str, *, actor: str) -> None:
    """The buyers of the Business Center count for the link again. Raises NotFound."""
    aggregate = await links.load_link(session, agency_id, link_id, lock=True)
    gone = delete(BuyerList).where(BuyerList.agency_id == agency_id, BuyerList.link_id == link_id)
    if (await session.execute(gone.returning(BuyerList.id))).scalar_one_or_none() is None:
        return
    await _tell_of_link(session, agency_id, link_id, actor)
    await sync_buyer_access(session, agency_id, Grant.client_id == aggregate.client.id)


def _people(named: Sequence[NamedBuyer]) -> People:
    """By address in small letters. Raises InvalidInput for one named twice."""
    people: dict[str, str] = {}
    for each in named:
        email = each.email.lower()
        if email in people:
            raise InvalidInput(fields={"buyers": f"{email} stands there twice: name each person once."})
        people[email] = each.role
    return people


def _rank(role: str) -> int:
    return roles.ON_AD_ACCOUNTS.index(role) if role in roles.ON_AD_ACCOUNTS else len(roles.ON_AD_ACCOUNTS)


async def _write(session: AsyncSession, agency_id: str, place: Mapping[str, Any], people: People) -> None:
    rows = [{"email": email, "role": role} for email, role in people.items()]
    added = insert(BuyerList).values(agency_id=agency_id, id=ids.new("buyers"), people=rows, **place)
    await session.execute(
        added.on_conflict_do_update(
            index_elements=["agency_id", *place], set_={"people": rows, "updated_at": func.now()}
        )
    )


async def _tell_of_link(session: AsyncSession, agency_id: str, link_id: str, actor: str) -> None:
    await record(
        session, catalog.LINK_BUYERS_SET, agency_id=agency_id, subject_id=link_id, actor=actor,
        data={"link_id": link_id},
    )  # fmt: skip


async def sync_buyer_access(
    session: AsyncSession, agency_id: str, *which: ColumnElement[bool], again: bool = False
) -> None:
    """Brings the rows of these grants in line with the lists: new ones are due, those of grants that went have ended.

    Only ad accounts that answer an access request are given to buyers: what was found there already is left as it
    was found.
    `again`: somebody just said who is to have it, so that what was refused or taken from them is tried anew.
    Locks Business Centers, then rows of buyer access by id; whoever calls holds the links or the Business Center
    already.
    """
    found = await _grants(session, agency_id, which)
    meant = await queries.people_of(session, agency_id, [grant for grant in found if grant.status == "live"])
    by_id = {grant.id: grant for grant in found}
    rows = select(BuyerAccess).where(BuyerAccess.agency_id == agency_id, BuyerAccess.grant_id.in_(by_id))
    known = (await session.scalars(rows.order_by(BuyerAccess.id).with_for_update())).all()
    for row in known:
        _follow_row(row, by_id[row.grant_id], meant.get(row.grant_id, {}), again=again)
    await session.flush()
    there = {(row.grant_id, row.email) for row in known}
    fresh = [
        _values(by_id[grant_id], email, role)
        for grant_id, people in sorted(meant.items())
        for email, role in sorted((people or {}).items())
        if (grant_id, email) not in there
    ]
    if fresh:
        await session.execute(insert(BuyerAccess).values(due_at=func.now()).on_conflict_do_nothing(), fresh)


async def _grants(session: AsyncSession, agency_id: str, which: Sequence[ColumnElement[bool]]) -> Sequence[Grant]:
    """Living grants, and ended ones for which somebody still stands as their buyer."""
    left = select(BuyerAccess.id).where(
        BuyerAccess.agency_id == agency_id, BuyerAccess.grant_id == Grant.id, BuyerAccess.status != "ended"
    )
    rows = select(Grant).where(
        Grant.agency_id == agency_id, Grant.kind == "ad_account", Grant.access_request_id.is_not(None),
        (Grant.status != "ended") | left.exists(), *which,
    )  # fmt: skip
    return (await session.scalars(rows.order_by(Grant.id))).all()


def _follow_row(row: BuyerAccess, grant: Grant, people: People | None, *, again: bool) -> None:
    if people is None:
        return
    role = people.get(row.email)
    if grant.status != "live":
        if row.status != "ended":
            row.status, row.code, row.role_seen, row.due_at = "ended", None, None, None
    elif role is None:
        if row.wanted and row.status != "ended":
            row.wanted, row.code = False, None
            row.status = "leaving" if row.ours else "ended"
            row.due_at = func.now() if row.ours else None
    else:
        _want(row, roles.lesser(role, grant.role), again=again)


def _want(row: BuyerAccess, role: str, *, again: bool) -> None:
    is_back = row.status == "ended" or not row.wanted
    if not is_back and row.role == role and not (again and row.status != "open"):
        return
    row.wanted, row.role, row.requested_at, row.due_at, row.looks = True, role, func.now(), func.now(), 0
    if is_back:
        row.status, row.code = "waiting", None


def _values(grant: Grant, email: str, role: str) -> dict[str, Any]:
    return {
        "agency_id": grant.agency_id, "id": ids.new("buyeraccess"), "grant_id": grant.id,
        "agency_bc_id": grant.agency_bc_id, "email": email, "role": roles.lesser(role, grant.role),
        "status": "waiting",
    }  # fmt: skip


async def check_buyers(session: AsyncSession, agency_id: str, access_request_id: str) -> None:
    """Somebody wants to see now whether the buyers of an access request can open its ad account."""
    grant = await grants.of_access_request(session, agency_id, access_request_id)
    if grant is not None:
        await sync_buyer_access(session, agency_id, Grant.id == grant.id, again=True)
        await jobs.wake(
            session,
            BuyerAccess,
            BuyerAccess.agency_id == agency_id,
            BuyerAccess.grant_id == grant.id,
            BuyerAccess.status != "ended",
        )


async def wake_agency(session: AsyncSession, agency_id: str) -> None:
    """Make all current buyer access of an agency due now: its own side can be read."""
    await jobs.wake(session, BuyerAccess, BuyerAccess.agency_id == agency_id, BuyerAccess.status != "ended")
