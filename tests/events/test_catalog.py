"""The catalogue keeps what receivers were promised: no type or key goes, none becomes another kind."""

from collections.abc import Callable
from typing import Any

import pytest

from app.events.rendering import API_VERSION, VERSIONS
from tests.events import kept

Change = Callable[[dict[str, Any]], object]


def _data(changed: dict[str, Any]) -> Any:
    return changed["$defs"]["AccessData"]


@pytest.mark.parametrize("version", VERSIONS)
def test_receivers_of_today_still_understand_every_event(version: str) -> None:
    assert kept.broken(kept.schemas(kept.read(version)), kept.schemas(kept.now(version))) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_new_is_promised_too(version: str) -> None:
    assert kept.read(version) == kept.now(version), "new types or keys: run `make schemas`"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda now: now["types"].pop("access.verified"), "access.verified is gone"),
        (lambda now: _data(now)["properties"].pop("client_id"), "access.verified: data.client_id is gone"),
        (
            lambda now: now["types"]["access.verified"]["properties"].pop("sequence"),
            "access.verified: sequence is gone",
        ),
        (
            lambda now: _data(now)["properties"].update(assets_total={"type": "string"}),
            "access.verified: data.assets_total was integer or null, always and is string, always",
        ),
        (
            lambda now: _data(now)["properties"]["client_id"].update(anyOf=[{"type": "string"}]),
            "access.verified: data.client_id was null or string, always and is string, always",
        ),
        (
            lambda now: _data(now)["required"].remove("client_id"),
            "access.verified: data.client_id was null or string, always and is null or string",
        ),
        (
            lambda now: now["types"]["access.verified"]["properties"]["type"].update(const="access.done"),
            "access.verified: type was 'access.verified', always and is 'access.done', always",
        ),
    ],
)
def test_what_breaks_receivers_is_found(change: Change, said: str) -> None:
    changed = kept.now(API_VERSION)
    change(changed)
    found = kept.broken(kept.schemas(kept.now(API_VERSION)), kept.schemas(changed))
    assert any(each.startswith(said) for each in found), found


@pytest.mark.parametrize(
    "change",
    [
        lambda now: now["types"].update({"access.new": now["types"]["access.verified"]}),
        lambda now: _data(now)["properties"].update(new={"type": "string"}),
    ],
)
def test_what_is_added_breaks_nothing(change: Change) -> None:
    changed = kept.now(API_VERSION)
    change(changed)
    assert kept.broken(kept.schemas(kept.now(API_VERSION)), kept.schemas(changed)) == []
