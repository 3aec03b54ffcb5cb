"""Step links: the page where the client passes one step on, and the pages of the person who does it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.client_portal import offers, rate_limits, screens
from app.client_portal.branding import brand_of
from app.client_portal.copy.manual_platforms import ManualGroup
from app.client_portal.errors import Elsewhere, LinkUnknown, StepOver
from app.client_portal.link_session import YOUR_STEP, CurrentLink, LinkForm, OpenLink, claim, first_address
from app.client_portal.pages.progress import PlatformProgress, platforms_progress
from app.client_portal.rendering import screen, sent_back
from app.kit.actor import bind_actor
from app.kit.database import Session
from app.kit.html import forms, language, render
from app.kit.i18n.message import Text, _
from app.links import queries as links
from app.links import step_links, url
from app.links.aggregate import LinkAggregate
from app.links.models import StepLink
from app.platforms import declarations
from app.services import services_of
from app.tenants.agencies import hosts

router = forms.page_router()
#: The path of a step link; only the token decides.
STEP = "/l/step/{token}"
#: What the person of a step link can do about a blocker.
_THEIR_FIXES = frozenset({"connect", "reduce", "check", "by_hand"})


@dataclass(frozen=True)
class PassedStep:
    """A step link as the client sees it."""

    id: str
    person: str
    platform: Text
    address: str
    until: datetime
    opened_at: datetime | None


@router.get("/l/{link_id}/someone-else")
async def show(request: Request, session: Session, link: OpenLink, platform: str = "") -> Response:
    """Show the form for a step link, and the step links that can be used. `platform`: the step that is proposed."""
    draft = link.draft_of(request)
    return screen(
        request,
        link,
        "someone-else",
        problems=draft.problems if draft else {},
        choices=_steps(link.aggregate),
        chosen=(draft.form.text("platform") if draft else "") or platform,
        person=draft.form.text("person") if draft else "",
        passed=await _passed(request, session, link),
        days=step_links.LIFE.days,
        onward=screens.next_screen(link.progress),
    )


@router.post("/l/{link_id}/someone-else")
async def pass_on(request: Request, session: Session, link: OpenLink, form: LinkForm) -> Response:
    """Make a step link for a named person; twice the same is one."""
    person, steps = form.line("person", most=120), dict(_steps(link.aggregate))
    platform = form.text("platform") or (next(iter(steps)) if len(steps) == 1 else "")
    problems = dict(form.problems)
    if not person:
        problems.setdefault("person", _("Enter the name of the person, so that both of you know who did it."))
    if platform not in steps:
        problems.setdefault("platform", _("Choose the step."))
    if problems:
        return sent_back(request, link, form, problems)
    await claim(session, link)  # what is done in the other browser is for this one alone
    link.browser.draft = None
    await step_links.pass_on(session, link.aggregate, platform, person, keyring=services_of(request).keyring)
    return render.see_other(request, f"{link.path}/someone-else#passed")


@router.post("/l/{link_id}/someone-else/revocation")
async def take_back(request: Request, session: Session, link: OpenLink, form: LinkForm) -> Response:
    """Revoke a step link."""
    await step_links.take_back(session, link.aggregate, form.text("step"))
    return render.see_other(request, f"{link.path}/someone-else")


@router.get(STEP)
async def step_link(request: Request, session: Session, token: str) -> Response:
    """Show the step with its abilities and limits. Changes nothing, because scanners open links."""
    aggregate, step = await _by_token(request, session, token)
    return render.page(
        request,
        "client_portal:door/step.html",
        **brand_of(aggregate),
        form_token=forms.token(request),
        person=step.person,
        platform=_name(aggregate, step.platform),
        offers=offers.of_link(aggregate, services_of(request).platforms, only=step.platform),
        requested_by=aggregate.link.requested_by,
        until=step.expires_at,
    )


@router.post(STEP, dependencies=[forms.OPEN_TO_ALL])
async def start_step(request: Request, session: Session, token: str) -> Response:
    """Open the step in this browser, which sees no other part of the link."""
    aggregate, step = await _by_token(request, session, token, lock=True)
    await rate_limits.take(session, aggregate, (rate_limits.BROWSERS_ON_LINK, aggregate.link.id))
    await step_links.open_step(session, aggregate, step, forms.browser(request))
    answer = render.see_other(request, first_address(request, f"{url.of_screens(aggregate.link.id)}/{YOUR_STEP}"))
    forms.remember(request, answer)
    return answer


async def _step(link: OpenLink) -> CurrentLink:
    """The link in a browser that came by a step link. Raises Elsewhere in any other."""
    if link.aggregate.step_link is None:
        raise Elsewhere(link.path)
    return link


@router.get(f"/l/{{link_id}}/{YOUR_STEP}")
async def your_step(
    request: Request, session: Session, link: Annotated[CurrentLink, Depends(_step, scope="function")]
) -> Response:
    """The first screen of the step that is not answered; then the state of the step."""
    aggregate, step = link.aggregate, link.aggregate.step_link
    assert step is not None
    due = screens.next_screen(link.progress)
    if due in link.progress.sequence and aggregate.link.submitted_at is None:
        raise Elsewhere(f"{link.path}/{due}")
    on, group = await _standing(request, session, link, step)
    return screen(
        request,
        link,
        YOUR_STEP,
        person=step.person,
        platform=_name(aggregate, step.platform),
        on=on,
        group=group,
        agreed=aggregate.link.submitted_at is not None,
        to_do=bool(on and (on.fixes or on.by_hand)) or bool(group and group.is_to_do),
    )


async def _standing(
    request: Request, session: AsyncSession, link: CurrentLink, step: StepLink
) -> tuple[PlatformProgress | None, ManualGroup | None]:
    """The state of the step: on a platform with an API, or on a manual one."""
    for on in await platforms_progress(request, session, link):
        if on.key == step.platform:
            return replace(on, fixes=[each for each in on.fixes if each.does in _THEIR_FIXES]), None
    groups = await offers.manual_groups(session, link.aggregate)
    return None, next((each for each in groups if each.key == step.platform), None)


async def _passed(request: Request, session: AsyncSession, link: CurrentLink) -> list[PassedStep]:
    """The step links that can be used, the newest first."""
    services, aggregate = services_of(request), link.aggregate
    rows = [each for each in await step_links.of_link(session, aggregate) if step_links.is_usable(each)]
    return [
        PassedStep(
            row.id,
            row.person,
            _name(aggregate, row.platform),
            step_links.address(aggregate, row, keyring=services.keyring, public_url=services.public_url),
            row.expires_at,
            row.opened_at,
        )
        for row in reversed(rows)
    ]


def _steps(aggregate: LinkAggregate) -> Sequence[tuple[str, Text]]:
    """The platforms of a link, each with its name: each is one step."""
    return [(each.platform, _name(aggregate, each.platform)) for each in aggregate.platforms if each.unused_at is None]


def _name(aggregate: LinkAggregate, platform: str) -> Text:
    """The name of a platform of a link."""
    manual = aggregate.on(platform).is_manual
    return aggregate.manual_platform(platform).name if manual else declarations.name(platform)


async def _by_token(
    request: Request, session: AsyncSession, token: str, *, lock: bool = False
) -> tuple[LinkAggregate, StepLink]:
    """Load the step link of a secret with its link. Raises LinkUnknown, StepOver."""
    found = await links.load_by_step_token(session, token, lock=lock)
    if found is None or not hosts.serves(request, found[0].agency.id):
        raise LinkUnknown
    aggregate, step = found
    bind_actor(aggregate.by_client)
    language.prefer(request, link=aggregate.link.language, agency=aggregate.agency.language)
    if not step_links.is_usable(step) or aggregate.is_dead:
        raise StepOver(aggregate)
    return aggregate, step
