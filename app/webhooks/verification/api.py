"""JSON route: having an endpoint prove itself."""

from typing import Annotated

from fastapi import APIRouter, Request

from app.kit.database import Session
from app.kit.web import problem
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute
from app.webhooks.endpoints.schemas import EndpointView, view
from app.webhooks.verification import service

router = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=ApiRoute)

Writer = Annotated[Principal, requires("webhooks:write")]


@router.post("/endpoints/{endpoint_id}/verification", responses=problem.documented(429))
async def verify_endpoint(request: Request, caller: Writer, session: Session, endpoint_id: str) -> EndpointView:
    """Sends a challenge (type `webhook.verification`) and looks for it in the answer. Ten a minute, with tests."""
    at = request.app.state
    asked = await service.access_request(session, caller.agency_id, endpoint_id, keyring=at.keyring, actor=caller.actor)
    await session.commit()  # nothing is held while the receiver thinks
    answer = await at.egress.post(
        asked.challenge.url, headers=asked.headers, body=asked.body, seconds=asked.challenge.seconds
    )
    endpoint, failed = await service.conclude(session, asked.challenge, answer, actor=caller.actor)
    if failed:
        await session.commit()  # that it failed is recorded all the same
        raise failed
    return view(endpoint, at.keyring)
