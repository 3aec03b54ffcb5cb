"""Clients, the companies that grant access: queries and use cases."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.recorder import record
from app.events.schema import ClientContactsData, ClientData
from app.kit import ids
from app.kit.actor import Actor, bind_actor
from app.kit.errors import NotFound
from app.kit.web import paging
from app.kit.web.paging import ChangePage
from app.tenants.clients.models import Client, ClientContact


async def find(session: AsyncSession, agency_id: str, client_id: str, *, lock: bool = False) -> Client:
    """Load one client; `lock` locks the row and reads it again. Raises NotFound."""
    found = await session.get(Client, (agency_id, client_id), with_for_update=lock or None, populate_existing=lock)
    if found is None:
        raise NotFound
    return found


async def by_external_id(session: AsyncSession, agency_id: str, external_id: str) -> Client | None:
    """The client with this id in the agency's CRM."""
    rows = select(Client).where(Client.agency_id == agency_id, Client.external_id == external_id)
    return (await session.scalars(rows)).one_or_none()


async def page(
    session: AsyncSession,
    agency_id: str,
    *,
    limit: int,
    cursor: str | None = None,
    external_id: str | None = None,
    words: str | None = None,
    updated_since: datetime | None = None,
) -> ChangePage[Client]:
    """Clients, newest first; with `updated_since`, in the order of their changes.

    `words`: part of the name, of a contact's, or of its address.
    """
    rows = select(Client).where(Client.agency_id == agency_id)
    if external_id:
        rows = rows.where(Client.external_id == external_id)
    if words:
        rows = rows.where(named(agency_id, words))
    return await paging.change_page(session, rows, Client, limit=limit, cursor=cursor, since=updated_since)


def named(agency_id: str, words: str) -> ColumnElement[bool]:
    """Condition: the words are part of the client's name, or of the name or address of a contact."""
    own = (Client.name, Client.contact_name, Client.contact_email)
    contacts = select(ClientContact.client_id).where(
        ClientContact.agency_id == agency_id,
        or_(*(each.icontains(words, autoescape=True) for each in (ClientContact.name, ClientContact.email))),
    )
    return or_(*(each.icontains(words, autoescape=True) for each in own), Client.id.in_(contacts))


async def alike(
    session: AsyncSession,
    agency_id: str,
    *,
    names: Collection[str],
    emails: Collection[str],
    external_ids: Collection[str] = (),
) -> Sequence[Client]:
    """Clients with one of these names, contact addresses (both in any case) or CRM ids, the newest first."""
    rows = select(Client).where(
        Client.agency_id == agency_id,
        or_(
            func.lower(Client.name).in_([each.lower() for each in names]),
            func.lower(Client.contact_email).in_([each.lower() for each in emails]),
            Client.external_id.in_(external_ids),
        ),
    )
    return (await session.scalars(rows.order_by(Client.id.desc()))).all()


async def create_client(
    session: AsyncSession,
    agency_id: str,
    *,
    actor: Actor | None,
    name: str,
    external_id: str | None = None,
    contact_name: str | None = None,
    contact_email: str | None = None,
    language: str | None = None,
    origin: str = "made",
) -> tuple[Client, bool]:
    """Create a client, and say if it is new: a known `external_id` returns the existing one, unchanged.

    `actor` None: the client itself, who signs up.
    """
    client_id = ids.new("client")
    if actor is None:
        bind_actor(Actor("client", client_id))
    added = (
        insert(Client)
        .values(
            agency_id=agency_id, id=client_id, name=name, external_id=external_id,
            contact_name=contact_name, contact_email=contact_email, language=language, origin=origin,
        )
        .on_conflict_do_nothing(index_elements=["agency_id", "external_id"])
        .returning(Client)
    )  # fmt: skip
    client = (await session.scalars(added)).one_or_none()
    if client is None:
        known = await by_external_id(session, agency_id, external_id or "")
        assert known is not None  # it caused the conflict, and a client with an id in the CRM is never deleted
        return known, False
    await record(
        session,
        catalog.CLIENT_CREATED,
        agency_id=agency_id,
        subject_id=client.id,
        actor=actor or Actor("client", client.id),
        data=ClientData(**facts(client)),
    )
    return client, True


async def update_client(
    session: AsyncSession, agency_id: str, client_id: str, *, actor: Actor, changes: dict[str, Any]
) -> Client:
    """Change the given fields among name, contact_name, contact_email, language. Raises NotFound."""
    client = await find(session, agency_id, client_id)
    changed = {field: value for field, value in changes.items() if getattr(client, field) != value}
    if changed:
        for field, value in changed.items():
            setattr(client, field, value)
        await record_update(session, client, actor=actor)
    return client


async def record_update(session: AsyncSession, client: Client, *, actor: Actor) -> None:
    """Write the changes of a client or its contacts, with their event."""
    await session.flush()
    await session.refresh(client)
    rows = select(ClientContact).where(
        ClientContact.agency_id == client.agency_id, ClientContact.client_id == client.id
    )
    contacts = [
        {"role": each.role, "name": each.name, "email": each.email}
        for each in await session.scalars(rows.order_by(ClientContact.id))
    ]
    await record(
        session, catalog.CLIENT_UPDATED, agency_id=client.agency_id, subject_id=client.id, actor=actor,
        data=ClientContactsData(**facts(client), contacts=contacts),
    )  # fmt: skip


async def put_client(
    session: AsyncSession, agency_id: str, external_id: str, *, actor: Actor, name: str, **others: Any
) -> tuple[Client, bool]:
    """Create or change the client with this CRM id, and say if it is new."""
    client, new = await create_client(session, agency_id, actor=actor, name=name, external_id=external_id, **others)
    if not new:
        changes = {"name": name, **others}
        client = await update_client(session, agency_id, client.id, actor=actor, changes=changes)
    return client, new


async def remove_found_client(session: AsyncSession, agency_id: str, client_id: str, *, actor: Actor) -> bool:
    """Remove a client created by an import if nothing refers to it, and say if it was removed."""
    removed = (
        delete(Client)
        .where(Client.agency_id == agency_id, Client.id == client_id, Client.origin == "found")
        .where(Client.external_id.is_(None))
        .returning(Client)
        .execution_options(synchronize_session=False)
    )
    try:
        async with session.begin_nested():
            client = (await session.scalars(removed)).one_or_none()
    except IntegrityError:  # a link, grant, handshake or contact still refers to it
        return False
    if client is None:
        return False
    await record(
        session, catalog.CLIENT_REMOVED, agency_id=agency_id, subject_id=client_id, actor=actor,
        data=ClientData(**facts(client)),
    )  # fmt: skip
    return True


def facts(client: Client) -> dict[str, Any]:
    """The client's part of an event's data."""
    return {
        "client_id": client.id,
        "client_name": client.name,
        "contact_email": client.contact_email,
        "external_id": client.external_id,
        "language": client.language,
    }
