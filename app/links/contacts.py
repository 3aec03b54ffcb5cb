"""Contacts of a client from both sides: those that it named on its links, and those that the agency added."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.links.models import Intake, Link
from app.links.pasted_ids import CONTACT_ROLES
from app.tenants.clients import contacts as own
from app.tenants.clients import service as clients
from app.tenants.clients.schemas import ClientContactView


async def of_client(session: AsyncSession, agency_id: str, client_id: str) -> Sequence[ClientContactView]:
    """Contacts of a client by role, the agency's before the client's. Raises NotFound.

    A person named on several links appears once.
    """
    await clients.find(session, agency_id, client_id)
    ours = [ClientContactView.of(each) for each in await own.of_client(session, agency_id, client_id)]
    intakes = (
        select(Intake.id, Intake.contacts, Intake.contacts_at)
        .join(Link, (Link.agency_id == Intake.agency_id) & (Link.id == Intake.id))
        .where(Intake.agency_id == agency_id, Link.client_id == client_id)
        .where(func.jsonb_typeof(Intake.contacts) == "array")
        .order_by(Intake.contacts_at)
    )
    theirs = {
        (each["role"], each["name"], each["email"]): ClientContactView(
            id=None, role=each["role"], name=each["name"], email=each["email"], given_by="client", given_at=given_at,
            link_id=link_id, actor_kind="client", actor_id=client_id,
        )
        for link_id, contacts, given_at in await session.execute(intakes)
        for each in contacts
    }  # fmt: skip
    order = list(CONTACT_ROLES)
    return sorted([*ours, *theirs.values()], key=lambda each: order.index(each.role))
