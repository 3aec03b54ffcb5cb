"""Screen of the review: every consequence in a sentence, and the client's consent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response

from app.access import handshakes
from app.access.readiness import service as readiness
from app.access.readiness.checks import Item
from app.access.reconciler import dry_run
from app.access.requests import service as access_requests
from app.client_portal import offers, screens, service
from app.client_portal.copy import manual_platforms as manual_copy
from app.client_portal.copy.consent import Agreement, RequestGroup, agreement, group_requests
from app.client_portal.link_session import CurrentLink, LinkForm, OpenScreen, asks_pixels, claim
from app.client_portal.pages.checklist import check_lines, likely_name
from app.client_portal.rendering import (
    by_hand,
    consent_origins,
    is_readable,
    needs_own_connection,
    platform_of,
    read_access,
    screen,
    sent_back,
)
from app.kit.database import Session
from app.kit.html import forms, language, render
from app.kit.i18n.message import Message, Problems, Text, _
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest, LinkPlatform
from app.links.presets import builtin
from app.links.presets.preset import Question
from app.platforms import declarations
from app.services import services_of

router = forms.page_router()


@router.get("/l/{link_id}/review")
async def review(request: Request, session: Session, link: OpenScreen) -> Response:
    """Show what is shared, in the exact words of the consent, and the client's answers."""
    draft = link.draft_of(request)
    name = draft.form.line("name", most=120) if draft else likely_name(link.aggregate)
    items = await readiness.of_link(session, link.aggregate) if link.aggregate.connecting else ()
    return _shown(request, link, await _text(request, session, link), name, items, draft.problems if draft else {})


