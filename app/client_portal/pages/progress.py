"""Screens after the consent: progress of each access request, the next action, and the receipt."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.readiness import service as readiness
from app.access.requests import service as access_requests
from app.audit import seals, verification
from app.audit.canonical import SealUnreadable
from app.client_portal import offers, rate_limits, screens, service, status_texts
from app.client_portal.branding import brand_of
from app.client_portal.copy import status_rows
from app.client_portal.copy.guided_steps import StepLine
from app.client_portal.copy.manual_platforms import ManualGroup
from app.client_portal.copy.status_rows import AccessRequestRow, Fix, Summary
from app.client_portal.copy.steps_by_hand import steps_by_hand
from app.client_portal.link_session import FROM_OUR_SCREEN, FROM_THE_RESULT, CurrentLink, LinkForm, OpenLink, OpenResult
from app.client_portal.pages.checklist import check_lines
from app.client_portal.rendering import (
    can_look,
    consent_origins,
    is_readable,
    platform_of,
    read_access,
    screen,
    to_platform,
)
from app.client_portal.status_texts import Held
from app.kit import clock
from app.kit.database import Session
from app.kit.html import forms, language, render
from app.kit.i18n.message import ContentDate, Message, Text, _
from app.kit.web import headers
from app.links import emails, reviews
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest
from app.links.status import OVER
from app.personal_data import service as personal_data
from app.platforms import declarations
from app.platforms.port import ConnectedPlatform
from app.services import services_of

router = forms.page_router()


@dataclass(frozen=True)
class PlatformProgress:
    """Progress on one platform with an API."""

    key: str
    name: str
    account_noun: Message
    lines: Sequence[AccessRequestRow]
    fixes: Sequence[Fix]
    guided: bool
    can_connect: bool
    can_look: bool
    #: last check by the client that did not find the access
    checked: datetime | None
    #: the account and the assets can still be changed
    changeable: bool
    #: screens on which assets are chosen, with the labels of their buttons
    choices: Sequence[tuple[str, Message]]
    #: date on which the steps were checked
    dated: ContentDate
    #: steps to share by hand
    steps: Sequence[StepLine]
    #: steps that the client did, where the platform cannot be read
    done_steps: Sequence[StepLine]
    has_guides: bool

    @property
    def by_hand(self) -> bool:
        """True if the client has steps to do."""
        return bool(self.steps)

    @property
    def done_label(self) -> Message:
        """Label of the button under the steps."""
        return status_texts.done_label(can_look=self.can_look)

    @property
    def explained(self) -> frozenset[str]:
        """Ids of the access requests whose sentence is part of a fix."""
        return frozenset(line.id for fix in self.fixes for line in fix.lines)


@dataclass(frozen=True)
class AccessProgress:
    """The part of the page that changes by itself: the summary, platforms with an API, and manual ones."""

    summary: Summary
    platforms: Sequence[PlatformProgress]
    others: Sequence[ManualGroup]

    @property
    def by_hand(self) -> PlatformProgress | None:
        """The first platform with steps for the client."""
        return next((each for each in self.platforms if each.by_hand), None)

    @property
    def fixes(self) -> Sequence[Fix]:
        """The actions that wait for the client, of all platforms."""
        return [fix for each in self.platforms for fix in each.fixes]

    @property
    def can_look(self) -> bool:
        """True if everything can be read at its platform."""
        return all(each.can_look for each in self.platforms)

    @property
    def waiting_at(self) -> tuple[str, ...]:
        """Names of the platforms that act next."""
        return tuple(each.name for each in self.platforms if any(line.tone == "moving" for line in each.lines))

    @property
    def counted(self) -> Message:
        """The number of access requests that are done, in a sentence."""
        counts = {"done": self.summary.done, "total": self.summary.total}
        if self.others:
            return _("{done} of {total} done.", **counts)
        if self.can_look:
            return _("{done} of {total} verified.", **counts)
        return _("{done} of {total} confirmed.", **counts)

    @property
    def others_to_do(self) -> bool:
        """True if the client has steps to do on manual platforms."""
        return any(group.is_to_do for group in self.others)

    @property
    def done_label(self) -> Message | None:
        """The button for those steps, if it is the same on all of them."""
        labels = {line.asked.platform.done for group in self.others for line in group.lines if line.can_say_done}
        return labels.pop() if len(labels) == 1 else None

    @property
    def mark(self) -> str:
        """Hash of the content, so that the browser gets it only after a change."""
        content = ([(each.lines, each.guided) for each in self.platforms], self.others)
        return hashlib.sha256(repr(content).encode()).hexdigest()[:16]

    @property
    def moving(self) -> bool:
        """True if the content can still change."""
        return not self.summary.all_done


@router.get("/l/{link_id}/receipt")
@router.get("/l/{link_id}/progress")
async def progress(
    request: Request,
    session: Session,
    link: OpenResult,
    cancelled: bool = False,
    outcome: str = "",
    at: str = "",
    seal: Annotated[str, Query(max_length=90)] = "",
) -> Response:
    """Show how each access request stands, the client's next action, and the receipt.

    `at`: platform of an authorization. `seal`: one that the client printed, to be checked.
    """
    aggregate = link.aggregate
    items = await readiness.of_link(session, aggregate) if aggregate.connecting else ()
    access = await _access_progress(request, session, link)
    is_receipt = access.summary.all_done or aggregate.is_dead
    reviewed = await reviews.last(session, aggregate.agency.id, aggregate.link.id) if is_receipt else None
    return screen(
        request,
        link,
        "progress",
        form_to=consent_origins(request, aggregate),
        came_back=status_texts.came_back(
            "cancelled" if cancelled else outcome, agency=aggregate.agency.name, platform=at
        ),
        access=access,
        ended=aggregate.ended_at,
        reviewed=reviewed,
        review_due=reviews.is_due(aggregate, reviewed),
        changed=any(access_request.status == "drifted" for access_request in aggregate.access_requests),
        leaving=any(each.unwanted_at and each.status not in OVER for each in aggregate.access_requests),
        platforms=[_receipt_of(platform_of(request, here.platform), aggregate) for here in aggregate.connecting],
        others=access.others,
        later=[line for line in check_lines(aggregate, items) if line.mark != "done"] if items else [],
        consent=aggregate.consent,
        reference=aggregate.link.id,
        seal=await seals.of_subject(session, aggregate.agency.id, aggregate.link.id),
        checked=await _check_seal(request, aggregate.agency.id, seal) if seal else None,
        given=seal,
        now=clock.now(),
        asked_to_erase_at=aggregate.link.erasure_requested_at,
        erased=[*personal_data.COUNTED.values(), *personal_data.ALSO],
        kept=personal_data.KEPT,
    )


@router.get("/l/{link_id}/progress/lines")
async def progress_lines(request: Request, session: Session, link: OpenResult, mark: str = "") -> Response:
    """Return the part of the page that changes by itself, for pages with JavaScript; 204 if it is unchanged."""
    shown = await _access_progress(request, session, link)
    if mark == shown.mark:
        return Response(status_code=204, headers=headers.of_page())
    if not shown.moving:  # the receipt is complete now: the whole page is loaded again
        return Response(headers={**headers.of_page(), "HX-Refresh": "true"})
    return render.page(
        request, "client_portal:parts/moved.html", here=render.root(request) + link.path,
        form_token=forms.token(request, link.cookie),
        **brand_of(link.aggregate), access=shown, ended=link.aggregate.ended_at,
    )  # fmt: skip


@router.post("/l/{link_id}/{platform}/check", dependencies=[FROM_OUR_SCREEN])
async def check(request: Request, session: Session, platform: str, link: OpenLink) -> Response:
    """Check the access again after an action of the client at a platform."""
    await rate_limits.take(session, link.aggregate, (rate_limits.CHECKS_ON_LINK, link.aggregate.link.id))
    await access_requests.check_link(session, link.aggregate)
    if not await can_look(session, link.aggregate, link.here):
        await access_requests.say_platform_done(session, link.aggregate, platform)
    return render.see_other(request, f"{link.path}/progress")


@router.post("/l/{link_id}/{platform}/reduction")
async def reduce(request: Request, session: Session, platform: str, link: OpenLink, form: LinkForm) -> Response:
    """Lower a role that is higher than agreed; without a connection, redirect to the platform first."""
    await rate_limits.take(session, link.aggregate, (rate_limits.CHECKS_ON_LINK, link.aggregate.link.id))
    await access_requests.lower_role(session, link.aggregate, form.text("access_request"))
    if link.connection is None:
        return await to_platform(request, session, link, platform)
    return render.see_other(request, f"{link.path}/progress")


@router.post("/l/{link_id}/{platform}/sharing-account")
async def take_account(request: Request, session: Session, platform: str, link: OpenLink, form: LinkForm) -> Response:
    """Make the account that shares an asset the link's own, as the client confirmed."""
    await rate_limits.take(session, link.aggregate, (rate_limits.CHECKS_ON_LINK, link.aggregate.link.id))
    those = _read(link.aggregate, platform)
    access_request = next((each for each in those if each.id == form.text("access_request")), None)
    if access_request is not None:
        line = status_rows.of_access_request(access_request, link.aggregate, platform_of(request, platform))
        said = [line.sentence, *((line.label,) if line.label else ())]
        locale = language.locale_of(request)
        await service.adopt_sharing_account(session, link.aggregate, access_request.id, said=said, locale=locale)
    return render.see_other(request, f"{link.path}/progress")


