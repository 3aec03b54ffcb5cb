"""The kickoff of a client's link: all checks live, what is left and whose turn it is, and the shared result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.kickoffs import service, texts
from app.access.kickoffs.checks import Key, KickoffCheck
from app.access.kickoffs.models import Kickoff
from app.client_portal import client_message
from app.client_portal.branding import brand_of_agency
from app.client_portal.client_message import ClientMessage
from app.dashboard import desk
from app.dashboard.link_form import LINKS
from app.dashboard.link_page import grouped
from app.dashboard.member_session import PATH, CurrentMember, MemberForm, Viewer, Worker
from app.dashboard.turns import Label
from app.kit.database import Session, reading
from app.kit.errors import AppError, NotFound
from app.kit.html import forms, language, render
from app.kit.html.render import HtmlError
from app.kit.i18n.locales import Locale
from app.kit.i18n.message import Message, Problems, Text, _, _n
from app.links import queries as links
from app.links.aggregate import LinkAggregate
from app.platforms import declarations
from app.platforms.port import EVENTS_WITHIN
from app.platforms.registry import Platforms
from app.services import services_of
from app.tenants.agencies import service as agencies

router = forms.page_router()
_HERE = f"{LINKS}/{{link_id}}/kickoff"
_ONE = f"{_HERE}/{{kickoff_id}}"
#: Kickoffs in the list of earlier ones, and the choices of days for the shared address.
_MOST, _DAYS = 20, (7, service.SHARED_DAYS, 30, service.MOST_SHARED_DAYS)
#: Types of events that are shown with their numbers.
_MOST_TYPES = 4
GROUPS: Sequence[tuple[Message, tuple[Key, ...]]] = (
    (_("Money"), ("payment", "country", "billing", "verification")),
    (_("Access"), ("access", "campaign", "people")),
    (_("Measuring"), ("events",)),
)
RESULTS: Mapping[str, Label] = {
    "pass": Label("verified", _("Passed"), "good"),
    "attested": Label("attested", _("Attested"), "info"),
    "to_do": Label("blocked", _("To do"), "bad"),
    "cannot_tell": Label("unverifiable", _("Not known"), "off"),
}
TURNS: Mapping[str, Label] = {
    "client": Label("client", _("Client’s turn"), "wait"),
    "agency": Label("you", _("Your turn"), "bad"),
    "platform": Label("platform", _("The platform’s turn"), "info"),
    "us": Label("us", _("Keyturn’s turn"), "info"),
}
READY, NOT_READY = Label("verified", _("Ready to launch"), "good"), Label("client", _("Not ready yet"), "wait")
DONE: Mapping[str, Message] = {
    "attested": _("Your statement is recorded."),
    "ended": _("The shared address has ended."),
}


class ResultNotShared(HtmlError):
    """No result is shared at this address, or no longer."""

    status = 404
    code = "result_not_shared"
    message = _("This result is not shared any more.")
    advice = _("Ask the person who sent it to you for a new address.")


@dataclass(frozen=True)
class CheckRow:
    """A check as it is shown: what it is about, its result, whose turn it is, and what was seen."""

    check: KickoffCheck
    title: Message
    about: Text
    label: Label
    turn: Label | None
    reason: Text | None
    seen: Sequence[Text]


@dataclass(frozen=True)
class OpenForm:
    """The open form of the page: values and problems; the address that was just made; a refusal."""

    check_id: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    problems: Problems = field(default_factory=dict)
    address: str | None = None
    refused: Sequence[Message] = ()
    done: str = ""


@router.get(_HERE)
async def kickoff(
    request: Request,
    caller: Viewer,
    link_id: str,
    of: Annotated[str, Query(max_length=100)] = "",
    attest: Annotated[str, Query(max_length=300)] = "",
    done: str = "",
) -> Response:
    """The newest kickoff, or the one with the id `of`. `attest`: the check whose form is open."""
    async with reading(services_of(request).sessions) as session:
        return await _show(request, session, caller, link_id, of, OpenForm(check_id=attest, done=done))


@router.post(_HERE)
async def run(request: Request, session: Session, caller: Worker, link_id: str, form: MemberForm) -> Response:  # noqa: ARG001
    """Run all checks now, and show the result."""
    try:
        prepared = await service.prepare(session, caller.agency_id, link_id)
    except service.TooManyKickoffs as refused:
        await session.rollback()
        return await _refused(request, session, caller, link_id, refused)
    await session.commit()  # nothing is held while the platform answers
    seen = await service.read(services_of(request), prepared)
    await service.complete(session, prepared, seen, ran_by=caller.member.name)
    return render.see_other(request, f"{LINKS}/{link_id}/kickoff")


@router.post(f"{_ONE}/attestation")
async def attest(
    request: Request, session: Session, caller: Worker, link_id: str, kickoff_id: str, form: MemberForm
) -> Response:
    """Record the member's statement about a check."""
    row = await _of_link(session, caller, link_id, kickoff_id)
    check_id, note, country = form.line("check", most=300), form.line("note", most=500), form.line("country", most=2)
    check = next((each for each in row.results if each.id == check_id), None)
    problems = dict(form.problems)
    if check is not None and check.key == "country" and country not in language.locale_of(request).countries:
        problems["country"] = service.COUNTRY_MISSING
    if problems:
        opened = OpenForm(check_id, {"note": note, "country": country}, problems)
        return await _show(request, session, caller, link_id, kickoff_id, opened, code=422)
    try:
        await service.attest(
            session, caller.agency_id, kickoff_id, check_id, by=caller.member.name, note=note, country=country or None
        )
    except (service.NotAttestable, service.NotNewest) as refused:
        return await _refused(request, session, caller, link_id, refused)
    return render.see_other(request, f"{LINKS}/{link_id}/kickoff?done=attested")


