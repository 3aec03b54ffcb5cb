"""The registered address to which the platform sends everybody back."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse

from app.access.connections import authorising
from app.access.connections.authorising import Side, StateRefused
from app.kit.database import Session
from app.kit.html.render import see_other
from app.links import address

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Query(max_length=2000)]


@router.get("/callbacks/tiktok")
async def back_from_tiktok(
    request: Request, session: Session, state: Text = "", auth_code: Text = "", code: Text = ""
) -> RedirectResponse:
    """Seals the code and sends the browser on to where its cookie is. Nothing is exchanged here."""
    if not state:
        raise StateRefused
    vault = request.app.state.vault
    back = await authorising.receive(session, vault, state=state, code=auth_code or code or None)
    screens = address.of_screens(back.link_id) if back.side is Side.LINK and back.link_id else "/connect"
    return see_other(request, f"{request.app.state.public_url}{screens}/return?handle={back.handle}")
