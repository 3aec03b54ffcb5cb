"""Values from a command line, as the API takes them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import click
import pytest

from app.cli import api_commands, operations, output


def read(schema: dict[str, Any], value: str) -> Any:
    """The value of an option of this schema."""
    return api_commands.parameter_type(schema).convert(value, None, None)


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2026-12-31", "2026-12-31T00:00:00+00:00"), ("2026-12-31T12:00:00Z", "2026-12-31T12:00:00+00:00"),
        ("2026-12-31T12:00:00+02:00", "2026-12-31T12:00:00+02:00"), ("2026-12-31 12:00", "2026-12-31T12:00:00+00:00"),
    ],
)  # fmt: skip
def test_a_time_is_utc_unless_it_says_otherwise(given: str, moment: str) -> None:
    assert read({"type": "string", "format": "date-time"}, given) == moment


@pytest.mark.parametrize(
    ("given", "away"),
    [
        ("+14d", timedelta(days=14)), ("14d", timedelta(days=14)), ("-1h", -timedelta(hours=1)),
        ("-30m", -timedelta(minutes=30)), ("+2w", timedelta(weeks=2)),
    ],
)  # fmt: skip
def test_a_time_may_be_a_span_from_now(given: str, away: timedelta) -> None:
    found = datetime.fromisoformat(read({"type": "string", "format": "date-time"}, given))
    assert abs(found - datetime.now(UTC) - away) < timedelta(seconds=10)


@pytest.mark.parametrize("given", ["soon", "14", "+14y", "", "2026-13-01", "99999999999d"])
def test_what_is_no_time_is_refused_with_examples(given: str) -> None:
    with pytest.raises(click.UsageError, match=r"\+14d"):
        read({"type": "string", "format": "date-time"}, given)


@pytest.mark.parametrize(
    ("schema", "given", "value"),
    [
        ({"type": "string"}, "007", "007"),
        ({"type": "integer", "minimum": 1.0}, "7", 7),
        ({"type": "string", "enum": ["full", "thin"]}, "thin", "thin"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "a=1=2", {"a": "1=2"}),
        ({"type": "object", "additionalProperties": {"type": "string"}}, '{"a": "b"}', {"a": "b"}),
        (
            {"type": "object", "additionalProperties": {"anyOf": [{"type": "integer"}]}},
            "a=7",
            {"a": 7},
        ),
        ({"anyOf": [{"type": "string"}, {"type": "array"}]}, "standard", "standard"),
        ({"anyOf": [{"type": "string"}, {"type": "array"}]}, "[60]", [60]),
        ({"description": "Any JSON."}, '{"a": ["b"]}', {"a": ["b"]}),
        ({"type": "array", "items": {"properties": {}}}, '{"a": 1}', {"a": 1}),
    ],
)
def test_a_value_has_the_type_of_its_schema(schema: dict[str, Any], given: str, value: Any) -> None:
    assert read(schema, given) == value


def test_options_of_a_list_come_together() -> None:
    listed = operations.Input("body", ("buyers",), {"type": "array", "items": {}}, False, "")
    assert api_commands.joined_value(listed, ({"a": 1}, [{"b": 2}, {"c": 3}])) == [{"a": 1}, {"b": 2}, {"c": 3}]
    assert api_commands.joined_value(listed, ([],)) == []
    pairs = operations.Input("body", ("headers",), {"type": "object", "additionalProperties": {}}, False, "")
    assert api_commands.joined_value(pairs, ({"a": 1}, {"b": 2}, {"a": 3})) == {"a": 3, "b": 2}


def test_a_nested_value_leaves_its_neighbours() -> None:
    whole = {"rate_limit": {"max": 10, "burst": 20}, "filter": None}
    body: dict[str, Any] = dict(whole)
    api_commands.put_value(body, ("rate_limit", "max"), 5)
    api_commands.put_value(body, ("filter", "preset"), "audit-only")
    assert body == {"rate_limit": {"max": 5, "burst": 20}, "filter": {"preset": "audit-only"}}
    assert whole == {"rate_limit": {"max": 10, "burst": 20}, "filter": None}, "what was given is not changed"
    assert api_commands.has_value(body, ("filter", "preset"))
    assert not api_commands.has_value(body, ("filter", "preset", "x"))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "–"), ("text", "text"), (True, "true"), (["a", "b"], "a, b"),
        ({"id": "link_1", "type": "link"}, "link_1"),
        ([{"role": "ANALYST", "also": []}, {"role": "ADMIN"}], "ANALYST, ADMIN"), ({"a": 1}, '{"a": 1}'), ([], ""),
        ("See GET /api/v1/presets.", "See `keyturn presets list`."),
    ],
)  # fmt: skip
def test_a_value_fits_in_a_table(value: Any, said: str) -> None:
    assert output.plain(value) == said


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("`POST /api/v1/links/{id}/revocation` ends it.", "`keyturn links revoke LINK_ID` ends it."),
        ("PUT /api/v1/agency/platforms/meta sets it.", "`keyturn agency set-platform meta --identifiers …` sets it."),
        ("GET /api/v1/nothing is no operation.", "GET /api/v1/nothing is no operation."),
        ("DELETE /api/v1/presets is none either.", "DELETE /api/v1/presets is none either."),
    ],
)
def test_an_operation_is_said_as_its_command(sentence: str, said: str) -> None:
    assert operations.in_commands(sentence) == said
