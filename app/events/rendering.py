"""Bodies of events: facts rendered by `api_version`. Pure.

A new version is an entry of its own in VERSIONS. Facts stay as they were stored, and earlier versions stay as they are:
an endpoint keeps its version until it is changed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, Field, create_model

from app.events.catalog import TYPES, EventType
from app.events.examples import EXAMPLE
from app.events.schema import ANSWER, parted
from app.kit import clock
from app.kit.input.fields import Word


class Subject(BaseModel):
    """The subject of the event; `sequence` counts per subject."""

    type: str = Field(examples=["link"])
    id: str = Field(examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])


class Envelope(BaseModel):
    """The whole body of a delivery in payload mode `full`, and of an entry of `GET /events`."""

    id: str = Field(examples=["evt_01ksy1q3e0fzs8qj5m8g3d4w7y"])
    type: str = Field(examples=["access.verified"])
    timestamp: str = Field(examples=["2026-12-04T13:32:10.123Z"])
    api_version: str = Field(examples=["2026-12-01"])
    sequence: int = Field(examples=[17])
    test: bool
    agency_id: str = Field(examples=["agency_01ksy1q3e0fzs8qj5m8g3d4w7r"])
    actor_kind: str = Field(
        description="Kind of principal that caused it: `api_key`, `member`, `client` or `system` (Keyturn itself).",
        examples=["client"],
    )
    actor_id: str = Field(
        description="Id of the API key, the client, or the invitation of the member; the name of a part of Keyturn.",
        examples=["client_01ksy1q3e0fzs8qj5m8g3d4w7t"],
    )
    subject: Subject
    data: Any = Field(
        description="The keys of the event type: `GET /webhooks/event-types/{event_type}/schema`.",
        examples=[{"client_id": "client_01ksy1q3e0fzs8qj5m8g3d4w7t", "client_name": "Brand SA"}],
    )


class EventRecord(NamedTuple):
    """An event as it was recorded, with its personal data; `{}` if it was erased or never existed."""

    agency_id: str
    id: str
    type: str
    occurred_at: datetime
    subject_type: str
    subject_id: str
    sequence: int
    test: bool
    facts: Mapping[str, Any]
    actor_kind: str
    actor_id: str
    #: the request or job that caused it, for the log
    request_id: str | None = None
    personal: Mapping[str, Any] = MappingProxyType({})
    #: position in the feed, with the id
    transaction_id: int = 0


@dataclass(frozen=True)
class Version:
    """One `api_version`: its bodies in payload mode `full`, and their model by event type.

    `render` gets an event whose `facts` are all that may be shown, and the address of the installation.
    """

    render: Callable[[EventRecord, str], dict[str, Any]]
    model: Callable[[EventType[Any]], type[BaseModel]]


def _body(event: EventRecord, public_url: str) -> dict[str, Any]:
    """The body of version 2026-12-01: every key of the type, null if it is unknown, and one for each answer."""
    facts, keys = event.facts, TYPES[event.type].keys
    data = {**dict.fromkeys(keys), **facts}
    if "dashboard_url" in keys:
        link_id = facts.get("link_id")
        data["dashboard_url"] = f"{public_url}/desk/links/{link_id}" if link_id else None
    data["agency_id"] = event.agency_id
    for key, answer in (facts.get("answers") or {}).items():
        data[f"{ANSWER}{key}"] = answer
    return {
        "id": event.id,
        "type": event.type,
        "timestamp": clock.iso(event.occurred_at),
        "api_version": "2026-12-01",
        "sequence": event.sequence,
        "test": event.test,
        "agency_id": event.agency_id,
        "actor_kind": event.actor_kind,
        "actor_id": event.actor_id,
        "subject": {"type": event.subject_type, "id": event.subject_id},
        "data": data,
    }


def _body_model(event_type: EventType[Any]) -> type[BaseModel]:
    """The model of version 2026-12-01."""
    named: Any = Literal[event_type.name]
    name = "".join(part.capitalize() for part in event_type.name.replace(".", "_").split("_"))
    return create_model(
        name, __base__=Envelope, __doc__=event_type.sentence, type=(named, ...), data=(event_type.data, ...)
    )  # fmt: skip


VERSIONS: dict[str, Version] = {"2026-12-01": Version(_body, _body_model)}
#: The newest version: that of new endpoints, and of requests that name none.
API_VERSION = max(VERSIONS)


def _known(version: str) -> str:
    if version not in VERSIONS:
        raise ValueError(f"There is no such version: choose one of {', '.join(VERSIONS)}.")
    return version


#: A version in a request.
ApiVersion = Annotated[Word, AfterValidator(_known)]


def body(event: EventRecord, version: str = API_VERSION, *, public_url: str, personal: bool = True) -> dict[str, Any]:
    """The body that receivers get, in a version of the API; `personal=False` omits what is personal."""
    if personal and event.personal:
        event = event._replace(facts={**event.facts, **event.personal})
    return VERSIONS[version].render(event, public_url)


def example(event_type: EventType[Any]) -> EventRecord:
    """An event of this type, with an example of each of its keys."""
    values = {key: EXAMPLE[key] for key in event_type.keys} | event_type.example
    facts, personal = parted(event_type.data(**values))
    return EventRecord(
        agency_id=EXAMPLE["agency_id"],
        id="evt_01ksy1q3e0fzs8qj5m8g3d4w7y",
        type=event_type.name,
        occurred_at=datetime.fromisoformat("2026-12-04T13:32:10.123Z"),
        subject_type=event_type.subject,
        subject_id=values.get(f"{event_type.subject}_id") or f"{event_type.subject}_01ksy1q3e0fzs8qj5m8g3d4w7x",
        sequence=17,
        test=False,
        facts=facts,
        actor_kind="system",
        actor_id="worker",
        personal=personal,
    )


def example_body(event_type: EventType[Any], version: str = API_VERSION) -> dict[str, Any]:
    """The body of the example of this type."""
    return body(example(event_type), version, public_url="https://go.agency.com")


def json_schema(event_type: EventType[Any], version: str = API_VERSION) -> dict[str, Any]:
    """The JSON Schema of the bodies of this type."""
    return VERSIONS[version].model(event_type).model_json_schema() | {"title": event_type.name}
