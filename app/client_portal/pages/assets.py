"""Selection of a Business Center and of ad accounts: from the platform's list, or typed."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access.connections import selectable_assets
from app.access.connections import service as connections
from app.access.connections.selectable_assets import Choice
from app.client_portal.copy import help_articles, status_rows
from app.client_portal.copy.help_articles import HelpArticle
from app.client_portal.forms import asset_selection
from app.client_portal.link_session import CurrentLink, LinkForm, OpenScreen
from app.client_portal.rendering import consent_origins, go_on, platform_of, screen
from app.client_portal.service import choose_assets, differs, keep_business_center
from app.kit.database import Session
from app.kit.html import render
from app.links import pasted_ids
from app.links.aggregate import SelectedAsset
from app.links.models import AccessRequest
from app.links.pasted_ids import PastedIds
from app.tenants.agencies import service as agencies

router = APIRouter(include_in_schema=False)

ADDRESS_LENGTH, LIST_LENGTH = 2_000, 10_000
_GIVEN_AS = {"ad_account": "an ad account ID", "catalog": "a catalog ID"}


@router.get("/l/{link_id}/business-center")
async def business_center(request: Request, session: Session, link: OpenScreen, sure: str = "") -> Response:
    """The Business Center the ad accounts are in; `sure`: one of which the client is asked whether it is right."""
    can = [choice for choice in _centers(link) if choice.can]
    asked = next((choice for choice in can if choice.id == sure), None)
    if asked is None and sure and not can:
        asked = _typed(sure)
    if asked is None and len(can) == 1 and link.aggregate.intake.bc_id is None:
        asked = can[0]  # the only one there is: said at once
    found = connections.discovered(link.connection) if link.connection else None
    in_doubt = asked if asked and await differs(session, link.aggregate, asked, found) else None
    return _center_screen(request, link, link.aggregate.intake.bc_id or "", {}, in_doubt=in_doubt)


@router.post("/l/{link_id}/business-center")
async def save_business_center(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Keeps it; ad accounts chosen in another one are let go."""
    typed = form.text("bc_id", most=ADDRESS_LENGTH)
    own = await agencies.business_centers(session, link.aggregate.agency.id, platform_of(request, link.aggregate).key)
    agency_ids = {link.aggregate.link.agency_bc_id or "", *(center.bc_id for center in own)}
    seen = _centers(link)
    taken = taken_numbers(link, but="business_center")
    read = (
        asset_selection.center(typed, seen)
        if seen
        else pasted_ids.business_center(typed, agency_bc_ids=agency_ids, taken=taken)
    )
    problems = form.problems or _beside("bc_id", read)
    if problems:
        return _center_screen(request, link, typed, problems)
    (bc_id,) = read.values
    choice = next((choice for choice in seen if choice.id == bc_id), _typed(bc_id))
    found = connections.discovered(link.connection) if link.connection else None
    in_doubt = await differs(session, link.aggregate, choice, found)
    if in_doubt and form.text("sure") != bc_id:
        return render.see_other(request, f"{link.path}/business-center?sure={bc_id}")
    await keep_business_center(session, link.aggregate, bc_id, choice.name or None, differs=in_doubt)
    return go_on(request, link)


def _typed(bc_id: str) -> Choice:
    """A Business Center known only by its number."""
    return Choice(bc_id, "", f"Business Center {bc_id}", True)


@router.get("/l/{link_id}/accounts")
async def accounts(request: Request, link: OpenScreen) -> Response:
    """The ad accounts to share."""
    access_requests = [
        access_request for access_request in link.aggregate.access_requests if not access_request.is_custom
    ]
    given = [
        access_request.asset_id
        for access_request in access_requests
        if access_request.asset_id and not access_request.approved_at
    ]
    return _accounts_screen(request, link, given, {})


