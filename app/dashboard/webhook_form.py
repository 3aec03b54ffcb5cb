"""The form of a webhook endpoint: between its fields and the requests of the API."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from app.events import catalog
from app.kit.egress.targets import UrlRefused
from app.kit.errors import InvalidInput
from app.kit.html.forms import Form
from app.kit.i18n.message import Message, _
from app.kit.input.validation_errors import checked
from app.webhooks.destinations.catalog import CATALOG
from app.webhooks.endpoints.schemas import (
    AnyNewEndpoint,
    EndpointChange,
    NewHttpEndpoint,
    NewHttpRequestEndpoint,
    NewHubSpotEndpoint,
    NewSlackEndpoint,
)
from app.webhooks.message import MASK, STANDARD, DestinationType
from app.webhooks.models import Endpoint

_SHAPES: Mapping[str, Callable[..., AnyNewEndpoint]] = {
    "http": NewHttpEndpoint, "slack": NewSlackEndpoint, "hubspot": NewHubSpotEndpoint,
    "http_request": NewHttpRequestEndpoint,
}  # fmt: skip
#: Events that can move a company to a lifecycle stage, and those that can leave a note.
STAGED = ["link.created", "link.sent", "link.opened", "link.submitted", "link.completed"]
NOTED = [*STAGED, "link.expired", "access.blocked", "access.declined", "grant.drifted"]
STAGES = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist")
_SECRET_FIELDS = {"slack": "webhook_url", "hubspot": "token"}
#: The retry policy of an endpoint with its own list of delays, which the form keeps.
OWN_POLICY = "own"

PROBLEMS: Mapping[str, Message] = {
    "url": _("Enter an https address of a public host, such as https://hooks.example.com/keyturn."),
    "webhook_url": _("Enter the address of the incoming webhook. It begins with https://hooks.slack.com/."),
    "token": _("Enter the access token of the private app. It begins with pat-."),
    "event_types": _("Tick at least one event type."),
    "headers": _("Write one header in each line, as in Authorization: Bearer abc. Some names are set by Keyturn."),
    "body": _("Enter valid JSON, with known placeholders, or leave it empty."),
    "rate": _("Enter a number from 1 to 10,000, or leave it empty."),
    "description": _("Use at most 500 characters."),
    "version": _("The endpoint was changed meanwhile. Compare, then save again."),
}
_OTHER_PROBLEM = _("Check this.")


@dataclass(frozen=True)
class TypeGroup:
    """Event types with the same first word; `pattern` stands for all of them."""

    name: str
    pattern: str
    types: list[catalog.EventType[Any]]


#: The catalogue of event types, as groups.
GROUPS = [
    TypeGroup(name, f"{name}.*", list(types))
    for name, types in groupby(catalog.FOR_CRMS.values(), lambda kind: kind.name.partition(".")[0])
]


@dataclass
class EndpointFields:
    """The fields of the form as they are shown."""

    description: str = ""
    url: str = ""
    event_types: list[str] = field(default_factory=list)
    payload_mode: str = "full"
    personal: bool = True
    retry_policy: str = "standard"
    is_ordered: bool = False
    rate: str = ""
    headers: str = ""
    method: str = "POST"
    body: str = ""
    lifecycle: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    #: the secret option, as it was typed; never shown again
    secret: str = field(default="", repr=False)


def defaults(destination: str) -> EndpointFields:
    """Fields of a new endpoint."""
    info = CATALOG[destination]
    return EndpointFields(
        event_types=list(info.event_types), is_ordered=info.ordering == "by_subject", rate=_rate_of(info.rate_limit),
        notes=["link.completed", "access.blocked"],
    )  # fmt: skip


def for_address(url: str) -> EndpointFields:
    """Fields of a new HTTP endpoint that gets every event."""
    return replace(defaults("http"), url=url, event_types=[group.pattern for group in GROUPS])


def of_endpoint(endpoint: Endpoint, options: Mapping[str, Any], header_names: list[str]) -> EndpointFields:
    """Fields of an endpoint that exists; stored secrets are masked or left out."""
    body = options.get("body")
    return EndpointFields(
        description=endpoint.description,
        url=options.get("url", endpoint.url),
        event_types=list(endpoint.event_types),
        payload_mode=endpoint.payload_mode,
        personal=endpoint.personal,
        retry_policy=endpoint.retry_policy if isinstance(endpoint.retry_policy, str) else OWN_POLICY,
        is_ordered=endpoint.ordering == "by_subject",
        rate=_rate_of(endpoint.rate_limit),
        headers="\n".join(f"{name}: {MASK}" for name in header_names),
        method=options.get("method", "POST"),
        body="" if body is None else json.dumps(body, ensure_ascii=False, indent=2),
        lifecycle=dict(options.get("lifecycle", {})),
        notes=list(options.get("notes", [])),
    )


def typed(form: Form) -> EndpointFields:
    """The fields as they were sent."""
    policy = form.text("retry_policy")
    return EndpointFields(
        description=form.line("description", most=500),
        url=form.line("url", most=2048),
        event_types=_without_covered(form.texts("event_types")),
        payload_mode=form.text("payload_mode") or "full",
        personal=form.ticked("personal"),
        retry_policy=policy or "standard",
        is_ordered=form.ticked("is_ordered"),
        rate=form.line("rate"),
        headers=form.secret("headers").replace("\r", ""),
        method=form.text("method") or "POST",
        body=form.secret("body").strip(),
        lifecycle={name: form.text(f"stage-{name}") for name in form.names("stage-") if form.text(f"stage-{name}")},
        notes=form.texts("notes"),
        secret=(form.secret("webhook_url") or form.secret("token")).strip(),
    )


def new_endpoint(destination: DestinationType, fields: EndpointFields) -> AnyNewEndpoint:
    """The request for a new endpoint. Raises InvalidInput."""
    values = _values(destination, fields, fields.secret)
    if fields.rate == defaults(destination).rate:
        values.pop("rate_limit")
    return checked(_SHAPES[destination], destination=destination, **values)


def change(endpoint: Endpoint, fields: EndpointFields) -> EndpointChange:
    """The request for a change; an empty secret stays as it is. Raises InvalidInput."""
    values = _values(endpoint.destination, fields, fields.secret or MASK)
    if fields.rate == _rate_of(endpoint.rate_limit):
        values.pop("rate_limit")
    return checked(EndpointChange, **values)


def problems_of(refused: InvalidInput, destination: str) -> dict[str, Message]:
    """A sentence for each field of the form."""
    address = _SECRET_FIELDS.get(destination, "url")
    if isinstance(refused, UrlRefused):
        return {address: PROBLEMS[address]}
    names = {_field(name) for name in refused.fields} or {"event_types"}
    return {
        (address if name == "options" else name): PROBLEMS.get(address if name == "options" else name, _OTHER_PROBLEM)
        for name in sorted(names)
    }


def _field(name: str) -> str:
    """The field of the form for a place in a request, such as `options.kind[slack].webhook_url`."""
    first, *rest = [part for part in name.split(".") if not part.startswith("kind[")]
    if first == "options" and rest:
        return rest[0]
    return "rate" if first == "rate_limit" else first


def _values(destination: str, fields: EndpointFields, secret: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "description": fields.description,
        "event_types": fields.event_types,
        "personal": fields.personal,
        "ordering": "by_subject" if fields.is_ordered else "none",
        "rate_limit": _rate_limit(fields.rate),
    }
    if fields.retry_policy != OWN_POLICY:
        values["retry_policy"] = fields.retry_policy
    if CATALOG[destination].takes_headers:
        values["headers"] = _headers(fields.headers)
    if destination in STANDARD:
        return values | {"url": fields.url, "payload_mode": fields.payload_mode}
    return values | {"options": _options(destination, fields, secret)}


def _options(destination: str, fields: EndpointFields, secret: str) -> dict[str, Any]:
    if destination == "slack":
        return {"webhook_url": secret}
    if destination == "hubspot":
        return {"token": secret, "lifecycle": fields.lifecycle, "notes": fields.notes}
    return {"method": fields.method, "url": fields.url, "body": _json(fields.body)}


def _without_covered(patterns: list[str]) -> list[str]:
    """Patterns without the types that a ticked group contains already."""
    groups = {pattern for pattern in patterns if pattern.endswith(".*")}
    return [each for each in patterns if each in groups or f"{each.partition('.')[0]}.*" not in groups]


def _rate_of(limit: Mapping[str, Any] | None) -> str:
    """`10` a second, or `10/60` in a minute."""
    if not limit:
        return ""
    return str(limit["max"]) if limit["per_seconds"] == 1 else f"{limit['max']}/{limit['per_seconds']}"


def _rate_limit(text: str) -> dict[str, int] | None:
    if not text:
        return None
    most, _slash, seconds = text.replace(" ", "").partition("/")
    if not all(each.isascii() and each.isdigit() and len(each) <= 6 for each in (most, seconds or "1")):
        raise InvalidInput(fields={"rate": ""})
    return {"max": int(most), "per_seconds": int(seconds or "1")}


def _headers(text: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.split("\n"))):
        name, colon, value = line.partition(":")
        if not colon:
            raise InvalidInput(fields={"headers": ""})
        headers[name.strip()] = value.strip()
    return headers


def _json(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise InvalidInput(fields={"body": ""}) from problem