@router.post("/l/{link_id}/{platform}/change")
async def change(request: Request, session: Session, platform: str, link: OpenLink, form: LinkForm) -> Response:
    """Let the client choose another account or other assets, to agree again."""
    await service.withdraw_consent(session, link.aggregate)
    to = f"{platform}/{form.text('screen')}"
    return render.see_other(request, f"{link.path}/{to if to in link.progress.sequence else f'{platform}/account'}")


@router.post("/l/{link_id}/erasure-request", dependencies=[FROM_THE_RESULT])
async def request_erasure(request: Request, session: Session, link: OpenResult) -> Response:
    """Ask the agency to erase the client's personal data; once."""
    await emails.request_erasure(session, link.aggregate, outbox=services_of(request).outbox)
    await link.aggregate.save(session)
    return render.see_other(request, f"{link.path}/receipt#data")


@router.post("/l/{link_id}/still-right", dependencies=[FROM_THE_RESULT])
async def still_right(request: Request, session: Session, link: OpenResult) -> Response:
    """Record that the access is still right, as the client says; pressed twice is once."""
    if link.progress.submitted:
        await reviews.confirm(session, link.aggregate)
    return render.see_other(request, f"{link.path}/receipt#still-right")


async def _check_seal(request: Request, agency_id: str, given: str) -> Message:
    """The result of comparing a printed seal, in a sentence."""
    services = services_of(request)
    try:
        found = await verification.confirm(services.sessions, services.keyring, agency_id, given)
    except SealUnreadable:
        return _("This is not a seal. A seal reads like 214-5a0c-1f6e-3b7d-4982-a1c6.")
    if found is None:
        return _("This seal does not match what is stored. Ask the agency about it, and show your printed receipt.")
    return _(
        "Seal {number} is the same as on {time}, and everything that it covers is as it was then.",
        number=str(found.number), time=found.sealed_at,
    )  # fmt: skip


