"""The operations of the API as its OpenAPI document tells them, with bodies made from its own examples."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from docs import openapi

PREFIX = "/api/v1"


@dataclass(frozen=True)
class Operation:
    """One method of one address; `body` is the example the document gives."""

    method: str
    path: str
    about: Mapping[str, Any]
    body: Any

    @property
    def parameters(self) -> list[str]:
        """The names in braces."""
        return re.findall(r"{(\w+)}", self.path)

    def at(self, values: Mapping[str, str]) -> str:
        """The address with its braces filled, without the prefix."""
        return self.path.removeprefix(PREFIX).format(**values)


def every() -> Iterator[Operation]:
    """All operations of the document."""
    document = openapi.document()
    for path, methods in document["paths"].items():
        for method, about in methods.items():
            content = about.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema")
            body = example(document, schema) if schema else None
            yield Operation(method.upper(), path, about, body)


def example(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """A value of a schema: its own example, else put together from those of its fields."""
    schema = resolved(document, schema)
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "properties" in schema:
        return {name: example(document, each) for name, each in schema["properties"].items()}
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return example(document, schema[key][0])
    return {"boolean": True, "array": [], "object": {}}[schema["type"]]


def resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema itself, or the one it refers to."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema
