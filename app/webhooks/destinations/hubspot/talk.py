"""What HubSpot is asked for one event: read, then write forwards. Every step may be repeated."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.kit.egress.answer import Answer
from app.webhooks.destinations import reading
from app.webhooks.destinations.hubspot import calls, installation, lifecycle, records
from app.webhooks.destinations.hubspot.calls import Calls, Refused
from app.webhooks.destinations.hubspot.records import Record
from app.webhooks.dispatch.deciding.outcome import Outcome
from app.webhooks.dispatch.message.conversation import Conversation, Letter, Request

DONE = Outcome("http_200", True, "HubSpot has what happened.")
TRIED = Outcome("http_200", True, "HubSpot takes the token and has the properties; a test writes nothing there.")
NOTHING = Outcome("nothing_to_tell", True, "The event is about no client, so there is nothing to write in HubSpot.")

#: Between notes and what they belong to; https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide
_NOTE_TO = {"companies": 190, "contacts": 202}
_MISSING = "PROPERTY_DOESNT_EXIST"

Step = Generator[Request, Answer, str]


@dataclass(frozen=True)
class HubSpot:
    """The destination; `base` is HubSpot's address."""

    base: str = calls.BASE

    def __call__(self, letter: Letter, /) -> Conversation:
        """Writes an event down."""
        event = reading.envelope(letter.content)
        if not (event.get("data") or {}).get("client_id"):
            return NOTHING
        at = self._calls(letter)
        steps, done = (_try, TRIED) if event.get("test") else (_tell, DONE)
        try:
            yield from steps(at, event, letter.options)
        except Refused as refused:
            if not _properties_are_missing(refused):
                return refused.outcome
        else:
            return done
        made = yield from installation.install(at)
        if not made.arrived:
            return made
        try:
            yield from steps(at, event, letter.options)
        except Refused as refused:
            return refused.outcome
        return done

    def install(self, letter: Letter, /) -> Conversation:
        """Makes the properties that the account does not have yet."""
        return (yield from installation.install(self._calls(letter)))

    def _calls(self, letter: Letter) -> Calls:
        return Calls(self.base, str(letter.options["token"]), letter.now)


def _tell(at: Calls, event: Mapping[str, Any], options: Mapping[str, Any]) -> Generator[Request, Answer, None]:
    stage = (options.get("lifecycle") or {}).get(event["type"])
    company = yield from _put(at, records.company(event), event, stage)
    contact = None
    if told := records.contact(event):
        contact = yield from _put(at, told, event, stage)
        pair = [{"from": {"id": contact}, "to": {"id": company}}]
        yield from at.batch("association", "/crm/v4/associations/contacts/companies/batch/associate/default", pair)
    if event["type"] in (options.get("notes") or ()):
        yield from _note(at, event, company, contact)


def _look(at: Calls, record: Record) -> Generator[Request, Answer, dict[str, Any] | None]:
    """What HubSpot has of the record; None for nothing."""
    wanted = ["lifecyclestage", records.WRITTEN_AT, *record.first]
    said = yield from at.batch(
        f"{record.part}_look", f"{record.path}/read", [{"id": record.value}], fine=[404], idProperty=record.key,
        properties=wanted,
    )  # fmt: skip
    found = calls.results(said)
    return found[0] if found else None


def _put(at: Calls, record: Record, event: Mapping[str, Any], stage: str | None) -> Step:
    """The id of the record, brought up to date."""
    found = yield from _look(at, record)
    has: Mapping[str, Any] = (found or {}).get("properties") or {}
    properties = dict(record.told) if records.is_newer(event, has) else {}
    properties |= {name: text for name, text in record.first.items() if not has.get(name)}
    if forwards := lifecycle.forwards(has.get("lifecyclestage"), stage):
        properties["lifecyclestage"] = forwards
    if found and not properties:
        return str(found["id"])
    one = {"id": record.value, "idProperty": record.key, "properties": {**properties, record.key: record.value}}
    return calls.written((yield from at.batch(record.part, f"{record.path}/upsert", [one])))


def _try(at: Calls, event: Mapping[str, Any], _: Mapping[str, Any]) -> Generator[Request, Answer, None]:
    """What a test does: it looks whether token and properties are good, and writes nothing invented."""
    yield from _look(at, records.company(event))


def _note(at: Calls, event: Mapping[str, Any], company: str, contact: str | None) -> Generator[Request, Answer, None]:
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
        return
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


def _properties_are_missing(refused: Refused) -> bool:
    """Whether the account was never set up. Asking by a property that is not there is a 400 of whatever wording."""
    of_company = refused.part in ("company_look", "company")
    return refused.answer.status == 400 and (of_company or _MISSING in refused.answer.body)