@dataclass(frozen=True)
class PlatformReceipt:
    """Access shared on one platform, its two accounts, and the steps to take it back."""

    name: str
    access_requests: Sequence[tuple[AccessRequest, AccessRequestRow]]
    account: Text
    account_id: str | None
    agency_account_id: str | None
    removing: Sequence[Message]

    @property
    def by_role(self) -> Sequence[tuple[Text, Sequence[str]]]:
        """The names of what each role applies to."""
        roles = dict.fromkeys(line.role for _, line in self.access_requests)
        return [(role, [line.name for _, line in self.access_requests if line.role == role]) for role in roles]


def _receipt_of(platform: ConnectedPlatform, aggregate: LinkAggregate) -> PlatformReceipt:
    here = aggregate.on(platform.key)
    return PlatformReceipt(
        name=platform.name,
        access_requests=[
            (each, status_rows.of_access_request(each, aggregate, platform)) for each in _read(aggregate, platform.key)
        ],
        account=here.client_account_name or declarations.texts(platform.key).account.title,
        account_id=here.client_account_id,
        agency_account_id=here.agency_account_id,
        removing=[step.fill(agency=aggregate.agency.name) for step in platform.take_back_steps],
    )


async def platforms_progress(request: Request, session: AsyncSession, link: CurrentLink) -> list[PlatformProgress]:
    """Progress on each platform with an API."""
    aggregate = link.aggregate
    access = await read_access(session, aggregate, aggregate.connecting)
    return [
        _of_platform(
            platform_of(request, here.platform),
            aggregate,
            access[here.platform].held,
            can_connect=here.platform in link.connectable,
            looks=is_readable(here, access),
        )
        for here in aggregate.connecting
    ]


