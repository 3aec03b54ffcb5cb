"""Screens of the client's account and assets on a platform: selected from the platform's list, or typed."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from app.access.connections import selectable_assets
from app.access.connections import service as connections
from app.access.connections.selectable_assets import Choice
from app.client_portal import screens, service
from app.client_portal.copy import status_rows
from app.client_portal.first_screens import (
    account_choices,
    account_screen,
    agreed_requests,
    choice_lines,
    consent_origin,
    help_for,
)
from app.client_portal.forms import assets as asset_forms
from app.client_portal.forms.assets import PIXEL_ON
from app.client_portal.link_session import CurrentLink, LinkForm, OpenScreen
from app.client_portal.rendering import go_on, platform_of, screen
from app.kit.database import Session
from app.kit.html import forms, render
from app.kit.html.forms import Form
from app.kit.i18n.message import Message, Problems
from app.links import pasted_ids
from app.links.models import AccessRequest
from app.links.pasted_ids import ParsedField, SelectedAsset
from app.platforms import declarations
from app.platforms.client_texts import IdForm
from app.tenants.agencies import service as agencies

router = forms.page_router()
ADDRESS_LENGTH, LIST_LENGTH = 2_000, 10_000


@router.get("/l/{link_id}/{platform}/account")
async def show_account(request: Request, session: Session, link: OpenScreen, sure: str = "") -> Response:
    """Show the choice of the client's account. `sure`: one that the client has to confirm."""
    can = [choice for choice in account_choices(link) if choice.can]
    asked = next((choice for choice in can if choice.id == sure), None)
    if asked is None and sure and not can:
        asked = _typed(sure)
    if asked is None and len(can) == 1 and link.here.client_account_id is None:
        asked = can[0]  # the only one: asked immediately
    found = connections.discovered(link.connection) if link.connection else None
    in_doubt = (
        asked if asked and await service.differs(session, link.aggregate, link.here.platform, asked, found) else None
    )
    return account_screen(request, link, link.here.client_account_id or "", {}, in_doubt=in_doubt)


