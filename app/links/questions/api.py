"""JSON routes: the files a client gave, one by one."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from app.kit.database import Session
from app.links.questions import queries, service
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(route_class=ApiRoute)

#: Whatever the file is: no browser is to open it here. Its type stands in the link's answers.
BYTES = "application/octet-stream"

Reader = Annotated[Principal, requires("links:read")]


@router.get(
    "/links/{link_id}/files/{file_id}",
    response_class=Response,
    responses={
        200: {
            "description": "The file itself, to be saved.",
            "content": {BYTES: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def get_file(request: Request, caller: Reader, session: Session, link_id: str, file_id: str) -> Response:
    """A file the client gave, to be saved. Its type was told by its content; open it with care all the same."""
    file = await queries.file_with_bytes(session, caller.agency_id, link_id, file_id)
    content = services_of(request).keyring.decrypt_bytes(file.sealed, bound_to=service.place(caller.agency_id, file.id))
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(content, media_type=BYTES, headers=headers)
