"""Time to access as a page: medians by month, preset and platform, where clients stop, and what holds them up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import Response

from app.dashboard import desk
from app.dashboard.member_session import PATH as DESK
from app.dashboard.member_session import Viewer
from app.kit.database import reading
from app.kit.html import forms
from app.kit.i18n.message import Message, _, _n, _p
from app.kit.web.headers import download
from app.links.presets import service as presets
from app.links.time_to_access import service as time_to_access
from app.links.time_to_access.service import Durations, Funnel, Table
from app.platforms.blockers import BLOCKERS
from app.services import services_of

router = forms.page_router()
PATH = f"{DESK}/time-to-access"
Months = Literal["3", "6", "12"]
#: Sizes of the chart: width, height, left and right edge, base line, and height of the highest point above it.
WIDTH, HEIGHT, LEFT, RIGHT, BASE, RISE = 560, 230, 50, 530, 196, 160
_UNITS = (
    (timedelta(days=1), _("Days")), (timedelta(hours=1), _("Hours")), (timedelta(minutes=1), _("Minutes")),
)  # fmt: skip


@dataclass(frozen=True)
class ChartPoint:
    """A month in the chart: its place, and its value in the unit of the chart."""

    x: int
    y: int
    month: str
    value: str


@dataclass(frozen=True)
class Chart:
    """The line of medians: its points, the unit, the path of the line, and the area under it."""

    points: Sequence[ChartPoint]
    unit: Message
    line: str
    area: str


@dataclass(frozen=True)
class FunnelStep:
    """A step that links reached: their number, its share of all in per cent, and how many stopped before it."""

    words: Message
    count: int
    share: int
    lost: Message | None


@router.get(PATH)
async def durations(
    request: Request,
    caller: Viewer,
    months: Annotated[Months, Query()] = "6",
    preset: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Medians, funnel and blockers of the last months, of all presets or of one."""
    since, platforms = time_to_access.start(int(months)), services_of(request).platforms
    async with reading(services_of(request).sessions) as session:
        agency_id, only = caller.agency_id, preset or None
        monthly = await time_to_access.by_month(session, agency_id, since=since, preset=only)
        total = await time_to_access.overall(session, agency_id, since=since, preset=only)
        by_preset = await time_to_access.by_preset(session, agency_id, since=since)
        by_platform = await time_to_access.by_platform(session, agency_id, since=since, preset=only)
        funnel = await time_to_access.funnel(session, agency_id, since=since, preset=only)
        blockers = await time_to_access.blockers(session, agency_id, preset=only)
        known = await presets.every(session, agency_id)
    most = max((each.count for each in blockers), default=1)
    return desk.page(
        request, caller, "time_to_access", here=PATH, months=months, preset=preset, total=total, funnel=funnel,
        monthly=[*reversed(monthly)], chart=chart(monthly) if len(monthly) > 1 else None, steps=steps(funnel),
        presets=known, by_preset=by_preset, by_platform=by_platform,
        platforms={each: platforms[each].name for each in platforms},
        names={each.slug: each.name for each in known}, duration=duration,
        blockers=[(each, BLOCKERS[each.code].summary if each.code in BLOCKERS else each.code) for each in blockers],
        most=most, query=urlencode({"months": months, **({"preset": preset} if preset else {})}),
    )  # fmt: skip


@router.get(f"{PATH}.csv")
async def as_csv(
    request: Request,
    caller: Viewer,
    months: Annotated[Months, Query()] = "6",
    preset: Annotated[str, Query(max_length=64)] = "",
    of: Annotated[Table, Query()] = "month",
) -> Response:
    """One of the tables for a spreadsheet, in seconds."""
    since = time_to_access.start(int(months))
    async with reading(services_of(request).sessions) as session:
        text = await time_to_access.as_csv(session, caller.agency_id, of, since=since, preset=preset or None)
    return Response(text, media_type="text/csv", headers=download(time_to_access.file_name(of)))


def chart(monthly: Sequence[Durations]) -> Chart:
    """The chart of at least two months, the earliest first."""
    highest = max(each.median for each in monthly)
    size, unit = next((each for each in _UNITS if highest >= each[0]), _UNITS[-1])
    gap = (RIGHT - LEFT) / (len(monthly) - 1)
    points = [
        ChartPoint(
            round(LEFT + at * gap), round(BASE - RISE * (each.median / highest if highest else 0)), each.key,
            f"{each.median / size:.1f}",
        )
        for at, each in enumerate(monthly)
    ]  # fmt: skip
    line = "M" + "L".join(f"{each.x} {each.y}" for each in points)
    return Chart(points, unit, line, f"{line}L{points[-1].x} {BASE}L{points[0].x} {BASE}Z")


def steps(funnel: Funnel) -> list[FunnelStep]:
    """The steps of the funnel, each with those who stopped before it."""
    unopened, unagreed = funnel.made - funnel.opened, funnel.opened - funnel.agreed
    unverified = funnel.agreed - funnel.verified
    reached = (
        (_p("link", "Made"), funnel.made, 0, None),
        (_p("link", "Opened"), funnel.opened, unopened, _("{count} not opened yet", count=unopened)),
        (_p("link", "Agreed"), funnel.agreed, unagreed, _("{count} opened and not agreed yet", count=unagreed)),
        (_p("link", "All verified"), funnel.verified, unverified, _("{count} not verified yet", count=unverified)),
    )
    return [
        FunnelStep(words, count, round(100 * count / (funnel.made or 1)), sentence if lost > 0 else None)
        for words, count, lost, sentence in reached
    ]


def duration(length: timedelta) -> Message:
    """A duration in the largest unit that fits, from minutes to days."""
    minutes = round(length.total_seconds() / 60)
    if minutes < 1:
        return _("under 1 min")
    if minutes < 60:
        return _n("{count} min", "{count} min", minutes)
    if minutes < 24 * 60:
        return _("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)
    days = round(minutes / (24 * 60), 1)
    return _n("{count} day", "{count} days", int(days)) if days == int(days) else _("{days} days", days=days)
