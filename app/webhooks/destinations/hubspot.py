"""Requests to HubSpot for one event: read, then write forwards. Every request may be repeated. Pure.

HubSpot moves no lifecycle stage backwards unless the stage is cleared first. Keyturn never clears it, and does not ask
for such a step. https://knowledge.hubspot.com/records/use-lifecycle-stages
"""

import json
from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.kit.egress.result import HttpResult
from app.webhooks.destinations import event_values, hubspot_records
from app.webhooks.destinations.hubspot_records import Record
from app.webhooks.message import USER_AGENT, HttpRequest, OutboundRequest, RequestSequence
from app.webhooks.policies.response_classifier import AttemptOutcome, Refusal, classify_response, retry_after

BASE = "https://api.hubapi.com"

MOST_OF_A_BATCH = 100

_LONGEST_MESSAGE = 300

#: The daily limit ends at midnight of the account; asking every hour costs 24 calls at most.
_DAILY_WAIT = timedelta(hours=1)

_MIGRATING = 477


class HubSpotRefused(Exception):
    """HubSpot refused a request; `outcome` classifies it, `answer` is the response to `part`."""

    def __init__(self, outcome: AttemptOutcome, answer: HttpResult, part: str = "") -> None:
        self.outcome = outcome
        self.answer = answer
        self.part = part
        super().__init__(outcome.code)


Call = Generator[HttpRequest, HttpResult, dict[str, Any]]


@dataclass(frozen=True)
class Calls:
    """An account, by its private app's token."""

    base: str
    token: str = field(repr=False)
    now: datetime

    def post(self, part: str, path: str, body: Mapping[str, Any], *, fine: Collection[int] = ()) -> Call:
        """One POST; `fine` are statuses besides 2xx that are no failure. Raises Refused."""
        return self._call("POST", part, path, json.dumps(body, ensure_ascii=False, separators=(",", ":")), fine)

    def batch(
        self, part: str, path: str, inputs: Sequence[Mapping[str, Any]], *, fine: Collection[int] = (), **beside: Any
    ) -> Call:
        """One POST of a batch. Raises Refused, and ValueError for more inputs than HubSpot accepts."""
        if not 1 <= len(inputs) <= MOST_OF_A_BATCH:
            raise ValueError(f"a batch holds 1 to {MOST_OF_A_BATCH} inputs")
        return self.post(part, path, {**beside, "inputs": list(inputs)}, fine=fine)

    def patch(self, part: str, path: str, properties: Mapping[str, str]) -> Call:
        """Change one object. Raises Refused."""
        body = json.dumps({"properties": properties}, ensure_ascii=False, separators=(",", ":"))
        return self._call("PATCH", part, path, body, ())

    def get(self, part: str, path: str) -> Call:
        """One GET. Raises Refused."""
        return self._call("GET", part, path, "", ())

    def _call(self, method: str, part: str, path: str, body: str, fine: Collection[int]) -> Call:
        headers = {
            "authorization": f"Bearer {self.token}", "content-type": "application/json", "user-agent": USER_AGENT
        }  # fmt: skip
        answer = yield HttpRequest(method, self.base.rstrip("/") + path, headers, body.encode(), part)
        said = _read(answer)
        outcome = _outcome(answer, said, self.now)
        if not outcome.arrived and answer.status not in fine:
            raise HubSpotRefused(outcome, answer, part)
        return {**said, "status_code": answer.status}


