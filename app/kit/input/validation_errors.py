"""Validation errors, with a sentence for each field."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, get_args

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from app.kit.errors import AppError, InvalidInput
from app.kit.input.fields import SENTENCES
from app.kit.input.text import nearest

Model = TypeVar("Model", bound=BaseModel)
#: Parts that pydantic adds to the names of fields; `kind[…]` are our tags of unions.
_KINDS = ("kind[", "literal[", "list[", "dict[", "function-", "constrained-")


class BrokenJson(AppError):
    """The body is not JSON."""

    status = 400
    code = "broken_json"
    detail = "The body is not valid JSON."
    hint = "Send one JSON object in UTF-8."


class WrongContentType(AppError):
    """The body has a content type other than JSON."""

    status = 415
    code = "wrong_content_type"
    detail = "The body must be JSON."
    hint = "Send the header `Content-Type: application/json`."


class UnknownField(InvalidInput):
    """A key that is not a field, so that a typo does not go unnoticed."""

    code = "unknown_field"
    hint = "Check its spelling, or leave it out."


def refusal_of(problem: RequestValidationError, shape: Any = None) -> AppError:
    """The most specific error for a validation failure. `shape`: the type of the body."""
    errors: Sequence[Mapping[str, Any]] = problem.errors()
    first = errors[0]
    if first["type"] == "json_invalid":
        return BrokenJson(f"The body is not valid JSON: {first['ctx']['error']} at character {first['loc'][-1]}.")
    if isinstance(problem.body, bytes) and problem.body:
        return WrongContentType()
    fields = _by_field(errors)
    unknown = [error["loc"] for error in errors if error["type"] == "extra_forbidden"]
    return _unknown(unknown, shape, fields) if unknown else InvalidInput(fields=fields)


def checked(model: Callable[..., Model], **values: Any) -> Model:
    """Values from the command line, validated like those from the API. Raises InvalidInput."""
    try:
        return model(**values)
    except ValidationError as problem:
        fields = {".".join(map(str, error["loc"])): _sentence(error) for error in problem.errors()}
        raise InvalidInput(hint="Correct them and try again.", fields=fields) from problem


def _unknown(places: Sequence[Sequence[str | int]], shape: Any, fields: dict[str, str]) -> UnknownField:
    """The error for unknown fields, with the nearest known one of each."""
    meant = {}
    for place in places:
        known = _names_at(shape, place[1:-1])
        if near := nearest(str(place[-1]), known):
            meant[_name(place)] = f"Did you mean `{near}`?"
    first = _name(places[0])
    hint = meant.get(first) or f"{UnknownField.hint} The fields are: {', '.join(_names_at(shape, places[0][1:-1]))}."
    said = {name: f"{sentence} {meant[name]}" if name in meant else sentence for name, sentence in fields.items()}
    return UnknownField(f"There is no field {first[:100]!r} here.", hint=hint, fields=said)


def _names_at(shape: Any, place: Sequence[str | int]) -> list[str]:
    """Names of the fields that a body can have at a place."""
    models = list(_models(shape))
    for part in place:
        fields = [model.model_fields[str(part)] for model in models if part in model.model_fields]
        models = [inner for field in fields for inner in _models(field.annotation)] or models
    return list(dict.fromkeys(name for model in models for name in model.model_fields))


def _models(shape: Any) -> Iterator[type[BaseModel]]:
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        yield shape
    for each in get_args(shape):
        yield from _models(each)


def _by_field(errors: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """A sentence for each field; for a field with several types, the requirements of each."""
    fields: dict[str, str] = {}
    for error in errors:
        name, sentence = _name(error["loc"]), _sentence(error)
        said = fields.get(name)
        fields[name] = sentence if said in (None, sentence) else f"{said} Or: {sentence}"
    return fields


def _name(place: Sequence[str | int]) -> str:
    """`("body", "client", "name")` -> `client.name`; errors of the whole body are `body`.

    pydantic adds the type that it tried, such as `literal['a']`: no field of ours has such a name.
    """
    return ".".join(str(part) for part in place[1:] if not str(part).startswith(_KINDS)) or str(place[0])


def _sentence(error: Mapping[str, Any]) -> str:
    about = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return "This is needed."
        case "extra_forbidden":
            return "There is no such field."
        case "string_too_long" | "string_too_short":
            most, least = about.get("max_length"), about.get("min_length")
            return f"Use at most {most} characters." if most else f"Use at least {least} characters."
        case "list_type":
            return "Give a list: `[…]`."
        case "too_short":
            return f"Give at least {about['min_length']}."
        case "too_long":
            return f"Give at most {about['max_length']}."
        case "less_than_equal" if not isinstance(about["le"], datetime):
            return f"Give a number of at most {about['le']}."
        case "greater_than_equal" if not isinstance(about["ge"], datetime):
            return f"Give a number of at least {about['ge']}."
        case "less_than_equal" | "greater_than_equal":
            return "Give a time between the years 2000 and 2200."
        case "string_type":
            return "Give text."
        case "int_type" | "int_parsing" | "int_from_float":
            return "Give a whole number."
        case "bool_type" | "bool_parsing":
            return "Give true or false."
        case "string_pattern_mismatch":
            return SENTENCES.get(about["pattern"], "This does not have the shape it must have.")
        case "model_attributes_type" | "model_type" | "dict_type":
            return "Send a JSON object."
        case "value_error":
            return str(about["error"])
        case "literal_error" | "enum":
            return f"Choose one of {about['expected']}."
        case kind if kind.startswith(("datetime", "timezone")):
            return "Give a time with its time zone, such as 2026-12-31T12:00:00Z."
        case _:
            return str(error["msg"]).rstrip(".") + "."
