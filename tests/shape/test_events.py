"""The catalogue of events is whole: nothing defined is missing, nothing promised is never recorded."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import jsonschema_rs
import pytest

import app.events
from app.events import catalogue
from app.events.types import asks
from app.events.types.kinds import EventType
from tests.shape import source

EVERY = sorted(catalogue.TYPES)


def _defined() -> Iterator[tuple[str, EventType]]:
    for module in pkgutil.walk_packages(app.events.__path__, "app.events."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, EventType) and name.isupper():
                yield name, value


def test_every_type_is_in_the_catalogue() -> None:
    assert {event.name for _, event in _defined()} == set(catalogue.TYPES)


def test_names_are_defined_once() -> None:
    names = [event.name for event in {id(event): event for _, event in _defined()}.values()]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("name", EVERY)
def test_a_type_has_a_sentence(name: str) -> None:
    assert re.fullmatch(r"[A-Z].{10,}\.", catalogue.TYPES[name].sentence)


@pytest.mark.parametrize("name", EVERY)
def test_an_example_is_of_its_schema(name: str) -> None:
    event = catalogue.TYPES[name]
    jsonschema_rs.Draft202012Validator(catalogue.schema(event)).validate(catalogue.example(event))


def test_a_schema_knows_another_type() -> None:
    first, second = (catalogue.TYPES[name] for name in EVERY[:2])
    assert not jsonschema_rs.Draft202012Validator(catalogue.schema(first)).is_valid(catalogue.example(second))


def test_every_type_is_recorded_somewhere() -> None:
    code = "\n".join(source.text(path) for path in source.python_files() if _records(path.parts))
    never = [name for name, event in _defined() if event not in asks.ALL and not re.search(rf"\.{name}\b", code)]
    assert never == []


def _records(parts: tuple[str, ...]) -> bool:
    return parts[0] == "app" and parts[1] not in ("events", "demo")
