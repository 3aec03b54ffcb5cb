"""The OpenAPI document: complete, with examples that the API itself takes."""

from typing import Any

import httpx2
import pytest

from app.events import catalog
from app.kit.web.problem import MEDIA_TYPE
from docs import openapi
from tests.api.operations import every, resolved


@pytest.fixture
def document() -> dict[str, Any]:
    """The document."""
    whole: dict[str, Any] = openapi.document()
    return whole


async def test_is_served_to_everybody(browser: httpx2.AsyncClient) -> None:
    answer = await browser.get("/api/v1/openapi.json")
    assert answer.json()["openapi"].startswith("3.1")


def test_every_operation_says_what_it_does() -> None:
    names = [each.about["operationId"] for each in every()]
    assert len(names) == len(set(names)) >= 45
    for each in every():
        about = each.about
        assert about["summary"], each.path
        assert about["description"].startswith(about["summary"]), each.path
        assert not about["summary"].endswith("."), each.path
        assert about["tags"], each.path
        assert about["security"], each.path


def test_every_operation_names_its_errors() -> None:
    for each in every():
        answers = each.about["responses"]
        errors = {status: answer for status, answer in answers.items() if status >= "400"}
        assert {"401", "403", "404", "422", "500"} <= errors.keys(), each.path
        assert ("415" in errors) or each.body is None, each.path
        for answer in errors.values():
            assert answer["content"].keys() == {MEDIA_TYPE}, each.path
            assert answer["content"][MEDIA_TYPE]["schema"]["$ref"].endswith("/Problem"), each.path


def test_every_model_has_examples(document: dict[str, Any]) -> None:
    used = [_models(document, content["schema"]) for content in _contents()]
    missing = {name for models in used for name in models if not _has_example(document, name)}
    assert not missing


def test_every_post_takes_an_idempotency_key() -> None:
    for each in every():
        names = {parameter["name"] for parameter in each.about.get("parameters", ())}
        assert ("Idempotency-Key" in names) is (each.method == "POST"), each.path


def test_every_type_of_event_is_a_webhook_with_an_example(document: dict[str, Any]) -> None:
    assert document["webhooks"].keys() == catalog.FOR_CRMS.keys()
    for name, methods in document["webhooks"].items():
        schema = resolved(document, methods["post"]["requestBody"]["content"]["application/json"]["schema"])
        assert schema["properties"]["type"]["const"] == name
        assert schema["examples"] if "examples" in schema else schema["description"]


def test_no_answer_of_the_framework_is_left(document: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_no_two_models_have_one_name(document: dict[str, Any]) -> None:
    assert not [name for name in document["components"]["schemas"] if "__" in name]


def _contents() -> list[dict[str, Any]]:
    found = []
    for each in every():
        answers = [answer for status, answer in each.about["responses"].items() if status < "400"]
        for part in (each.about.get("requestBody", {}), *answers):
            found += list(part.get("content", {}).values())
    return found


def _models(document: dict[str, Any], schema: Any, seen: frozenset[str] = frozenset()) -> set[str]:
    if isinstance(schema, list):
        return {name for each in schema for name in _models(document, each, seen)}
    if not isinstance(schema, dict):
        return set()
    found = set()
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        if name not in seen:
            found = {name} | _models(document, document["components"]["schemas"][name], seen | {name})
    return found.union(*(_models(document, each, seen) for each in schema.values()))


def _has_example(document: dict[str, Any], name: str) -> bool:
    schema = document["components"]["schemas"][name]
    inner = schema.get("properties", {}).values()
    return "examples" in schema or any("examples" in each or "$ref" in str(each) for each in inner)
