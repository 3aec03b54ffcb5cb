"""JSON routes: existing access with its findings."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, Field

from app.access.existing_access import service
from app.access.existing_access.service import FINDINGS, Finding, FoundAccess
from app.access.grants.schemas import GrantView
from app.kit.database import Session
from app.kit.input.fields import Line200
from app.kit.web.paging import Cursor, Limit, Page, before, pack
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router("/existing-access")
Reader = Annotated[Principal, requires("grants:read")]
Words = Annotated[
    Line200 | None, Query(description="Part of the client's or the asset's name, or a whole id at the platform.")
]


class ExistingAccessView(BaseModel):
    """A current grant with its client, its buyers, and findings about it."""

    grant: GrantView
    client_name: str = Field(examples=["Brand SA"])
    access_request_id: str | None = Field(
        description="The access request that asks for it, also for a found grant; null if no link does."
    )
    buyers: int = Field(description="Your people who should be able to open it.", examples=[2])
    able: int = Field(description="Those of them who can.", examples=[1])
    findings: list[Finding] = Field(
        description="`drifted`: gone or different; `closed`: none of its buyers can open it; `wide`: a higher role "
        "than requested, or full control; `unlinked`: no link asks for it.",
        examples=[["wide", "unlinked"]],
    )

    @classmethod
    def of(cls, found: FoundAccess) -> "ExistingAccessView":
        """From the rows."""
        asked = found.access_request
        return cls(
            grant=GrantView.model_validate(found.grant), client_name=found.client.name,
            access_request_id=asked.id if asked else None, buyers=found.buyers, able=found.able,
            findings=list(found.findings),
        )  # fmt: skip


class ExistingAccessCounts(BaseModel):
    """Numbers of current grants. One may have several findings."""

    all: int = Field(examples=[12])
    agreed: int = Field(description="Without a finding.", examples=[9])
    by_finding: dict[Finding, int] = Field(examples=[dict.fromkeys(FINDINGS, 1)])


@router.get("")
async def list_existing_access(
    caller: Reader,
    session: Session,
    finding: Annotated[
        Finding | Literal["none"] | None, Query(description="Only with this finding, or with `none`.")
    ] = None,
    q: Words = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ExistingAccessView]:
    """List the access that you have now, with its findings, newest first. Ended grants are left out."""
    found = await service.page(
        session, caller.agency_id, limit=limit + 1, before=before(cursor, "grant"), finding=finding, words=q or ""
    )
    more = pack(found[limit - 1].grant.id) if len(found) > limit else None
    return Page(data=[ExistingAccessView.of(each) for each in found[:limit]], next_cursor=more)


@router.get("/counts")
async def count_existing_access(caller: Reader, session: Session, q: Words = None) -> ExistingAccessCounts:
    """Count the access that you have now, by finding."""
    found = await service.count(session, caller.agency_id, q or "")
    return ExistingAccessCounts(all=found.all, agreed=found.agreed, by_finding=dict(found.by_finding))
