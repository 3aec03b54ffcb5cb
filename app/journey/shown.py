"""Showing a screen: what every screen has, beside what is its own."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app.journey import screens
from app.journey.branding import brand_of
from app.journey.browser import Opened, standing_of
from app.kit.html import forms, render
from app.links import queries as links
from app.links.queries import Whole
from app.platforms.port import Platform


def screen(
    request: Request,
    link: Opened,
    name: str,
    *,
    problems: dict[str, str] | None = None,
    form_to: tuple[str, ...] = (),
    **context: Any,
) -> HTMLResponse:
    """The page of a screen; with problems it answers a form that could not be kept (422)."""
    at = screens.WAY.index(name) + 1 if name in screens.WAY else None
    back = screens.before(name) if at else None
    return render.page(
        request,
        f"journey:screens/{name.replace('-', '_')}.html",
        status=422 if problems else 200,
        form_to=form_to,
        **brand_of(link.whole),
        here=link.path,
        form_token=forms.token(request, link.cookie),
        problems=problems or {},
        step=at,
        steps=len(screens.WAY),
        minutes=screens.MINUTES.get(name),
        back=f"{link.path}/{back}" if back else None,
        **context,
    )


async def go_on(request: Request, session: AsyncSession, link: Opened) -> RedirectResponse:
    """303 to the first screen that still needs the client, after an answer was kept."""
    whole = await links.whole(session, link.whole.agency.id, link.whole.link.id)
    standing = standing_of(whole, connected=link.connection is not None)
    return render.see_other(request, f"{link.path}/{screens.next_screen(standing)}")


def platform_of(request: Request, whole: Whole) -> Platform:
    """The platform a link is about."""
    platform: Platform = request.app.state.platforms[whole.asks[0].platform]
    return platform