@router.post("/l/{link_id}/review")
async def agree(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Save the consent with its sentences, and start the handshake."""
    aggregate = link.aggregate
    await claim(session, link)
    for here in aggregate.connecting:
        if here.lane == "connected" and await needs_own_connection(session, link, here.platform):
            return render.see_other(request, f"{link.path}/{here.platform}/way?outcome=connect_here")
    if not any(access_request.awaits_yes for access_request in aggregate.access_requests):
        return render.see_other(request, f"{link.path}/progress")  # pressed twice: agreed already
    # the link is locked: the text agreed to is the text shown, whatever another tab does meanwhile
    text = await _text(request, session, link)
    name, locale = form.line("name", most=120), language.locale_of(request)
    items = await readiness.of_link(session, aggregate) if aggregate.connecting else ()
    problems = form.problems or _problems(name, items, unchanged=form.text("mark") == text.mark(locale))
    if problems:
        return sent_back(request, link, form, problems)
    aggregate.give_consent(name, text.sentences, locale=locale)
    access_requests.refresh_statuses(aggregate)
    await aggregate.save(session)
    await handshakes.start_for_link(session, aggregate)
    link.browser.draft = None
    return render.see_other(request, f"{link.path}/progress")


@router.post("/l/{link_id}/review/answer")
async def answer_group(request: Request, session: Session, link: OpenScreen, form: LinkForm) -> Response:
    """Decline one optional group, or undo a decline; a group without assets then continues to their choice."""
    group, declined = form.text("group"), form.text("answer") == "no"
    service.answer_group(link.aggregate, group, declined=declined)
    await link.aggregate.save(session)
    left_out = [
        access_request
        for access_request in link.aggregate.access_requests
        if access_request.id == group and not access_request.is_chosen
    ]
    to = "review"
    if left_out and not declined:
        to = f"{left_out[0].platform}/{screens.ASSETS}"
    return render.see_other(request, f"{link.path}/{to}")


async def _text(request: Request, session: Session, link: CurrentLink) -> Agreement:
    aggregate = link.aggregate
    access = await read_access(session, aggregate, by_hand(aggregate.connecting))
    read = [
        sentence
        for here in aggregate.connecting
        for sentence in dry_run.sentences(
            aggregate, platform_of(request, here.platform), can_look=is_readable(here, access)
        )
    ]
    asked = offers.with_asset_names(offers.to_agree(aggregate, services_of(request).platforms))
    read = list(reversed(dict.fromkeys(reversed(read))))  # what ends each platform is said once, at the end
    plan = [*manual_copy.plan(offers.open_manual_requests(aggregate), agency=aggregate.agency.name), *read]
    return agreement(plan, asked, agency=aggregate.agency.name, client=aggregate.client.name)


def _groups(request: Request, aggregate: LinkAggregate) -> list[RequestGroup]:
    """Groups on platforms with an API that can be agreed to or declined."""
    open_requests = [each for each in aggregate.access_requests if not each.approved_at]
    return [
        group
        for here in aggregate.connecting
        if (those := [each for each in open_requests if each.platform == here.platform])
        for group in group_requests(those, platform_of(request, here.platform))
    ]


def _is_worth_a_choice(link: CurrentLink) -> bool:
    """True if the groups add to the plan: several kinds or roles, optional requests, or a new reason."""
    access_requests = [
        access_request for access_request in link.aggregate.access_requests if not access_request.approved_at
    ]
    several = len({(each.platform, each.kind, each.role) for each in access_requests}) > 1
    return several or any(
        access_request.role_reason or not access_request.required for access_request in access_requests
    )


def _answered(link: CurrentLink) -> list[tuple[Text, list[Text]]]:
    """The agency's own questions with the answers, or the names of the files."""
    aggregate = link.aggregate
    return [(builtin.words(question.label), _given(question, aggregate)) for question in aggregate.preset.questions]


def _given(question: Question, aggregate: LinkAggregate) -> list[Text]:
    if question.kind == "file":
        return [file.name for file in aggregate.files if file.key == question.key]
    answer = aggregate.answers.get(question.key)
    if not answer:
        return []
    return [builtin.words(answer) if question.kind == "choice" else answer]


@dataclass(frozen=True)
class PlatformAnswers:
    """The client's answers on one platform, as the review repeats them."""

    key: str
    name: str
    account_noun: Message
    by_hand: bool
    account_name: str | None
    account_id: str | None
    #: chosen assets by kind: its key, its title, and the access requests
    assets: Sequence[tuple[str, Message, Sequence[AccessRequest]]]
    #: None if the platform has no pixels
    pixels: Sequence[str] | None


def _answers_on(request: Request, link: CurrentLink, here: LinkPlatform) -> PlatformAnswers:
    asked: dict[str, list[AccessRequest]] = {}
    for each in link.aggregate.access_requests:
        if each.platform == here.platform and each.asset_kind.choice == "required":
            asked.setdefault(each.kind, []).append(each)
    has_pixels = asks_pixels(link.aggregate, here.platform)
    return PlatformAnswers(
        key=here.platform,
        name=platform_of(request, here.platform).name,
        account_noun=declarations.texts(here.platform).account.noun,
        by_hand=here.lane == "guided",
        account_name=here.client_account_name,
        account_id=here.client_account_id,
        assets=[
            (kind, those[0].asset_kind.texts.title(2), [each for each in those if each.awaits_yes])
            for kind, those in asked.items()
        ],
        pixels=(here.pixel_codes or []) if has_pixels else None,
    )


def _problems(name: str, items: Sequence[Item], *, unchanged: bool) -> Problems:
    problems: dict[str, Message] = {}
    if not unchanged:
        problems["plan"] = _("The list changed since you opened this page. Please read it again before you agree.")
    if any(item.verdict.blocks for item in items):
        problems["checks"] = _("Something is in the way: nothing could be shared. See below what helps.")
    if not name:
        problems["name"] = _("Enter your name.")
    return problems


def _shown(
    request: Request,
    link: CurrentLink,
    text: Agreement,
    name: str,
    items: Sequence[Item],
    problems: Mapping[str, Text],
) -> Response:
    aggregate, intake = link.aggregate, link.aggregate.intake
    checks = check_lines(aggregate, items) if items else []
    return screen(
        request,
        link,
        "review",
        problems={
            name: problems[name] for name in problems if name != "checks" or any(i.verdict.blocks for i in items)
        },
        form_to=consent_origins(request, aggregate),
        text=text,
        mark=text.mark(language.locale_of(request)),
        signed=name,
        changed="plan" in problems,
        by_hand=all(each.lane == "guided" for each in aggregate.connecting),
        platforms=[_answers_on(request, link, here) for here in aggregate.connecting],
        unused=[(each.platform, declarations.name(each.platform)) for each in aggregate.platforms if each.unused_at],
        others=offers.open_manual_requests(aggregate),
        rows=_rows(request, aggregate),
        markets=intake.markets or [],
        contacts=intake.contacts or [],
        sequence=link.progress.sequence,
        shared=sum(access_request.awaits_yes for access_request in aggregate.access_requests),
        answered=_answered(link),
        one_by_one=_is_worth_a_choice(link),
        groups=_groups(request, aggregate),
        checks=[line for line in checks if not line.asked or line.mark == "done"],
        stuck=[line for line in checks if line.mark == "stuck"],
        help_with=platform_of(request, aggregate.connecting[0].platform).help_articles if checks else None,
    )


@dataclass(frozen=True)
class SharedRow:
    """One line of what is shared: an asset, or an access of a manual platform, with its role."""

    name: Text
    role: Text


def _rows(request: Request, aggregate: LinkAggregate) -> list[SharedRow]:
    """The lines of a consent given now, asset by asset."""
    return [
        *(
            SharedRow(
                each.asset_name or each.person_email or each.asset_id or "",
                platform_of(request, each.platform).role_words(each.kind, each.role).label,
            )
            for each in aggregate.access_requests
            if each.awaits_yes and not each.is_manual and aggregate.on(each.platform).unused_at is None
        ),
        *(SharedRow(each.line, each.platform.role(each.role).label) for each in offers.open_manual_requests(aggregate)),
    ]
