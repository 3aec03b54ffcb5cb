"""Requests to HubSpot for one event: read, then write forwards. Every request may be repeated. Pure.

HubSpot moves no lifecycle stage backwards unless the stage is cleared first. Keyturn never clears it, and does not ask
for such a step. https://knowledge.hubspot.com/records/use-lifecycle-stages
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from app.kit.egress.result import HttpResult
from app.webhooks.destinations import reading
from app.webhooks.destinations.hubspot import calls, installation, records
from app.webhooks.destinations.hubspot.calls import Calls, Refused
from app.webhooks.destinations.hubspot.records import Record
from app.webhooks.message.request_sequence import Conversation, OutboundRequest, Request
from app.webhooks.policies.response_classifier import AttemptOutcome

ORDER = (
    "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist",
)  # fmt: skip


def forwards(current: str | None, wanted: str | None) -> str | None:
    """The stage to set, or None to leave it: it is there, further on, `other`, or one of the account's own."""
    if wanted not in ORDER:
        return None
    if not current:
        return wanted
    if current not in ORDER or ORDER.index(wanted) <= ORDER.index(current):
        return None
    return wanted


DONE = AttemptOutcome("http_200", True, "HubSpot has what happened.")
TRIED = AttemptOutcome("http_200", True, "HubSpot takes the token and has the properties; a test writes nothing there.")
NOTHING = AttemptOutcome(
    "nothing_to_tell", True, "The event is about no client, so there is nothing to write in HubSpot."
)

#: Between notes and what they belong to; https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide
_NOTE_TO = {"companies": 190, "contacts": 202}
_MISSING = "PROPERTY_DOESNT_EXIST"
_CONFLICT = 409

#: One thing that is written besides the company, and its id.
Part = Generator[Request, HttpResult, str | None]
#: A record that is there.
Look = Generator[Request, HttpResult, dict[str, Any] | None]


@dataclass(frozen=True)
class HubSpot:
    """The destination; `base` is HubSpot's address."""

    base: str = calls.BASE

    def __call__(self, letter: OutboundRequest, /) -> Conversation:
        """Writes an event down."""
        event = reading.envelope(letter.content)
        if not (event.get("data") or {}).get("client_id"):
            return NOTHING
        at = self._calls(letter)
        steps = _try if event.get("test") else _tell
        try:
            return (yield from steps(at, event, letter.options, installed=False))
        except Refused as refused:
            if not _properties_are_missing(refused):
                return refused.outcome
        made = yield from installation.install(at)
        if not made.arrived:
            return made
        try:
            return (yield from steps(at, event, letter.options, installed=True))
        except Refused as refused:  # new properties may not be known everywhere yet
            return replace(refused.outcome, ends=None) if _properties_are_missing(refused) else refused.outcome

    def install(self, letter: OutboundRequest, /) -> Conversation:
        """Makes the properties that the account does not have yet."""
        return (yield from installation.install(self._calls(letter)))

    def _calls(self, letter: OutboundRequest) -> Calls:
        return Calls(self.base, str(letter.options["token"]), letter.now)


def _tell(at: Calls, event: Mapping[str, Any], options: Mapping[str, Any], *, installed: bool) -> Conversation:
    """Company first, then what belongs to it; what HubSpot refuses for good of that is named and left out.

    Raises Refused, also for a property that is missing unless all were `installed` a moment ago.
    """
    stage = (options.get("lifecycle") or {}).get(event["type"])
    company = yield from _company(at, event, stage)
    rest = _Rest(installed)
    contact = yield from rest.take("contact", _contact(at, event, company, stage))
    yield from rest.take("deal", _deal(at, event))
    if event["type"] in (options.get("notes") or ()):
        yield from rest.take("note", _note(at, event, company, contact))
    if not rest.refused:
        return DONE
    return AttemptOutcome("partly_refused", True, " ".join(["HubSpot has the company.", *rest.refused]))


@dataclass
class _Rest:
    """The parts written besides the company, and a sentence for each part that HubSpot will never accept."""

    installed: bool
    refused: list[str] = field(default_factory=list)

    def take(self, name: str, part: Part) -> Part:
        """Id of the record written; None if it was refused for good. Raises Refused for everything else."""
        try:
            return (yield from part)
        except Refused as problem:
            if problem.outcome.ends != "event" or (_properties_are_missing(problem) and not self.installed):
                raise
            self.refused.append(f"It refused the {name}: {problem.outcome.explanation}")
            return None


def _company(at: Calls, event: Mapping[str, Any], stage: str | None) -> Generator[Request, HttpResult, str]:
    """The id of the client's company, brought up to date: one that is there already, else a new one."""
    record = records.company(event)
    try:
        return (yield from _put(at, record, (yield from _find_company(at, event, record)), event, stage))
    except Refused as refused:
        if refused.answer.status != _CONFLICT:
            raise
    # somebody else wrote it at the same moment
    return (yield from _put(at, record, (yield from _find_company(at, event, record)), event, stage))


