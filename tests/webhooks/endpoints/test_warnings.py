"""What is allowed but hardly meant."""

from typing import Any

import pytest

from app.events import catalog
from app.webhooks.endpoints import warnings

LINK = {"link_id": "link_01ksy1q3e0fzs8qj5m8g3d4w7s"}
PRESET = {"preset": "run-campaigns"}


@pytest.mark.parametrize(
    ("event_types", "filter_"),
    [
        (["*"], None),
        (["*"], {}),
        (["*"], LINK),
        (["access.*", "link.opened"], {**LINK, **PRESET}),
        (["client.created"], None),
        (["webhook.*"], {"link_id": None}),
        (["*", "webhook.*"], None),
        (["access.*"], PRESET),
    ],
)
def test_no_doubt(event_types: list[str], filter_: dict[str, Any] | None) -> None:
    assert warnings.static_warnings(event_types, filter_) == []


@pytest.mark.parametrize(
    ("event_types", "filter_", "said"),
    [
        (["client.created"], LINK, "None of these event types carries `link_id`"),
        (["client.*"], PRESET, "None of these event types carries `preset`"),
        (["webhook.*"], {**LINK, **PRESET}, "None of these event types carries `link_id` and `preset`"),
        (["access.*", "client.created"], LINK, "Events of `client.created` do not carry `link_id`"),
        (["access.*"], {"link_id": "1234"}, "No link has an id like '1234'"),
        (["access.*"], {"link_id": ""}, "No link has an id like ''"),
        (["access.*"], {"link_id": "client_01ksy1q3e0fzs8qj5m8g3d4w7s"}, "No link has an id like"),
        (["access.*"], {"preset": "Run campaigns!"}, "No preset is called 'Run campaigns!'"),
        (["access.*", "access.*"], None, "Named more than once: `access.*`"),
        (["access.*", "access.verified"], None, "Covered by another of the patterns already: `access.verified`"),
        (["*", "link.*", "link.opened"], None, "already: `link.*`, `link.opened`"),
        (["webhook.*", "webhook.delivery.*"], None, "already: `webhook.delivery.*`"),
    ],
)
def test_doubts(event_types: list[str], filter_: dict[str, Any] | None, said: str) -> None:
    [doubt] = warnings.static_warnings(event_types, filter_)
    assert said in doubt


def test_every_type_has_the_keys_of_a_filter_or_not() -> None:
    for name in ("link.opened", "access.verified"):
        assert {"link_id", "preset"} <= set(catalog.FOR_CRMS[name].keys), name
    for name in catalog.FOR_CRMS:
        if name.startswith("webhook.") or name in ("client.created", "client.updated", "client.removed"):
            assert not {"link_id", "preset"} & set(catalog.FOR_CRMS[name].keys), name
