"""Steps by hand, one on each page, or all on one: on a platform with an API, and for an access on a manual platform."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from app.client_portal import offers
from app.client_portal.copy.guided_steps import StepLine
from app.client_portal.errors import Elsewhere
from app.client_portal.link_session import CurrentLink, OpenLink
from app.client_portal.pages.progress import platforms_progress
from app.client_portal.rendering import screen
from app.kit.database import Session
from app.kit.html import forms
from app.kit.i18n.message import ContentDate, Message, Text

router = forms.page_router()


@dataclass(frozen=True)
class Walk:
    """The steps in their order. `done`: the button after the last one, and the path of its form under the link.

    `onward`: instead of it, a link and its path under the link. `before`: the page before the first step.
    """

    lines: Sequence[StepLine]
    platform: str
    about: Text | None
    dated: ContentDate | None
    done: tuple[Message, str] | None
    onward: tuple[Message, str] | None = None
    before: str = "progress"

    def number(self, asked: str) -> int:
        """Number of the step that is shown: the one asked for, else the first that is not done."""
        if asked.isascii() and asked.isdigit() and len(asked) < 4:
            return min(max(int(asked), 1), len(self.lines))
        return next((at for at, line in enumerate(self.lines, 1) if not line.is_done), 1)


@router.get("/l/{link_id}/{platform}/steps")
async def platform_steps(
    request: Request, session: Session, link: OpenLink, platform: str, step: str = "", every: bool = False
) -> HTMLResponse:
    """Show one of the steps on a platform with an API. `every`: all of them."""
    _refuse_early(link)
    found = next(each for each in await platforms_progress(request, session, link) if each.key == platform)
    done = (found.done_label, f"{platform}/check") if found.steps else None
    walk = Walk(found.steps or found.done_steps, found.name, None, found.dated, done)
    return shown_steps(request, link, walk, step, every=every)


@router.get("/l/{link_id}/access-requests/{access_request_id}/steps")
async def manual_steps(
    request: Request, session: Session, link: OpenLink, access_request_id: str, step: str = "", every: bool = False
) -> HTMLResponse:
    """Show one of the steps of an access request on a manual platform. `every`: all of them."""
    _refuse_early(link)
    groups = await offers.manual_groups(session, link.aggregate)
    found = [(group, line) for group in groups for line in group.lines if line.id == access_request_id]
    walk = Walk((), "", None, None, None)
    for group, line in found:
        done = (line.asked.platform.done, f"access-requests/{line.id}/done") if line.can_say_done else None
        walk = Walk(line.steps, group.name, line.asked.line, group.dated, done)
    return shown_steps(request, link, walk, step, every=every)


def _refuse_early(link: CurrentLink) -> None:
    """Raise Elsewhere before the consent."""
    if not link.progress.submitted:
        raise Elsewhere(f"{link.path}/progress")


def shown_steps(request: Request, link: CurrentLink, walk: Walk, asked: str, *, every: bool) -> HTMLResponse:
    """The page of one step, or of all. Raises Elsewhere if there is none to do."""
    if not walk.lines:
        raise Elsewhere(f"{link.path}/progress")
    shown: Mapping[str, Any] = {"lines": walk.lines, "platform": walk.platform, "about": walk.about,
                                "dated": walk.dated, "done": walk.done, "onward": walk.onward,
                                "back_to_page": walk.before, "path": request.url.path}  # fmt: skip
    if every:
        return screen(request, link, "all-steps", **shown)
    at = walk.number(asked)
    return screen(request, link, "steps", **shown, line=walk.lines[at - 1], at=at, count=len(walk.lines))
