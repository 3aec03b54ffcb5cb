"""The registered address to which the platform sends everybody back."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse

from app.access.connections import oauth_flow
from app.access.connections.oauth_flow import Party, StateRefused
from app.kit.database import Session
from app.kit.html.render import see_other
from app.links import url

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Query(max_length=2000)]


@router.get("/callbacks/tiktok")
async def back_from_tiktok(
    request: Request, session: Session, state: Text = "", auth_code: Text = "", code: Text = ""
) -> RedirectResponse:
    """Seals the code and sends the browser on to where its cookie is. Nothing is exchanged here."""
    if not state:
        raise StateRefused
    keyring = request.app.state.keyring
    back = await oauth_flow.receive(session, keyring, state=state, code=auth_code or code or None)
    screens = url.of_screens(back.link_id) if back.side is Party.LINK and back.link_id else "/connect"
    return see_other(request, f"{request.app.state.public_url}{screens}/return?handle={back.handle}")
