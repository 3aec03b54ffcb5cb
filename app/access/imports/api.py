"""JSON routes: imports of what the agency has already."""

from typing import Annotated

from fastapi import APIRouter

from app.access.imports import queries, service
from app.access.imports.schemas import ImportDetail, ImportView, NewImport
from app.kit.database import Session
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(prefix="/imports", route_class=ApiRoute)

Reader = Annotated[Principal, requires("grants:read")]
Writer = Annotated[Principal, requires("connections:write")]
REFUSED_SHOWN = 100


@router.get("")
async def list_imports(caller: Reader, session: Session, limit: Limit = 50, cursor: Cursor = None) -> Page[ImportView]:
    """Imports of your Business Centers, newest first."""
    rows = await queries.page(session, caller.agency_id, limit=limit + 1, before=before(cursor, "import"))
    return by_id([ImportView.of(row) for row in rows], limit)


@router.post("", status_code=202)
async def start_imports(caller: Writer, session: Session, given: NewImport) -> Page[ImportView]:
    """Looks now at what your Business Centers have from their partners: one import for each; read it for progress.

    An import starts by itself when your side is connected, and again every day. One that runs already is given back.
    """
    rows = await service.start(
        session, caller.agency_id, "tiktok", reason="asked", actor=caller.actor, agency_bc_id=given.agency_bc_id
    )
    return Page(data=[ImportView.of(row) for row in rows])


@router.get("/{import_id}")
async def get_import(caller: Reader, session: Session, import_id: str) -> ImportDetail:
    """One import: how far it is, what it found, and which partners could not be read."""
    row = await queries.find(session, caller.agency_id, import_id)
    refused = await queries.refused(session, row, limit=REFUSED_SHOWN)
    return ImportDetail.with_refused(row, refused, await queries.count_refused(session, row))
