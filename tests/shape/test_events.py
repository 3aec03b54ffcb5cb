"""The catalogue of events: each type has one name, a valid example, and code that records it."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from app.events import catalog, rendering
from app.events.catalog import EventType
from tests.shape import source

EVERY = sorted(catalog.TYPES)


def _defined() -> Iterator[tuple[str, EventType[Any]]]:
    for name, value in vars(catalog).items():
        if isinstance(value, EventType):
            yield name, value


def test_names_are_defined_once() -> None:
    names = [event.name for event in {id(event): event for _, event in _defined()}.values()]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("name", EVERY)
def test_a_type_has_a_sentence(name: str) -> None:
    assert re.fullmatch(r"[A-Z].{10,}\.", catalog.TYPES[name].sentence)


@pytest.mark.parametrize("name", EVERY)
def test_an_example_is_of_its_schema(name: str) -> None:
    event = catalog.TYPES[name]
    jsonschema_rs.Draft202012Validator(rendering.json_schema(event)).validate(rendering.example_body(event))


def test_a_schema_knows_another_type() -> None:
    first, second = (catalog.TYPES[name] for name in EVERY[:2])
    assert not jsonschema_rs.Draft202012Validator(rendering.json_schema(first)).is_valid(rendering.example_body(second))


def test_every_type_is_recorded_somewhere() -> None:
    code = "\n".join(source.text(path) for path in source.python_files() if _records(path.parts))
    others = [name for name, event in _defined() if event not in catalog.ACCESS_BY_STATUS.values()]
    never = [name for name in others if name != "ACCESS_REQUESTED" and not re.search(rf"\.{name}\b", code)]
    assert never == []


def _records(parts: tuple[str, ...]) -> bool:
    return parts[0] == "app" and parts[1] != "events"
