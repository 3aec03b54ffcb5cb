"""Reading who is to open what, and who can."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.buyers.models import BuyerAccess, BuyerList
from app.access.grants import queries as grants
from app.access.grants.models import Grant
from app.kit.errors import NotFound
from app.links.models import AccessRequest
from app.tenants.agencies.models import BusinessCenter

#: Address -> role.
People = Mapping[str, str]


async def center(session: AsyncSession, agency_id: str, center_id: str, *, lock: bool = False) -> BusinessCenter:
    """One Business Center of the agency. Raises NotFound. Under its lock nobody follows its list meanwhile."""
    found = await session.get(BusinessCenter, (agency_id, center_id), with_for_update=lock or None)
    if found is None:
        raise NotFound
    return found


async def list_of_center(session: AsyncSession, agency_id: str, center_id: str) -> BuyerList | None:
    """The buyers of a Business Center, where any were named."""
    rows = select(BuyerList).where(BuyerList.agency_id == agency_id, BuyerList.business_center_id == center_id)
    return (await session.scalars(rows)).one_or_none()


async def list_of_link(session: AsyncSession, agency_id: str, link_id: str) -> BuyerList | None:
    """The buyers of one link, where it has its own."""
    rows = select(BuyerList).where(BuyerList.agency_id == agency_id, BuyerList.link_id == link_id)
    return (await session.scalars(rows)).one_or_none()


async def people_of(session: AsyncSession, agency_id: str, found: Sequence[Grant]) -> dict[str, People | None]:
    """For each grant whom it is meant for: its link's own list, else that of the Business Center.

    None where the agency no longer names the Business Center: nobody knows, so that nothing is changed. The Business
    Centers are locked against a new list until the transaction ends.
    """
    own = await _of_links(session, agency_id, found)
    centers: dict[tuple[str, str], People | None] = {}
    for platform, bc_id in sorted({(grant.platform, grant.agency_bc_id) for grant in found}):
        centers[platform, bc_id] = await _of_center(session, agency_id, platform, bc_id)
    return {
        grant.id: own[grant.access_request_id]
        if grant.access_request_id in own
        else centers[grant.platform, grant.agency_bc_id]
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


async def _of_center(session: AsyncSession, agency_id: str, platform: str, bc_id: str) -> People | None:
    rows = select(BusinessCenter).where(
        BusinessCenter.agency_id == agency_id, BusinessCenter.platform == platform, BusinessCenter.bc_id == bc_id
    )
    named = (await session.scalars(rows.with_for_update(read=True))).one_or_none()
    if named is None:
        return None
    its_list = await list_of_center(session, agency_id, named.id)
    return as_people(its_list.people) if its_list else {}


def as_people(kept: Sequence[Mapping[str, str]]) -> People:
    """A saved list, by address."""
    return {each["email"]: each["role"] for each in kept}


async def of_grant(session: AsyncSession, agency_id: str, grant_id: str) -> Sequence[BuyerAccess]:
    """Current buyers of a grant, by e-mail address; former buyers are left out."""
    rows = select(BuyerAccess).where(
        BuyerAccess.agency_id == agency_id, BuyerAccess.grant_id == grant_id, BuyerAccess.status != "ended"
    )  # fmt: skip
    return (await session.scalars(rows.order_by(BuyerAccess.email))).all()


async def of_access_request(session: AsyncSession, agency_id: str, access_request_id: str) -> Sequence[BuyerAccess]:
    """The same for the grant that answers an access request."""
    grant = await grants.of_access_request(session, agency_id, access_request_id)
    return await of_grant(session, agency_id, grant.id) if grant else []
