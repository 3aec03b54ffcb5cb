"""Existing access as pages: connecting the agency's own side, imports, partners, and what is wrong with access."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections import oauth_flow
from app.access.connections import service as connections
from app.access.existing_access import service as existing_access
from app.access.existing_access.service import FINDINGS, AccessCounts
from app.access.imports import service as imports
from app.access.imports.models import Import
from app.access.imports.service import AgencyNotConnected, CenterNotAdministered
from app.access.partners import service as partners
from app.access.partners.models import Partner
from app.access.partners.service import PartnerLeaving, PartnerRequestedElsewhere
from app.dashboard import desk
from app.dashboard.access_row import PATH, AccessRow, Shown, access_row
from app.dashboard.member_session import CurrentMember, Manager, MemberForm, Viewer, Worker
from app.dashboard.turns import Label
from app.kit import ids
from app.kit.database import Session, reading
from app.kit.html import forms, render
from app.kit.i18n.message import Message, _
from app.kit.web.paging import before, pack
from app.platforms import declarations
from app.platforms.port import ConnectedPlatform
from app.services import services_of
from app.tenants.clients.models import Client

router = forms.page_router()
_STRIP: tuple[Shown, ...] = (*FINDINGS, "none")
#: Rows of a finding on the page of all findings, and on a page of one; clients to choose from; imports read back.
_FEW, _MANY, _CHOICES, _IMPORTS = 5, 50, 20, 50

LABELS: Mapping[Shown, Label] = {
    "drifted": Label("drifted", _("Drifted"), "bad"),
    "closed": Label("you", _("Nobody can open it"), "bad"),
    "wide": Label("blocked", _("Wider than needed"), "bad"),
    "unlinked": Label("none", _("In no link"), "off"),
    "none": Label("verified", _("As agreed"), "good"),
    "all": Label("none", _("All access"), "off"),
}
_ABOUT: Mapping[Shown, Message] = {
    "drifted": _("Verified before, different now."),
    "closed": _("Shared with you, but none of your buyers can open it."),
    "wide": _("The role allows more than was agreed."),
    "unlinked": _("You have it, but no client agreed to it in Keyturn."),
    "none": _("Read back in the agreed role."),
    "all": _("Everything that the last reads showed."),
}
_BRIEFLY: Mapping[Shown, Message] = {
    "drifted": _("changed without you"),
    "closed": _("none of your buyers"),
    "wide": _("more than was agreed"),
    "unlinked": _("no agreement on record"),
    "none": _("nothing to do"),
}
#: Why an import failed, or a partner could not be read, and what the agency does about it.
FAILURES: Mapping[str, Message] = {
    "connection_dead": _("{platform} has ended your connection. Connect again; the import then starts by itself."),
    "not_connected": _("Your own side is no longer connected. Connect it again."),
    "not_bc_admin": _(
        "{platform} refused the read. The person who connected must be an Admin, and the app needs permission to "
        "manage partners."
    ),
    "partner_refused": _("{platform} does not show what this partner shares. The next import tries again."),
    "app_problem": _("{platform} refuses your app. Check its ID, secret and permissions, then read again."),
    "answer_changed": _("{platform} answered in an unknown form. Report the request id to the makers of Keyturn."),
    "platform_unavailable": _("{platform} did not answer for a long time. What was read is kept; read again later."),
}
_FAILED = _("The read failed. See the answer of {platform}, and read again.")
_NOT_CONNECTED = _("Connect your own side first.")
_NOT_ADMINISTERED = _(
    "The person who connected is not an Admin of any of your accounts. Let one of their Admins connect."
)
_ELSEWHERE = _("Access of this partner was requested on links of another client. Choose that client.")
_LEAVING = _("Some access of this partner is being removed. Try again when that is done.")
_NOT_CHOSEN = _("Choose a client.")


@dataclass(frozen=True)
class AccessGroup:
    """Access with one finding. `count`: all of it."""

    finding: Shown
    label: Label
    about: Message
    count: int
    rows: Sequence[AccessRow]


@dataclass(frozen=True)
class PartnerEntry:
    """One partner, its client, and the number of assets that it shares now."""

    partner: Partner
    client: Client | None
    shared: int
    problem: Message | None


@dataclass(frozen=True)
class ImportProgress:
    """The last import of one account of the agency."""

    row: Import
    problem: Message | None


@router.get(PATH)
async def access(
    request: Request,
    caller: Viewer,
    finding: Annotated[Shown | None, Query()] = None,
    q: Annotated[str, Query(max_length=200)] = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """Access by what is wrong with it, or one list. `q` seeks in names and ids of clients and assets."""
    return await _access(request, caller, finding=finding, q=q, cursor=cursor)


@router.post(f"{PATH}/imports")
async def start_imports(request: Request, session: Session, caller: Worker, form: MemberForm) -> Response:  # noqa: ARG001
    """Read everything again, of each account of the agency."""
    platform = services_of(request).platforms.default.key
    try:
        await imports.start(session, caller.agency_id, platform, reason="asked", actor=caller.member.actor)
    except AgencyNotConnected:
        return await _access(request, caller, problem=_NOT_CONNECTED, status=409)
    except CenterNotAdministered:
        return await _access(request, caller, problem=_NOT_ADMINISTERED, status=409)
    return render.see_other(request, PATH)


@router.post(f"{PATH}/connection")
async def connect(request: Request, session: Session, caller: Manager, form: MemberForm) -> Response:  # noqa: ARG001
    """Make a one-time invitation to connect the agency's own side, and lead to its page."""
    platform = services_of(request).platforms.default.key
    _invited, token = await oauth_flow.invite_agency(session, caller.agency_id, platform=platform)
    return render.see_other(request, oauth_flow.invitation_address("", token))


