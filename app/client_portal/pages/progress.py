"""After the yes: how each access request stands, what to do next, and the receipt."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access.connections import service as connections
from app.access.requests import service as access_requests
from app.client_portal import offers, rate_limits, service, status_texts
from app.client_portal.branding import brand_of
from app.client_portal.copy import status_rows
from app.client_portal.copy.consent import kind_name
from app.client_portal.copy.guided_steps import Guidance, removal_steps, steps
from app.client_portal.link_session import FROM_OUR_SCREEN, CurrentLink, LinkForm, OpenLink, OpenScreen
from app.client_portal.rendering import can_look, consent_origins, platform_of, screen, to_platform
from app.client_portal.status_texts import Held
from app.kit import clock
from app.kit.database import Session
from app.kit.html import forms, headers, render
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest
from app.links.status import OVER
from app.platforms.port import Platform

router = APIRouter(include_in_schema=False)

CHANGEABLE = ("business-center", "pixels", "accounts")


@router.get("/l/{link_id}/progress")
async def progress(
    request: Request, session: Session, link: OpenScreen, cancelled: bool = False, outcome: str = ""
) -> Response:
    """Each access request from sent to verified, and the one thing to do if it is the client's turn."""
    return screen(
        request,
        link,
        "progress",
        form_to=consent_origins(request, link.aggregate),
        came_back=status_texts.CAME_BACK.get("cancelled" if cancelled else outcome),
        **await _standing(request, session, link),
    )


@router.get("/l/{link_id}/progress/lines")
async def progress_lines(request: Request, session: Session, link: OpenScreen, mark: str = "") -> Response:
    """The part of the page that changes by itself, for pages with JavaScript; 204 while it is as shown."""
    standing = await _standing(request, session, link)
    if mark == standing["mark"]:
        return Response(status_code=204, headers=headers.of_page())
    return render.page(
        request, "client_portal:parts/moved.html", here=render.root(request) + link.path,
        form_token=forms.token(request, link.cookie),
        **brand_of(link.aggregate), **standing,
    )  # fmt: skip


@router.post("/l/{link_id}/check", dependencies=[FROM_OUR_SCREEN])
async def check(request: Request, session: Session, link: OpenLink) -> Response:
    """The client did something and wants to see it."""
    await rate_limits.take(session, link.aggregate, (rate_limits.CHECKS_ON_LINK, link.aggregate.link.id))
    if link.progress.connecting:
        await access_requests.check_link(session, link.aggregate)
        if not await can_look(session, link.aggregate):
            await access_requests.say_link_done(session, link.aggregate)
    return render.see_other(request, f"{link.path}/progress")


@router.post("/l/{link_id}/reduction")
async def reduce(request: Request, session: Session, link: OpenLink, form: LinkForm) -> Response:
    """The client wants a role lowered that is higher than agreed; without a connection it connects first."""
    await rate_limits.take(session, link.aggregate, (rate_limits.CHECKS_ON_LINK, link.aggregate.link.id))
    await access_requests.lower_role(session, link.aggregate, form.text("access_request"))
    if link.connection is None:
        return await to_platform(request, session, link)
    return render.see_other(request, f"{link.path}/progress")


@router.post("/l/{link_id}/sharing-center")
async def take_center(request: Request, session: Session, link: OpenLink, form: LinkForm) -> Response:
    """The Business Center from which an asset was seen is the client's: it goes on from there."""
    await rate_limits.take(session, link.aggregate, (rate_limits.CHECKS_ON_LINK, link.aggregate.link.id))
    access_request = next((each for each in _read(link.aggregate) if each.id == form.text("access_request")), None)
    if access_request is not None:
        line = status_rows.of_access_request(access_request, link.aggregate, platform_of(request, link.aggregate))
        said = [line.sentence.format(**line.names), line.label or ""]
        await service.adopt_sharing_center(session, link.aggregate, access_request.id, said=said)
    return render.see_other(request, f"{link.path}/progress")


@router.post("/l/{link_id}/change")
async def change(request: Request, session: Session, link: OpenLink, form: LinkForm) -> Response:
    """Another Business Center or ad account than agreed: asked for again, then agreed to again."""
    await service.withdraw_consent(session, link.aggregate)
    to = form.text("screen")
    return render.see_other(request, f"{link.path}/{to if to in CHANGEABLE else CHANGEABLE[-1]}")


@router.get("/l/{link_id}/receipt")
async def receipt(request: Request, session: Session, link: OpenScreen) -> Response:
    """Shared assets with role, time and verification, and instructions to remove the access."""
    aggregate = link.aggregate
    platform = platform_of(request, aggregate) if link.progress.connecting else None
    return screen(
        request,
        link,
        "receipt",
        summary=status_rows.summary(aggregate.access_requests, aggregate.link.lane),
        access_requests=[
            (access_request, status_rows.of_access_request(access_request, aggregate, platform))
            for access_request in _read(aggregate)
        ]
        if platform
        else [],
        changed=any(access_request.status == "drifted" for access_request in aggregate.access_requests),
        others=await offers.manual_groups(session, aggregate),
        consent=aggregate.consent,
        center=aggregate.intake.bc_name or "Your Business Center",
        center_id=aggregate.intake.bc_id,
        agency_bc_id=aggregate.link.agency_bc_id,
        reference=aggregate.link.id,
        removing=removal_steps(platform.key, agency=aggregate.agency.name) if platform else [],
        platform=platform.name if platform else None,
        leaving=any(
            access_request.unwanted_at and access_request.status not in OVER
            for access_request in aggregate.access_requests
        ),
        now=clock.now(),
    )


