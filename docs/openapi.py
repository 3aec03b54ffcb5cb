"""The OpenAPI document: whole for the pages of `docs/`, and without answers and examples for the command line."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from app import main
from app.settings import load

#: What says which values an input takes, and what it is for.
_SCHEMA = frozenset({
    "$ref", "type", "format", "enum", "const", "anyOf", "oneOf", "items", "properties", "required",
    "additionalProperties", "minimum", "maximum", "default", "description", "contentMediaType",
})  # fmt: skip
_OPERATION = ("tags", "summary", "description", "operationId")


@cache
def document() -> Any:
    """OpenAPI as an installation serves it; nothing of these settings is in it."""
    key = "docs:" + "A" * 43 + "="
    chosen = load(
        database_url="postgresql+asyncpg://docs/docs", secret_keys=key, public_url="https://go.agency.example"
    )  # fmt: skip
    return main.create_app(chosen).openapi()


def text() -> str:
    """The file `app/cli/openapi.json`: operations with their inputs."""
    whole = document()
    paths = {
        path: {method: _operation(about, whole["components"]["schemas"]) for method, about in methods.items()}
        for path, methods in whole["paths"].items()
    }
    schemas = whole["components"]["schemas"]
    used = {name: _schema(schemas[name]) for name in sorted(_reached(paths, schemas))}
    made = {
        "openapi": whole["openapi"],
        "info": {name: whole["info"][name] for name in ("title", "version")},
        "tags": whole["tags"],
        "paths": paths,
        "components": {"schemas": used},
    }
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _operation(about: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    made = {name: about[name] for name in _OPERATION}
    if parameters := about.get("parameters"):
        made["parameters"] = [_parameter(each) for each in parameters]
    if body := about.get("requestBody"):
        content = {kind: {"schema": _schema(each["schema"])} for kind, each in body["content"].items()}
        made["requestBody"] = {"required": body.get("required", False), "content": content}
    answers = {status: answer for status, answer in about["responses"].items() if status < "400"}
    made["responses"] = {
        status: {"description": answer["description"], "content": {kind: {} for kind in answer.get("content", ())}}
        for status, answer in answers.items()
    }
    if columns := _columns(next(iter(answers.values())), schemas):
        made["x-columns"] = columns
    return made


def _columns(answer: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[str]:
    """Fields of an answer, or of the rows of its list, by dotted name; `name.*` if there may be any below."""
    shape = answer.get("content", {}).get("application/json", {}).get("schema", {})
    whole = dict(_fields(shape, schemas))
    rows = next((each["items"] for each in _kinds(whole.get("data", shape), schemas) if "items" in each), None)
    return list(_dotted(shape if rows is None else rows, schemas))


def _dotted(schema: Mapping[str, Any], schemas: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for name, each in dict(_fields(schema, schemas)).items():
        yield before + name
        if any("properties" not in kind and kind.get("type", "object") == "object" for kind in _kinds(each, schemas)):
            yield f"{before}{name}.*"
        yield from _dotted(each, schemas, f"{before}{name}.")


def _fields(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for each in _kinds(schema, schemas):
        yield from each.get("properties", {}).items()


def _kinds(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The alternatives of a schema, each without references."""
    if "$ref" in schema:
        yield from _kinds(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas)
    elif inner := schema.get("anyOf", schema.get("oneOf")):
        for each in inner:
            yield from _kinds(each, schemas)
    else:
        yield schema


def _parameter(each: Mapping[str, Any]) -> dict[str, Any]:
    schema = _schema(each["schema"])
    said = each.get("description") or schema.pop("description", None) or _such_as(each["schema"])
    made = {"name": each["name"], "in": each["in"], "required": each.get("required", False), "schema": schema}
    schema.pop("description", None)
    return made | ({"description": said} if said else {})


def _schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in schema.items():
        if name not in _SCHEMA:
            continue
        if name == "properties":
            made[name] = {key: _property(each) for key, each in value.items()}
        elif isinstance(value, dict):
            made[name] = _schema(value)
        elif name in ("anyOf", "oneOf"):
            made[name] = [_schema(each) for each in value]
        else:
            made[name] = value
    return made


def _property(schema: Mapping[str, Any]) -> dict[str, Any]:
    made = _schema(schema)
    if "description" not in made and "$ref" not in made and (said := _such_as(schema)):
        made["description"] = said
    return made


def _such_as(schema: Mapping[str, Any]) -> str | None:
    """An example as a description, where there is none."""
    examples = next((each["examples"] for each in (schema, *schema.get("anyOf", ())) if each.get("examples")), None)
    if not examples or isinstance(examples[0], dict | list) or examples[0] is None:
        return None
    return f"Such as {examples[0]}."


def _reached(node: Any, schemas: Mapping[str, Any]) -> set[str]:
    """The schemas that a part of the document refers to, through others too."""
    found: set[str] = set()
    waiting = list(_references(node))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(_schema(schemas[name]))
    return found


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].rsplit("/", 1)[1]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _references(each)
