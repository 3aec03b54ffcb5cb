"""After the yes: how each ask stands, what to do next, and the receipt."""

import hashlib
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access.handshakes import actions as handshakes
from app.journey import actions, words
from app.journey.branding import brand_of
from app.journey.browser import FROM_OUR_SCREEN, LinkForm, Opened, OpenLink, OpenScreen
from app.journey.shown import platform_of, screen
from app.journey.telling import lines
from app.journey.telling.guidance import StepLine, steps
from app.journey.telling.removal import removal_steps
from app.kit import clock
from app.kit.database import Session
from app.kit.html import forms, headers, render
from app.links import queries as links
from app.links.model import Ask
from app.links.queries import Whole
from app.platforms.port import Platform

router = APIRouter(include_in_schema=False)

CHANGEABLE = ("business-center", "accounts")


@router.get("/l/{link_id}/progress")
async def progress(request: Request, link: OpenScreen, cancelled: bool = False, outcome: str = "") -> Response:
    """Each ask from sent to verified, and the one thing to do if it is the client's turn."""
    platform = platform_of(request, link.whole)
    return screen(
        request,
        link,
        "progress",
        form_to=(platform.consent_origin,),
        came_back=words.CAME_BACK.get("cancelled" if cancelled else outcome),
        **_standing(request, link),
    )


@router.get("/l/{link_id}/progress/lines")
async def progress_lines(request: Request, link: OpenScreen, mark: str = "") -> Response:
    """The part of the page that changes by itself, for pages with JavaScript; 204 while it is as shown."""
    standing = _standing(request, link)
    if mark == standing["mark"]:
        return Response(status_code=204, headers=headers.of_page())
    return render.page(
        request, "journey:parts/moved.html", here=link.path, form_token=forms.token(request, link.cookie),
        **brand_of(link.whole), **standing,
    )  # fmt: skip


@router.post("/l/{link_id}/check", dependencies=[FROM_OUR_SCREEN])
async def check(request: Request, session: Session, link: OpenLink) -> Response:
    """The client did something and wants to see it."""
    await handshakes.check_now(session, link.whole.agency.id, link.whole.link.id)
    return render.see_other(request, f"{link.path}/progress")


@router.post("/l/{link_id}/change")
async def change(request: Request, session: Session, link: OpenLink, form: LinkForm) -> Response:
    """Another Business Center or ad account than agreed: asked for again, then agreed to again."""
    await actions.take_back(session, link.whole.agency.id, link.whole.link.id)
    to = form.text("screen")
    return render.see_other(request, f"{link.path}/{to if to in CHANGEABLE else CHANGEABLE[-1]}")


@router.get("/l/{link_id}/receipt")
async def receipt(request: Request, session: Session, link: OpenScreen) -> Response:
    """What was shared, in which role, when, who saw it, and how to take it back."""
    whole = link.whole
    platform = platform_of(request, whole)
    return screen(
        request,
        link,
        "receipt",
        summary=lines.summary(whole.asks, whole.link.lane),
        asks=[(ask, lines.of_ask(ask, whole, platform)) for ask in whole.asks if ask.asset_id],
        consent=await links.last_consent(session, whole.agency.id, whole.link.id),
        center=whole.intake.bc_name or "Your Business Center",
        center_id=whole.intake.bc_id,
        agency_bc_id=whole.link.agency_bc_id,
        reference=whole.link.id,
        removing=removal_steps(platform.key, agency=whole.agency.name),
        platform=platform.name,
        now=clock.now(),
    )


def _standing(request: Request, link: Opened) -> dict[str, Any]:
    whole = link.whole
    platform = platform_of(request, whole)
    shown = [lines.of_ask(ask, whole, platform) for ask in whole.asks if ask.asset_id]
    summary = lines.summary(whole.asks, whole.link.lane)
    guided = whole.link.lane == "guided"
    to_do = [ask for ask in whole.asks if guided and _is_to_do(ask)]
    return {
        "platform": platform.name,
        "lines": shown,
        "summary": summary,
        "mark": hashlib.sha256(repr((shown, guided)).encode()).hexdigest()[:16],
        "moving": not summary.all_done,
        "fix": next((line for line in shown if line.tone == "yours" and line.label), None),
        "guided": guided,
        "by_hand": bool(to_do),
        "checked": max((ask.recheck_at for ask in to_do if ask.recheck_at), default=None),
        "changeable": any(ask.state in actions.NOT_SHARED_YET for ask in whole.asks),
        "agency_bc_id": whole.link.agency_bc_id,
        "dated": date.fromisoformat(platform.guided_dated),
        "guidance": _guidance(whole, platform),
    }


def _guidance(whole: Whole, platform: Platform) -> list[StepLine]:
    asked = whole.asks[0]
    return steps(
        platform.guided_steps(asked.kind),
        agency=whole.agency.name,
        agency_bc_id=whole.link.agency_bc_id,
        role=asked.role.capitalize(),
    )


def _is_to_do(ask: Ask) -> bool:
    """Whether the steps by hand are still, or again, to be done for it."""
    return ask.state in ("approved", "awaiting_client") or ask.code == "asset_not_shared"