@router.post(f"{_ONE}/share")
async def share(
    request: Request, session: Session, caller: Worker, link_id: str, kickoff_id: str, form: MemberForm
) -> Response:
    """Share the result. The address is in this answer only."""
    await _of_link(session, caller, link_id, kickoff_id)
    days = form.line("days", most=3)
    chosen = int(days) if days.isdecimal() and int(days) in _DAYS else service.SHARED_DAYS
    _row, token = await service.share(session, caller.agency_id, kickoff_id, days=chosen)
    address = service.address_of(services_of(request).public_url, token)
    return await _show(request, session, caller, link_id, kickoff_id, OpenForm(address=address))


@router.post(f"{_ONE}/share/end")
async def stop_sharing(
    request: Request, session: Session, caller: Worker, link_id: str, kickoff_id: str, form: MemberForm  # noqa: ARG001
) -> Response:  # fmt: skip
    """End the shared address at once."""
    await _of_link(session, caller, link_id, kickoff_id)
    await service.stop_sharing(session, caller.agency_id, kickoff_id)
    return render.see_other(request, f"{LINKS}/{link_id}/kickoff?of={kickoff_id}&done=ended")


@router.get(f"{service.SHARED_PATH}/{{token}}")
async def result(request: Request, token: str) -> Response:
    """The shared result, for anybody with its address. Names nobody but those who stated something."""
    services = services_of(request)
    async with reading(services.sessions) as session:
        row = await service.by_token(session, token)
        if row is None:
            raise ResultNotShared
        agency = await agencies.find(session, row.agency_id)
        language.prefer(request, link=None, agency=agency.language)
        aggregate = await links.load_link(session, row.agency_id, row.link_id)
    locale = language.locale_of(request)
    return render.page(
        request, "dashboard:desk/kickoff_result.html", kickoff=row, client=aggregate.client.name,
        groups=_groups(row, services.platforms, locale, shared=True), left=sum(each.is_left for each in row.results),
        **brand_of_agency(agency),
    )  # fmt: skip


async def _show(
    request: Request,
    session: AsyncSession,
    caller: CurrentMember,
    link_id: str,
    kickoff_id: str,
    opened: OpenForm,
    *,
    code: int = 200,
) -> Response:
    """The page with one of the link's kickoffs, by default the newest. Raises NotFound."""
    aggregate = await links.load_link(session, caller.agency_id, link_id)
    recent = await service.history(session, caller.agency_id, link_id, limit=_MOST)
    shown_id = kickoff_id or (recent[0].id if recent else "")
    row = await _of_link(session, caller, link_id, shown_id) if shown_id else None
    shown: dict[str, Any] = {"groups": [], "left": [], "first": None, "open_check": None, "message": None}
    locale = language.locale_of(request)
    if row is not None:
        groups = _groups(row, services_of(request).platforms, locale)
        rows = [each for _title, members in groups for each in members]
        left = [each for each in rows if each.check.is_left]
        shown = {
            "groups": groups, "left": left, "first": next(iter(left), None),
            "open_check": next((each for each in rows if each.check.id == opened.check_id), None),
            "summary": _summary(row),
            "message": _message(aggregate, left, services_of(request).languages),
        }  # fmt: skip
    is_newest = row is not None and row.id == recent[0].id
    return desk.page(
        request, caller, "kickoff", here=PATH, status=code, link=aggregate.link, client=aggregate.client, kickoff=row,
        recent=[(each, READY if each.launch_ready else NOT_READY) for each in recent], works=caller.may("member"),
        is_newest=is_newest, opened=opened, done=DONE.get(opened.done),
        problems=opened.problems, statements=texts.STATEMENTS, countries=locale.countries,
        shared_until=service.shared_until(row) if row else None, days=_DAYS, usual_days=service.SHARED_DAYS,
        **shown,
    )  # fmt: skip


