"""JSON routes of links: links, invitations, added access requests, device codes, files, and the Business Centers."""

from typing import Annotated, Literal, Self

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.kit.database import RecordingSession, Session
from app.kit.errors import InvalidInput, NotFound
from app.kit.input.fields import Digits, ExternalId, Line120, Moment, PublicId, RequestShape, Time, Word
from app.kit.web.paging import Cursor, Limit, Page, UpdatedSince
from app.links import (
    access_changes,
    agency_accounts,
    contacts,
    devices,
    emails,
    file_download,
    queries,
    reminders,
    service,
    turns,
)
from app.links.file_download import BYTES
from app.links.presets.preset import PresetAccessRequest
from app.links.presets.schemas import AccessRequestFields
from app.links.schemas import (
    AccessRequestView,
    AddressView,
    AgencyAccountIds,
    ConsentView,
    CreatedLink,
    DeviceCodeView,
    InvitationView,
    LinkDetail,
    LinkView,
)
from app.links.service import LinkRequest, create_or_get_link
from app.links.status import LinkStatus, Stage
from app.links.turns import TURNS, Turn, TurnCount, Wanted
from app.mail import service as mails
from app.platforms.blockers import NextActor
from app.services import services_of
from app.tenants.agencies.schemas import ReminderDays, TimeZone
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router
from app.tenants.clients.schemas import ClientContactView, NewClient

router = api_router()
Reader = Annotated[Principal, requires("links:read")]
Writer = Annotated[Principal, requires("links:write")]
AgencyWriter = Annotated[Principal, requires("agency:write")]
ClientReader = Annotated[Principal, requires("clients:read")]
Revealer = Annotated[Principal, requires("links:address")]


class TwoOrders(InvalidInput):
    """`sort` and `updated_since` were given together."""

    code = "two_orders"
    detail = "`updated_since` lists links in the order of their changes; `sort` cannot change it."
    hint = "Leave out `sort` or `updated_since`."


class NewLink(RequestShape):
    """A new link for a client: an existing one by `client_id`, or a new one as `client`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"client": {"name": "Brand SA", "external_id": "hubspot:1234"}, "external_id": "deal:77"},
                {"client_id": "client_01ksy1q3e0fzs8qj5m8g3d4w7t", "expires_at": "2026-12-31T12:00:00Z"},
            ]
        },
    )

    client_id: PublicId | None = Field(None, description="An existing client; else describe a new one in `client`.")
    client: NewClient | None = None
    preset: Word = Field(service.DEFAULT_PRESET, description="What to request.")
    expires_at: Moment | None = Field(None, description="At most 90 days from now; 14 days unless given.")
    external_id: ExternalId | None = Field(None, description="Its id in your CRM. A known one gives the existing link.")
    requested_by: Line120 | None = Field(
        None, description="Name of the person who asks; by default your agency's contact."
    )
    agency_account_ids: AgencyAccountIds = Field(default_factory=dict)
    owner_member_id: PublicId | None = Field(None, description="The member who looks after it; by default nobody.")
    reminder_days: ReminderDays | None = Field(None, description="Days of its reminders; by default your agency’s.")
    time_zone: TimeZone | None = Field(None, description="Of the client, for its reminders.")

    @model_validator(mode="after")
    def _one_client(self) -> Self:
        if (self.client_id is None) == (self.client is None):
            raise ValueError("Give either client_id or client.")
        return self

    def as_request(self) -> LinkRequest:
        """Arguments for creating the link."""
        client = self.client.model_dump() if self.client else None
        return LinkRequest(**{**dict(self), "client": client})


class LinkOwner(RequestShape):
    """The member who looks after a link."""

    owner_member_id: PublicId | None = Field(
        description="A member of your agency, or null for nobody.", examples=["member_01ksy1q3e0fzs8qj5m8g3d4w7u"]
    )


class LinkReminders(RequestShape):
    """Reminders of a link's client."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reminder_days": [2, 5], "time_zone": "Europe/Paris"}]})

    reminder_days: ReminderDays | None = Field(description="Null: as of your agency; none: no reminders.")
    time_zone: TimeZone | None = Field(None, description="Null: that of its only market, else your agency’s.")


class AddedAccess(AccessRequestFields):
    """One more access on a link."""

    agency_account_id: Digits | None = Field(
        None,
        description="Your account that gets it, on a platform that is new on the link and where you have several.",
        examples=["7000999988887777666"],
    )


