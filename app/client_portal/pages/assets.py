"""Screens of the client's account and assets on a platform: selected from the platform's list, or typed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response

from app.access.connections import selectable_assets
from app.access.connections import service as connections
from app.access.connections.selectable_assets import Choice
from app.client_portal import screens, service
from app.client_portal.copy import status_rows
from app.client_portal.copy.status_rows import ChoiceLine
from app.client_portal.first_screens import (
    account_choices,
    account_screen,
    choice_lines,
    consent_origin,
    help_for,
)
from app.client_portal.forms import assets as asset_forms
from app.client_portal.forms.assets import PIXEL_ON, TrackingForm
from app.client_portal.link_session import CurrentLink, LinkForm, OpenScreen, asks_pixels
from app.client_portal.rendering import go_on, platform_of, screen, sent_back
from app.kit.database import Session
from app.kit.html import forms, render
from app.kit.html.forms import Form
from app.kit.i18n.message import Message, Problems, Text
from app.links import pasted_ids
from app.links.models import AccessRequest
from app.links.pasted_ids import MAX_ASSETS, ParsedField, SelectedAsset
from app.platforms import declarations
from app.platforms.port import AssetKind, ConnectedPlatform
from app.tenants.agencies import service as agencies

router = forms.page_router()
ADDRESS_LENGTH, LIST_LENGTH = 2_000, 10_000


@router.get("/l/{link_id}/{platform}/account")
async def show_account(request: Request, session: Session, link: OpenScreen, sure: str = "") -> Response:
    """Show the choice of the client's account. `sure`: one that the client has to confirm."""
    draft = link.draft_of(request)
    if draft:
        return account_screen(request, link, draft.form.text("account_id", most=ADDRESS_LENGTH), draft.problems)
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
    taken = taken_numbers(link, but=[screens.ACCOUNT])
    read = (
        asset_forms.picked_account(typed, seen, texts)
        if seen
        else pasted_ids.account(typed, texts, agency_account_ids=agency_ids, taken=taken)
    )
    problems = form.problems or ({"account_id": read.problem} if read.problem else {})
    if problems:
        return sent_back(request, link, form, problems)
    (account_id,) = read.values
    choice = next((choice for choice in seen if choice.id == account_id), _typed(account_id))
    found = connections.discovered(link.connection) if link.connection else None
    in_doubt = await service.differs(session, link.aggregate, link.here.platform, choice, found)
    if in_doubt and form.text("sure") != account_id:
        link.browser.draft = None
        return render.see_other(request, f"{link.path}/{link.platform}/account?sure={account_id}")
    await service.save_account(
        session, link.aggregate, link.here.platform, account_id, choice.name or None, differs=in_doubt
    )
    return go_on(request, link)


@router.get("/l/{link_id}/{platform}/assets")
async def show_assets(request: Request, link: OpenScreen) -> Response:
    """Show the choice of assets, kind by kind: listed by the platform and ticked already, or to be typed."""
    draft = link.draft_of(request)
    given = _typed_of(link, draft.form) if draft else {kind.key: _proposed(link, kind) for kind in _kinds(link)}
    on = _picked_accounts(draft.form) if draft else _places(link)
    return _assets_screen(request, link, given, on, draft.problems if draft else {})


