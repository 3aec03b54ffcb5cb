"""JSON routes: clients."""

from typing import Annotated

from fastapi import Path, Query, Response

from app.kit.database import Session
from app.kit.input.fields import ExternalId, Line200
from app.kit.web.paging import Cursor, Limit, Page, UpdatedSince
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router
from app.tenants.clients import contacts, service
from app.tenants.clients.schemas import (
    ClientChanges,
    ClientContactView,
    ClientFields,
    ClientView,
    ContactChanges,
    NewClient,
    NewContact,
)

router = api_router("/clients")

Reader = Annotated[Principal, requires("clients:read")]
Writer = Annotated[Principal, requires("clients:write")]


@router.get("")
async def list_clients(
    caller: Reader,
    session: Session,
    external_id: Annotated[ExternalId | None, Query(examples=["hubspot:1234"])] = None,
    q: Annotated[Line200 | None, Query(description="Part of the name, of a contact's or of its address.")] = None,
    updated_since: UpdatedSince = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ClientView]:
    """List the clients of your agency, newest first."""
    found = await service.page(
        session, caller.agency_id, limit=limit, cursor=cursor, external_id=external_id, words=q,
        updated_since=updated_since,
    )  # fmt: skip
    return Page(data=[ClientView.model_validate(row) for row in found], next_cursor=found.next_cursor)


@router.post("", status_code=201, responses={200: {"description": "Known", "model": ClientView}})
async def create_client(caller: Writer, session: Session, given: NewClient, response: Response) -> ClientView:
    """Create a client. A known `external_id` returns the existing one, unchanged, with 200."""
    client, new = await service.create_client(session, caller.agency_id, actor=caller.actor, **given.model_dump())
    response.status_code = 201 if new else 200
    return ClientView.model_validate(client)


@router.get("/{client_id}")
async def get_client(caller: Reader, session: Session, client_id: str) -> ClientView:
    """Return one client."""
    return ClientView.model_validate(await service.find(session, caller.agency_id, client_id))


@router.patch("/{client_id}")
async def update_client(caller: Writer, session: Session, client_id: str, given: ClientChanges) -> ClientView:
    """Change a client. Its external_id cannot change."""
    changes = given.model_dump(exclude_unset=True)
    client = await service.update_client(session, caller.agency_id, client_id, actor=caller.actor, changes=changes)
    return ClientView.model_validate(client)


@router.put("/by-external-id/{external_id:path}", responses={201: {"description": "Made", "model": ClientView}})
async def put_client(
    caller: Writer,
    session: Session,
    external_id: Annotated[ExternalId, Path(examples=["hubspot:1234"])],
    given: ClientFields,
    response: Response,
) -> ClientView:
    """Create or change the client with this id in your CRM; omitted fields stay as they are."""
    client, new = await service.put_client(
        session, caller.agency_id, external_id, actor=caller.actor, **given.model_dump(exclude_unset=True)
    )
    response.status_code = 201 if new else 200
    return ClientView.model_validate(client)


@router.post("/{client_id}/contacts", status_code=201)
async def add_contact(caller: Writer, session: Session, client_id: str, given: NewContact) -> ClientContactView:
    """Add a contact to a client. It stays beside those that the client names, and gets no codes for new devices."""
    added = await contacts.add_contact(session, caller.agency_id, client_id, actor=caller.actor, **dict(given))
    return ClientContactView.of(added)


@router.patch("/{client_id}/contacts/{contact_id}")
async def update_contact(
    caller: Writer, session: Session, client_id: str, contact_id: str, given: ContactChanges
) -> ClientContactView:
    """Change a contact that your agency added."""
    changed = await contacts.change_contact(
        session, caller.agency_id, client_id, contact_id, changes=given.model_dump(exclude_unset=True),
        actor=caller.actor,
    )  # fmt: skip
    return ClientContactView.of(changed)


@router.delete("/{client_id}/contacts/{contact_id}", status_code=204)
async def remove_contact(caller: Writer, session: Session, client_id: str, contact_id: str) -> Response:
    """Remove a contact that your agency added. Those that the client named stay."""
    await contacts.remove_contact(session, caller.agency_id, client_id, contact_id, actor=caller.actor)
    return Response(status_code=204)