def _wanted(
    q: Annotated[
        str,
        Query(
            max_length=200,
            description="Words of the name of the client, a contact or an asset, or the whole id of an asset or of the "
            "link in your CRM.",
            examples=["maison"],
        ),
    ] = "",
    preset: Annotated[Word | None, Query(description="Only those made from this preset.")] = None,
    platform: Annotated[Word | None, Query(description="Only those with this platform.", examples=["tiktok"])] = None,
    code: Annotated[
        Word | None, Query(description="Only those with an access request that this blocker holds up.")
    ] = None,
    owner_member_id: Annotated[PublicId | None, Query(description="Only those that this member looks after.")] = None,
    unowned: Annotated[
        bool, Query(description="Only those without an owner, or whose owner has left your agency.")
    ] = False,
) -> Wanted:
    """The filters that the list and the counts have in common."""
    return Wanted(
        words=q, owner_id=owner_member_id, unowned=unowned, preset=preset, platform=platform, code=code
    )  # fmt: skip


Searched = Annotated[Wanted, Depends(_wanted)]


class TurnView(BaseModel):
    """A group of your pipeline."""

    turn: Turn = Field(
        description="`agency`: you have to act. `platform`: nobody has to, Keyturn looks again by itself.",
        examples=["client"],
    )
    count: int = Field(examples=[12])
    waiting_since: Time | None = Field(description="The start of the longest wait; null if nobody waits.")


