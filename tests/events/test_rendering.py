"""Schemas by type and the bodies rendered of them."""

from typing import Any

import pytest
from pydantic import BaseModel

from app.events import catalog, rendering, schema
from app.events.catalog import EventType
from app.events.examples import EXAMPLE
from app.events.rendering import API_VERSION, VERSIONS

EVERY_TYPE = pytest.mark.parametrize("kind", catalog.TYPES.values(), ids=catalog.TYPES)
COMMON = ("agency_id", "link_id", "client_id", "external_id")
GIVEN = {
    "approver_name", "approver_email", "billing_name", "billing_email", "technical_name", "technical_email", "answers",
    "target_markets", "agreed_by", "agreed_at",
}  # fmt: skip


@EVERY_TYPE
def test_keys_common_to_most_types_come_first(kind: EventType[Any]) -> None:
    common = tuple(key for key in COMMON if key in kind.keys)
    assert kind.keys[: len(common)] == common


@EVERY_TYPE
def test_no_key_names_a_platform(kind: EventType[Any]) -> None:
    words = {word for key in kind.keys for word in key.split("_")}
    assert not words & {"tiktok", "meta", "google", "bc", "advertiser"}


@EVERY_TYPE
def test_a_body_has_every_key_of_its_type_and_no_other(kind: EventType[Any]) -> None:
    event = rendering.example(kind)._replace(facts={})
    data = VERSIONS[API_VERSION].render(event, "https://go.agency.com")["data"]
    assert tuple(data) == kind.keys
    assert {key: value for key, value in data.items() if value is not None} == {"agency_id": event.agency_id}


def test_each_key_has_one_example_and_one_meaning() -> None:
    about: dict[str, set[tuple[Any, ...]]] = {}
    for kind in catalog.TYPES.values():
        for name, field in kind.data.model_fields.items():
            about.setdefault(name, set()).add((field.description, repr(field.annotation), name in schema.PERSONAL))
    assert about.keys() == EXAMPLE.keys()
    assert {name for name, meanings in about.items() if len(meanings) > 1} == set()


def test_models_are_shared_by_types_of_the_same_keys() -> None:
    models = {kind.data for kind in catalog.TYPES.values()}
    assert len({frozenset(model.model_fields) for model in models}) == len(models)


def test_what_the_client_gave_is_personal_and_in_the_events_that_complete_a_step() -> None:
    having = {name for name, kind in catalog.FOR_CRMS.items() if set(kind.keys) >= GIVEN}
    assert having == {"intake.completed", "consent.given", "link.submitted", "link.completed"}
    assert GIVEN <= schema.PERSONAL


def test_answers_are_also_separate_keys() -> None:
    data = rendering.example_body(catalog.LINK_SUBMITTED)["data"]
    assert data["answer_website"] == data["answers"]["website"] == "https://brand.example"
    assert "answer_website" not in rendering.example_body(catalog.LINK_OPENED)["data"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_describes_what_it_renders(version: str) -> None:
    for kind in catalog.TYPES.values():
        model: type[BaseModel] = VERSIONS[version].model(kind)
        body = rendering.example_body(kind, version)
        assert body["api_version"] == version
        assert body.keys() == model.model_fields.keys()
