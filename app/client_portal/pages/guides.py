"""Guides about a platform for clients, by topic: what it is, how it is set up, and how it is kept safe."""

from fastapi import Request
from fastapi.responses import HTMLResponse

from app.client_portal.errors import Elsewhere
from app.client_portal.link_session import OpenLink
from app.client_portal.rendering import platform_of, screen
from app.client_portal.screens import next_screen
from app.kit.html import forms

router = forms.page_router()


@router.get("/l/{link_id}/{platform}/guides")
async def guides(request: Request, link: OpenLink, platform: str) -> HTMLResponse:
    """Show the guides. Raises Elsewhere for a platform without any."""
    adapter = platform_of(request, platform)
    if not adapter.help_topics:
        raise Elsewhere(f"{link.path}/{next_screen(link.progress)}")
    linking = adapter.profile_linking if link.aggregate.step_link is None else None  # no part of another's step
    return screen(
        request, link, "guides", platform=adapter.name, topics=adapter.help_topics, linking=linking,
        onward=next_screen(link.progress),
    )  # fmt: skip
