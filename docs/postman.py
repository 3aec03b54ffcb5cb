"""The text of `docs/kits/postman-collection.json`: every operation of the API, from its OpenAPI document.

Format: https://schema.postman.com/collection/json/v2.1.0/draft-07/docs/index.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.tenants.api_keys.route import API
from docs import openapi

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_BASE = "{{base_url}}"


def text() -> str:
    """The whole file."""
    return json.dumps(_collection(openapi.document()), indent=2, ensure_ascii=False) + "\n"


def _collection(document: Mapping[str, Any]) -> dict[str, Any]:
    folders: dict[str, list[Any]] = {}
    for tag, item in _items(document):
        folders.setdefault(tag, []).append(item)
    return {
        "info": {
            "name": "Keyturn",
            "description": "Every operation of Keyturn's API. Set the variables `base_url` and `api_key`.",
            "schema": SCHEMA,
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{api_key}}", "type": "string"}]},
        "variable": [
            {"key": "base_url", "value": f"https://go.agency.example{API}", "type": "string"},
            {"key": "api_key", "value": "", "type": "string"},
        ],
        "item": [{"name": tag, "item": items} for tag, items in sorted(folders.items())],
    }


def _items(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, about in methods.items():
            yield about["tags"][0], {"name": about["summary"], "request": _request(document, path, method, about)}


def _request(document: Mapping[str, Any], path: str, method: str, about: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "method": method.upper(),
        "header": [{"key": "Accept", "value": "application/json"}],
        "url": _url(document, path.removeprefix(API), about.get("parameters", ())),
        "description": about["description"],
    }
    content = about.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        body = example(document, content["application/json"]["schema"])
        made["header"].append({"key": "Content-Type", "value": "application/json"})
        raw = json.dumps(body, indent=2, ensure_ascii=False)
        made["body"] = {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    if method == "post":
        made["header"].append({"key": "Idempotency-Key", "value": "{{$guid}}"})
    return made


def _url(document: Mapping[str, Any], path: str, parameters: Any) -> dict[str, Any]:
    named = re.sub(r"{(\w+)}", r":\1", path)
    found: dict[str, list[dict[str, Any]]] = {"path": [], "query": []}
    for each in parameters:
        if each["in"] in found:
            value = example(document, each["schema"])
            about = {"key": each["name"], "value": "" if value is None else str(value)}
            about |= {"description": each["description"]} if "description" in each else {}
            found[each["in"]].append(about if each["in"] == "path" else {**about, "disabled": not each.get("required")})
    url: dict[str, Any] = {"raw": _BASE + named, "host": [_BASE], "path": named.strip("/").split("/")}
    url |= {"variable": found["path"]} if found["path"] else {}
    return url | ({"query": found["query"]} if found["query"] else {})


def example(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """A value of a schema: its own example, else put together from those of its fields; null where it says nothing."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
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
    return {"boolean": True, "array": [], "object": {}}.get(str(schema.get("type")))
