"""JSON routes: a code for a client's new device."""

from typing import Annotated

from fastapi import APIRouter, Request

from app.kit.database import Session
from app.links.devices import service
from app.links.devices.schemas import DeviceCodeView
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(route_class=ApiRoute)

Revealer = Annotated[Principal, requires("links:address")]


@router.post("/links/{link_id}/device-codes", status_code=201)
async def create_device_code(request: Request, caller: Revealer, session: Session, link_id: str) -> DeviceCodeView:
    """Creates a code for a client who opens the link on a new device and cannot receive one by e-mail.

    It admits one browser within half an hour and replaces any earlier code. First make sure that the request comes from
    your client. The new browser has to connect TikTok again. Each code is recorded.
    """
    made, code = await service.make_code(
        session, caller.agency_id, link_id, keyring=services_of(request).keyring, actor=caller.actor
    )
    return DeviceCodeView(link_id=link_id, code=code, expires_at=made.expires_at)
