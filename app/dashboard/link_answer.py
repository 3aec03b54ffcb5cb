"""Answers to the forms of the page of a client's link."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from app.dashboard import link_page
from app.dashboard.link_form import LINKS
from app.dashboard.link_page import Opened
from app.dashboard.member_session import CurrentMember
from app.kit.database import Session
from app.kit.errors import AppError, InvalidInput, NotFound
from app.kit.html import render
from app.links import queries
from app.links.models import AccessRequest

#: Writes that an answer is about.
Write = Callable[[], Awaitable[Any]]


async def of_link(session: Session, caller: CurrentMember, link_id: str, access_request_id: str) -> AccessRequest:
    """An access request of this link. Raises NotFound."""
    found = await queries.access_request(session, caller.agency_id, access_request_id)
    if found.link_id != link_id:
        raise NotFound
    return found


async def done(
    request: Request,
    session: Session,
    caller: CurrentMember,
    link_id: str,
    act: Write,
    news: str,
    *,
    why: str = "",
    kept: Opened | None = None,
) -> Response:
    """303 to the page with the news; the page with the reason if the act was refused. Raises NotFound, InvalidInput.

    `kept`: parts of the page that are open then, with what was typed.
    """
    try:
        async with session.begin_nested():
            await act()
    except (NotFound, InvalidInput):
        raise
    except AppError as refused:
        opened = replace(kept or Opened(why=why), refused=refused.sentences)
        return await link_page.show(request, session, caller, link_id, opened, code=refused.status)
    return render.see_other(request, f"{LINKS}/{link_id}?done={news}" + (f"&why={why}" if why else ""))