@router.post("/l/{link_id}/{platform}/assets")
async def save_assets(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Save one access request for each asset. Approved ones stay; no choice declines an optional kind."""
    read = _read(link, form)
    if read.problems:
        return sent_back(request, link, form, read.problems)
    for kind in _kinds(link):
        await _save_kind(session, link, kind, read)
    if asks_pixels(link.aggregate, link.here.platform):
        link.aggregate.save_pixel_codes(link.here.platform, list(read.codes))
    link.aggregate.finish_screen(f"{link.platform}/{screens.ASSETS}")
    await link.aggregate.save(session)
    return go_on(request, link)


@dataclass(frozen=True)
class AssetSection:
    """The choice of one kind of assets: `choices` to tick, else a field to type in.

    `asked`: access is requested, not only an id. `places`: ad accounts to put each of them in, if it needs one.
    """

    kind: AssetKind
    question: Message
    choices: Sequence[ChoiceLine]
    given: Sequence[str]
    agreed: Sequence[AccessRequest]
    asked: bool
    required: bool
    reason: Text
    role: Text
    places: Sequence[tuple[str, str]]
    #: ids that were typed, each to be put into a place
    typed: Sequence[str]


@dataclass(frozen=True)
class _ReadAssets:
    """Accepted choices by kind, all pixel codes, and problems by field."""

    chosen: Mapping[str, Sequence[SelectedAsset]]
    codes: Sequence[str]
    problems: Problems


def _kinds(link: CurrentLink) -> list[AssetKind]:
    """The kinds of assets on the screen, in the platform's order: those requested, and those whose ids are asked."""
    asked = {each.kind for each in link.aggregate.access_requests if each.platform == link.here.platform}
    told = link.aggregate.preset.asks_screen("pixels")
    return [
        kind
        for key in declarations.keys(lambda each: each.choice is not None, link.here.platform)
        if (kind := declarations.find(link.here.platform, key)).key in asked or (told and kind.through)
    ]


def _proposed(link: CurrentLink, kind: AssetKind) -> list[str]:
    """The first content of a field: the choice so far, else the assets that the client included at the platform."""
    asked, can = _requests_of_kind(link, kind.key), [each.id for each in _asset_choices(link, kind.key) if each.can]
    if kind.through:
        known = link.here.pixel_codes
        return list(known) if known is not None else can if len(can) == 1 and asked else []
    given = [each.asset_id for each in asked if each.asset_id and not each.approved_at]
    is_new = not any(each.asset_id or each.status == "declined" for each in asked)
    return given or (can[:MAX_ASSETS] if is_new and kind.choice == "required" else [])


def _places(link: CurrentLink) -> dict[str, str]:
    """The ad account of each asset that needs one, by id."""
    return {
        each.asset_id: each.parent_asset_id
        for each in link.aggregate.access_requests
        if each.platform == link.platform and each.asset_id and each.parent_asset_id
    }


def _typed_of(link: CurrentLink, form: Form) -> dict[str, list[str]]:
    """The content of the fields by kind, as it was sent."""
    return {
        kind.key: form.texts(kind.key) if _asset_choices(link, kind.key) else [form.text(kind.key, most=LIST_LENGTH)]
        for kind in _kinds(link)
    }


def _read(link: CurrentLink, form: Form) -> _ReadAssets:
    kinds, typed = _kinds(link), _typed_of(link, form)
    taken = taken_numbers(link, but=[kind.key for kind in kinds])
    chosen: dict[str, Sequence[SelectedAsset]] = {}
    codes: Sequence[str] = ()
    problems: dict[str, Message] = {}
    for kind in kinds:
        seen = _asset_choices(link, kind.key)
        names = {choice.id: choice.name for choice in seen}
        read = _read_kind(link, kind, typed[kind.key], seen, taken)
        problems |= {kind.key: read.problem} if read.problem else {}
        taken |= dict.fromkeys(read.values, kind.ids.given_before)
        chosen[kind.key] = [SelectedAsset(each, names.get(each)) for each in read.values]
        if kind.through:
            codes = read.values
            placed = _place(link, kind.key, kind.through, form, chosen, names)
            problems |= placed.problems if _requests_of_kind(link, kind.key) and not read.problem else {}
            chosen[kind.key] = placed.chosen
    return _ReadAssets(chosen, codes, {**problems, **form.problems})


def _read_kind(
    link: CurrentLink, kind: AssetKind, typed: Sequence[str], seen: Sequence[Choice], taken: Mapping[str, Message]
) -> ParsedField:
    agreed = [each.asset_id for each in _requests_of_kind(link, kind.key) if each.approved_at]
    if kind.choice == "required":
        return asset_forms.picked_assets(typed, seen, kind, agreed=agreed, taken=taken)
    read = asset_forms.picked_optional(typed, seen, kind.ids, taken=taken)
    needed = any(each.required for each in _requests_of_kind(link, kind.key)) and not agreed
    if needed and not read.values and not read.problem:
        agency = link.aggregate.agency
        return ParsedField(problem=kind.texts.needed.fill(agency=agency.name, person=agency.contact_name))
    return read


def _place(
    link: CurrentLink, kind: str, parent: str, form: Form, chosen: Mapping[str, Sequence[SelectedAsset]],
    names: Mapping[str, str],
) -> TrackingForm:  # fmt: skip
    """The chosen assets of a kind, each in an asset of the kind that it needs."""
    agreed = [each.asset_id for each in _requests_of_kind(link, parent) if each.approved_at and each.asset_id]
    places = [*agreed, *(each.asset_id for each in chosen.get(parent, ()))]
    if not places:
        return TrackingForm((), {})
    codes = [each.asset_id for each in chosen[kind]]
    return asset_forms.place_pixels(codes, _picked_accounts(form), list(dict.fromkeys(places)), names)


async def _save_kind(session: Session, link: CurrentLink, kind: AssetKind, read: _ReadAssets) -> None:
    """Have one access request for each asset of a kind; none declines all, and a later choice undoes that."""
    chosen = read.chosen[kind.key]
    asked = [each for each in _requests_of_kind(link, kind.key) if not each.approved_at]
    if kind.choice == "required":
        await service.choose_assets(session, link.aggregate, link.here.platform, kind.key, chosen)
    elif asked:
        for access_request in asked if chosen else ():
            link.aggregate.reconsider(access_request)
        await service.choose_assets(session, link.aggregate, link.here.platform, kind.key, chosen)
        for access_request in asked if not chosen else ():
            if access_request in link.aggregate.access_requests:
                link.aggregate.decline(access_request)


def _typed(account_id: str) -> Choice:
    """An account known only by its number."""
    return Choice(account_id, "", True)


def _assets_screen(
    request: Request,
    link: CurrentLink,
    given: Mapping[str, Sequence[str]],
    on: Mapping[str, str],
    problems: Mapping[str, Text],
) -> Response:
    platform = platform_of(request, link.platform)
    seen = [each for kind in _kinds(link) for each in _asset_choices(link, kind.key)]
    return screen(
        request,
        link,
        "assets",
        problems=problems,
        form_to=consent_origin(request, link),
        connected=link.is_connected,
        reconnect=link.is_to_reconnect,
        person=link.person,
        center=status_rows.center(link.here),
        platform=platform.name,
        texts=declarations.texts(link.here.platform),
        sections=[_section(platform, link, kind, given) for kind in _kinds(link)],
        on=on,
        on_field=PIXEL_ON,
        helps=help_for(platform, seen, without="no_ad_account"),
    )


def _section(
    platform: ConnectedPlatform, link: CurrentLink, kind: AssetKind, given: Mapping[str, Sequence[str]]
) -> AssetSection:
    asked, seen = _requests_of_kind(link, kind.key), _asset_choices(link, kind.key)
    first = next(iter(asked), None)
    typed = asset_forms.picked_optional(given[kind.key], [], kind.ids).values if kind.through and not seen else ()
    return AssetSection(
        kind=kind,
        question=kind.texts.question.fill(platform=platform.name),
        choices=choice_lines(link, seen, kind.key),
        given=given[kind.key],
        agreed=[each for each in asked if each.approved_at],
        asked=first is not None,
        required=any(each.required for each in asked),
        reason=first.why if first else "",
        role=platform.role_words(kind.key, first.role).label if first else "",
        places=_possible_places(link, kind.through, given) if first and kind.through else [],
        typed=typed,
    )


def _possible_places(link: CurrentLink, kind: str, given: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Ids and names of the assets of a kind that others can be put into: listed by the platform, typed, or agreed."""
    seen = [(each.id, each.name) for each in _asset_choices(link, kind) if each.can]
    ids = declarations.find(link.here.platform, kind).ids
    typed = [] if seen else asset_forms.picked_optional(given.get(kind, ()), [], ids).values
    agreed = [each for each in _requests_of_kind(link, kind) if each.asset_id and each.approved_at]
    named = [(str(each.asset_id), each.asset_name or str(each.asset_id)) for each in agreed]
    return list(dict([*seen, *((each, each) for each in typed), *named]).items())


def taken_numbers(link: CurrentLink, *, but: Collection[str] = ()) -> dict[str, Message]:
    """A sentence for each id given on other screens than that of the account, or of some kinds, of this platform."""
    taken: dict[str, Message] = {}
    for here in link.aggregate.connecting:
        if here.platform == link.platform and screens.ACCOUNT in but:
            continue
        account = declarations.texts(here.platform).account
        if here.agency_account_id:
            taken[here.agency_account_id] = account.agencys_given_before
        if here.client_account_id:
            taken[here.client_account_id] = account.ids.given_before
    for one in link.aggregate.access_requests:
        if one.asset_id and not one.is_manual and not (one.platform == link.platform and one.kind in but):
            taken[one.asset_id] = one.asset_kind.ids.given_before
    return taken


def _asset_choices(link: CurrentLink, kind: str) -> list[Choice]:
    if not link.is_connected or link.connection is None:
        return []
    return selectable_assets.assets(connections.discovered(link.connection), kind, link.here.client_account_id or "")


def _requests_of_kind(link: CurrentLink, kind: str) -> list[AccessRequest]:
    return [
        access_request
        for access_request in link.aggregate.access_requests
        if (access_request.platform, access_request.kind) == (link.platform, kind) and access_request.status != "ended"
    ]


def _picked_accounts(form: Form) -> dict[str, str]:
    """The ad account picked for each pixel, by code."""
    return {code: form.text(f"{PIXEL_ON}{code}") for code in form.names(PIXEL_ON)}
