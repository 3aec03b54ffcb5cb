"""Timeline of a link: its events by day, in sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy.ext.asyncio import AsyncSession

from app.dashboard.turns import STATUSES, Tone
from app.events import catalog, queries
from app.events.models import Event
from app.events.rendering import EventRecord
from app.kit.i18n.message import Message, Text, _
from app.links.aggregate import LinkAggregate
from app.platforms import declarations
from app.platforms.blockers import BLOCKERS
from app.tenants.members import service as members

_FEW, _MANY = 12, 200


@dataclass(frozen=True)
class TimelineEntry:
    """One event: shape and tone, a sentence, and the actor's name."""

    at: datetime
    icon: str
    tone: Tone
    sentence: Message
    note: Text | None
    by: Text


@dataclass(frozen=True)
class TimelineDay:
    """The events of one day (UTC), newest first."""

    day: date
    entries: Sequence[TimelineEntry]


#: Shapes of events; other events have none.
_CLIENT: tuple[str, Tone] = ("client", "wait")
_ENDED: tuple[str, Tone] = ("ended", "off")
_NONE: tuple[str, Tone] = ("none", "off")
_SHAPES: Mapping[str, tuple[str, Tone]] = {
    "link.opened": _CLIENT, "link.delegated": _CLIENT, "link.abandoned": _CLIENT, "link.step_opened": _CLIENT,
    "link.screen_completed": _CLIENT, "link.submitted": _CLIENT, "consent.given": _CLIENT,
    "intake.completed": _CLIENT, "link.renewal_requested": ("you", "bad"), "link.erasure_requested": ("you", "bad"),
    "link.company_differs": ("you", "bad"),
    "link.completed": ("verified", "good"), "link.reopened": _CLIENT, "link.expired": _ENDED, "link.revoked": _ENDED,
    "grant.drifted": ("drifted", "bad"), "grant.restored": ("verified", "good"), "grant.revoked": _ENDED,
    "grant.revocation_refused": ("you", "bad"),
}  # fmt: skip
#: Sentences by type of event. `{asset}` is the name or number of the asset.
SENTENCES: Mapping[str, Message] = {
    "link.created": _("The link was made."),
    "link.sent": _("The address was passed on."),
    "link.opened": _("The client opened the link and pressed Start."),
    "link.screen_completed": _("The client finished a screen."),
    "link.company_differs": _(
        "The client shares from an account that seems to be another company’s, and confirmed it."
    ),
    "link.submitted": _("The client agreed. Keyturn starts."),
    "link.completed": _("Everything is done."),
    "link.reopened": _("The link is open again."),
    "link.expired": _("The link expired."),
    "link.extended": _("The link was extended."),
    "link.revoked": _("The link was revoked."),
    "link.renewal_requested": _("The client opened the ended link and asked for a new one."),
    "link.erasure_requested": _("The client asked for its personal data to be erased."),
    "kickoff.completed": _("Everything that a launch needs was checked live."),
    "kickoff.attested": _("A check of the kickoff was attested."),
    "review.completed": _("The client said that the access is still right."),
    "link.abandoned": _("The client left the link unfinished."),
    "link.delegated": _("The client passed one step on to somebody else."),
    "link.step_opened": _("The person of a step link started."),
    "link.step_taken_back": _("The client took a step link back."),
    "link.address_shown": _("The address was shown in the dashboard or by the API."),
    "link.invited": _("The link was e-mailed to the client."),
    "link.reminded": _("The client was e-mailed what is in the way."),
    "link.device_code_made": _("A code for a new device of the client was made."),
    "link.device_verified": _("A new device of the client was admitted with a code."),
    "link.access_added": _("Access to {asset} was added to the link."),
    "link.access_removed": _("The request for {asset} was removed."),
    "link.role_requested": _("Another role on {asset} was requested."),
    "link.buyers_set": _("The buyers of the link were set."),
    "intake.completed": _("The client answered all questions."),
    "consent.given": _("The client’s consent was recorded."),
    "access.requested": _("The client is asked for more: {asset}."),
    "access.approved": _("{asset}: the client agreed; Keyturn acts next."),
    "access.awaiting_partner": _("{asset} was sent and is not visible yet."),
    "access.awaiting_client": _("{asset} waits for the client’s steps by hand."),
    "access.verified": _("{asset} was verified."),
    "access.attested": _("{asset} was attested."),
    "access.blocked": _("{asset} is blocked."),
    "access.unverifiable": _("{asset} could not be read."),
    "access.declined": _("The client declined {asset}."),
    "grant.drifted": _("{asset} has drifted."),
    "grant.restored": _("{asset} is again as agreed."),
    "grant.role_changed": _("The role on {asset} changed."),
    "grant.revocation_requested": _("{asset} is to be taken away."),
    "grant.revocation_refused": _("{asset} could not be taken away."),
    "grant.revoked": _("The access to {asset} was removed."),
    "grant.found": _("An import found access to {asset}."),
}
_OTHER = _("Something else was recorded.")


async def of_link(
    session: AsyncSession, aggregate: LinkAggregate, grant_ids: Sequence[str], *, every: bool
) -> tuple[Sequence[TimelineDay], bool]:
    """The newest events of a link and its grants by day; the second value is true if there are more.

    `every`: many of them, with each screen that the client finished.
    """
    agency_id, limit = aggregate.agency.id, _MANY if every else _FEW
    where = [queries.settled(), Event.subject_id.in_([aggregate.link.id, *grant_ids])]
    if not every:
        where.append(Event.type != catalog.LINK_SCREEN_COMPLETED.name)
    found = await queries.read(session, agency_id, *where, limit=limit + 1)
    names = {each.id: each.name for each in await members.every(session, agency_id)}
    entries = [_entry(each, aggregate, names) for each in found[:limit]]
    days = [TimelineDay(day, list(those)) for day, those in groupby(entries, key=lambda entry: entry.at.date())]
    return days, len(found) > limit


def _entry(event: EventRecord, aggregate: LinkAggregate, names: Mapping[str, str]) -> TimelineEntry:
    icon, tone = _shape(event)
    return TimelineEntry(
        at=event.occurred_at, icon=icon, tone=tone,
        sentence=SENTENCES.get(event.type, _OTHER).fill(asset=_asset(event)), note=_note(event),
        by=_actor(event, aggregate, names),
    )  # fmt: skip


def _shape(event: EventRecord) -> tuple[str, Tone]:
    label = STATUSES.get(event.type.removeprefix("access."))
    if event.type.startswith("access.") and label is not None:
        return label.icon, label.tone
    return _SHAPES.get(event.type, _NONE)


def _asset(event: EventRecord) -> Text:
    facts = event.facts
    if named := facts.get("asset_name") or facts.get("asset_id"):
        return str(named)
    platform, kind = facts.get("platform"), facts.get("asset_kind")
    if platform and kind:
        return declarations.find(str(platform), str(kind)).texts.title(1)
    return _("an asset")


def _note(event: EventRecord) -> Text | None:
    """The blocker in a few words."""
    blocker = BLOCKERS.get(str(event.facts.get("blocker_code") or ""))
    return blocker.summary if blocker else None


def _actor(event: EventRecord, aggregate: LinkAggregate, names: Mapping[str, str]) -> Text:
    if event.actor_kind == "client":
        return aggregate.client.name
    if event.actor_kind == "member":
        return names.get(event.actor_id, _("A former member"))
    return _("API") if event.actor_kind == "api_key" else _("Keyturn")
