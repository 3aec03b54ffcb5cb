"""Reminders to clients: choices of their days, and the page of the agency's schedule."""

from collections.abc import Mapping, Sequence
from typing import Literal

from fastapi import Request
from fastapi.responses import Response

from app.dashboard import desk
from app.dashboard.member_session import PATH as DESK
from app.dashboard.member_session import CurrentMember, Manager, MemberForm, Viewer
from app.kit.database import Session
from app.kit.html import forms, render
from app.kit.html.forms import Form
from app.kit.i18n.message import Message, _
from app.services import services_of
from app.tenants.agencies import reminder_schedule, service
from app.tenants.agencies.models import Agency
from app.tenants.agencies.reminder_schedule import DEFAULT_DAYS, ReminderSettings

router = forms.page_router()
BRAND = f"{DESK}/brand"
PATH = f"{BRAND}/reminders"
#: Choice of no reminders.
_OFF = "off"
_OFFERED = (DEFAULT_DAYS, (2, 5, 10), (3, 7, 14))
_DAYS_WRONG = _("Choose when the client is reminded.")
_HOUR_WRONG = _("Choose an hour.")
_ZONE_WRONG = _("Enter a time zone such as Europe/Paris.")


def in_words(days: Sequence[int]) -> Message:
    """The days of a schedule."""
    return _("Day {days} of waiting", days=tuple(map(str, days))) if days else _("None")


def usual(agency: Agency) -> Message:
    """The choice of the agency's own schedule."""
    return _("As usual ({when})", when=in_words(ReminderSettings.of(agency.reminders).days))


def written(days: Sequence[int] | None) -> str:
    """Days as a form sends them; `""`: as of the agency."""
    return "" if days is None else ",".join(map(str, days)) or _OFF


def choices(chosen: Sequence[int] | None = None) -> list[tuple[str, Message]]:
    """Schedules to choose from, with the one that was chosen."""
    every = dict.fromkeys([*_OFFERED, *([tuple(chosen)] if chosen else []), ()])
    return [(written(days), in_words(days)) for days in every]


def read_days(form: Form) -> list[int] | None:
    """The days that a form chose; None: as of the agency. What is wrong is in the form's problems."""
    typed = form.line("reminders", most=40)
    try:
        if typed in ("", _OFF):
            return [] if typed else None
        return reminder_schedule.checked_days([int(each) for each in typed.split(",")])
    except ValueError:
        form.problems["reminders"] = _DAYS_WRONG
        return None


@router.get(PATH)
async def show(request: Request, caller: Viewer, done: Literal["saved", ""] = "") -> Response:
    """The agency's schedule."""
    return _page(request, caller, ReminderSettings.of(caller.agency.reminders), is_saved=bool(done))


@router.post(PATH)
async def change(request: Request, session: Session, caller: Manager, form: MemberForm) -> Response:
    """Change the agency's schedule."""
    zone = form.line("time_zone", most=64)
    hours = {name: form.line(name, most=2) for name in ("quiet_from", "quiet_until")}
    for name, hour in hours.items():
        if hour not in map(str, range(24)):
            form.problems[name] = _HOUR_WRONG
    try:
        reminder_schedule.checked_time_zone(zone)
    except ValueError:
        form.problems["time_zone"] = _ZONE_WRONG
    days = read_days(form)
    if form.problems:
        kept = ReminderSettings.of(caller.agency.reminders)
        return _page(request, caller, kept, form.problems, zone=zone)
    settings = ReminderSettings(
        days=tuple(days or ()), quiet_from=int(hours["quiet_from"]), quiet_until=int(hours["quiet_until"]),
        on_weekends=form.ticked("on_weekends"), time_zone=zone,
    )  # fmt: skip
    await service.set_reminders(session, caller.agency_id, settings, actor=caller.member.actor)
    return render.see_other(request, f"{PATH}?done=saved")


def _page(
    request: Request, caller: CurrentMember, settings: ReminderSettings, problems: Mapping[str, Message] | None = None,
    *, zone: str | None = None, is_saved: bool = False,
) -> Response:  # fmt: skip
    return desk.page(
        request, caller, "reminders", here=BRAND, status=422 if problems else 200, problems=problems or {},
        settings=settings, chosen=written(settings.days), choices=choices(settings.days),
        hours=[(str(hour), f"{hour:02}:00") for hour in range(24)], may_change=caller.may("manager"),
        zone=settings.time_zone if zone is None else zone, is_saved=is_saved,
        mail_on=services_of(request).outbox is not None,
    )  # fmt: skip
