"""JSON routes: changing and deleting endpoints."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from app.kit.database import Session
from app.kit.web import problem
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute
from app.webhooks.endpoint_updates import service
from app.webhooks.endpoints import advice, etag
from app.webhooks.endpoints.request_schemas import EndpointChange
from app.webhooks.endpoints.schemas import WrittenEndpoint, view

router = APIRouter(prefix="/webhooks/endpoints", tags=["webhooks"], route_class=ApiRoute)

Writer = Annotated[Principal, requires("webhooks:write")]
IfMatch = Annotated[
    str | None,
    Header(
        max_length=500,
        description="The ETag you read. Somebody changed the endpoint since: 412, and nothing is done.",
        examples=['"3"'],
    ),
]


@router.patch("/{endpoint_id}", responses=problem.documented(412))
async def change_endpoint(
    request: Request,
    response: Response,
    caller: Writer,
    session: Session,
    endpoint_id: str,
    given: EndpointChange,
    if_match: IfMatch = None,
) -> WrittenEndpoint:
    """Changes the fields you name. With another URL, deliveries on their way to the old one go again to the new."""
    at, changes = request.app.state, given.changes()
    if "url" in changes:
        changes["url"] = await at.egress.vet(changes["url"])
    endpoint = await service.change_endpoint(
        session, caller.agency_id, endpoint_id, changes, if_match=if_match, keyring=at.keyring, actor=caller.actor,
        verify=at.verify_endpoints,
    )  # fmt: skip
    response.headers["ETag"] = etag.of(endpoint.version)
    warnings = await advice.about(session, endpoint, named=changes.get("event_types"))
    return WrittenEndpoint(**dict(view(endpoint, at.keyring)), warnings=warnings)


@router.delete("/{endpoint_id}", status_code=204, responses=problem.documented(412))
async def delete_endpoint(caller: Writer, session: Session, endpoint_id: str, if_match: IfMatch = None) -> Response:
    """Ends an endpoint; its pending deliveries are cancelled and stay listed."""
    await service.delete_endpoint(session, caller.agency_id, endpoint_id, if_match=if_match, actor=caller.actor)
    return Response(status_code=204)
