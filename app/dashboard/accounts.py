"""The agency's accounts that clients share with: their buyers, their removal, and the end of the own connection."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.buyers import service as buyers
from app.access.buyers.service import NamedBuyer
from app.access.connections import service as connections
from app.dashboard import desk
from app.dashboard.access_row import PATH as ACCESS
from app.dashboard.link_form import read_buyers, with_spare
from app.dashboard.member_session import PATH as DESK
from app.dashboard.member_session import CurrentMember, Manager, MemberForm, RecentManager, Viewer
from app.kit.database import Session, reading
from app.kit.errors import InvalidInput
from app.kit.html import forms, render
from app.kit.i18n.message import Message, Problems, Text, _
from app.links import agency_accounts
from app.links.agency_accounts import AgencyAccountInUse
from app.platforms.registry import Platforms
from app.services import services_of
from app.tenants.agencies import service as agencies
from app.tenants.agencies.models import AgencyAccount

router = forms.page_router()
BRAND = f"{DESK}/brand"
PATH = f"{BRAND}/accounts"
_CONNECTION = f"{ACCESS}/connection/end"
_IN_USE = _("Links that have not ended ask clients to share with this account. Revoke them, or wait until they end.")
_TWICE = _("Name each person once.")
DONE = {"buyers": _("The buyers were set."), "removed": _("The account is off the list. Shared access stays shared.")}


@dataclass(frozen=True)
class AccountPanel:
    """One account with its buyers: address and role. `roles`: those to choose from; none if access has no buyers."""

    account: AgencyAccount
    platform: str
    buyers: Sequence[tuple[str, Message]]
    roles: Sequence[tuple[str, Message]]


@dataclass(frozen=True)
class OpenForm:
    """The account whose form is open, its lines as they were typed, and what is wrong; a refusal."""

    account_id: str = ""
    lines: Sequence[tuple[str, str]] = ()
    problems: Problems | None = None
    refused: Sequence[Text] = ()


@router.get(PATH)
async def list_accounts(
    request: Request, caller: Viewer, of: Annotated[str, Query(max_length=100)] = "", done: str = ""
) -> Response:
    """The accounts with their buyers. `of`: the account whose form is open."""
    async with reading(services_of(request).sessions) as session:
        return await _page(request, session, caller, OpenForm(of), done=done)


@router.post(f"{PATH}/{{account_row_id}}/buyers")
async def set_buyers(
    request: Request, session: Session, caller: Manager, form: MemberForm, account_row_id: str
) -> Response:
    """Replace the buyers of an account: of every link without a list of its own."""
    await buyers.find_center(session, caller.agency_id, account_row_id)
    lines = read_buyers(form)
    if not form.problems:
        try:
            named = [NamedBuyer(email, role) for email, role in lines]
            await buyers.set_for_center(session, caller.agency_id, account_row_id, named, actor=caller.member.actor)
            return render.see_other(request, f"{PATH}?done=buyers")
        except InvalidInput:
            form.problems["buyers"] = _TWICE
    return await _page(request, session, caller, OpenForm(account_row_id, lines, form.problems), code=422)


@router.post(f"{PATH}/{{account_row_id}}/removal")
async def remove(
    request: Request, session: Session, caller: RecentManager, form: MemberForm, account_row_id: str  # noqa: ARG001
) -> Response:  # fmt: skip
    """Take an account off the list, unless active links use it."""
    try:
        await agency_accounts.remove(session, caller.agency_id, account_row_id, actor=caller.member.actor)
    except AgencyAccountInUse as refused:
        return await _page(request, session, caller, OpenForm(refused=(_IN_USE,)), code=refused.status)
    return render.see_other(request, f"{PATH}?done=removed")


@router.get(_CONNECTION)
async def confirm_end(request: Request, caller: Manager) -> Response:
    """The question before the agency's own connection ends."""
    platform = services_of(request).platforms.default
    async with reading(services_of(request).sessions) as session:
        connection = await connections.of_agency(session, caller.agency_id, platform.key)
    return desk.page(
        request, caller, "connection_end", here=ACCESS, connection=connection, platform=platform.name
    )  # fmt: skip


@router.post(_CONNECTION)
async def end(request: Request, session: Session, caller: RecentManager, form: MemberForm) -> Response:  # noqa: ARG001
    """End the agency's own connection; its token is given back to the platform."""
    platform = services_of(request).platforms.default.key
    connection = await connections.of_agency(session, caller.agency_id, platform)
    if connection is not None:
        await connections.end_connection(session, connection)
    return render.see_other(request, ACCESS)


async def _page(
    request: Request, session: AsyncSession, caller: CurrentMember, opened: OpenForm, *, done: str = "", code: int = 200
) -> Response:
    platforms = services_of(request).platforms
    own = await agencies.accounts(session, caller.agency_id)
    lists = {each.account_row_id: each.people for each in await buyers.lists_of_centers(session, caller.agency_id)}
    panels = [_panel(each, lists.get(each.id, []), platforms) for each in own]
    people = opened.lines or [(each["email"], each["role"]) for each in lists.get(opened.account_id, [])]
    return desk.page(
        request, caller, "accounts", here=BRAND, status=code, panels=panels, opened=opened,
        problems=opened.problems or {}, lines=with_spare(people), done=DONE.get(done),
        may_change=caller.may("manager"),
    )  # fmt: skip


def _panel(account: AgencyAccount, people: Sequence[dict[str, str]], platforms: Platforms) -> AccountPanel:
    platform = platforms[account.platform]
    kind = next((each for each in platform.kinds.values() if each.is_assignable), None)
    roles = [(role, platform.role_words(kind.key, role).label) for role in kind.roles] if kind else []
    named = [(each["email"], platform.role_words(kind.key, each["role"]).label) for each in people] if kind else []
    return AccountPanel(account, platform.name, named, roles)
