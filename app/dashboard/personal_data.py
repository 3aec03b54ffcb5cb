"""Erasure of the client's personal data: what goes and what stays, before a manager does it."""

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.dashboard import desk
from app.dashboard.link_form import LINKS
from app.dashboard.member_session import PATH, CurrentMember, Manager, MemberForm, RecentManager
from app.kit.database import Session, reading
from app.kit.html import forms, render
from app.kit.i18n.message import Problems, _
from app.personal_data import service
from app.personal_data.service import Extent
from app.services import services_of

router = forms.page_router()
_HERE = f"{LINKS}/{{link_id}}/personal-data"


@router.get(_HERE)
async def personal_data(request: Request, caller: Manager, link_id: str) -> Response:
    """Personal data of the client and of this link, what stays of it, and the form of the erasure."""
    async with reading(services_of(request).sessions) as session:
        return await _page(request, session, caller, link_id, "", {})


@router.post(_HERE)
async def erase(request: Request, session: Session, caller: RecentManager, link_id: str, form: MemberForm) -> Response:
    """Erase the personal data of the client, or those on this link."""
    link, chosen = await service.of_link(session, caller.agency_id, link_id), form.text("extent")
    if chosen not in ("client", "link"):
        form.problems.setdefault("extent", _("Choose what to erase."))
    if not form.ticked("sure"):
        form.problems.setdefault("sure", _("Confirm that you understand that this cannot be undone."))
    if form.problems:
        return await _page(request, session, caller, link_id, chosen, form.problems)
    whole = await service.of_client(session, caller.agency_id, link.client.id) if chosen == "client" else link
    services = services_of(request)
    await service.erase(
        session, whole, keyring=services.keyring, public_url=services.public_url, actor=caller.member.actor
    )
    return render.see_other(request, f"{LINKS}/{link_id}?done=erased")


async def _page(
    request: Request, session: AsyncSession, caller: CurrentMember, link_id: str, chosen: str, problems: Problems
) -> Response:
    one = await service.of_link(session, caller.agency_id, link_id)
    every = await service.of_client(session, caller.agency_id, one.client.id)
    extents: list[Extent] = [every, one]
    found = [await service.inventory(session, each) for each in extents]
    return desk.page(
        request, caller, "personal_data", here=PATH, status=422 if problems else 200, problems=problems,
        client=every.client, link=one.links[0], links=len(every.links), chosen=chosen or "client",
        grants=found[0].grants, goes_too=[*service.ALSO, *service.WITH_CLIENT], kept=service.KEPT,
        effects=service.EFFECTS,
        kinds=[(words, found[0].counts[kind], found[1].counts[kind]) for kind, words in service.COUNTED.items()],
    )  # fmt: skip
