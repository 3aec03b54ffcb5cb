"""The review: every consequence in a sentence, then the client's yes."""

from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access.handshakes import actions as handshakes
from app.access.handshakes import dry_run
from app.journey.browser import LinkForm, Opened, OpenScreen
from app.journey.shown import platform_of, screen
from app.journey.telling.agreement import Agreement, agreement
from app.journey.telling.offer import offers
from app.kit.database import Session
from app.kit.html import render
from app.links import intake, progress
from app.links import queries as links

router = APIRouter(include_in_schema=False)


@router.get("/l/{link_id}/review")
async def review(request: Request, link: OpenScreen) -> Response:
    """What will be done, word for word, and what was told."""
    return _shown(request, link, _text(request, link), "", {})


@router.post("/l/{link_id}/review")
async def agree(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Keeps the yes with the words it was given to, and sets the handshake going."""
    agency_id, link_id = link.whole.agency.id, link.whole.link.id
    # under the lock: what is agreed to is what was shown, whatever another tab does meanwhile
    whole = await links.whole(session, agency_id, link_id, lock=True)
    if not any(ask.asset_id and not ask.approved_at and not ask.declined_at for ask in whole.asks):
        return render.see_other(request, f"{link.path}/progress")  # pressed twice: it was said already
    link = replace(link, whole=whole)
    text = _text(request, link)
    name = form.text("name", most=120)
    problems = form.too_long or _problems(name, form.ticked("agree"), form.text("mark") == text.mark)
    if problems:
        return _shown(request, link, text, name, problems)
    await progress.give_consent(session, agency_id, link_id, name=name, sentences=text.sentences)
    await handshakes.submit(session, await links.whole(session, agency_id, link_id))
    return render.see_other(request, f"{link.path}/progress")


def _text(request: Request, link: Opened) -> Agreement:
    platform = platform_of(request, link.whole)
    asked = [(ask.kind, ask.role, ask.reason) for ask in link.whole.asks]
    plan = dry_run.sentences(link.whole, platform)
    return agreement(plan, offers(asked, platform), agency=link.whole.agency.name, client=link.whole.client.name)


def _problems(name: str, agreed: bool, unchanged: bool) -> dict[str, str]:
    problems = {}
    if not unchanged:
        problems["plan"] = "The list changed since you opened this page. Please read it again before you agree."
    if not agreed:
        problems["agree"] = "Tick this if you agree; without it nothing is shared."
    if not name:
        problems["name"] = "Enter your name."
    return problems


def _shown(request: Request, link: Opened, text: Agreement, name: str, problems: dict[str, str]) -> Response:
    told = link.whole.intake
    countries = intake.countries("en")
    return screen(
        request,
        link,
        "review",
        problems=problems,
        text=text,
        signed=name,
        changed="plan" in problems,
        by_hand=link.whole.link.lane == "guided",
        center=told.bc_name,
        center_id=told.bc_id,
        accounts=[ask for ask in link.whole.asks if ask.asset_id and not ask.approved_at and not ask.declined_at],
        pixels=told.pixel_codes or [],
        markets=[countries.get(code, code) for code in told.markets or []],
        contacts=told.contacts or [],
    )
