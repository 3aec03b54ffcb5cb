"""After the yes: how each ask stands, what to do next, and the receipt."""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access.handshakes import actions as handshakes
from app.access.handshakes.deciding.giving import BY_API
from app.journey import actions, others, words
from app.journey.branding import brand_of
from app.journey.browser import FROM_OUR_SCREEN, LinkForm, Opened, OpenLink, OpenScreen
from app.journey.shown import consent_origins, platform_of, screen, to_platform
from app.journey.telling import lines
from app.journey.telling.guidance import Guidance, steps
from app.journey.telling.offer import kind_name
from app.journey.telling.removal import removal_steps
from app.kit import clock
from app.kit.database import Session
from app.kit.html import forms, headers, render
from app.links import queries as links
from app.links.model import Ask
from app.links.queries import Whole
from app.links.status import OVER
from app.platforms.port import Platform

router = APIRouter(include_in_schema=False)

CHANGEABLE = ("business-center", "accounts")


@router.get("/l/{link_id}/progress")
async def progress(
    request: Request, session: Session, link: OpenScreen, cancelled: bool = False, outcome: str = ""
) -> Response:
    """Each ask from sent to verified, and the one thing to do if it is the client's turn."""
    return screen(
        request,
        link,
        "progress",
        form_to=consent_origins(request, link.whole),
        came_back=words.CAME_BACK.get("cancelled" if cancelled else outcome),
        **await _standing(request, session, link),
    )


@router.get("/l/{link_id}/progress/lines")
async def progress_lines(request: Request, session: Session, link: OpenScreen, mark: str = "") -> Response:
    """The part of the page that changes by itself, for pages with JavaScript; 204 while it is as shown."""
    standing = await _standing(request, session, link)
    if mark == standing["mark"]:
        return Response(status_code=204, headers=headers.of_page())
    return render.page(
        request, "journey:parts/moved.html", here=link.path, form_token=forms.token(request, link.cookie),
        **brand_of(link.whole), **standing,
    )  # fmt: skip


@router.post("/l/{link_id}/check", dependencies=[FROM_OUR_SCREEN])
async def check(request: Request, session: Session, link: OpenLink) -> Response:
    """The client did something and wants to see it."""
    if link.standing.connecting:
        await handshakes.check_now(session, link.whole.agency.id, link.whole.link.id)
    return render.see_other(request, f"{link.path}/progress")


@router.post("/l/{link_id}/reduction")
async def reduce(request: Request, session: Session, link: OpenLink, form: LinkForm) -> Response:
    """The client wants a role lowered that is higher than agreed; without a connection it connects first."""
    await handshakes.reduce(session, link.whole.agency.id, link.whole.link.id, form.text("ask"))
    if link.connection is None:
        return await to_platform(request, session, link)
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
    platform = platform_of(request, whole) if link.standing.connecting else None
    return screen(
        request,
        link,
        "receipt",
        summary=lines.summary(whole.asks, whole.link.lane),
        asks=[(ask, lines.of_ask(ask, whole, platform)) for ask in _read(whole)] if platform else [],
        others=await others.groups(session, whole),
        consent=await links.last_consent(session, whole.agency.id, whole.link.id),
        center=whole.intake.bc_name or "Your Business Center",
        center_id=whole.intake.bc_id,
        agency_bc_id=whole.link.agency_bc_id,
        reference=whole.link.id,
        removing=removal_steps(platform.key, agency=whole.agency.name) if platform else [],
        platform=platform.name if platform else None,
        leaving=any(ask.unwanted_at and ask.state not in OVER for ask in whole.asks),
        now=clock.now(),
    )


async def _standing(request: Request, session: Session, link: Opened) -> dict[str, Any]:
    """All that moves: of the platform we read, then of written ones."""
    whole = link.whole
    elsewhere = await others.groups(session, whole)
    summary = lines.summary(whole.asks, whole.link.lane)
    guided = whole.link.lane == "guided"
    read = _of_platform(platform_of(request, whole), whole) if link.standing.connecting else _OF_NO_PLATFORM
    return {
        **read,
        "others": elsewhere,
        "others_to_do": any(group.is_to_do for group in elsewhere),
        "summary": summary,
        "mark": hashlib.sha256(repr((read["lines"], elsewhere, guided)).encode()).hexdigest()[:16],
        "moving": not summary.all_done,
    }


#: What the page shows of a platform we read, on a link that asks for nothing there.
_OF_NO_PLATFORM: dict[str, Any] = {
    "platform": None, "lines": [], "fix": None, "guided": False, "by_hand": False, "checked": None,
    "changeable": False, "agency_bc_id": None, "dated": None, "guidance": [],
}  # fmt: skip


def _of_platform(platform: Platform, whole: Whole) -> dict[str, Any]:
    shown = [lines.of_ask(ask, whole, platform) for ask in _read(whole)]
    guided = whole.link.lane == "guided"
    to_do = [ask for ask in whole.asks if ask.asset_id and _is_by_hand(ask, whole) and _is_to_do(ask)]
    return {
        "platform": platform.name,
        "lines": shown,
        "fix": next((line for line in shown if line.tone == "yours" and line.label), None),
        "guided": guided,
        "by_hand": bool(to_do),
        "checked": max((ask.recheck_at for ask in to_do if ask.recheck_at), default=None),
        "changeable": any(ask.state in actions.NOT_SHARED_YET for ask in _read(whole)),
        "agency_bc_id": whole.link.agency_bc_id,
        "dated": date.fromisoformat(platform.guided_dated),
        "guidance": _guidance(whole, platform, to_do),
    }


def _read(whole: Whole) -> list[Ask]:
    """The asks that we read, and that name their asset."""
    return [ask for ask in whole.asks if ask.asset_id and not ask.is_custom]


def _guidance(whole: Whole, platform: Platform, to_do: Sequence[Ask]) -> list[Guidance]:
    """The steps for each kind of asset and role that is still to be shared by hand."""
    named = {ask.asset_id: ask.asset_name or ask.asset_id or "" for ask in whole.asks if ask.asset_id}
    groups: dict[tuple[str, str], list[Ask]] = {}
    for ask in to_do:
        groups.setdefault((ask.kind, ask.role), []).append(ask)
    return [
        Guidance(
            title=f"{platform.name} {kind_name(kind, len(asks))}",
            steps=tuple(
                steps(
                    platform.guided_steps(kind),
                    agency=whole.agency.name,
                    agency_bc_id=whole.link.agency_bc_id or "",
                    role=role.replace("_", " ").capitalize(),
                    asset=", ".join(dict.fromkeys(ask.person_email or named[ask.asset_id or ""] for ask in asks)),
                    through=", ".join(
                        dict.fromkeys(named.get(ask.through_id, ask.through_id) for ask in asks if ask.through_id)
                    ),
                )
            ),
        )
        for (kind, role), asks in groups.items()
    ]


def _is_by_hand(ask: Ask, whole: Whole) -> bool:
    """Whether the client does it: in the guided lane everything, else what TikTok lets nobody share by API."""
    return not ask.is_custom and (whole.link.lane == "guided" or ask.kind not in BY_API)


def _is_to_do(ask: Ask) -> bool:
    """Whether the steps by hand are still, or again, to be done for it."""
    return ask.state in ("approved", "awaiting_client") or ask.code in ("asset_not_shared", "pixel_not_linked")
