"""The agency's own domains for its links: add one, make its records, check it, remove it."""

from fastapi import Request
from fastapi.responses import Response

from app.dashboard import desk
from app.dashboard.member_session import PATH as DESK
from app.dashboard.member_session import CurrentMember, Manager, MemberForm, RecentManager, Viewer
from app.dashboard.turns import Label
from app.kit.database import Session, reading
from app.kit.errors import AppError
from app.kit.html import forms, render
from app.kit.i18n.message import Message, _
from app.kit.input.text import TypedWrong
from app.services import services_of
from app.tenants.agencies import domains
from app.tenants.agencies.domains import DomainTaken
from app.tenants.agencies.models import AgencyDomain

router = forms.page_router()
BRAND = f"{DESK}/brand"
PATH = f"{BRAND}/domains"


@router.get(PATH)
async def list_domains(request: Request, caller: Viewer) -> Response:
    """The domains with their records, and the form for another one."""
    return await _page(request, caller)


@router.post(PATH)
async def add(request: Request, session: Session, caller: Manager, form: MemberForm) -> Response:
    """Add a domain."""
    typed = form.line("host", most=300)
    problem = form.problems.get("host")
    try:
        if problem is None:
            host = domains.read_host(typed, domains.host_of(services_of(request).public_url))
            await domains.add(session, caller.agency_id, host, actor=caller.member.actor)
    except (TypedWrong, AppError) as refused:
        problem = refused.message
    return await _page(request, caller, typed, problem) if problem else render.see_other(request, PATH)


@router.post(f"{PATH}/{{domain_id}}/check")
async def check(request: Request, caller: Manager, form: MemberForm, domain_id: str) -> Response:  # noqa: ARG001
    """Look up the records. No transaction is open meanwhile."""
    services = services_of(request)
    try:
        await domains.check(
            services.sessions, services.nameservers, caller.agency_id, domain_id, public_url=services.public_url,
            actor=caller.member.actor,
        )  # fmt: skip
    except DomainTaken as taken:
        return await _page(request, caller, problem=taken.message)
    return render.see_other(request, PATH)


@router.get(f"{PATH}/{{domain_id}}/removal")
async def confirm_removal(request: Request, caller: Manager, domain_id: str) -> Response:
    """The question before a domain is removed."""
    async with reading(services_of(request).sessions) as session:
        row = await domains.find(session, caller.agency_id, domain_id)
    return desk.page(request, caller, "domain_removal", here=BRAND, row=row)


@router.post(f"{PATH}/{{domain_id}}/removal")
async def remove(
    request: Request, session: Session, caller: RecentManager, form: MemberForm, domain_id: str  # noqa: ARG001
) -> Response:  # fmt: skip
    """Remove a domain."""
    await domains.remove(session, caller.agency_id, domain_id, actor=caller.member.actor)
    return render.see_other(request, PATH)


def _status(row: AgencyDomain, caller: CurrentMember) -> Label:
    if row.verified_at is not None and row.problem:
        return Label("you", _("Records are wrong"), "bad")
    if caller.agency.domain == row.host:
        return Label("verified", _("In use"), "good")
    if row.verified_at is not None:
        return Label("verified", _("Verified"), "good")
    return Label("client", _("Not verified yet"), "wait")


async def _page(request: Request, caller: CurrentMember, typed: str = "", problem: Message | None = None) -> Response:
    services = services_of(request)
    async with reading(services.sessions) as session:
        rows = await domains.every(session, caller.agency_id)
    shown = [(row, _status(row, caller), domains.records(row, services.public_url)) for row in rows]
    return desk.page(
        request, caller, "domains", here=BRAND, status=422 if problem else 200, rows=shown, host=typed,
        problems={"host": problem} if problem else {}, own=domains.host_of(services.public_url),
        findings=domains.PROBLEMS, may_change=caller.may("manager"), full=len(rows) >= domains.MOST,
    )  # fmt: skip
