"""Making the properties that records are written with; what an account has already stays as it is. Pure."""

from collections.abc import Generator

from app.kit.egress.result import HttpResult
from app.webhooks.destinations.hubspot import records
from app.webhooks.destinations.hubspot.calls import Calls, Refused
from app.webhooks.message.request_sequence import Conversation, Request
from app.webhooks.policies.response_classifier import AttemptOutcome

OBJECTS = ("companies", "contacts", "deals")
#: Only where a link names a deal; its token may not reach deals.
_OPTIONAL = frozenset({"deals"})
_FORBIDDEN = 403
_EXISTS = 409


def install(calls: Calls) -> Conversation:
    """Group and properties of each object type, one request each; deals are left out where the token forbids them."""
    left_out = False
    for kind in OBJECTS:
        try:
            yield from _install(calls, kind)
        except Refused as refused:
            if kind not in _OPTIONAL or refused.answer.status != _FORBIDDEN:
                return refused.outcome
            left_out = True
    without = " Its token may not reach deals: they are left alone." if left_out else ""
    return AttemptOutcome("http_200", True, f"HubSpot has all properties.{without}")


def _install(calls: Calls, kind: str) -> Generator[Request, HttpResult, None]:
    """Group and properties of one object type. Raises Refused."""
    wanted = records.property_set()
    yield from calls.post(f"{kind}_group", f"/crm/v3/properties/{kind}/groups", wanted["group"], fine=[_EXISTS])
    for one in wanted[kind]:
        said = yield from calls.post(f"{kind}.{one['name']}", f"/crm/v3/properties/{kind}", one, fine=[_EXISTS])
        if one.get("hasUniqueValue") and said["status_code"] == _EXISTS:
            yield from _unique(calls, kind, one["name"])


def _unique(calls: Calls, kind: str, name: str) -> Generator[Request, HttpResult, None]:
    """A property made by hand that is not unique finds no record again, and cannot be made unique. Raises Refused."""
    there = yield from calls.get(f"{kind}.{name}.look", f"/crm/v3/properties/{kind}/{name}")
    if not there.get("hasUniqueValue"):
        said = f"HubSpot has a property `{name}` whose values need not be unique; archive it and install again."
        raise Refused(AttemptOutcome("property_not_unique", False, said), HttpResult())
