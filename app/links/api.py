"""JSON routes: links as they are made and read, and the Business Centers they name."""

from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import ConfigDict, Field, model_validator

from app.kit.change_feed import UpdatedSince
from app.kit.database import Session
from app.kit.input.fields import Digits, ExternalId, Line120, Moment, PublicId, RequestShape, Word
from app.kit.web.paging import Cursor, Limit, Page
from app.links import business_centers, queries, service
from app.links.create_or_get import LinkRequest, order_link
from app.links.schemas import AddressView, LinkDetail, LinkView, OrderedLink
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute
from app.tenants.clients.schemas import NewClient

router = APIRouter(route_class=ApiRoute)

Reader = Annotated[Principal, requires("links:read")]
Writer = Annotated[Principal, requires("links:write")]
AgencyWriter = Annotated[Principal, requires("agency:write")]
Revealer = Annotated[Principal, requires("links:address")]
Status = Literal["draft", "sent", "opened", "in_progress", "submitted", "completed", "drifted", "expired", "revoked"]


class NewLink(RequestShape):
    """A link as you want it: for a client you name by `client_id`, or tell as `client`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"client": {"name": "Brand SA", "external_id": "hubspot:1234"}, "external_id": "deal:77"},
                {"client_id": "client_01ksy1q3e0fzs8qj5m8g3d4w7t", "expires_at": "2026-12-31T12:00:00Z"},
            ]
        },
    )

    client_id: PublicId | None = Field(None, description="A client there is; else describe a new one in `client`.")
    client: NewClient | None = None
    preset: Word = Field("run-campaigns", description="What to request.")
    expires_at: Moment | None = Field(None, description="At most 90 days from now; 14 days unless given.")
    external_id: ExternalId | None = Field(None, description="Its id in your CRM. A known one gives the existing link.")
    requested_by: Line120 | None = Field(None, description="Who asks; your agency's contact unless given.")
    agency_bc_id: Digits | None = Field(
        None, description="Which of your Business Centers gets the access; needed where you have several."
    )

    @model_validator(mode="after")
    def _one_client(self) -> Self:
        if (self.client_id is None) == (self.client is None):
            raise ValueError("Give either client_id or client.")
        return self

    def as_order(self) -> LinkRequest:
        """Arguments for creating the link."""
        client = self.client.model_dump() if self.client else None
        return LinkRequest(**{**dict(self), "client": client})


@router.get("/links")
async def list_links(
    caller: Reader,
    session: Session,
    external_id: Annotated[ExternalId | None, Query(examples=["deal:77"])] = None,
    client_id: Annotated[PublicId | None, Query(description="Only of this client.")] = None,
    status: Annotated[Status | None, Query(description="Only those in this status.")] = None,
    updated_since: UpdatedSince = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[LinkView]:
    """The links of your agency, newest first."""
    found = await queries.page(
        session, caller.agency_id, limit=limit, cursor=cursor, external_id=external_id, client_id=client_id,
        status=status, updated_since=updated_since,
    )  # fmt: skip
    turns = await queries.turns(session, caller.agency_id, found)
    return Page(data=[LinkView.of(row, turns[row.id]) for row in found], next_cursor=found.next_cursor)


@router.post("/links", status_code=201, responses={200: {"description": "Known", "model": OrderedLink}})
async def create_link(
    request: Request, caller: Writer, session: Session, given: NewLink, response: Response
) -> OrderedLink:
    """Makes a link and gives its address, this once. A known `external_id` gives the existing link with 200."""
    services = services_of(request)
    made, address = await order_link(
        session, caller.agency_id, given.as_order(), keyring=services.keyring, public_url=services.public_url,
        actor=caller.actor,
    )  # fmt: skip
    response.status_code = 200 if address is None else 201
    return OrderedLink(**dict(LinkDetail.of_link(made)), address=address)


@router.get("/links/{link_id}")
async def get_link(caller: Reader, session: Session, link_id: str) -> LinkDetail:
    """One link with its client, its access requests, what the client told, and whose turn it is."""
    return LinkDetail.of_link(await queries.load_link(session, caller.agency_id, link_id))


@router.get("/links/{link_id}/address")
async def get_address(request: Request, caller: Revealer, session: Session, link_id: str) -> AddressView:
    """The link's secret address again. Each look is recorded, and the first means the link was sent."""
    services = services_of(request)
    address = await service.show_address(
        session,
        caller.agency_id,
        link_id,
        public_url=services.public_url,
        keyring=services.keyring,
        actor=caller.actor,
    )
    return AddressView(address=address)


@router.delete("/agency/business-centers/{center_id}", status_code=204)
async def remove_business_center(caller: AgencyWriter, session: Session, center_id: str) -> Response:
    """Takes a Business Center off the list, unless living links name it. What was shared with it stays shared."""
    await business_centers.remove(session, caller.agency_id, center_id, actor=caller.actor)
    return Response(status_code=204)