async def _refused(
    request: Request, session: AsyncSession, caller: CurrentMember, link_id: str, refused: AppError
) -> Response:
    opened = OpenForm(refused=refused.sentences)
    return await _show(request, session, caller, link_id, "", opened, code=refused.status)


async def _of_link(session: AsyncSession, caller: CurrentMember, link_id: str, kickoff_id: str) -> Kickoff:
    """A kickoff of this link. Raises NotFound."""
    found = await service.find(session, caller.agency_id, kickoff_id)
    if found.link_id != link_id:
        raise NotFound
    return found


def _groups(
    kickoff: Kickoff, platforms: Platforms, locale: Locale, *, shared: bool = False
) -> list[tuple[Message, list[CheckRow]]]:
    """The checks in groups; groups without checks are left out. `shared`: for readers outside the agency."""
    results = kickoff.results
    found = []
    for title, keys in GROUPS:
        members = [each for key in keys for each in results if each.key == key]
        if members:
            found.append((title, [_row(each, platforms, locale, shared=shared) for each in members]))
    return found


def _row(check: KickoffCheck, platforms: Platforms, locale: Locale, *, shared: bool) -> CheckRow:
    return CheckRow(
        check,
        texts.TITLES[check.key],
        _about(check, shared=shared),
        RESULTS[check.status],
        TURNS.get(check.next_actor or "") if check.is_left else None,
        _reason(check, shared=shared),
        [*_read(check, platforms, locale), *_stated(check, locale, shared=shared)],
    )


def _summary(kickoff: Kickoff) -> Message:
    """Numbers of checks that are done, and the time that the reads took."""
    statuses = [each.status for each in kickoff.results]
    return _n(
        "{passed} passed and {attested} attested, in {count} second.",
        "{passed} passed and {attested} attested, in {count} seconds.",
        max(1, round(kickoff.took_ms / 1000)), passed=statuses.count("pass"), attested=statuses.count("attested"),
    )  # fmt: skip


def _message(aggregate: LinkAggregate, left: Sequence[CheckRow], offered: Sequence[str]) -> ClientMessage | None:
    """The message about everything that is left to the client; None if nothing is."""
    points = []
    for row in left:
        if row.check.next_actor == "client":
            reason = texts.for_client(row.check.code) or _("Your link shows the steps.")
            points.append(
                _("{check}, {asset}: {reason}", check=row.title, asset=row.about, reason=reason)
                if row.about
                else _("{check}: {reason}", check=row.title, reason=reason)
            )
    return client_message.about_launch(aggregate, points, offered=offered) if points else None


def _about(check: KickoffCheck, *, shared: bool) -> Text:
    """The asset by name, else by number, else its kind; outside the agency no address of a person."""
    if check.platform is None or check.kind is None:
        return ""
    kind = declarations.find(check.platform, check.kind)
    named = None if shared and kind.is_person else check.asset_name or grouped(check.asset_id or "")
    return named or kind.texts.title(1)


def _reason(check: KickoffCheck, *, shared: bool) -> Text | None:
    """The reason for the result; outside the agency only what the client has to do."""
    if shared and check.next_actor != "client":
        return None
    return texts.for_client(check.code) if shared else texts.reason(check.code)


def _read(check: KickoffCheck, platforms: Platforms, locale: Locale) -> list[Text]:
    found: list[Text] = []
    if check.role and check.platform and check.kind and check.platform in platforms:
        role = platforms[check.platform].role_words(check.kind, check.role).label
        allows = check.key == "campaign" and check.status == "pass"
        found.append(_("The role “{role}” allows it. None was created.", role=role) if allows else role)
    if check.count and check.key == "people":
        found.append(_n("{count} person at the agency", "{count} people at the agency", check.count))
    if check.count and check.key == "events":
        days = EVENTS_WITHIN.days
        found.append(_n("{count} event in {days} days", "{count} events in {days} days", check.count, days=days))
        most = sorted(check.events.items(), key=lambda each: -each[1])[:_MOST_TYPES]
        found.append(locale.listed([f"{locale.number(number)} {name}" for name, number in most], "unit-short"))
    if check.country:
        country, currency = locale.countries.get(check.country, check.country), check.currency or ""
        found.append(_("The account is from {country} and pays in {currency}.", country=country, currency=currency))
    if check.key == "verification" and check.status == "pass" and check.since:
        found.append(_("Read on {moment}.", moment=check.since))
    return found


def _stated(check: KickoffCheck, locale: Locale, *, shared: bool) -> list[Text]:
    if check.since is None or check.stated_side is None:
        return []
    found: list[Text] = []
    if check.stated_country:
        country = locale.countries.get(check.stated_country, check.stated_country)
        found.append(_("Payment method from {country}.", country=country))
    if check.stated_side == "client":
        found.append(_("The client, {moment}", moment=check.since))
    else:
        found.append(_("{person}, {moment}", person=check.stated_by or "", moment=check.since))
    return [*found, *([check.note] if check.note and not shared else [])]
