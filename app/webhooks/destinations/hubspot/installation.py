"""Making the properties that records are written with; what an account has already stays as it is."""

from collections.abc import Generator

from app.kit.egress.answer import Answer
from app.webhooks.destinations.hubspot import records
from app.webhooks.destinations.hubspot.calls import Calls, Refused
from app.webhooks.dispatch.deciding.outcome import Outcome
from app.webhooks.dispatch.message.conversation import Conversation, Request

OBJECTS = ("companies", "contacts")
_EXISTS = 409


def install(calls: Calls) -> Conversation:
    """Group and properties of both object types, one request each."""
    wanted = records.property_set()
    try:
        for kind in OBJECTS:
            yield from calls.post(f"{kind}_group", f"/crm/v3/properties/{kind}/groups", wanted["group"], fine=[_EXISTS])
            for one in wanted[kind]:
                part = f"{kind}.{one['name']}"
                said = yield from calls.post(part, f"/crm/v3/properties/{kind}", one, fine=[_EXISTS])
                if one.get("hasUniqueValue") and said["status_code"] == _EXISTS:
                    yield from _unique(calls, kind, one["name"])
    except Refused as refused:
        return refused.outcome
    return Outcome("http_200", True, "HubSpot has all properties.")


def _unique(calls: Calls, kind: str, name: str) -> Generator[Request, Answer, None]:
    """A property made by hand that is not unique finds no record again, and cannot be made unique. Raises Refused."""
    there = yield from calls.get(f"{kind}.{name}.look", f"/crm/v3/properties/{kind}/{name}")
    if not there.get("hasUniqueValue"):
        said = f"HubSpot has a property `{name}` whose values need not be unique; archive it and install again."
        raise Refused(Outcome("property_not_unique", False, said), Answer())
