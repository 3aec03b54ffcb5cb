"""Taking away access that no link asks for; what a link asks for is taken away on the link's page."""

from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.grants import service as grants
from app.dashboard import desk
from app.dashboard.access_row import PATH
from app.dashboard.member_session import CurrentMember, Manager, MemberForm, RecentManager
from app.kit.database import Session, reading
from app.kit.errors import AppError, NotFound
from app.kit.html import forms, render
from app.kit.i18n.message import Message
from app.services import services_of
from app.tenants.clients import service as clients

router = forms.page_router()
_HERE = f"{PATH}/grants/{{grant_id}}/removal"


@router.get(_HERE)
async def confirm_removal(request: Request, caller: Manager, grant_id: str) -> Response:
    """The question before access is taken away."""
    async with reading(services_of(request).sessions) as session:
        return await _page(request, session, caller, grant_id)


@router.post(_HERE)
async def take_away(
    request: Request, session: Session, caller: RecentManager, grant_id: str, form: MemberForm  # noqa: ARG001
) -> Response:  # fmt: skip
    """Remove the access of a grant and of the grants that depend on it, then redirect to its row."""
    try:
        async with session.begin_nested():
            grant = await grants.revoke_grant(session, caller.agency_id, grant_id, actor=caller.member.actor)
    except NotFound:
        raise
    except AppError as refused:
        return await _page(request, session, caller, grant_id, refused.sentences, status=refused.status)
    return render.see_other(request, f"{PATH}?finding=all&q={quote(grant.asset_id)}")


async def _page(
    request: Request, session: AsyncSession, caller: CurrentMember, grant_id: str,
    refused: tuple[Message, ...] = (), *, status: int = 200,
) -> Response:  # fmt: skip
    grant = await grants.find(session, caller.agency_id, grant_id)
    return desk.page(
        request, caller, "access_removal", here=PATH, status=status, refused=refused, asset_id=grant.asset_id,
        client=await clients.find(session, caller.agency_id, grant.client_id),
        asset=grant.asset_name or grant.asset_id, kind=grant.asset_kind.texts.title(1),
        platform=services_of(request).platforms[grant.platform].name,
    )  # fmt: skip
