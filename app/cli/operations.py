"""Operations of the API as commands: names, arguments and options, read from `openapi.json` beside this module.

`make docs` writes that file. The group of a command is its operation's tag; its name is the operation's id without the
words of the group: `revoke_link`, tagged `links`, is `keyturn links revoke`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

PREFIX = "/api/v1"
JSON, FORM = "application/json", "multipart/form-data"
_NAMED = re.compile(rf"`?\b(GET|POST|PUT|PATCH|DELETE) ({PREFIX}(?:/(?:\{{\w+\}}|[\w-]+))+)`?")


@dataclass(frozen=True)
class Input:
    """One input of an operation. `path` is its position in the body; outside the body it is the name alone."""

    where: str
    path: tuple[str, ...]
    schema: Mapping[str, Any]
    required: bool
    about: str

    @property
    def name(self) -> str:
        """Name of the field as the API writes it, with dots inside the body."""
        return ".".join(self.path)

    @property
    def option(self) -> str:
        """Option of the command."""
        return "--" + self.name.lower().replace("_", "-")


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    method: str
    path: str
    about: Mapping[str, Any]

    @property
    def group(self) -> str:
        """Name of the group of commands."""
        return str(self.about["tags"][0]).replace(" ", "-")

    @property
    def name(self) -> str:
        """Name of the command in its group."""
        words, group = str(self.about["operationId"]).split("_"), self.group.split("-")
        for noun in (group, [*group[:-1], _singular(group[-1])]):
            for start in range(len(words) - len(noun) + 1):
                if words[start : start + len(noun)] == noun and len(words) > len(noun):
                    return "-".join(words[:start] + words[start + len(noun) :])
        return "-".join(words)

    @cached_property
    def parameters(self) -> list[Input]:
        """Inputs outside the body."""
        return [
            Input(
                each["in"], (each["name"],), _plain(each["schema"])[0], each["required"],
                each.get("description", ""),
            )
            for each in self.about.get("parameters", ())
        ]  # fmt: skip

    @cached_property
    def body(self) -> list[Input]:
        """Inputs inside a JSON object or a form, nested objects included; none for any other body."""
        if self.content_type not in (JSON, FORM):
            return []
        return list(_inputs(self._content[self.content_type]["schema"]))

    @cached_property
    def nullable(self) -> list[str]:
        """Fields of the body that a PATCH can set to null, nested objects as a whole included."""
        return list(_nullable(self._content[JSON]["schema"])) if self.method == "PATCH" else []

    @property
    def content_type(self) -> str | None:
        """Media type of the body; None without a body."""
        return next(iter(self._content), None)

    @property
    def gives_file(self) -> bool:
        """True if the answer is a file instead of JSON."""
        kinds = [kind for answer in self.about["responses"].values() for kind in answer["content"]]
        return bool(kinds) and JSON not in kinds

    @property
    def columns(self) -> list[str]:
        """Fields of the answer, or of the rows of its list, by dotted name; `name.*` if there may be any below."""
        return list(self.about.get("x-columns", ()))

    @property
    def _content(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.about.get("requestBody", {}).get("content", {})
        return found

    @property
    def in_words(self) -> str:
        """The command with its arguments, ready to type."""
        needed = [each.path[0].upper() for each in self.parameters if each.where == "path"]
        needed += [f"{each.option} …" for each in self.body if each.required]
        return " ".join(["keyturn", self.group, self.name, *needed])


@cache
def document() -> Any:
    """The OpenAPI document of this version."""
    return json.loads(Path(__file__).with_name("openapi.json").read_text(encoding="utf-8"))


@cache
def groups() -> dict[str, str]:
    """Groups of commands, with a sentence about each."""
    return {each["name"].replace(" ", "-"): each["description"] for each in document()["tags"]}


@cache
def every() -> list[Operation]:
    """All operations, in the order of the document."""
    paths = document()["paths"].items()
    return [Operation(method.upper(), path, about) for path, methods in paths for method, about in methods.items()]


def of_group(group: str) -> dict[str, Operation]:
    """The operations of a group by the names of their commands."""
    return {each.name: each for each in every() if each.group == group}


def in_commands(sentence: str) -> str:
    """The sentence with each operation it names replaced by the command that carries it out."""
    return _NAMED.sub(_said, sentence)


def _said(named: re.Match[str]) -> str:
    method, address = named.groups()
    for each in every():
        pattern = re.sub(r"\{\w+\}", r"([\\w{}-]+)", each.path)
        if each.method == method and (found := re.fullmatch(pattern, address)):
            said = each.in_words
            for name, value in zip(re.findall(r"\{(\w+)\}", each.path), found.groups(), strict=True):
                said = said if "{" in value else said.replace(f" {name.upper()}", f" {value}", 1)
            return f"`{said}`"
    return named[0]


def _singular(noun: str) -> str:
    return noun[:-3] + "y" if noun.endswith("ies") else noun.removesuffix("s")


def _inputs(schema: Mapping[str, Any], path: tuple[str, ...] = (), *, needed: bool = True) -> Iterator[Input]:
    """The fields of an object; those of a nested one are needed only where the object itself is."""
    found, _ = _plain(schema)
    required = found.get("required", ())
    for name, each in found.get("properties", {}).items():
        inner, _ = _plain(each)
        here, is_needed = (*path, name), needed and name in required
        if "properties" in inner:
            yield from _inputs(inner, here, needed=is_needed)
        else:
            yield Input("body", here, inner, is_needed, inner.get("description", ""))


def _nullable(schema: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for name, each in _plain(schema)[0].get("properties", {}).items():
        inner, nullable = _plain(each)
        if nullable:
            yield before + name
        yield from _nullable(inner, f"{before}{name}.")


def _plain(schema: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The schema itself, and whether null may stand in its place. Alternatives become one where they can."""
    about = {name: schema[name] for name in ("description", "default") if name in schema}
    if "$ref" in schema:
        found, nullable = _plain(document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
        return {**found, **about}, nullable
    kinds = [_plain(each)[0] for each in schema.get("anyOf", schema.get("oneOf", ()))]
    kept = [each for each in kinds if each.get("type") != "null"]
    nullable = len(kept) < len(kinds)
    if not kinds:
        return dict(schema), schema.get("type") == "null"
    return {**_one(kept), **about}, nullable


def _one(kinds: list[dict[str, Any]]) -> dict[str, Any]:
    """One schema for several: the same, all their values, all their fields, or else a value of any of them."""
    about = next(({"description": each["description"]} for each in kinds if "description" in each), {})
    types = [{name: value for name, value in each.items() if name not in ("description", "default")} for each in kinds]
    if all(each == types[0] for each in types):
        return kinds[0] | about
    if all("enum" in each or "const" in each for each in kinds):
        values = [value for each in kinds for value in each.get("enum", [each.get("const")])]
        return {"type": "string", "enum": list(dict.fromkeys(values)), **about}
    if all("properties" in each for each in kinds):
        names = dict.fromkeys(name for each in kinds for name in each["properties"])
        return {
            "properties": {
                name: {"anyOf": [each["properties"][name] for each in kinds if name in each["properties"]]}
                for name in names
            },
            "required": [name for name in names if all(name in each.get("required", ()) for each in kinds)],
        }
    said = ", ".join(sorted({str(value) for each in kinds for value in each.get("enum", ())}))
    return {"anyOf": types, "description": f"{about.get('description', '')} {said}".strip()}
