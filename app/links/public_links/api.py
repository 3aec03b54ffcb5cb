"""JSON routes: public links."""

from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.database import RecordingSession, Session
from app.kit.input.fields import Language, Line120, Moment, RequestShape, Time, Word
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.links.models import PublicLink
from app.links.public_links import service
from app.links.public_links.service import MOST_PER_HOUR, PublicLinkProgress
from app.links.schemas import AddressView, AgencyAccountIds
from app.links.status import PublicLinkStatus
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router("/public-links")
NO_PROGRESS = PublicLinkProgress()
Reader = Annotated[Principal, requires("links:read")]
Writer = Annotated[Principal, requires("links:write")]
Revealer = Annotated[Principal, requires("links:address")]


class NewPublicLink(RequestShape):
    """A new public link."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"preset": "prospect"}]})

    preset: Word = Field("run-campaigns", description="What to request.")
    language: Language | None = Field(
        None, description="Of its pages and of the links it creates. Null: as the visitor chooses.", examples=["fr"]
    )
    expires_at: Moment | None = Field(None, description="By default it does not expire.")
    agency_account_ids: AgencyAccountIds = Field(default_factory=dict)
    requested_by: Line120 | None = Field(
        None, description="Name of the person who asks; by default your agency's contact."
    )
    most_per_hour: int = Field(MOST_PER_HOUR, ge=1, le=1000, description="Maximum number of new clients per hour.")
    most_uses: int | None = Field(None, ge=1, le=1_000_000, description="Maximum number of new clients in total.")


class PublicLinkView(BaseModel):
    """A public link, without its address; each use creates a client and a link."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["publiclink_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    preset: str = Field(examples=["prospect"])
    preset_version: int = Field(examples=[1])
    language: str | None = Field(examples=["fr"])
    requested_by: str = Field(examples=["Ana Agent"])
    agency_account_ids: dict[str, str] = Field(examples=[{"tiktok": "7000999988887777666"}])
    status: PublicLinkStatus = Field(examples=["open"])
    uses: int = Field(description="Number of links that it created.", examples=[4])
    submitted: int = Field(description="Number of those on which the client agreed.", examples=[3])
    completed: int = Field(
        description="Number of those that were completed: all required access was there.", examples=[2]
    )
    most_uses: int | None
    most_per_hour: int = Field(examples=[30])
    expires_at: Time | None
    paused_at: Time | None = Field(description="Since when nobody new can start.")
    revoked_at: Time | None
    created_at: Time

    @classmethod
    def of(cls, row: PublicLink, progress: PublicLinkProgress = NO_PROGRESS) -> "PublicLinkView":
        """From the row and the progress of its links."""
        about = {"status": service.status_of(row), **vars(progress)}
        fields = [name for name in cls.model_fields if name not in about]
        return cls.model_validate({**{name: getattr(row, name) for name in fields}, **about})


class CreatedPublicLink(PublicLinkView):
    """A new public link, with its address."""

    address: str = Field(
        description="For a website or a proposal. `?external_id=` is stored with the visitor's link.",
        examples=["https://go.agency.com/north/open/pJ3…"],
    )


@router.get("")
async def list_public_links(
    caller: Reader, session: Session, limit: Limit = 50, cursor: Cursor = None
) -> Page[PublicLinkView]:
    """List your public links, newest first."""
    rows = await service.page(session, caller.agency_id, limit=limit + 1, before=before(cursor, "publiclink"))
    done = await service.progress(session, caller.agency_id, [row.id for row in rows])
    return by_id([PublicLinkView.of(row, done.get(row.id, NO_PROGRESS)) for row in rows], limit)


@router.post("", status_code=201)
async def create_public_link(
    request: Request, caller: Writer, session: Session, given: NewPublicLink
) -> CreatedPublicLink:
    """Create a public link. Each visitor who uses its address gets a client and a link of their own."""
    services = services_of(request)
    made, token = await service.create_public_link(
        session, caller.agency_id, keyring=services.keyring, actor=caller.actor, **dict(given)
    )
    address = await service.address_of(session, made, token, public_url=services.public_url)
    return CreatedPublicLink(**dict(PublicLinkView.of(made)), address=address)


@router.get("/{public_link_id}")
async def get_public_link(caller: Reader, session: Session, public_link_id: str) -> PublicLinkView:
    """Return one public link, with the number of its uses."""
    return await _view(session, await service.find(session, caller.agency_id, public_link_id))


@router.get("/{public_link_id}/address")
async def get_public_link_address(
    request: Request, caller: Revealer, session: RecordingSession, public_link_id: str
) -> AddressView:
    """Return the address of a public link again. Each call is recorded."""
    services = services_of(request)
    address = await service.show_address(
        session,
        caller.agency_id,
        public_link_id,
        public_url=services.public_url,
        keyring=services.keyring,
        actor=caller.actor,
    )
    return AddressView(address=address)


@router.post("/{public_link_id}/revocation")
async def revoke_public_link(caller: Writer, session: Session, public_link_id: str) -> PublicLinkView:
    """Revoke a public link immediately. Its links stay active; revoking it again changes nothing."""
    revoked = await service.revoke_public_link(session, caller.agency_id, public_link_id, actor=caller.actor)
    return await _view(session, revoked)


@router.post("/{public_link_id}/pause")
async def pause_public_link(caller: Writer, session: Session, public_link_id: str) -> PublicLinkView:
    """Pause a public link: nobody new starts until it is resumed. Its links stay active, and its numbers are kept."""
    return await _view(
        session, await service.pause_public_link(session, caller.agency_id, public_link_id, actor=caller.actor)
    )


@router.post("/{public_link_id}/resumption")
async def resume_public_link(caller: Writer, session: Session, public_link_id: str) -> PublicLinkView:
    """Resume a paused public link, at the same address."""
    return await _view(
        session, await service.resume_public_link(session, caller.agency_id, public_link_id, actor=caller.actor)
    )


async def _view(session: AsyncSession, row: PublicLink) -> PublicLinkView:
    done = await service.progress(session, row.agency_id, [row.id])
    return PublicLinkView.of(row, done.get(row.id, NO_PROGRESS))