async def _access_progress(request: Request, session: AsyncSession, link: CurrentLink) -> AccessProgress:
    aggregate = link.aggregate
    return AccessProgress(
        summary=status_rows.summary(aggregate),
        platforms=await platforms_progress(request, session, link),
        others=await offers.manual_groups(session, aggregate),
    )


def _of_platform(
    platform: ConnectedPlatform, aggregate: LinkAggregate, held: Held, *, can_connect: bool, looks: bool
) -> PlatformProgress:
    here, access_requests = aggregate.on(platform.key), _read(aggregate, platform.key)
    lines = [
        status_rows.of_access_request(
            access_request, aggregate, platform, held, can_connect=can_connect, can_look=looks
        )
        for access_request in access_requests
    ]
    to_do = [access_request for access_request, line in zip(access_requests, lines, strict=True) if line.steps]
    said_done = [
        access_request
        for access_request in access_requests
        if access_request.status == "unverifiable" and access_request.client_attested_at
    ]
    return PlatformProgress(
        key=platform.key,
        name=platform.name,
        account_noun=declarations.texts(platform.key).account.noun,
        lines=lines,
        # the button under the steps checks everything: no second one beside it
        fixes=[fix for fix in status_rows.fixes(lines) if not (to_do and fix.does == "check")],
        guided=here.lane == "guided",
        can_connect=can_connect,
        can_look=looks,
        checked=_last_check(to_do) if looks else None,
        changeable=any(
            access_request.status in service.NOT_SHARED_YET and access_request.verified_at is None
            for access_request in access_requests
        ),
        choices=[
            (screens.ASSETS, kind.texts.change)
            for kind in dict.fromkeys(each.asset_kind for each in access_requests)
            if kind.choice == "required"
        ][:1],
        dated=platform.guided_dated,
        steps=steps_by_hand(aggregate, platform, to_do),
        done_steps=steps_by_hand(aggregate, platform, said_done) if not to_do else (),
        has_guides=bool(platform.help_topics),
    )


def _last_check(to_do: Sequence[AccessRequest]) -> datetime | None:
    """Time of the client's last check, if the access is not visible yet and no reason is known."""
    if any(access_request.code for access_request in to_do):
        return None
    return max((access_request.recheck_at for access_request in to_do if access_request.recheck_at), default=None)


def _read(aggregate: LinkAggregate, platform: str) -> list[AccessRequest]:
    """Access requests on a platform that have an asset."""
    return [each for each in aggregate.access_requests if each.asset_id and each.platform == platform]
