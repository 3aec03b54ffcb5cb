"""The text of `docs/webhooks-events.md`: every event a webhook endpoint can subscribe to, read from the catalogue."""

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.events import catalog, rendering, schema
from app.events.catalog import EventType
from app.events.examples import EXAMPLE
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
        "The envelope is the same for all types. `data` is flat, each type has keys of its own, and **every key of the "
        "type is always there**, `null` where it is not known. "
        "In the examples, null keys come last, several in a line. Ids are text. Lists are comma-separated text. "
        "Times are UTC. `sequence` counts per subject. Types and keys may be added; within an `api_version` none is "
        "taken away and none becomes another kind. An endpoint keeps the version it was made with; a placeholder of an "
        "`http_request` whose key a type does not have is empty ([webhooks.md](webhooks.md#versions)).",
        "`webhook.*` is about webhooks themselves: `*` does not cover it, an endpoint has to name it, and no endpoint "
        "is told about itself.",
        "## All types",
        table(("type", "when", "subject"), map(_line, kinds)),
        "## The keys of `data`",
        "Personal ones are null at an endpoint with `personal: false`, and once a client's data was erased. A `thin` "
        "body has those whose name ends in `_id`.",
        table(("key", "what it is", "types", ""), _keys()),
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


def _event(kind: EventType[Any]) -> str:
    return f"## {kind.name}\n\n{kind.sentence}\n\n```json\n{readable(rendering.example_body(kind))}\n```"


def _line(kind: EventType[Any]) -> tuple[str, ...]:
    return f"[`{kind.name}`](#{kind.name.replace('.', '')})", kind.sentence, kind.subject


def _keys() -> Iterator[tuple[str, ...]]:
    for name in EXAMPLE:
        having = [kind for kind in catalog.FOR_CRMS.values() if name in kind.keys]
        if having:
            about = having[0].data.model_fields[name].description or ""
            yield code(name), about, _types(having), "**personal**" if name in schema.PERSONAL else ""


def _types(having: Sequence[EventType[Any]]) -> str:
    """Names of types; `access.*` for all that begin so, as an endpoint names them."""
    if len(having) == len(catalog.FOR_CRMS):
        return "all"
    named = [kind.name for kind in having]
    return ", ".join(_of_word(word, named) for word in dict.fromkeys(name.split(".")[0] for name in named))


def _of_word(word: str, named: Sequence[str]) -> str:
    these = [name for name in catalog.FOR_CRMS if name.startswith(f"{word}.")]
    missing = [name for name in these if name not in named]
    if len(missing) * 2 >= len(these):
        return ", ".join(code(name) for name in these if name in named)
    return f"`{word}.*`" + (f" but {', '.join(map(code, missing))}" if missing else "")
