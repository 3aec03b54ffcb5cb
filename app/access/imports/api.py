"""JSON routes: imports, with the hints for what could not be read."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from app.access.imports import service
from app.access.imports.models import Import
from app.access.partners.models import Partner
from app.kit.database import Session
from app.kit.input.fields import Digits, RequestShape, Time
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router("/imports")
Reader = Annotated[Principal, requires("grants:read")]
Writer = Annotated[Principal, requires("connections:write")]
REFUSED_SHOWN = 100
_CONNECT = "with POST /api/v1/connections/invitations"
_HINTS = {
    "connection_dead": f"TikTok has ended your own authorization: connect your Business Center again {_CONNECT}. The "
    "import then starts by itself.",
    "not_connected": f"Your own side is no longer connected: connect it {_CONNECT}.",
    "not_bc_admin": "TikTok refused the read: the person who connected must be Admin of your Business Center, and "
    "your app needs Business Center Partner Management.",
    "partner_refused": "TikTok refused to show what this partner shares; everything else was read. Open Partners in "
    "your Business Center; it is tried again with the next import.",
    "app_problem": "TikTok refuses your app: check app id, secret and permissions in My Apps, then import again.",
    "answer_changed": "TikTok answered in another form than documented: report the request id to Keyturn's makers.",
    "platform_unavailable": "TikTok did not answer for a long time. What was read is kept; import again later.",
}
IMPORT_CODES = frozenset(_HINTS)


def import_hint(code: str | None) -> str | None:
    """Next step of the agency; None without a code."""
    return None if code is None else _HINTS.get(code, "See what TikTok answered, and import again.")


class NewImport(RequestShape):
    """Request for an import."""

    agency_account_id: Digits | None = Field(
        None,
        description="One of your Business Centers; default: all that the person who connected administers.",
        examples=["7000999988887777666"],
    )


class ImportView(BaseModel):
    """Import of everything that partners share with your Business Center already."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["import_01ksy1q3e0fzs8qj5m8g3d4w81"])
    platform: str = Field(examples=["tiktok"])
    agency_account_id: str = Field(description="Your Business Center.", examples=["7000999988887777666"])
    reason: str = Field(
        description="`connected`: you connected; `asked`: you requested it; `watch`: daily repetition.",
        examples=["connected"],
    )
    status: str = Field(description="`running`, `done` or `failed`.", examples=["running"])
    partners_total: int | None = Field(description="Null until the partners are listed.", examples=[200])
    partners_done: int = Field(description="Partners whose ad accounts were read.", examples=[120])
    catalogs_done: int = Field(description="Partners whose catalogs were read; these come second.", examples=[0])
    unreadable: int = Field(description="Partners and assets with invalid ids.", examples=[0])
    grants_found: int = Field(description="Access found for the first time.", examples=[512])
    grants_ended: int = Field(description="Access that was found earlier and is gone.", examples=[0])
    roles_changed: int = Field(examples=[0])
    code: str | None = Field(description="Reason of the failure.", examples=["connection_dead"])
    hint: str | None = Field(
        description="Next step of your agency.",
        examples=["TikTok has ended your own authorization: connect your Business Center again."],
    )
    platform_code: int | None = Field(description="The platform's code.", examples=[40105])
    platform_message: str | None = Field(examples=["Access token is incorrect or has been revoked."])
    platform_request_id: str | None = Field(
        description="For the platform's support.", examples=["20261204133209ABCDEF"]
    )
    started_at: Time
    finished_at: Time | None

    @classmethod
    def of(cls, row: Import) -> "ImportView":
        """From the row."""
        own = {name: getattr(row, name) for name in ImportView.model_fields if name not in ("hint", "started_at")}
        return cls(**own, hint=import_hint(row.code), started_at=row.created_at)


class RefusedPartner(BaseModel):
    """A partner that could not be read, with the reason."""

    partner_id: str = Field(examples=["partner_01ksy1q3e0fzs8qj5m8g3d4w80"])
    account_id: str = Field(examples=["7111222233334444555"])
    name: str = Field(examples=["Brand SA"])
    code: str = Field(examples=["partner_refused"])
    hint: str | None = Field(
        description="Next step of your agency.", examples=["Open Partners in your Business Center."]
    )
    platform_code: int | None = Field(examples=[40001])
    platform_message: str | None = Field(examples=["No permission"])
    platform_request_id: str | None = Field(examples=["20261204133209ABCDEF"])

    @classmethod
    def of(cls, row: Partner) -> "RefusedPartner":
        """From the row."""
        return cls(
            partner_id=row.id, account_id=row.account_id, name=row.name, code=row.code or "",
            hint=import_hint(row.code),
            platform_code=row.platform_code, platform_message=row.platform_message,
            platform_request_id=row.platform_request_id,
        )  # fmt: skip


class ImportDetail(ImportView):
    """An import with the partners that could not be read; their grants are unchanged."""

    partners_refused: int = Field(description="Number of partners that could not be read.", examples=[0])
    refused: list[RefusedPartner] = Field(description="The first hundred of them.")

    @classmethod
    def with_refused(cls, row: Import, refused: Sequence[Partner], count: int) -> "ImportDetail":
        """From the rows."""
        shown = [RefusedPartner.of(each) for each in refused]
        return cls(**dict(ImportView.of(row)), partners_refused=count, refused=shown)


@router.get("")
async def list_imports(caller: Reader, session: Session, limit: Limit = 50, cursor: Cursor = None) -> Page[ImportView]:
    """List the imports of your Business Centers, newest first."""
    rows = await service.page(session, caller.agency_id, limit=limit + 1, before=before(cursor, "import"))
    return by_id([ImportView.of(row) for row in rows], limit)


@router.post("", status_code=202)
async def start_imports(request: Request, caller: Writer, session: Session, given: NewImport) -> Page[ImportView]:
    """Start an import for each of your Business Centers; read it for its progress.

    Imports also start when your side is connected, and daily. One that is running is returned instead.
    """
    rows = await service.start(
        session,
        caller.agency_id,
        services_of(request).platforms.default.key,
        reason="asked",
        actor=caller.actor,
        agency_account_id=given.agency_account_id,
    )
    return Page(data=[ImportView.of(row) for row in rows])


@router.get("/{import_id}")
async def get_import(caller: Reader, session: Session, import_id: str) -> ImportDetail:
    """Retrieve an import with its progress, its results, and the partners that could not be read."""
    row = await service.find(session, caller.agency_id, import_id)
    refused = await service.refused(session, row, limit=REFUSED_SHOWN)
    return ImportDetail.with_refused(row, refused, await service.count_refused(session, row))
