"""The guard that fails a statement which does not name its agency: seen to bite, and to let the rest pass."""

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.database import CROSS_TENANT
from app.links.models import AccessRequest, Link
from app.tenants.agencies.models import Agency
from tests.tenancy import AgencyNotNamed


@pytest.mark.parametrize(
    "statement",
    [
        select(Link),
        select(Link).where(Link.status == "sent"),
        select(Link.agency_id).where(Link.id == "link_01ksy1q3e0fzs8qj5m8g3d4w7s"),
        select(AccessRequest)
        .join(Link, (Link.agency_id == AccessRequest.agency_id) & (Link.id == AccessRequest.link_id))
        .where(AccessRequest.status == "x"),
        update(Link).values(status="sent").where(Link.status == "draft"),
        delete(AccessRequest).where(AccessRequest.status == "x"),
    ],
)
async def test_a_statement_without_its_agency_fails(session: AsyncSession, statement: object) -> None:
    with pytest.raises(AgencyNotNamed):
        await session.execute(statement)  # type: ignore[call-overload]


async def test_what_names_its_agency_or_serves_all_by_intent_passes(session: AsyncSession) -> None:
    agency = (await session.scalars(select(Agency).limit(1))).one()
    assert len((await session.scalars(select(Link).where(Link.agency_id == agency.id))).all()) == 1
    assert len((await session.scalars(select(Link), execution_options=CROSS_TENANT)).all()) == 2