def _find_company(at: Calls, event: Mapping[str, Any], record: Record) -> Look:
    """By our own id, then by HubSpot's, then by the domain of the client's contact: the oldest that is no other's."""
    found = yield from _look(at, record)
    if not found and (id_ := records.company_id(event)):
        said = yield from at.batch(
            "company_look_id", f"{record.path}/read", [{"id": id_}], fine=[404], properties=_wanted(record)
        )  # fmt: skip
        found = next(iter(calls.results(said)), None)
    if not found and (domain := records.domain(event)):
        search = {
            "filterGroups": [{"filters": [{"propertyName": "domain", "operator": "EQ", "value": domain}]}],
            "sorts": [{"propertyName": "createdate", "direction": "ASCENDING"}],
            "properties": _wanted(record), "limit": 20,
        }  # fmt: skip
        said = yield from at.post("company_look_domain", "/crm/v3/objects/companies/search", search)
        same = calls.results(said)
        found = next((each for each in same if not (each.get("properties") or {}).get(record.key)), None)
    return found


def _contact(at: Calls, event: Mapping[str, Any], company: str, stage: str | None) -> Part:
    """Update the client's contact at its company and return its id; None if the event names none."""
    record = records.contact(event)
    if record is None:
        return None
    contact = yield from _put(at, record, (yield from _look(at, record)), event, stage)
    pair = [{"from": {"id": contact}, "to": {"id": company}}]
    yield from at.batch("association", "/crm/v4/associations/contacts/companies/batch/associate/default", pair)
    return contact


def _deal(at: Calls, event: Mapping[str, Any]) -> Part:
    """Write the deal named by the link. A deal that is missing, or not accessible to our token, is a final refusal."""
    id_ = records.deal_id(event)
    if id_ is None:
        return None
    try:
        yield from at.patch("deal", f"/crm/v3/objects/deals/{id_}", records.deal(event))
    except Refused as refused:
        if refused.answer.status in (403, 404):
            raise Refused(replace(refused.outcome, ends="event"), refused.answer, refused.part) from refused
        raise
    return id_


def _look(at: Calls, record: Record) -> Look:
    """What HubSpot has of the record; None for nothing."""
    said = yield from at.batch(
        f"{record.part}_look", f"{record.path}/read", [{"id": record.value}], fine=[404], idProperty=record.key,
        properties=_wanted(record),
    )  # fmt: skip
    return next(iter(calls.results(said)), None)


def _wanted(record: Record) -> list[str]:
    return ["lifecyclestage", records.WRITTEN_AT, record.key, *record.first]


def _put(
    at: Calls, record: Record, found: dict[str, Any] | None, event: Mapping[str, Any], stage: str | None
) -> Generator[Request, HttpResult, str]:
    """The id of the record, brought up to date."""
    has: Mapping[str, Any] = (found or {}).get("properties") or {}
    properties = dict(record.told) if records.is_newer(event, has) else {}
    properties |= {name: text for name, text in record.first.items() if not has.get(name)}
    if further := forwards(has.get("lifecyclestage"), stage):
        properties["lifecyclestage"] = further
    if found and has.get(record.key) != record.value and record.part == "company":
        properties[record.key] = record.value
    if not found:
        one = {"id": record.value, "idProperty": record.key, "properties": {**properties, record.key: record.value}}
        return calls.written((yield from at.batch(record.part, f"{record.path}/upsert", [one])))
    if not properties:
        return str(found["id"])
    one = {"id": str(found["id"]), "properties": properties}
    return calls.written((yield from at.batch(record.part, f"{record.path}/update", [one])))


def _try(at: Calls, event: Mapping[str, Any], _: Mapping[str, Any], *, installed: bool) -> Conversation:  # noqa: ARG001
    """What a test does: it looks whether token and properties are good, and writes nothing invented."""
    yield from _look(at, records.company(event))
    return TRIED


def _note(at: Calls, event: Mapping[str, Any], company: str, contact: str | None) -> Part:
    """A note on company and contact, unless it is there. HubSpot's search may be some seconds behind its records."""
    moment = datetime.fromisoformat(str(event["timestamp"])).astimezone(UTC)
    when = str(round(moment.timestamp() * 1000))
    filters = [
        {"propertyName": "associations.company", "operator": "EQ", "value": company},
        {"propertyName": "hs_timestamp", "operator": "EQ", "value": when},
    ]
    search = {"filterGroups": [{"filters": filters}], "properties": ["hs_note_body"], "limit": 5}
    there = calls.results((yield from at.post("note_look", "/crm/v3/objects/notes/search", search)))
    if any(records.mark(event) in str((each.get("properties") or {}).get("hs_note_body")) for each in there):
        return None
    belongs = {"companies": company} | ({"contacts": contact} if contact else {})
    associations = [
        {
            "to": {"id": id_},
            "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _NOTE_TO[kind]}],
        }
        for kind, id_ in belongs.items()
    ]
    properties = {"hs_timestamp": when, "hs_note_body": records.note(event)}
    yield from at.post("note", "/crm/v3/objects/notes", {"properties": properties, "associations": associations})
    return None


def _properties_are_missing(refused: Refused) -> bool:
    """True if the account was never set up. Asking by a property that is not there is a 400 of whatever wording."""
    return refused.answer.status == 400 and (refused.part == "company_look" or _MISSING in refused.answer.body)
