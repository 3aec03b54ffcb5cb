"""JSON routes: kickoffs of a link, statements about their checks, and the shared result."""

from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, Field

from app.access.kickoffs import service, texts
from app.access.kickoffs.checks import Key, KickoffCheck, Result
from app.access.kickoffs.models import Kickoff
from app.kit.database import Session
from app.kit.i18n.locales import english
from app.kit.input.fields import CountryCode, Line200, RequestShape, Text500, Time
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.links import queries as links
from app.platforms.blockers import NextActor
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router()
Reader = Annotated[Principal, requires("links:read")]
Writer = Annotated[Principal, requires("links:write")]


class KickoffCheckView(BaseModel):
    """One check of a kickoff with its result."""

    id: str = Field(
        description="The same in every kickoff of the link.",
        examples=["campaign:tiktok:ad_account:7200000000000000101"],
    )
    key: Key = Field(examples=["campaign"])
    title: str = Field(examples=["A draft campaign can be created"])
    status: Result = Field(
        description="`pass`: a read showed it. `attested`: a person stated it, because no read can. `to_do`: something "
        "is missing. `cannot_tell`: nothing was read and nobody stated it.",
        examples=["pass"],
    )
    code: str | None = Field(description="Reason of `to_do` and `cannot_tell`.", examples=["role_too_low"])
    reason: str | None = Field(description="The reason in words.")
    next_actor: NextActor | None = Field(description="Who has to act.", examples=["client"])
    can_attest: bool = Field(description="Takes the statement of a person of your agency.")
    platform: str | None = Field(examples=["tiktok"])
    kind: str | None = Field(examples=["ad_account"])
    asset_id: str | None = Field(examples=["7200000000000000101"])
    asset_name: str | None = Field(examples=["Brand FR"])
    access_request_id: str | None = Field(examples=["access_01ksy1q3e0fzs8qj5m8g3d4w7v"])
    role: str | None = Field(description="The role that was read.", examples=["OPERATOR"])
    count: int | None = Field(description="Number of people, or of events of the last two days.", examples=[412])
    events: dict[str, int] = Field(
        description="Numbers of these events by type, as the platform names it.", examples=[{"PAGE_VIEW": 412}]
    )
    country: str | None = Field(description="Country of the asset.", examples=["FR"])
    currency: str | None = Field(description="Currency of the asset.", examples=["EUR"])
    since: Time | None = Field(description="Time of the statement, or of an earlier read.")
    stated_side: str | None = Field(description="Side that stated it: `agency` or `client`.", examples=["agency"])
    stated_by: str | None = Field(description="Person of your agency who stated it.", examples=["Ana Agent"])
    stated_country: str | None = Field(description="Country of the payment method, as stated.", examples=["FR"])
    note: str

    @classmethod
    def of(cls, check: KickoffCheck) -> "KickoffCheckView":
        """From the check."""
        reason = texts.reason(check.code)
        return cls(
            **check.model_dump(exclude={"is_read"}), title=english(texts.TITLES[check.key]),
            reason=english(reason) if reason else None, can_attest=check.can_attest,
        )  # fmt: skip


class KickoffView(BaseModel):
    """One live check of everything that a launch needs, with its result."""

    id: str = Field(examples=["kickoff_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    link_id: str = Field(examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    launch_ready: bool = Field(description="Every check passed or is attested, that of the payment method among them.")
    left: int = Field(description="Number of checks on which somebody has to act.", examples=[1])
    ran_by: str = Field(description="Member, or name of the API key.", examples=["Nora North"])
    created_at: Time
    took_ms: int = Field(examples=[2140])
    shared_until: Time | None = Field(description="End of the shared address; null if the result is not shared.")
    checks: list[KickoffCheckView]

    @classmethod
    def of(cls, row: Kickoff) -> "KickoffView":
        """From the row."""
        results = row.results
        return cls(
            id=row.id, link_id=row.link_id, launch_ready=row.launch_ready, left=sum(each.is_left for each in results),
            ran_by=row.ran_by, created_at=row.created_at, took_ms=row.took_ms, shared_until=service.shared_until(row),
            checks=[KickoffCheckView.of(each) for each in results],
        )  # fmt: skip


class NewStatement(RequestShape):
    """Statement of a person of your agency about a check that no read decided."""

    check_id: Line200 = Field(examples=["payment"])
    by: Line200 = Field(description="Name of the person.", examples=["Ana Agent"])
    note: Text500 = Field("", examples=["Card of Brand SA, seen on the call."])
    country: CountryCode | None = Field(
        None, description="Country of the payment method; required for the check `country`.", examples=["FR"]
    )


class NewShare(RequestShape):
    """Life of the shared address."""

    days: int = Field(service.SHARED_DAYS, ge=1, le=service.MOST_SHARED_DAYS, examples=[14])


class SharedKickoffView(KickoffView):
    """A kickoff with the address of its result."""

    address: str = Field(
        description="Shown once. Anybody who has it can read the result until it ends.",
        examples=["https://go.agency.com/kickoffs/…"],
    )


@router.post("/links/{link_id}/kickoffs", status_code=201)
async def run_kickoff(request: Request, caller: Writer, session: Session, link_id: str) -> KickoffView:
    """Check everything that a launch needs, live, with your connection; takes some seconds.

    Reads only: no campaign is created and nothing is changed at the platform.
    """
    prepared = await service.prepare(session, caller.agency_id, link_id)
    await session.commit()  # nothing is held while the platform answers
    seen = await service.read(services_of(request), prepared)
    return KickoffView.of(await service.complete(session, prepared, seen, ran_by=caller.key_name))


@router.get("/links/{link_id}/kickoffs")
async def list_kickoffs(
    caller: Reader, session: Session, link_id: str, limit: Limit = 50, cursor: Cursor = None
) -> Page[KickoffView]:
    """List the kickoffs of a link, newest first."""
    await links.find(session, caller.agency_id, link_id)
    rows = await service.page(session, caller.agency_id, link_id, limit=limit + 1, before=before(cursor, "kickoff"))
    return by_id([KickoffView.of(row) for row in rows], limit)


@router.get("/kickoffs/{kickoff_id}")
async def get_kickoff(caller: Reader, session: Session, kickoff_id: str) -> KickoffView:
    """Retrieve a kickoff."""
    return KickoffView.of(await service.find(session, caller.agency_id, kickoff_id))


@router.post("/kickoffs/{kickoff_id}/attestations")
async def attest_check(caller: Writer, session: Session, kickoff_id: str, given: NewStatement) -> KickoffView:
    """Attest a check of the newest kickoff that no read decided. Later kickoffs keep the statement."""
    row = await service.attest(
        session, caller.agency_id, kickoff_id, given.check_id, by=given.by, note=given.note, country=given.country
    )
    return KickoffView.of(row)


@router.post("/kickoffs/{kickoff_id}/share")
async def share_kickoff(
    request: Request, caller: Writer, session: Session, kickoff_id: str, given: NewShare
) -> SharedKickoffView:
    """Share the result at a secret address without sign-in. An address before it ends."""
    row, token = await service.share(session, caller.agency_id, kickoff_id, days=given.days)
    address = service.address_of(services_of(request).public_url, token)
    return SharedKickoffView(**dict(KickoffView.of(row)), address=address)


@router.delete("/kickoffs/{kickoff_id}/share")
async def stop_sharing_kickoff(caller: Writer, session: Session, kickoff_id: str) -> KickoffView:
    """End the shared address of a result at once."""
    return KickoffView.of(await service.stop_sharing(session, caller.agency_id, kickoff_id))
