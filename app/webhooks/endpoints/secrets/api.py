"""JSON routes: the signing secrets of an endpoint."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from app.kit.database import Session
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute
from app.webhooks.endpoints import queries
from app.webhooks.endpoints.secrets import service
from app.webhooks.endpoints.secrets.schemas import Rotation, Secrets, SecretView, view

router = APIRouter(prefix="/webhooks/endpoints/{endpoint_id}", tags=["webhooks"], route_class=ApiRoute)

Writer = Annotated[Principal, requires("webhooks:write")]
Confidant = Annotated[Principal, requires("webhooks:secrets")]


@router.get("/secret")
async def read_secrets(request: Request, caller: Confidant, session: Session, endpoint_id: str) -> Secrets:
    """The secrets that sign its deliveries, the current one first. Each look is recorded."""
    rows = await service.show_secrets(session, caller.agency_id, endpoint_id, actor=caller.actor)
    keyring = request.app.state.keyring
    return Secrets(data=[view(row, queries.open_secret(keyring, row)) for row in rows])


@router.post("/secret/rotation", status_code=201)
async def rotate_secret(
    request: Request,
    caller: Writer,
    session: Session,
    endpoint_id: str,
    given: Annotated[Rotation, Body(default_factory=Rotation)],
) -> SecretView:
    """Gives it a new secret, shown in the answer. The one before signs too for a while, so that nothing is lost."""
    made, text = await service.rotate_secret(
        session, caller.agency_id, endpoint_id, grace=timedelta(seconds=given.grace_seconds), given=given.secret,
        force=given.force, keyring=request.app.state.keyring, actor=caller.actor,
    )  # fmt: skip
    return view(made, text)


@router.delete("/secrets/{secret_id}", status_code=204)
async def end_secret(caller: Writer, session: Session, endpoint_id: str, secret_id: str) -> Response:
    """Ends one of two secrets before its time; the other signs alone."""
    await service.end_secret(session, caller.agency_id, endpoint_id, secret_id, actor=caller.actor)
    return Response(status_code=204)
