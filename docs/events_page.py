"""The text of `docs/webhooks-events.md`: every event a webhook endpoint can subscribe to, read from the catalogue."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from app.events import catalog, schema
from app.events.catalog import EventType
from docs.tables import code, table

_WIDTH = 110


def text() -> str:
    """The whole page."""
    kinds = catalog.FOR_CRMS.values()
    return "\n\n".join([
        "# Webhook events",
        "_Made by `make docs` from `app/events/`; do not edit by hand._",
        "What arrives for each type, as an endpoint with `payload_mode` `full` gets it and as `GET /api/v1/events` "
        "lists it. How deliveries are signed, repeated and replayed, and the modes `thin` and `flat`: "
        "[webhooks.md](webhooks.md#payload-modes). "
        "The JSON Schema of each type: `GET /api/v1/webhooks/event-types/{type}`, and `/api/v1/openapi.json` under "
        "`webhooks`.",
        "One body for all types: `data` is flat, and **every key is always there**, `null` where it does not apply. "
        "In the examples, null keys come last, several in a line. Ids are text. Lists are comma-separated text. "
        "Times are UTC. `sequence` counts per subject. Types and keys may be added; within an `api_version` none is "
        "taken away and none becomes another kind.",
        "`webhook.*` is about webhooks themselves: `*` does not cover it, an endpoint has to name it, and no endpoint "
        "is told about itself.",
        "## All types",
        table(("type", "when", "subject"), map(_line, kinds)),
        "## The keys of `data`",
        "Personal ones are null at an endpoint with `personal: false`, and once a client's data was erased. A `thin` "
        "body has those whose name ends in `_id`.",
        table(("key", "what it is", ""), _keys()),
        *(_event(kind) for kind in kinds),
    ]) + "\n"  # fmt: skip


def readable(whole: Mapping[str, Any]) -> str:
    """A body as JSON; of `data`, or at the first level where there is none, what is null comes last."""
    data = whole.get("data")
    outside = {key: value for key, value in whole.items() if key != "data"}
    if not isinstance(data, dict):
        return _object(outside, 0)
    lines = _object(outside, 0).rstrip("}").rstrip()
    return f'{lines},\n  "data": {_object(data, 2)}\n}}'


def _object(values: Mapping[str, Any], indent: int) -> str:
    space = " " * (indent + 2)
    there = [
        f"{space}{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
        for key, value in values.items()
        if value is not None
    ]
    null = ", ".join(f"{json.dumps(key)}:\xa0null" for key, value in values.items() if value is None)
    wrapped = textwrap.wrap(null, _WIDTH, initial_indent=space, subsequent_indent=space, break_on_hyphens=False)
    rest = "\n".join(wrapped).replace("\xa0", " ")
    return "{\n" + ",\n".join([*there, *([rest] if rest else [])]) + "\n" + " " * indent + "}"


def _event(kind: EventType) -> str:
    return f"## {kind.name}\n\n{kind.sentence}\n\n```json\n{readable(catalog.example(kind))}\n```"


def _line(kind: EventType) -> tuple[str, ...]:
    return f"[`{kind.name}`](#{kind.name.replace('.', '')})", kind.sentence, kind.subject


def _keys() -> Iterator[tuple[str, ...]]:
    for name, about in schema.Data.model_fields.items():
        yield code(name), about.description or "", "**personal**" if name in schema.PERSONAL else ""