@router.post("/l/{link_id}/accounts")
async def save_accounts(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Makes one access request of each. Accounts agreed to before stay."""
    seen = _accounts(link)
    typed = form.texts("accounts") if seen else [form.text("accounts", most=LIST_LENGTH)]
    agreed = [access_request.asset_id for access_request in _agreed(link)]
    read = asset_selection.accounts(typed, seen, agreed=agreed, taken=taken_numbers(link, but="ad_account"))
    problems = form.problems or _beside("accounts", read)
    if problems:
        return _accounts_screen(request, link, typed, problems)
    names = {choice.id: choice.name for choice in seen}
    chosen = [SelectedAsset(asset_id, names.get(asset_id)) for asset_id in read.values]
    await choose_assets(session, link.aggregate, "ad_account", chosen)
    link.aggregate.finish_screen("accounts")
    await link.aggregate.save(session)
    return go_on(request, link)


def _center_screen(
    request: Request, link: CurrentLink, given: str, problems: dict[str, str], *, in_doubt: Choice | None = None
) -> Response:
    seen = _centers(link)
    can = [choice.id for choice in seen if choice.can]
    return screen(
        request,
        link,
        "business-center",
        problems=problems,
        form_to=consent_origins(request, link.aggregate),
        connected=link.is_connected,
        person=link.connection.person if link.connection else None,
        choices=_worded(link, seen),
        in_doubt=in_doubt,
        given=given or (can[0] if len(can) == 1 else ""),
        agreed=any(
            access_request.approved_at
            for access_request in link.aggregate.access_requests
            if not access_request.is_custom
        ),
        center=link.aggregate.intake.bc_name or link.aggregate.intake.bc_id,
        helps=_helps(seen, without="no_business_center"),
    )


def _accounts_screen(request: Request, link: CurrentLink, given: list[str], problems: dict[str, str]) -> Response:
    seen = _accounts(link)
    can = [choice.id for choice in seen if choice.can]
    platform = platform_of(request, link.aggregate)
    return screen(
        request,
        link,
        "accounts",
        problems=problems,
        form_to=consent_origins(request, link.aggregate),
        connected=link.is_connected,
        reconnect=link.is_to_reconnect,
        choices=_worded(link, seen),
        given=given or (can if len(can) == 1 else []),
        agreed=_agreed(link),
        center=status_rows.center(link.aggregate),
        role=platform.role_words(
            "ad_account",
            next(
                access_request.role
                for access_request in link.aggregate.access_requests
                if access_request.kind == "ad_account"
            ),
        ),
        helps=_helps(seen, without="no_ad_account"),
    )


def taken_numbers(link: CurrentLink, *, but: str) -> dict[str, str]:
    """Numbers given on other screens, with what each was given for."""
    whole = link.aggregate
    centers = {
        whole.link.agency_bc_id: "the agency’s Business Center ID", whole.intake.bc_id: "your Business Center ID"
    }  # fmt: skip
    taken = {value: what for value, what in centers.items() if value and but != "business_center"}
    for access_request in whole.access_requests:
        if access_request.asset_id and access_request.kind in _GIVEN_AS and access_request.kind != but:
            taken[access_request.asset_id] = _GIVEN_AS[access_request.kind]
    return taken


def _centers(link: CurrentLink) -> list[Choice]:
    if not link.is_connected or link.connection is None:
        return []
    return selectable_assets.business_centers(
        connections.discovered(link.connection), link.aggregate.link.agency_bc_id or ""
    )


def _accounts(link: CurrentLink) -> list[Choice]:
    if not link.is_connected or link.connection is None:
        return []
    return selectable_assets.accounts(connections.discovered(link.connection), link.aggregate.intake.bc_id or "")


def _agreed(link: CurrentLink) -> list[AccessRequest]:
    return [
        access_request
        for access_request in link.aggregate.access_requests
        if access_request.approved_at and not access_request.is_custom
    ]


def _worded(link: CurrentLink, seen: list[Choice]) -> list[status_rows.ChoiceLine]:
    agreed = {access_request.asset_id for access_request in _agreed(link)}
    return [status_rows.of_choice(choice, link.aggregate) for choice in seen if choice.id not in agreed]


def _helps(seen: list[Choice], *, without: str) -> list[HelpArticle]:
    """Written help for what cannot be chosen; where nothing can, also for having none at all."""
    codes = [choice.code for choice in seen if not choice.can]
    return help_articles.of_codes(codes if any(choice.can for choice in seen) else [without, *codes])


def _beside(field: str, read: PastedIds) -> dict[str, str]:
    return {field: read.problem} if read.problem else {}
