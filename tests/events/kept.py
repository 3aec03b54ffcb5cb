"""The schemas of events as receivers were promised them, kept in `schemas/`: `make schemas` adds what is new.

What was promised stays: the command refuses to write where a type or a key is gone or is of another kind.
"""

import copy
import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from app.events import catalog, rendering
from app.events.rendering import VERSIONS

FOLDER = Path(__file__).parent / "schemas"
#: Said for people; what a program relies on is the rest.
_WORDS = frozenset({"title", "description", "examples", "default"})

#: The schema of each event type.
Schemas = Mapping[str, Mapping[str, Any]]


def now(version: str) -> dict[str, Any]:
    """The schemas of today's catalogue in a version; what types share stands once, under `$defs`.

    A copy, which the caller may change.
    """
    return copy.deepcopy(_now(version))


@cache
def _now(version: str) -> dict[str, Any]:
    types = {name: _bare(rendering.json_schema(kind, version)) for name, kind in sorted(catalog.FOR_CRMS.items())}
    shared: dict[str, Any] = {}
    for schema in types.values():
        named = schema.pop("$defs")
        assert all(shared.get(name, about) == about for name, about in named.items())
        shared |= named
    return {"$defs": dict(sorted(shared.items())), "types": types}


def read(version: str) -> dict[str, Any]:
    """What was kept of a version."""
    kept: dict[str, Any] = json.loads((FOLDER / f"{version}.json").read_text(encoding="utf-8"))
    return kept


def schemas(kept: Mapping[str, Any]) -> Schemas:
    """Each type's schema, whole."""
    return {name: {**schema, "$defs": kept["$defs"]} for name, schema in kept["types"].items()}


def broken(promised: Schemas, offered: Schemas) -> list[str]:
    """What a receiver written for `promised` would miss or misread in `offered`, one sentence each."""
    found = [f"{name} is gone" for name in promised if name not in offered]
    for name in promised.keys() & offered.keys():
        before, after = dict(_keys(promised[name])), dict(_keys(offered[name]))
        found += [f"{name}: {key} is gone" for key in before if key not in after]
        found += [
            f"{name}: {key} was {before[key]} and is {after[key]}"
            for key in before.keys() & after.keys()
            if before[key] != after[key]
        ]
    return sorted(found)


def main() -> None:
    """Writes the schemas of today beside those of other versions, if nothing that was promised breaks."""
    for version in VERSIONS:
        place = FOLDER / f"{version}.json"
        if place.exists() and (wrong := broken(schemas(read(version)), schemas(now(version)))):
            sys.exit("\n".join(["This breaks receivers; give the body a new api_version instead:", *wrong]))
        place.write_text(text(now(version)), encoding="utf-8")


def text(kept: Mapping[str, Any]) -> str:
    """As it is kept."""
    return json.dumps(kept, indent=1, ensure_ascii=False) + "\n"


def _keys(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every key at every depth, and of what kind it is: its types, its constant, whether it is always there."""
    yield from _below(schema, schema["$defs"], "")


def _below(schema: Mapping[str, Any], named: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for name, about in schema.get("properties", {}).items():
        whole = named[about["$ref"].rsplit("/", 1)[-1]] if "$ref" in about else about
        yield path + name, _kind(whole) + (", always" if name in schema.get("required", ()) else "")
        yield from _below(whole, named, f"{path}{name}.")


def _kind(schema: Mapping[str, Any]) -> str:
    if "const" in schema:
        return repr(schema["const"])
    each = schema.get("anyOf", [schema])
    return " or ".join(sorted(str(one.get("type", "anything")) for one in each))


def _bare(schema: Any) -> Any:
    """Without what is said for people. Names of keys stay, whatever they are."""
    if isinstance(schema, list):
        return [_bare(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: {key: _bare(value) for key, value in about.items()} if name in ("properties", "$defs") else _bare(about)
        for name, about in schema.items()
        if name not in _WORDS
    }


if __name__ == "__main__":
    main()
