"""Values from a command line as the API takes them: one type of parameter for each kind of schema."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from app.cli.operations import Input

_SPAN = re.compile(r"([+-]?)(\d{1,5})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Moment(click.ParamType[str]):
    """A time: as text, UTC unless it says otherwise, or as a span from now."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The time as the API reads it."""
        if span := _SPAN.fullmatch(value):
            away = timedelta(**{_UNITS[span[3]]: int(span[2])})
            return (datetime.now(UTC) + (-away if span[1] == "-" else away)).isoformat()
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time: give 2026-12-31, 2026-12-31T12:00:00Z, +14d or -1h.", param, ctx)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat()


class Json(click.ParamType[Any]):
    """A value as JSON, or as text where the schema takes text too."""

    name = "json"

    def __init__(self, *, or_text: bool = False) -> None:
        self.or_text = or_text

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value."""
        try:
            return json.loads(value)
        except ValueError as problem:
            if self.or_text:
                return value
            self.fail(f"{value!r} is no JSON: {problem}.", param, ctx)


class Pair(click.ParamType[Any]):
    """An entry of an object as name=value, or the object as JSON."""

    name = "name=value"

    def __init__(self, values: click.ParamType[Any]) -> None:
        self.values = values

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The object with the entry."""
        if value.startswith("{"):
            return Json().convert(value, param, ctx)
        name, sign, given = value.partition("=")
        if not sign:
            self.fail(f"{value!r} is no pair: give it as name=value.", param, ctx)
        return {name: self.values.convert(given, param, ctx)}


def kind_of(schema: Mapping[str, Any]) -> click.ParamType[Any]:
    """The type of parameter for a schema."""
    if "enum" in schema:
        return click.Choice(schema["enum"])
    match schema.get("type"):
        case "string" if schema.get("format") == "date-time":
            return Moment()
        case "string" if schema.get("contentMediaType"):
            return click.Path(exists=True, dir_okay=False)
        case "string":
            return click.STRING
        case "integer":
            least, most = schema.get("minimum"), schema.get("maximum")
            return click.IntRange(None if least is None else int(least), None if most is None else int(most))
        case "number":
            return click.FLOAT
        case "array":
            return kind_of(schema.get("items", {}))
        case "object" if isinstance(schema.get("additionalProperties"), dict):
            return Pair(kind_of(schema["additionalProperties"]))
        case None if "anyOf" in schema or not schema.keys() - {"description", "default"}:
            return Json(or_text=True)
        case _:
            return Json()


def is_repeated(schema: Mapping[str, Any]) -> bool:
    """True if the option may be given several times."""
    return schema.get("type") == "array" or (schema.get("type") == "object" and "additionalProperties" in schema)


def joined(each: Input, value: Any) -> Any:
    """The input assembled from its options."""
    if each.schema.get("type") == "array":
        return [item for one in value for item in (one if isinstance(one, list) else [one])]
    if is_repeated(each.schema):
        return {name: inner for entry in value for name, inner in entry.items()}
    return value


def put(body: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Sets a value inside nested objects."""
    *outer, last = path
    for name in outer:
        inner = body.get(name)
        body[name] = body = dict(inner) if isinstance(inner, dict) else {}
    body[last] = value


def has(body: Any, path: Sequence[str]) -> bool:
    """True if nested objects have a value at a place."""
    for name in path:
        if not isinstance(body, dict) or name not in body:
            return False
        body = body[name]
    return True