@router.post("/l/{link_id}/{platform}/account")
async def save_account(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Save the client's account and drop assets chosen in another one."""
    typed = form.text("account_id", most=ADDRESS_LENGTH)
    own = await agencies.accounts(session, link.aggregate.agency.id, link.here.platform)
    agency_ids = {link.here.agency_account_id or "", *(center.account_id for center in own)}
    seen = account_choices(link)
    texts = declarations.texts(link.here.platform).account
    taken = taken_numbers(link, but=screens.ACCOUNT)
    read = (
        asset_forms.picked_account(typed, seen, texts)
        if seen
        else pasted_ids.account(typed, texts, agency_account_ids=agency_ids, taken=taken)
    )
    problems = form.problems or _field_problem("account_id", read)
    if problems:
        return account_screen(request, link, typed, problems)
    (account_id,) = read.values
    choice = next((choice for choice in seen if choice.id == account_id), _typed(account_id))
    found = connections.discovered(link.connection) if link.connection else None
    in_doubt = await service.differs(session, link.aggregate, link.here.platform, choice, found)
    if in_doubt and form.text("sure") != account_id:
        return render.see_other(request, f"{link.path}/{link.platform}/account?sure={account_id}")
    await service.save_account(
        session, link.aggregate, link.here.platform, account_id, choice.name or None, differs=in_doubt
    )
    return go_on(request, link)


@router.get("/l/{link_id}/{platform}/assets/{kind}")
async def show_assets(request: Request, link: OpenScreen, kind: str) -> Response:
    """Show the choice of assets of one kind."""
    given = [each.asset_id for each in _requests_of_kind(link, kind) if each.asset_id and not each.approved_at]
    return _assets_screen(request, link, kind, given, {})


@router.post("/l/{link_id}/{platform}/assets/{kind}")
async def save_assets(request: Request, session: Session, link: OpenScreen, kind: str, form: LinkForm) -> Response:
    """Save one access request for each asset. Approved ones stay."""
    seen = _asset_choices(link, kind)
    typed = form.texts("assets") if seen else [form.text("assets", most=LIST_LENGTH)]
    agreed = [access_request.asset_id for access_request in agreed_requests(link)]
    taken = taken_numbers(link, but=kind)
    read = asset_forms.picked_assets(
        typed, seen, declarations.find(link.here.platform, kind), agreed=agreed, taken=taken
    )
    problems = form.problems or _field_problem("assets", read)
    if problems:
        return _assets_screen(request, link, kind, typed, problems)
    names = {choice.id: choice.name for choice in seen}
    chosen = [SelectedAsset(asset_id, names.get(asset_id)) for asset_id in read.values]
    await service.choose_assets(session, link.aggregate, link.here.platform, kind, chosen)
    link.aggregate.finish_screen(screens.assets_screen(link.here.platform, kind))
    await link.aggregate.save(session)
    return go_on(request, link)


@router.get("/l/{link_id}/{platform}/pixels")
async def show_pixels(request: Request, link: OpenScreen) -> Response:
    """Show the choice of pixels with their ad accounts, and of catalogs."""
    known = link.here.pixel_codes
    if known is None:  # what the link requests is proposed if the platform's list leaves no choice
        can = [choice.id for choice in _pixel_choices(link) if choice.can]
        known = can if len(can) == 1 and _requests_of_kind(link, "pixel") else []
    on = {
        access_request.asset_id: access_request.parent_asset_id
        for access_request in _requests_of_kind(link, "pixel")
        if access_request.asset_id
    }
    catalogs = "\n".join(
        access_request.asset_id for access_request in _requests_of_kind(link, "catalog") if access_request.asset_id
    )
    return _pixels_screen(request, link, given=list(known), on=on, catalogs=catalogs)


@router.post("/l/{link_id}/{platform}/pixels")
async def save_pixels(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Save pixels and catalogs, as access requests if access is requested. No choice declines optional ones."""
    seen = _pixel_choices(link)
    typed = form.texts("pixels") if seen else [form.text("pixels", most=5_000)]
    read, on = asset_forms.picked_pixels(typed, seen, _ids(link, "pixel")), _picked_accounts(form)
    listed = form.text("catalogs", most=5_000)
    catalogs = pasted_ids.optional(listed, _ids(link, "catalog"), taken=taken_numbers(link, but="catalog"))
    names = {choice.id: choice.name for choice in seen}
    picked = asset_forms.place_pixels(
        read.values, on, [access_request.asset_id or "" for access_request in _account_requests(link)], names
    )
    problems = {
        **_missing(link, {"pixel": read.values, "catalog": catalogs.values}),
        **form.problems,
        **_field_problem("pixels", read),
        **(picked.problems if _requests_of_kind(link, "pixel") and not read.problem else {}),
        **_field_problem("catalogs", catalogs),
    }
    if problems:
        return _pixels_screen(request, link, given=typed, on=on, catalogs=listed, problems=problems)
    await _save_pixels(session, link, list(read.values), picked.chosen, catalogs.values)
    return go_on(request, link)


def _typed(account_id: str) -> Choice:
    """An account known only by its number."""
    return Choice(account_id, "", True)


def _assets_screen(request: Request, link: CurrentLink, kind: str, given: list[str], problems: Problems) -> Response:
    seen = _asset_choices(link, kind)
    can = [choice.id for choice in seen if choice.can]
    asked = _requests_of_kind(link, kind)[0]
    return screen(
        request,
        link,
        "assets",
        problems=problems,
        form_to=consent_origin(request, link),
        connected=link.is_connected,
        reconnect=link.is_to_reconnect,
        choices=choice_lines(link, seen, kind),
        given=given or (can if len(can) == 1 else []),
        agreed=agreed_requests(link),
        center=status_rows.center(link.here),
        kind=asked.asset_kind,
        question=asked.asset_kind.texts.question.fill(platform=declarations.name(link.here.platform)),
        platform=declarations.name(link.here.platform),
        account_noun=declarations.texts(link.here.platform).account.noun,
        role=platform_of(request, link.platform).role_words(asked.kind, asked.role),
        helps=help_for(platform_of(request, link.platform), seen, without="no_ad_account"),
    )


def taken_numbers(link: CurrentLink, *, but: str) -> dict[str, Message]:
    """A sentence for each id given on other screens than that of the account, or of a kind, of this platform."""
    taken: dict[str, Message] = {}
    for here in link.aggregate.connecting:
        if (here.platform, but) == (link.platform, screens.ACCOUNT):
            continue
        account = declarations.texts(here.platform).account
        if here.agency_account_id:
            taken[here.agency_account_id] = account.agencys_given_before
        if here.client_account_id:
            taken[here.client_account_id] = account.ids.given_before
    for one in link.aggregate.access_requests:
        if one.asset_id and not one.is_manual and (one.platform, one.kind) != (link.platform, but):
            taken[one.asset_id] = one.asset_kind.ids.given_before
    return taken


def _asset_choices(link: CurrentLink, kind: str) -> list[Choice]:
    if not link.is_connected or link.connection is None:
        return []
    return selectable_assets.assets(connections.discovered(link.connection), kind, link.here.client_account_id or "")


def _field_problem(field: str, read: ParsedField) -> Problems:
    return {field: read.problem} if read.problem else {}


def _missing(link: CurrentLink, chosen: Mapping[str, Sequence[str]]) -> Problems:
    """An error beside each required field that is empty: an empty field does not decline a required item."""
    agency = link.aggregate.agency
    return {
        f"{kind}s": declarations.find(link.here.platform, kind).texts.needed.fill(
            agency=agency.name, person=agency.contact_name
        )
        for kind, given in chosen.items()
        if not given
        and any(
            access_request.required and not access_request.approved_at
            for access_request in _requests_of_kind(link, kind)
        )
        and not any(access_request.approved_at for access_request in _requests_of_kind(link, kind))
    }


async def _save_pixels(
    session: Session, link: CurrentLink, codes: list[str], chosen: Sequence[SelectedAsset], catalogs: Sequence[str]
) -> None:
    await _choose(session, link, "pixel", chosen)
    await _choose(session, link, "catalog", [SelectedAsset(each) for each in catalogs])
    link.aggregate.save_pixel_codes(link.here.platform, codes)
    link.aggregate.finish_screen(f"{link.platform}/{screens.PIXELS}")
    await link.aggregate.save(session)


async def _choose(session: Session, link: CurrentLink, kind: str, chosen: Sequence[SelectedAsset]) -> None:
    """Have one access request for each asset of a kind; none declines all, and a later choice undoes that."""
    access_requests = [
        access_request for access_request in _requests_of_kind(link, kind) if not access_request.approved_at
    ]
    if not access_requests:
        return
    if chosen:
        for access_request in access_requests:
            link.aggregate.reconsider(access_request)
    await service.choose_assets(session, link.aggregate, link.here.platform, kind, chosen)
    if not chosen:
        for access_request in access_requests:
            if access_request in link.aggregate.access_requests:
                link.aggregate.decline(access_request)


def _pixels_screen(
    request: Request,
    link: CurrentLink,
    *,
    given: Sequence[str],
    on: dict[Any, Any],
    catalogs: str,
    problems: Problems | None = None,
) -> Response:
    seen = _pixel_choices(link)
    return screen(
        request,
        link,
        "pixels",
        problems=problems,
        asked=bool(_requests_of_kind(link, "pixel")),
        needed=any(access_request.required for access_request in _requests_of_kind(link, "pixel")),
        reason=next((access_request.why for access_request in _requests_of_kind(link, "pixel")), None),
        form_to=consent_origin(request, link) if link.is_to_reconnect else (),
        reconnect=link.is_to_reconnect,
        platform=declarations.name(link.here.platform),
        choices=[status_rows.of_choice(choice, link.aggregate, link.here, "pixel") for choice in seen],
        given=list(given),
        on=on,
        on_field=PIXEL_ON,
        accounts=[
            (access_request.asset_id, access_request.asset_name or access_request.asset_id)
            for access_request in _account_requests(link)
        ],
        pixel_ids=_ids(link, "pixel"),
        catalog_ids=_ids(link, "catalog"),
        question=declarations.find(link.here.platform, "pixel").texts.question.fill(
            platform=declarations.name(link.here.platform)
        ),
        given_codes=[] if seen else asset_forms.picked_pixels(given, [], _ids(link, "pixel")).values,
        asks_catalogs=bool(_requests_of_kind(link, "catalog")),
        needs_catalogs=any(access_request.required for access_request in _requests_of_kind(link, "catalog")),
        catalogs=catalogs,
    )


def _ids(link: CurrentLink, kind: str) -> IdForm:
    """The form of the ids of a kind."""
    return declarations.find(link.here.platform, kind).ids


def _pixel_choices(link: CurrentLink) -> list[Choice]:
    if not link.is_connected or link.connection is None:
        return []
    return selectable_assets.assets(connections.discovered(link.connection), "pixel", link.here.client_account_id or "")


def _requests_of_kind(link: CurrentLink, kind: str) -> list[AccessRequest]:
    return [
        access_request
        for access_request in link.aggregate.access_requests
        if (access_request.platform, access_request.kind) == (link.platform, kind) and access_request.status != "ended"
    ]


def _account_requests(link: CurrentLink) -> list[AccessRequest]:
    return [access_request for access_request in _requests_of_kind(link, "ad_account") if access_request.asset_id]


def _picked_accounts(form: Form) -> dict[str, str]:
    """The ad account picked for each pixel, by code."""
    return {code: form.text(f"{PIXEL_ON}{code}") for code in form.names(PIXEL_ON)}