async def _standing(request: Request, session: Session, link: CurrentLink) -> dict[str, Any]:
    """All that moves: of the platform we read, then of manual ones."""
    aggregate = link.aggregate
    elsewhere = await offers.manual_groups(session, aggregate)
    summary = status_rows.summary(aggregate.access_requests, aggregate.link.lane)
    guided = aggregate.link.lane == "guided"
    read = _OF_NO_PLATFORM
    if link.progress.connecting:
        held, looks = await _held(session, aggregate), await can_look(session, aggregate)
        read = _of_platform(platform_of(request, aggregate), aggregate, held, can_connect=link.can_connect, looks=looks)
    return {
        **read,
        "can_connect": link.can_connect,
        "others": elsewhere,
        "others_to_do": any(group.is_to_do for group in elsewhere),
        "summary": summary,
        "mark": hashlib.sha256(repr((read["lines"], elsewhere, guided)).encode()).hexdigest()[:16],
        "moving": not summary.all_done,
    }


#: What the page shows of a platform we read, on a link that asks for nothing there.
_OF_NO_PLATFORM: dict[str, Any] = {
    "platform": None, "lines": [], "fixes": [], "told": frozenset(), "guided": False, "by_hand": False, "checked": None,
    "changeable": False, "agency_bc_id": None, "dated": None, "guidance": [],
    "can_look": True, "done_label": None, "done_guidance": [],
}  # fmt: skip


def _of_platform(
    platform: Platform, aggregate: LinkAggregate, held: Held, *, can_connect: bool, looks: bool
) -> dict[str, Any]:
    access_requests = _read(aggregate)
    shown = [
        status_rows.of_access_request(
            access_request, aggregate, platform, held, can_connect=can_connect, can_look=looks
        )
        for access_request in access_requests
    ]
    to_do = [access_request for access_request, line in zip(access_requests, shown, strict=True) if line.steps]
    said_done = [
        access_request
        for access_request in access_requests
        if access_request.status == "unverifiable" and access_request.client_attested_at
    ]
    # the button under the steps looks at everything: no second one beside it
    fixes = [fix for fix in status_rows.fixes(shown) if not (to_do and fix.does == "check")]
    return {
        "platform": platform.name,
        "lines": shown,
        "fixes": fixes,
        "told": frozenset(line.id for fix in fixes for line in fix.lines),
        "guided": aggregate.link.lane == "guided",
        "by_hand": bool(to_do),
        "checked": _looked_in_vain(to_do) if looks else None,
        "can_look": looks,
        "done_label": status_texts.done_label(can_look=looks),
        "changeable": any(
            access_request.status in service.NOT_SHARED_YET and access_request.verified_at is None
            for access_request in access_requests
        ),
        "agency_bc_id": aggregate.link.agency_bc_id,
        "dated": date.fromisoformat(platform.guided_dated),
        "guidance": _guidance(aggregate, platform, to_do),
        "done_guidance": _guidance(aggregate, platform, said_done) if not to_do else [],
    }


def _looked_in_vain(to_do: Sequence[AccessRequest]) -> datetime | None:
    """Time of the last "done" by a person, if the access is not visible yet and no reason is known."""
    if any(access_request.code for access_request in to_do):
        return None
    return max((access_request.recheck_at for access_request in to_do if access_request.recheck_at), default=None)


async def _held(session: Session, aggregate: LinkAggregate) -> Held:
    assert aggregate.platform is not None
    return await connections.held_of_client(
        session, aggregate.agency.id, aggregate.client.id, aggregate.platform, aggregate.intake.bc_id or ""
    )


def _read(aggregate: LinkAggregate) -> list[AccessRequest]:
    """The access requests that we read, and that name their asset."""
    return [
        access_request
        for access_request in aggregate.access_requests
        if access_request.asset_id and not access_request.is_custom
    ]


def _guidance(aggregate: LinkAggregate, platform: Platform, to_do: Sequence[AccessRequest]) -> list[Guidance]:
    """The steps for each kind of asset and role that is still to be shared by hand."""
    named = {
        access_request.asset_id: access_request.asset_name or access_request.asset_id or ""
        for access_request in aggregate.access_requests
        if access_request.asset_id
    }
    groups: dict[tuple[str, str], list[AccessRequest]] = {}
    for access_request in to_do:
        groups.setdefault((access_request.kind, access_request.role), []).append(access_request)
    return [
        Guidance(
            title=f"{platform.name} {kind_name(kind, len(access_requests))}",
            steps=tuple(
                steps(
                    platform.guided_steps(kind),
                    agency=aggregate.agency.name,
                    agency_bc_id=aggregate.link.agency_bc_id or "",
                    role=role.replace("_", " ").capitalize(),
                    asset=", ".join(
                        dict.fromkeys(
                            access_request.person_email or named[access_request.asset_id or ""]
                            for access_request in access_requests
                        )
                    ),
                    through=", ".join(
                        dict.fromkeys(
                            named.get(access_request.parent_asset_id, access_request.parent_asset_id)
                            for access_request in access_requests
                            if access_request.parent_asset_id
                        )
                    ),
                )
            ),
        )
        for (kind, role), access_requests in groups.items()
    ]
