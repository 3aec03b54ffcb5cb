"""Pixels, and catalogs where they are asked for: told for the record, or shared like ad accounts."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access.connections import selectable_assets
from app.access.connections import service as connections
from app.access.connections.selectable_assets import Choice
from app.client_portal.copy import status_rows
from app.client_portal.forms import tracking
from app.client_portal.forms.tracking import ON
from app.client_portal.link_session import CurrentLink, LinkForm, OpenScreen
from app.client_portal.pages.assets import taken_numbers
from app.client_portal.rendering import consent_origins, go_on, screen
from app.client_portal.service import choose_assets
from app.kit.database import Session
from app.kit.html.forms import Form
from app.links.aggregate import SelectedAsset
from app.links.models import AccessRequest

router = APIRouter(include_in_schema=False)


@router.get("/l/{link_id}/pixels")
async def pixels(request: Request, link: OpenScreen) -> Response:
    """The pixels on the client's websites, if any, and the ad account each is to be used in."""
    known = link.aggregate.intake.pixel_codes
    if known is None:  # TikTok's list is proposed if it leaves no choice
        can = [choice.id for choice in _seen(link) if choice.can]
        known = can if len(can) == 1 or not _asks(link, "pixel") else []
    on = {
        access_request.asset_id: access_request.parent_asset_id
        for access_request in _asks(link, "pixel")
        if access_request.asset_id
    }
    catalogs = "\n".join(
        access_request.asset_id for access_request in _asks(link, "catalog") if access_request.asset_id
    )
    return _screen(request, link, given=list(known), on=on, catalogs=catalogs)


@router.post("/l/{link_id}/pixels")
async def save_pixels(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Save them, and create one access request for each if access is requested. No choice declines an optional item."""
    seen = _seen(link)
    typed = form.texts("pixels") if seen else [form.text("pixels", most=5_000)]
    read, on, listed = tracking.pixels(typed, seen), _on(form), form.text("catalogs", most=5_000)
    catalogs = tracking.catalogs(listed, taken=taken_numbers(link, but="catalog"))
    names = {choice.id: choice.name for choice in seen}
    picked = tracking.placed(
        read.values, on, [access_request.asset_id or "" for access_request in _accounts(link)], names
    )
    problems = dict(form.problems)
    problems |= {"pixels": read.problem} if read.problem else {}
    problems |= picked.problems if _asks(link, "pixel") and not read.problem else {}
    problems |= {"catalogs": catalogs.problem} if catalogs.problem else {}
    problems = _needed(link, {"pixel": read.values, "catalog": catalogs.values}) | problems
    if problems:
        return _screen(request, link, given=typed, on=on, catalogs=listed, problems=problems)
    await _keep(session, link, list(read.values), picked.chosen, catalogs.values)
    return go_on(request, link)


def _needed(link: CurrentLink, chosen: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """An error beside each required field that is empty: an empty field does not decline a required item."""
    agency = link.aggregate.agency
    return {
        f"{kind}s": f"{agency.name} needs a {kind} to start. Choose one, or talk to {agency.contact_name} first."
        for kind, given in chosen.items()
        if not given
        and any(access_request.required and not access_request.approved_at for access_request in _asks(link, kind))
        and not any(access_request.approved_at for access_request in _asks(link, kind))
    }


async def _keep(
    session: Session, link: CurrentLink, codes: list[str], chosen: Sequence[SelectedAsset], catalogs: Sequence[str]
) -> None:
    await _choose(session, link, "pixel", chosen)
    await _choose(session, link, "catalog", [SelectedAsset(each) for each in catalogs])
    link.aggregate.save_intake(pixel_codes=codes)
    link.aggregate.finish_screen("pixels")
    await link.aggregate.save(session)


async def _choose(session: Session, link: CurrentLink, kind: str, chosen: Sequence[SelectedAsset]) -> None:
    """Makes one access request of each; none is a no to all of the kind, and choosing later takes the no back."""
    access_requests = [access_request for access_request in _asks(link, kind) if not access_request.approved_at]
    if not access_requests:
        return
    if chosen:
        for access_request in access_requests:
            link.aggregate.reconsider(access_request)
    await choose_assets(session, link.aggregate, kind, chosen)
    if not chosen:
        for access_request in access_requests:
            if access_request in link.aggregate.access_requests:
                link.aggregate.decline(access_request)


def _screen(
    request: Request,
    link: CurrentLink,
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
        needed=any(access_request.required for access_request in _asks(link, "pixel")),
        reason=next((access_request.reason for access_request in _asks(link, "pixel")), None),
        form_to=consent_origins(request, link.aggregate) if link.is_to_reconnect else (),
        reconnect=link.is_to_reconnect,
        choices=[status_rows.of_choice(choice, link.aggregate, "pixel") for choice in seen],
        given=list(given),
        on=on,
        on_field=ON,
        accounts=[
            (access_request.asset_id, access_request.asset_name or access_request.asset_id)
            for access_request in _accounts(link)
        ],
        given_codes=[] if seen else tracking.pixels(given, []).values,
        asks_catalogs=bool(_asks(link, "catalog")),
        needs_catalogs=any(access_request.required for access_request in _asks(link, "catalog")),
        catalogs=catalogs,
    )


def _seen(link: CurrentLink) -> list[Choice]:
    if not link.is_connected or link.connection is None:
        return []
    return selectable_assets.pixels(connections.discovered(link.connection), link.aggregate.intake.bc_id or "")


def _asks(link: CurrentLink, kind: str) -> list[AccessRequest]:
    return [
        access_request
        for access_request in link.aggregate.access_requests
        if access_request.kind == kind and access_request.status != "ended"
    ]


def _accounts(link: CurrentLink) -> list[AccessRequest]:
    return [access_request for access_request in _asks(link, "ad_account") if access_request.asset_id]


def _on(form: Form) -> dict[str, str]:
    """The ad account picked for each pixel, by its code."""
    return {code: form.text(f"{ON}{code}") for code in form.names(ON)}