def results(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The records of a batch; those that HubSpot does not know are missing from it (207)."""
    found = said.get("results")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def written(said: Mapping[str, Any]) -> str:
    """The id of the one record that was written. Raises Refused where HubSpot took the batch but not the record."""
    found = results(said)
    if found and found[0].get("id"):
        return str(found[0]["id"])
    errors = said.get("errors") or [{}]
    message = str(errors[0].get("message") or "it named no record")[:_LONGEST_MESSAGE]
    sentence = f"HubSpot did not write the record: {message}"
    outcome = AttemptOutcome(
        "hubspot_refused",
        False,
        sentence,
        ends=refusal_of_record(errors[0].get("category")),
    )
    raise HubSpotRefused(outcome, HttpResult())


def _read(answer: HttpResult) -> dict[str, Any]:
    try:
        said = json.loads(answer.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _outcome(answer: HttpResult, said: Mapping[str, Any], now: datetime) -> AttemptOutcome:
    found = classify_response(answer.status, answer.error, answer.headers, now)
    if answer.status is None or found.arrived:
        return found
    if answer.status == 401:
        return AttemptOutcome(
            found.code, False, "HubSpot refuses the token: it was changed, or its private app was removed."
        )
    if answer.status == 410:  # for the address of HubSpot itself it says nothing about this account
        return AttemptOutcome("http_410", False, "HubSpot does not offer this call any more.")
    if answer.status == _MIGRATING:
        wait = retry_after(answer.headers.get("retry-after"), now) or timedelta(minutes=10)
        return AttemptOutcome("throttled", False, "HubSpot is moving this account to another place.", wait)
    if answer.status == 429 and said.get("policyName") == "DAILY":
        return AttemptOutcome("throttled", False, "The account has used up its calls of today.", _DAILY_WAIT)
    message = str(said.get("message") or "")[:_LONGEST_MESSAGE]
    ends = refusal_of(answer.status, said.get("category"))
    return AttemptOutcome(found.code, False, f"{found.explanation} {message}".strip(), found.wait, ends)


#: Of one record: its values (400, 422), another that has them (409), its size (413).
_OF_THE_RECORD = frozenset({400, 409, 413, 422})
#: Categories about one record; a 400 without a category does not come from HubSpot.
#: https://developers.hubspot.com/docs/api-reference/error-handling
_CATEGORIES = frozenset({"VALIDATION_ERROR", "CONFLICT", "OBJECT_ALREADY_EXISTS"})


def refusal_of(status: int | None, category: str | None) -> Refusal | None:
    """Final refusal by status and category; None if a later attempt may succeed."""
    return "event" if status in _OF_THE_RECORD and (status != 400 or category in _CATEGORIES) else None


def refusal_of_record(category: str | None) -> Refusal | None:
    """Outcome of one record of a batch that HubSpot accepted in part (207)."""
    return "event" if category in _CATEGORIES else None


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

#: Association types of notes; https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide
_NOTE_TO = {"companies": 190, "contacts": 202}
_MISSING = "PROPERTY_DOESNT_EXIST"
_CONFLICT = 409

#: One thing that is written besides the company, and its id.
Part = Generator[HttpRequest, HttpResult, str | None]
#: A record that is there.
Look = Generator[HttpRequest, HttpResult, dict[str, Any] | None]


@dataclass(frozen=True)
class HubSpot:
    """The destination; `base` is HubSpot's address."""

    base: str = BASE

    def __call__(self, outbound: OutboundRequest, /) -> RequestSequence:
        """Requests that write an event."""
        event = event_values.envelope(outbound.content)
        if not (event.get("data") or {}).get("client_id"):
            return NOTHING
        at = self._calls(outbound)
        steps = _test if event.get("test") else _write_event
        try:
            return (yield from steps(at, event, outbound.options, installed=False))
        except HubSpotRefused as refused:
            if not _properties_are_missing(refused):
                return refused.outcome
        made = yield from install(at)
        if not made.arrived:
            return made
        try:
            return (yield from steps(at, event, outbound.options, installed=True))
        except HubSpotRefused as refused:  # new properties may not be known everywhere yet
            return replace(refused.outcome, ends=None) if _properties_are_missing(refused) else refused.outcome

    def install(self, outbound: OutboundRequest, /) -> RequestSequence:
        """Requests that create missing properties."""
        return (yield from install(self._calls(outbound)))

    def _calls(self, outbound: OutboundRequest) -> Calls:
        return Calls(self.base, str(outbound.options["token"]), outbound.now)


def _write_event(
    at: Calls, event: Mapping[str, Any], options: Mapping[str, Any], *, installed: bool
) -> RequestSequence:
    """Company first, then what belongs to it; what HubSpot refuses for good of that is named and left out.

    Raises Refused, also for a property that is missing unless all were `installed` a moment ago.
    """
    stage = (options.get("lifecycle") or {}).get(event["type"])
    company = yield from _company(at, event, stage)
    rest = _Optional(installed)
    contact = yield from rest.take("contact", _contact(at, event, company, stage))
    yield from rest.take("deal", _deal(at, event))
    if event["type"] in (options.get("notes") or ()):
        yield from rest.take("note", _note(at, event, company, contact))
    if not rest.refused:
        return DONE
    return AttemptOutcome("partly_refused", True, " ".join(["HubSpot has the company.", *rest.refused]))


@dataclass
class _Optional:
    """The parts written besides the company, and a sentence for each part that HubSpot will never accept."""

    installed: bool
    refused: list[str] = field(default_factory=list)

    def take(self, name: str, part: Part) -> Part:
        """Id of the record written; None if it was refused for good. Raises Refused for everything else."""
        try:
            return (yield from part)
        except HubSpotRefused as problem:
            if problem.outcome.ends != "event" or (_properties_are_missing(problem) and not self.installed):
                raise
            self.refused.append(f"It refused the {name}: {problem.outcome.explanation}")
            return None


def _company(at: Calls, event: Mapping[str, Any], stage: str | None) -> Generator[HttpRequest, HttpResult, str]:
    """The id of the client's company, brought up to date: one that is there already, else a new one."""
    record = hubspot_records.company(event)
    try:
        return (yield from _put(at, record, (yield from _find_company(at, event, record)), event, stage))
    except HubSpotRefused as refused:
        if refused.answer.status != _CONFLICT:
            raise
    # another request wrote it at the same time
    return (yield from _put(at, record, (yield from _find_company(at, event, record)), event, stage))


def _find_company(at: Calls, event: Mapping[str, Any], record: Record) -> Look:
    """Find a company by our id, by HubSpot's, then by the domain of the contact: the oldest of no other client."""
    found = yield from _look(at, record)
    if not found and (id_ := hubspot_records.company_id(event)):
        said = yield from at.batch(
            "company_look_id", f"{record.path}/read", [{"id": id_}], fine=[404], properties=_wanted(record)
        )  # fmt: skip
        found = next(iter(results(said)), None)
    if not found and (domain := hubspot_records.domain(event)):
        search = {
            "filterGroups": [{"filters": [{"propertyName": "domain", "operator": "EQ", "value": domain}]}],
            "sorts": [{"propertyName": "createdate", "direction": "ASCENDING"}],
            "properties": _wanted(record), "limit": 20,
        }  # fmt: skip
        said = yield from at.post("company_look_domain", "/crm/v3/objects/companies/search", search)
        same = results(said)
        found = next((each for each in same if not (each.get("properties") or {}).get(record.key)), None)
    return found


def _contact(at: Calls, event: Mapping[str, Any], company: str, stage: str | None) -> Part:
    """Update the client's contact at its company and return its id; None if the event names none."""
    record = hubspot_records.contact(event)
    if record is None:
        return None
    contact = yield from _put(at, record, (yield from _look(at, record)), event, stage)
    pair = [{"from": {"id": contact}, "to": {"id": company}}]
    yield from at.batch("association", "/crm/v4/associations/contacts/companies/batch/associate/default", pair)
    return contact


def _deal(at: Calls, event: Mapping[str, Any]) -> Part:
    """Write the deal named by the link. A deal that is missing, or not accessible to our token, is a final refusal."""
    id_ = hubspot_records.deal_id(event)
    if id_ is None:
        return None
    try:
        yield from at.patch("deal", f"/crm/v3/objects/deals/{id_}", hubspot_records.deal(event))
    except HubSpotRefused as refused:
        if refused.answer.status in (403, 404):
            raise HubSpotRefused(replace(refused.outcome, ends="event"), refused.answer, refused.part) from refused
        raise
    return id_


def _look(at: Calls, record: Record) -> Look:
    """The record as HubSpot has it; None for none."""
    said = yield from at.batch(
        f"{record.part}_look", f"{record.path}/read", [{"id": record.value}], fine=[404], idProperty=record.key,
        properties=_wanted(record),
    )  # fmt: skip
    return next(iter(results(said)), None)


def _wanted(record: Record) -> list[str]:
    return ["lifecyclestage", hubspot_records.WRITTEN_AT, record.key, *record.first]


def _put(
    at: Calls, record: Record, found: dict[str, Any] | None, event: Mapping[str, Any], stage: str | None
) -> Generator[HttpRequest, HttpResult, str]:
    """The id of the record, brought up to date."""
    has: Mapping[str, Any] = (found or {}).get("properties") or {}
    properties = dict(record.told) if hubspot_records.is_newer(event, has) else {}
    properties |= {name: text for name, text in record.first.items() if not has.get(name)}
    if further := forwards(has.get("lifecyclestage"), stage):
        properties["lifecyclestage"] = further
    if found and has.get(record.key) != record.value and record.part == "company":
        properties[record.key] = record.value
    if not found:
        one = {"id": record.value, "idProperty": record.key, "properties": {**properties, record.key: record.value}}
        return written((yield from at.batch(record.part, f"{record.path}/upsert", [one])))
    if not properties:
        return str(found["id"])
    one = {"id": str(found["id"]), "properties": properties}
    return written((yield from at.batch(record.part, f"{record.path}/update", [one])))


def _test(at: Calls, event: Mapping[str, Any], _: Mapping[str, Any], *, installed: bool) -> RequestSequence:  # noqa: ARG001
    """Test of token and properties; nothing invented is written."""
    yield from _look(at, hubspot_records.company(event))
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
    there = results((yield from at.post("note_look", "/crm/v3/objects/notes/search", search)))
    if any(hubspot_records.mark(event) in str((each.get("properties") or {}).get("hs_note_body")) for each in there):
        return None
    belongs = {"companies": company} | ({"contacts": contact} if contact else {})
    associations = [
        {
            "to": {"id": id_},
            "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _NOTE_TO[kind]}],
        }
        for kind, id_ in belongs.items()
    ]
    properties = {"hs_timestamp": when, "hs_note_body": hubspot_records.note(event)}
    yield from at.post("note", "/crm/v3/objects/notes", {"properties": properties, "associations": associations})
    return None


def _properties_are_missing(refused: HubSpotRefused) -> bool:
    """True if the account was not set up. A request for a missing property is a 400 with varying text."""
    return refused.answer.status == 400 and (refused.part == "company_look" or _MISSING in refused.answer.body)


OBJECTS = ("companies", "contacts", "deals")
#: Only where a link names a deal; its token may not reach deals.
_OPTIONAL = frozenset({"deals"})
_FORBIDDEN = 403
_EXISTS = 409


def install(calls: Calls) -> RequestSequence:
    """Group and properties of each object type, one request each; deals are left out where the token forbids them."""
    left_out = False
    for kind in OBJECTS:
        try:
            yield from _install(calls, kind)
        except HubSpotRefused as refused:
            if kind not in _OPTIONAL or refused.answer.status != _FORBIDDEN:
                return refused.outcome
            left_out = True
    without = " Its token may not reach deals: they are left alone." if left_out else ""
    return AttemptOutcome("http_200", True, f"HubSpot has all properties.{without}")


def _install(calls: Calls, kind: str) -> Generator[HttpRequest, HttpResult, None]:
    """Group and properties of one object type. Raises Refused."""
    wanted = hubspot_records.property_set()
    yield from calls.post(f"{kind}_group", f"/crm/v3/properties/{kind}/groups", wanted["group"], fine=[_EXISTS])
    for one in wanted[kind]:
        said = yield from calls.post(f"{kind}.{one['name']}", f"/crm/v3/properties/{kind}", one, fine=[_EXISTS])
        if one.get("hasUniqueValue") and said["status_code"] == _EXISTS:
            yield from _unique(calls, kind, one["name"])


def _unique(calls: Calls, kind: str, name: str) -> Generator[HttpRequest, HttpResult, None]:
    """Check that an existing property is unique; one that is not cannot be changed. Raises Refused."""
    there = yield from calls.get(f"{kind}.{name}.look", f"/crm/v3/properties/{kind}/{name}")
    if not there.get("hasUniqueValue"):
        said = f"HubSpot has a property `{name}` whose values need not be unique; archive it and install again."
        raise HubSpotRefused(AttemptOutcome("property_not_unique", False, said), HttpResult())
