"""Pixels, and catalogs where they are asked for: told for the record, or shared like ad accounts."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access.connections import choices
from app.access.connections import queries as connections
from app.access.connections.choices import Choice
from app.journey.actions import choose_assets
from app.journey.answers import tracking
from app.journey.answers.tracking import ON
from app.journey.browser import LinkForm, Opened, OpenScreen
from app.journey.pages.assets import taken_numbers
from app.journey.shown import consent_origins, go_on, screen
from app.journey.telling import lines
from app.kit.database import Session
from app.kit.html.forms import Form
from app.links import progress
from app.links.model import Ask
from app.links.progress import Chosen

router = APIRouter(include_in_schema=False)


@router.get("/l/{link_id}/pixels")
async def pixels(request: Request, link: OpenScreen) -> Response:
    """The pixels on the client's websites, if any, and the ad account each is to be used in."""
    known = link.whole.intake.pixel_codes
    if known is None:  # TikTok's list is proposed if it leaves no choice
        can = [choice.id for choice in _seen(link) if choice.can]
        known = can if len(can) == 1 or not _asks(link, "pixel") else []
    on = {ask.asset_id: ask.through_id for ask in _asks(link, "pixel") if ask.asset_id}
    catalogs = "\n".join(ask.asset_id for ask in _asks(link, "catalog") if ask.asset_id)
    return _screen(request, link, given=list(known), on=on, catalogs=catalogs)


@router.post("/l/{link_id}/pixels")
async def save_pixels(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Save them, and create one ask for each if access is requested. No choice declines an optional item."""
    seen = _seen(link)
    typed = form.texts("pixels") if seen else [form.text("pixels", most=5_000)]
    read, on, listed = tracking.pixels(typed, seen), _on(form), form.text("catalogs", most=5_000)
    catalogs = tracking.catalogs(listed, taken=taken_numbers(link, but="catalog"))
    names = {choice.id: choice.name for choice in seen}
    picked = tracking.placed(read.values, on, [ask.asset_id or "" for ask in _accounts(link)], names)
    problems = dict(form.problems)
    problems |= {"pixels": read.problem} if read.problem else {}
    problems |= picked.problems if _asks(link, "pixel") and not read.problem else {}
    problems |= {"catalogs": catalogs.problem} if catalogs.problem else {}
    problems = _needed(link, {"pixel": read.values, "catalog": catalogs.values}) | problems
    if problems:
        return _screen(request, link, given=typed, on=on, catalogs=listed, problems=problems)
    await _keep(session, link, list(read.values), picked.chosen, catalogs.values)
    return await go_on(request, session, link)


def _needed(link: Opened, chosen: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """An error beside each required field that is empty: an empty field does not decline a required item."""
    agency = link.whole.agency
    return {
        f"{kind}s": f"{agency.name} needs a {kind} to start. Choose one, or talk to {agency.contact_name} first."
        for kind, given in chosen.items()
        if not given and any(ask.required and not ask.approved_at for ask in _asks(link, kind))
        and not any(ask.approved_at for ask in _asks(link, kind))
    }  # fmt: skip


async def _keep(
    session: Session, link: Opened, codes: list[str], chosen: Sequence[Chosen], catalogs: Sequence[str]
) -> None:
    agency_id, link_id = link.whole.agency.id, link.whole.link.id
    await _choose(session, link, "pixel", chosen)
    await _choose(session, link, "catalog", [Chosen(each) for each in catalogs])
    await progress.save_intake(session, agency_id, link_id, pixel_codes=codes)
    await progress.finish_screen(session, agency_id, link_id, "pixels")


async def _choose(session: Session, link: Opened, kind: str, chosen: Sequence[Chosen]) -> None:
    """Makes one ask of each; none is a no to all of the kind, and choosing later takes the no back."""
    agency_id, link_id = link.whole.agency.id, link.whole.link.id
    asks = [ask for ask in _asks(link, kind) if not ask.approved_at]
    if not asks:
        return
    if chosen:
        for ask in asks:
            await progress.take_up_again(session, agency_id, link_id, ask.id)
    await choose_assets(session, link.whole, kind, chosen)
    if not chosen:
        for ask in asks:
            await progress.decline(session, agency_id, link_id, ask.id)


def _screen(
    request: Request,
    link: Opened,
    *,
    given: Sequence[str],
    on: dict[Any, Any],
    catalogs: str,
    problems: dict[str, str] | None = None,
) -> Response:
    seen = _seen(link)
    return screen(
        request,
        link,
        "pixels",
        problems=problems,
        asked=bool(_asks(link, "pixel")),
        needed=any(ask.required for ask in _asks(link, "pixel")),
        reason=next((ask.reason for ask in _asks(link, "pixel")), None),
        form_to=consent_origins(request, link.whole) if link.is_to_reconnect else (),
        reconnect=link.is_to_reconnect,
        choices=[lines.of_choice(choice, link.whole, "pixel") for choice in seen],
        given=list(given),
        on=on,
        on_field=ON,
        accounts=[(ask.asset_id, ask.asset_name or ask.asset_id) for ask in _accounts(link)],
        given_codes=[] if seen else tracking.pixels(given, []).values,
        asks_catalogs=bool(_asks(link, "catalog")),
        needs_catalogs=any(ask.required for ask in _asks(link, "catalog")),
        catalogs=catalogs,
    )


def _seen(link: Opened) -> list[Choice]:
    if not link.is_connected or link.connection is None:
        return []
    return choices.pixels(connections.found(link.connection), link.whole.intake.bc_id or "")


def _asks(link: Opened, kind: str) -> list[Ask]:
    return [ask for ask in link.whole.asks if ask.kind == kind and ask.state != "ended"]


def _accounts(link: Opened) -> list[Ask]:
    return [ask for ask in _asks(link, "ad_account") if ask.asset_id]


def _on(form: Form) -> dict[str, str]:
    """The ad account picked for each pixel, by its code."""
    return {code: form.text(f"{ON}{code}") for code in form.names(ON)}