@router.get(f"{PATH}/partners")
async def list_partners(
    request: Request,
    caller: Viewer,
    only: Annotated[partners.Filter | None, Query()] = None,
    q: Annotated[str, Query(max_length=200)] = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """Partners, newest first, with their clients and what they share."""
    words, last = " ".join(q.split()), before(cursor, "partner")
    platform = services_of(request).platforms.default
    async with reading(services_of(request).sessions) as session:
        found = await partners.page(
            session, caller.agency_id, limit=_MANY + 1, before=last, only=only, words=words
        )  # fmt: skip
        shared = await partners.shared(session, caller.agency_id, found)
        clients = await _clients(session, caller.agency_id, [each.client_id for each in found if each.client_id])
    rows = [
        PartnerEntry(
            each, clients.get(each.client_id or ""), shared.get((each.account_id, each.agency_account_id), 0),
            _failure(each.code, platform),
        )
        for each in found[:_MANY]
    ]  # fmt: skip
    more = pack(found[_MANY - 1].id) if len(found) > _MANY else None
    return desk.page(
        request, caller, "partners", here=PATH, rows=rows, q=words, only=only, platform=platform.name,
        more=_address(f"{PATH}/partners", only=only, q=words, cursor=more) if more else None,
    )  # fmt: skip


@router.get(f"{PATH}/partners/{{partner_id}}")
async def partner(
    request: Request, caller: Viewer, partner_id: str, q: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """One partner, and the clients that it may be linked to."""
    return await _partner(request, caller, partner_id, q=q)


@router.post(f"{PATH}/partners/{{partner_id}}")
async def link_partner(
    request: Request, session: Session, caller: Worker, partner_id: str, form: MemberForm
) -> Response:
    """Link a partner to a client: what was found at it moves there."""
    await partners.find(session, caller.agency_id, partner_id)
    client_id = form.text("client_id")
    if not client_id:
        return await _partner(request, caller, partner_id, q=form.text("q"), problem=_NOT_CHOSEN)
    ids.parse("client", client_id)
    try:
        await partners.link_partner(
            session, caller.agency_id, partner_id, client_id=client_id, actor=caller.member.actor
        )  # fmt: skip
    except PartnerRequestedElsewhere:
        return await _partner(request, caller, partner_id, q=form.text("q"), problem=_ELSEWHERE)
    except PartnerLeaving:
        return await _partner(request, caller, partner_id, q=form.text("q"), problem=_LEAVING)
    return render.see_other(request, f"{PATH}/partners/{partner_id}")


async def _access(
    request: Request,
    caller: CurrentMember,
    *,
    finding: Shown | None = None,
    q: str = "",
    cursor: str | None = None,
    problem: Message | None = None,
    status: int = 200,
) -> Response:
    words, last, platform = " ".join(q.split()), before(cursor, "grant"), services_of(request).platforms.default
    async with reading(services_of(request).sessions) as session:
        side = await _side(request, session, caller)
        counts = await existing_access.count(session, caller.agency_id, words)
        shown: Sequence[Shown] = (finding,) if finding else [each for each in FINDINGS if counts.by_finding[each]]
        most = _MANY if finding else _FEW
        read = {
            each: await existing_access.page(
                session, caller.agency_id, limit=most + 1, before=last,
                finding=None if each == "all" else each, words=words,
            )
            for each in shown
        }  # fmt: skip
    groups = [
        AccessGroup(
            each, LABELS[each], _ABOUT[each], _number(counts, each),
            [access_row(found, each, platform, caller) for found in read[each][:most]],
        )
        for each in shown
    ]  # fmt: skip
    more = pack(read[finding][most - 1].grant.id) if finding and len(read[finding]) > most else None
    return desk.page(
        request, caller, "access", here=PATH, status=status, groups=groups, finding=finding, q=words, problem=problem,
        strip=[(each, LABELS[each], _number(counts, each), _BRIEFLY[each]) for each in _STRIP],
        all=counts.all, more=_address(PATH, finding=finding, q=words, cursor=more) if more else None,
        **side,
    )  # fmt: skip


async def _side(request: Request, session: AsyncSession, caller: CurrentMember) -> dict[str, Any]:
    """The agency's own connection, and the last import of each of its accounts."""
    platforms = services_of(request).platforms
    platform = platforms.default
    connection = await connections.last_of_agency(session, caller.agency_id, platform.key)
    can_connect = await oauth_flow.is_possible(session, platforms, caller.agency_id, platform.key)
    newest: dict[str, Import] = {}
    for each in await imports.page(session, caller.agency_id, limit=_IMPORTS):
        newest.setdefault(each.agency_account_id, each)
    return {
        "connection": connection, "is_connected": connection is not None and connection.is_usable,
        "can_connect": can_connect, "is_manager": caller.may("manager"), "is_worker": caller.may("member"),
        "can_read": connection is not None and connection.is_usable and caller.may("member"),
        "imports": [ImportProgress(each, _failure(each.code, platform)) for each in newest.values()],
        "is_running": any(each.status == "running" for each in newest.values()),
        "platform": platform.name, "account": declarations.texts(platform.key).account.noun,
    }  # fmt: skip


def _failure(code: str | None, platform: ConnectedPlatform) -> Message | None:
    return FAILURES.get(code, _FAILED).fill(platform=platform.name) if code else None


def _number(counts: AccessCounts, shown: Shown) -> int:
    if shown == "all":
        return counts.all
    return counts.agreed if shown == "none" else counts.by_finding[shown]


async def _partner(
    request: Request, caller: CurrentMember, partner_id: str, *, q: str, problem: Message | None = None
) -> Response:
    words = " ".join(q.split())
    async with reading(services_of(request).sessions) as session:
        found = await partners.find(session, caller.agency_id, partner_id)
        shared = await partners.shared(session, caller.agency_id, [found])
        clients = await _clients(session, caller.agency_id, [found.client_id] if found.client_id else [])
        choices = select(Client).where(Client.agency_id == caller.agency_id, Client.origin == "made")
        if words or not q:
            choices = choices.where(Client.name.icontains(words or found.name, autoescape=True))
        offered = (await session.scalars(choices.order_by(Client.name, Client.id).limit(_CHOICES))).all()
    return desk.page(
        request, caller, "partner", here=PATH, status=409 if problem else 200, partner=found,
        shared=shared.get((found.account_id, found.agency_account_id), 0), client=clients.get(found.client_id or ""),
        offered=offered, q=words, problem=problem, is_worker=caller.may("member"),
        platform=services_of(request).platforms.default.name,
    )  # fmt: skip


async def _clients(session: AsyncSession, agency_id: str, client_ids: Sequence[str]) -> Mapping[str, Client]:
    rows = select(Client).where(Client.agency_id == agency_id, Client.id.in_(client_ids))
    return {each.id: each for each in await session.scalars(rows)}


def _address(path: str, **query: str | None) -> str:
    return f"{path}?{urlencode({name: value for name, value in query.items() if value})}"
