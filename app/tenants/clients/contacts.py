"""Contacts of a client that the agency added: its own notes, beside the contacts that the client names."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import ids
from app.kit.actor import Actor, actor_columns
from app.kit.errors import AppError, NotFound
from app.kit.i18n.message import _
from app.tenants.clients import service as clients
from app.tenants.clients.models import Client, ClientContact

MOST_CONTACTS = 20


class ContactKnown(AppError):
    """The client has this contact in this role already."""

    status = 409
    code = "contact_known"
    message = _("This person is a contact in this role already.")
    advice = _("Change the contact that is there, or choose another role.")


class TooManyContacts(AppError):
    """The client has the maximum number of contacts."""

    status = 409
    code = "too_many_contacts"
    message = _("A client has at most {most} contacts of yours.", most=MOST_CONTACTS)
    advice = _("Remove one that is no longer needed.")


async def of_client(session: AsyncSession, agency_id: str, client_id: str) -> Sequence[ClientContact]:
    """The contacts that the agency added, the first one first."""
    rows = select(ClientContact).where(ClientContact.agency_id == agency_id, ClientContact.client_id == client_id)
    return (await session.scalars(rows.order_by(ClientContact.id))).all()


async def find(session: AsyncSession, agency_id: str, client_id: str, contact_id: str) -> ClientContact:
    """One contact of a client. Raises NotFound."""
    found = await session.get(ClientContact, (agency_id, contact_id))
    if found is None or found.client_id != client_id:
        raise NotFound
    return found


async def add_contact(
    session: AsyncSession, agency_id: str, client_id: str, *, role: str, name: str, email: str | None, actor: Actor
) -> ClientContact:
    """Add a contact to a client. Raises NotFound, ContactKnown, TooManyContacts."""
    client, others = await _locked(session, agency_id, client_id)
    if len(others) >= MOST_CONTACTS:
        raise TooManyContacts
    added = ClientContact(
        agency_id=agency_id, id=ids.new("contact"), client_id=client_id, role=role, name=name, email=email,
        **actor_columns(actor),
    )  # fmt: skip
    _refuse_known(added, others)
    session.add(added)
    await clients.record_update(session, client, actor=actor)
    await session.refresh(added)
    return added


async def change_contact(
    session: AsyncSession, agency_id: str, client_id: str, contact_id: str, *, changes: Mapping[str, Any], actor: Actor
) -> ClientContact:
    """Change the given fields among role, name, email. Raises NotFound, ContactKnown."""
    client, others = await _locked(session, agency_id, client_id)
    contact = await find(session, agency_id, client_id, contact_id)
    changed = {field: value for field, value in changes.items() if getattr(contact, field) != value}
    if changed:
        for field, value in {**changed, **actor_columns(actor)}.items():
            setattr(contact, field, value)
        _refuse_known(contact, others)
        await clients.record_update(session, client, actor=actor)
        await session.refresh(contact)
    return contact


async def remove_contact(
    session: AsyncSession, agency_id: str, client_id: str, contact_id: str, *, actor: Actor
) -> None:
    """Remove a contact. Raises NotFound."""
    client, _others = await _locked(session, agency_id, client_id)
    await session.delete(await find(session, agency_id, client_id, contact_id))
    await clients.record_update(session, client, actor=actor)


async def _locked(session: AsyncSession, agency_id: str, client_id: str) -> tuple[Client, Sequence[ClientContact]]:
    """The client, locked so that its contacts change one after the other, and its contacts. Raises NotFound."""
    client = await clients.find(session, agency_id, client_id, lock=True)
    return client, await of_client(session, agency_id, client_id)


def _refuse_known(contact: ClientContact, others: Sequence[ClientContact]) -> None:
    """Raises ContactKnown if another contact is the same person in the same role."""
    if any(_person(each) == _person(contact) for each in others if each.id != contact.id):
        raise ContactKnown


def _person(contact: ClientContact) -> tuple[str, str]:
    return contact.role, (contact.email or contact.name).casefold()