@router.get("/links")
async def list_links(
    caller: Reader,
    session: Session,
    wanted: Searched,
    external_id: Annotated[ExternalId | None, Query(examples=["deal:77"])] = None,
    client_id: Annotated[PublicId | None, Query(description="Only of this client.")] = None,
    status: Annotated[LinkStatus | None, Query(description="Only those in this status.")] = None,
    stage: Annotated[Stage | None, Query(description="Only those at this place of your pipeline.")] = None,
    next_actor: Annotated[NextActor | None, Query(description="Only those for which this one has to act.")] = None,
    next_actor_before: Annotated[
        Moment | None, Query(description="Only those whose next actor has had to act since before this time.")
    ] = None,
    turn: Annotated[Turn | None, Query(description="Only those of this group of the pipeline.")] = None,
    sort: Annotated[
        Literal["newest", "longest_wait"],
        Query(
            description="`longest_wait`: only links for which somebody has to act, the longest wait first. "
            "Not together with `updated_since`, which has an order of its own."
        ),
    ] = "newest",
    updated_since: UpdatedSince = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[LinkView]:
    """List the links of your agency, newest first."""
    if sort == "longest_wait" and updated_since is not None:
        raise TwoOrders
    searched = turns.condition(caller.agency_id, wanted)
    found = await queries.page(
        session, caller.agency_id, limit=limit, cursor=cursor, external_id=external_id, client_id=client_id,
        status=status, stage=stage, next_actor=next_actor, next_actor_before=next_actor_before,
        wanted=searched & turns.of_turn(turn) if turn else searched, longest_wait_first=sort == "longest_wait",
        updated_since=updated_since,
    )  # fmt: skip
    return Page(data=[LinkView.of(row) for row in found], next_cursor=found.next_cursor)


@router.get("/links/turns")
async def count_links(caller: Reader, session: Session, wanted: Searched) -> Page[TurnView]:
    """Count the links of your agency by whose turn it is, with the start of the longest wait; all on one page.

    The filters are those of the list, so that each count is that of the list with the same filters and this `turn`.
    """
    found = await turns.counts(session, caller.agency_id, wanted)
    counted = [(turn, found.get(turn, TurnCount())) for turn in TURNS]
    return Page(data=[TurnView(turn=turn, count=each.count, waiting_since=each.since) for turn, each in counted])


@router.post("/links", status_code=201, responses={200: {"description": "Known", "model": CreatedLink}})
async def create_link(
    request: Request, caller: Writer, session: Session, given: NewLink, response: Response
) -> CreatedLink:
    """Create a link and return its secret address. `GET /links/{link_id}/address` returns it again.

    A known `external_id` returns the existing link with 200, without the address.
    """
    services = services_of(request)
    made, address = await create_or_get_link(
        session, caller.agency_id, given.as_request(), keyring=services.keyring, public_url=services.public_url,
        actor=caller.actor,
    )  # fmt: skip
    response.status_code = 200 if address is None else 201
    return CreatedLink(**dict(LinkDetail.of_link(made)), address=address)


@router.get("/links/{link_id}")
async def get_link(caller: Reader, session: Session, link_id: str) -> LinkDetail:
    """Return one link with its client, its access requests, the client's answers and the next actor."""
    return LinkDetail.of_link(await queries.load_link(session, caller.agency_id, link_id))


@router.put("/links/{link_id}/owner")
async def set_owner(caller: Writer, session: Session, link_id: str, given: LinkOwner) -> LinkDetail:
    """Make a member of your agency the owner of a link, or nobody. Clients never see it."""
    return LinkDetail.of_link(await service.set_owner(session, caller.agency_id, link_id, given.owner_member_id))


@router.put("/links/{link_id}/reminders")
async def set_link_reminders(caller: Writer, session: Session, link_id: str, given: LinkReminders) -> LinkDetail:
    """Set the schedule of reminders of a link, while it is the client’s turn. One that asked for no more gets none."""
    aggregate = await reminders.set_schedule(
        session, caller.agency_id, link_id, days=given.reminder_days, time_zone=given.time_zone
    )
    return LinkDetail.of_link(aggregate)


@router.get("/links/{link_id}/address")
async def get_address(request: Request, caller: Revealer, session: RecordingSession, link_id: str) -> AddressView:
    """Return the link's secret address again. Each call is recorded; the first one marks the link as sent."""
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


@router.post("/links/{link_id}/invitation", status_code=202)
async def invite(request: Request, caller: Writer, session: Session, link_id: str) -> InvitationView:
    """E-mail the link to the client's contact, in your agency's name. Each call sends one e-mail."""
    services = services_of(request)
    mail = await emails.send_invitation(
        session, caller.agency_id, link_id, outbox=services.outbox, platforms=services.platforms, actor=caller.actor
    )
    return InvitationView.of(mail)


@router.get("/links/{link_id}/invitation")
async def get_invitation(caller: Reader, session: Session, link_id: str) -> InvitationView:
    """Return the last invitation and its status; if it failed, with the error."""
    link = await queries.find(session, caller.agency_id, link_id)
    mail = await mails.newest(session, caller.agency_id, about_id=link.id, kind=emails.INVITATION)
    if mail is None:
        raise NotFound("This link was not e-mailed yet.", hint="E-mail it with POST to the same address.")
    return InvitationView.of(mail)


@router.get("/links/{link_id}/consents")
async def list_consents(caller: Reader, session: Session, link_id: str) -> Page[ConsentView]:
    """List what the client agreed to on a link, the latest consent first; all on one page."""
    link = await queries.find(session, caller.agency_id, link_id)
    found = await queries.consents(session, caller.agency_id, link.id)
    return Page(data=[ConsentView.model_validate(each) for each in found], next_cursor=None)


@router.post("/links/{link_id}/access-requests", status_code=201)
async def add_access_request(
    request: Request, caller: Writer, session: Session, link_id: str, given: AddedAccess
) -> AccessRequestView:
    """Request one more access on an active link. Nothing is shared before the client consents."""
    access_request = await access_changes.add_access_request(
        session,
        caller.agency_id,
        link_id,
        PresetAccessRequest(**given.model_dump(exclude={"agency_account_id"})),
        platforms=services_of(request).platforms,
        actor=caller.actor,
        agency_account_id=given.agency_account_id,
    )
    return AccessRequestView.model_validate(access_request)


@router.post("/links/{link_id}/device-codes", status_code=201)
async def create_device_code(request: Request, caller: Revealer, session: Session, link_id: str) -> DeviceCodeView:
    """Create a code for a client who opens the link on a new device and cannot receive one by e-mail.

    It admits one browser within half an hour and replaces any earlier code. First make sure that the request comes from
    your client. The new browser has to connect TikTok again. Each code is recorded.
    """
    made, code = await devices.make_code(
        session, caller.agency_id, link_id, keyring=services_of(request).keyring, actor=caller.actor
    )
    return DeviceCodeView(link_id=link_id, code=code, expires_at=made.expires_at)


@router.get(
    "/links/{link_id}/files/{file_id}",
    response_class=Response,
    responses={
        200: {
            "description": "The content of the file.",
            "content": {BYTES: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def get_file(request: Request, caller: Reader, session: Session, link_id: str, file_id: str) -> Response:
    """Download a file that the client sent. Its type was detected from its content; open it with care."""
    return await file_download.attachment(
        session, caller.agency_id, link_id, file_id, keyring=services_of(request).keyring
    )


@router.get("/clients/{client_id}/contacts")
async def list_contacts(caller: ClientReader, session: Session, client_id: str) -> Page[ClientContactView]:
    """List the contacts of a client by role, on one page: those that it named itself, and those of your agency."""
    return Page(data=list(await contacts.of_client(session, caller.agency_id, client_id)))


@router.delete("/agency/accounts/{account_row_id}", status_code=204)
async def remove_account(caller: AgencyWriter, session: Session, account_row_id: str) -> Response:
    """Remove an account from your list, unless active links use it. Access shared with it remains."""
    await agency_accounts.remove(session, caller.agency_id, account_row_id, actor=caller.actor)
    return Response(status_code=204)
