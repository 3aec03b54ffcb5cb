"""Buyers: their lists, and one row of buyer access for each ad account and buyer, kept in line with the grants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.buyers.models import BuyerAccess, BuyerList
from app.access.grants import service as grants
from app.access.grants.models import Grant
from app.events import catalog
from app.events.recorder import record
from app.events.schema import AgencyAccountData, LinkIdData
from app.kit import ids, jobs
from app.kit.actor import Actor
from app.kit.errors import InvalidInput, NotFound
from app.links import queries as links
from app.links.models import AccessRequest
from app.links.status import OVER
from app.platforms import declarations, roles
from app.tenants.agencies.models import AgencyAccount

MOST_BUYERS = 50
#: Address -> role.
People = Mapping[str, str]


@dataclass(frozen=True)
class NamedBuyer:
    """A buyer of a request."""

    email: str
    role: str


class RoleAboveRequested(InvalidInput):
    """A buyer would have a higher role than the link requests."""

    code = "role_above_requested"
    detail = "A buyer cannot have a larger role than the client is asked to give."


async def find_center(session: AsyncSession, agency_id: str, center_id: str, *, lock: bool = False) -> AgencyAccount:
    """One Business Center of the agency. `lock`: `sync_buyer_access` waits until the commit. Raises NotFound."""
    found = await session.get(AgencyAccount, (agency_id, center_id), with_for_update=lock or None)
    if found is None:
        raise NotFound
    return found


async def list_of_center(session: AsyncSession, agency_id: str, center_id: str) -> BuyerList | None:
    """The buyers of a Business Center; None if there is no list."""
    rows = select(BuyerList).where(BuyerList.agency_id == agency_id, BuyerList.account_row_id == center_id)
    return (await session.scalars(rows)).one_or_none()


async def lists_of_centers(session: AsyncSession, agency_id: str) -> Sequence[BuyerList]:
    """The buyers of each Business Center that has a list."""
    rows = select(BuyerList).where(BuyerList.agency_id == agency_id, BuyerList.account_row_id.is_not(None))
    return (await session.scalars(rows)).all()


async def list_of_link(session: AsyncSession, agency_id: str, link_id: str) -> BuyerList | None:
    """The buyers of a link; None if it has no list of its own."""
    rows = select(BuyerList).where(BuyerList.agency_id == agency_id, BuyerList.link_id == link_id)
    return (await session.scalars(rows)).one_or_none()


async def of_grant(session: AsyncSession, agency_id: str, grant_id: str) -> Sequence[BuyerAccess]:
    """Current buyers of a grant, by e-mail address; former buyers are left out."""
    return await of_grants(session, agency_id, [grant_id])


async def of_grants(session: AsyncSession, agency_id: str, grant_ids: Sequence[str]) -> Sequence[BuyerAccess]:
    """The same for several grants."""
    rows = select(BuyerAccess).where(
        BuyerAccess.agency_id == agency_id, BuyerAccess.grant_id.in_(grant_ids), BuyerAccess.status != "ended"
    )  # fmt: skip
    return (await session.scalars(rows.order_by(BuyerAccess.email))).all()


async def of_access_request(session: AsyncSession, agency_id: str, access_request_id: str) -> Sequence[BuyerAccess]:
    """The same for the grant that answers an access request."""
    grant = await grants.of_access_request(session, agency_id, access_request_id)
    return await of_grant(session, agency_id, grant.id) if grant else []


async def set_for_center(
    session: AsyncSession, agency_id: str, center_id: str, named: Sequence[NamedBuyer], *, actor: Actor
) -> None:
    """Replace the buyers of a Business Center. Raises NotFound, InvalidInput.

    Former buyers lose the access that Keyturn gave them, and keep the rest.
    """
    center = await find_center(session, agency_id, center_id, lock=True)
    await _write(session, agency_id, {"account_row_id": center_id}, _people(named))
    await record(
        session, catalog.BUYERS_SET, agency_id=agency_id, subject_id=agency_id, actor=actor,
        data=AgencyAccountData(platform=center.platform, agency_account_id=center.account_id),
    )  # fmt: skip
    await sync_buyer_access(
        session, agency_id, Grant.agency_account_id == center.account_id, Grant.platform == center.platform, again=True
    )


async def set_for_link(
    session: AsyncSession, agency_id: str, link_id: str, named: Sequence[NamedBuyer], *, actor: Actor
) -> None:
    """Replace the buyers of a link. Raises NotFound, InvalidInput, RoleAboveRequested."""
    aggregate = await links.load_link(session, agency_id, link_id, lock=True)
    people = _people(named)
    asked = [
        access_request.role
        for access_request in aggregate.access_requests
        if access_request.asset_kind.is_assignable and access_request.status not in OVER
    ]
    largest = max(asked, key=roles.rank, default=None)
    above = [email for email, role in people.items() if largest and roles.rank(role) > roles.rank(largest)]
    if above:
        sentence = f"This link asks for {largest} at most: give {above[0]} that role or a smaller one."
        raise RoleAboveRequested(fields={"buyers": sentence})
    await _write(session, agency_id, {"link_id": link_id}, people)
    await _record_of_link(session, agency_id, link_id, actor)
    await sync_buyer_access(session, agency_id, Grant.client_id == aggregate.client.id, again=True)


async def unset_for_link(session: AsyncSession, agency_id: str, link_id: str, *, actor: Actor) -> None:
    """Remove the buyers of a link: those of the Business Center apply again. Raises NotFound."""
    aggregate = await links.load_link(session, agency_id, link_id, lock=True)
    gone = delete(BuyerList).where(BuyerList.agency_id == agency_id, BuyerList.link_id == link_id)
    if (await session.execute(gone.returning(BuyerList.id))).scalar_one_or_none() is None:
        return
    await _record_of_link(session, agency_id, link_id, actor)
    await sync_buyer_access(session, agency_id, Grant.client_id == aggregate.client.id)


def _people(named: Sequence[NamedBuyer]) -> People:
    """By address in lower case. Raises InvalidInput for duplicates."""
    people: dict[str, str] = {}
    for each in named:
        email = each.email.lower()
        if email in people:
            raise InvalidInput(fields={"buyers": f"{email} is listed twice: list each person once."})
        people[email] = each.role
    return people


async def _write(session: AsyncSession, agency_id: str, place: Mapping[str, Any], people: People) -> None:
    rows = [{"email": email, "role": role} for email, role in people.items()]
    added = insert(BuyerList).values(agency_id=agency_id, id=ids.new("buyers"), people=rows, **place)
    await session.execute(
        added.on_conflict_do_update(
            index_elements=["agency_id", *place], set_={"people": rows, "updated_at": func.now()}
        )
    )


async def _record_of_link(session: AsyncSession, agency_id: str, link_id: str, actor: Actor) -> None:
    await record(
        session, catalog.LINK_BUYERS_SET, agency_id=agency_id, subject_id=link_id, actor=actor,
        data=LinkIdData(link_id=link_id),
    )  # fmt: skip


async def people_of(session: AsyncSession, agency_id: str, found: Sequence[Grant]) -> dict[str, People | None]:
    """The buyers of each grant: the list of its link, else that of the Business Center.

    None if the Business Center is no longer the agency's: then nothing is changed. The Business Centers are locked
    against a new list until the commit.
    """
    own = await _of_links(session, agency_id, found)
    centers: dict[tuple[str, str], People | None] = {}
    for platform, account_id in sorted({(grant.platform, grant.agency_account_id) for grant in found}):
        centers[platform, account_id] = await _of_center(session, agency_id, platform, account_id)
    return {
        grant.id: own[grant.access_request_id]
        if grant.access_request_id in own
        else centers[grant.platform, grant.agency_account_id]
        for grant in found
    }


async def _of_links(session: AsyncSession, agency_id: str, found: Sequence[Grant]) -> dict[str | None, People]:
    rows = (
        select(AccessRequest.id, BuyerList.people)
        .join(
            BuyerList, (BuyerList.agency_id == AccessRequest.agency_id) & (BuyerList.link_id == AccessRequest.link_id)
        )
        .where(
            AccessRequest.agency_id == agency_id,
            AccessRequest.id.in_({grant.access_request_id for grant in found if grant.access_request_id}),
        )
    )
    return {access_request_id: as_people(people) for access_request_id, people in await session.execute(rows)}


async def _of_center(session: AsyncSession, agency_id: str, platform: str, account_id: str) -> People | None:
    rows = select(AgencyAccount).where(
        AgencyAccount.agency_id == agency_id,
        AgencyAccount.platform == platform,
        AgencyAccount.account_id == account_id,
    )
    named = (await session.scalars(rows.with_for_update(read=True))).one_or_none()
    if named is None:
        return None
    its_list = await list_of_center(session, agency_id, named.id)
    return as_people(its_list.people) if its_list else {}


def as_people(kept: Sequence[Mapping[str, str]]) -> People:
    """A saved list, by address."""
    return {each["email"]: each["role"] for each in kept}


async def sync_buyer_access(
    session: AsyncSession, agency_id: str, *which: ColumnElement[bool], again: bool = False, unchanged: bool = False
) -> None:
    """Bring the buyer access of these grants in line with the lists: new rows are due, those of ended grants end.

    Only ad accounts with an access request are given to buyers: found ones stay as they are.
    `again`: a person has just set the list or requested a check, so that refused or removed access is tried again.
    `unchanged`: none of the grants changed in this transaction, so that nothing is done
    if the agency has never set buyers.
    Locks Business Centers, then rows of buyer access by id; the caller holds the links or the Business Center.
    """
    found, are_named = await _grants(session, agency_id, which)
    if unchanged and not are_named:
        return
    meant = await people_of(session, agency_id, [grant for grant in found if grant.status == "live"])
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


async def _grants(
    session: AsyncSession, agency_id: str, which: Sequence[ColumnElement[bool]]
) -> tuple[Sequence[Grant], bool]:
    """Current grants, and ended ones that still have current buyer access; true if the agency has named any buyers."""
    named = select(BuyerList.id).where(BuyerList.agency_id == agency_id).exists()
    left = select(BuyerAccess.id).where(
        BuyerAccess.agency_id == agency_id, BuyerAccess.grant_id == Grant.id, BuyerAccess.status != "ended"
    )
    rows = select(Grant, named | left.exists()).where(
        Grant.agency_id == agency_id, Grant.kind.in_(declarations.keys(lambda kind: kind.is_assignable)),
        Grant.access_request_id.is_not(None),
        (Grant.status != "ended") | left.exists(), *which,
    )  # fmt: skip
    found = (await session.execute(rows.order_by(Grant.id))).all()
    return [grant for grant, _ in found], any(are_named for _, are_named in found)


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
        "agency_account_id": grant.agency_account_id, "email": email, "role": roles.lesser(role, grant.role),
        "status": "waiting",
    }  # fmt: skip


async def check_buyers(session: AsyncSession, agency_id: str, access_request_id: str) -> None:
    """Make the buyer access of an access request due now, for a check."""
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
