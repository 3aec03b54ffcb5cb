"""Each event type as a message that Slack takes, and that tells nothing it should not."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events import catalog
from app.platforms.blockers import BLOCKERS
from app.webhooks.destinations.slack import slack_message
from tests.webhooks.destinations.outbound import event
from tests.webhooks.destinations.slack_channel import problem


@pytest.mark.parametrize("event_type", sorted(catalog.FOR_CRMS))
def test_every_type_makes_a_message_that_slack_takes(event_type: str) -> None:
    told = event(event_type)
    made = slack_message(told)
    assert problem(made) is None
    shown = json.dumps(made, ensure_ascii=False)
    assert catalog.TYPES[event_type].sentence.partition("`")[0].rstrip(" :;.") in shown.replace("&amp;", "&")
    assert "`" not in shown
    assert not any(f" {key} " in made["blocks"][1]["text"]["text"] for key in ("blocker_code", "next_actor", "status"))
    assert "ana@brand.example" not in shown
    if "client_name" in told["data"]:
        assert "Brand SA" in made["text"]


def test_it_says_status_client_asset_and_whose_turn_it_is() -> None:
    made = slack_message(event("access.blocked", dashboard_url="https://go.example/clients/1"))
    assert made["blocks"][0]["text"]["text"] == "Brand SA: blocked"
    fields = [each["text"] for each in made["blocks"][2]["fields"]]
    assert fields == [
        "*Client*\nBrand SA", "*Asset*\nBrand FR (ad account)", "*Role*\nOperator", "*Next*\nthe client",
        "*In the way*\nThe person who signed in is not an Admin of the Business Center", "*Verified*\n3 of 4",
    ]  # fmt: skip
    assert made["blocks"][3]["elements"][0]["url"] == "https://go.example/clients/1"
    assert made["text"].startswith("Brand SA: blocked. The access request is blocked")


#: `asset_kind`, `not_bc_admin`, `OPERATOR`, `link.renewal_requested`; not the names of Slack's own blocks
CODE = re.compile(r"\b[a-z]+_[a-z_]+\b|\b[A-Z]{3,}_?[A-Z]+\b|\b[a-z]+\.[a-z_]+\b")


@pytest.mark.parametrize("event_type", sorted(catalog.FOR_CRMS))
def test_words_stand_instead_of_codes(event_type: str) -> None:
    made = slack_message(event(event_type))
    shown = [made["text"], made["blocks"][0]["text"]["text"], *fields(made), made["blocks"][-1]["elements"][0]["text"]]
    assert not [text for text in shown if CODE.search(text.replace("{date_short_pretty}", ""))]


@pytest.mark.parametrize("code", sorted(BLOCKERS))
def test_every_blocker_is_said_in_words(code: str) -> None:
    [said] = [
        text for text in fields(slack_message(event("access.blocked", blocker_code=code))) if "In the way" in text
    ]
    assert said.removeprefix("*In the way*\n") not in (code, code.replace("_", " "))


@pytest.mark.parametrize(
    "status",
    [
        "waiting",
        "approved",
        "awaiting_partner",
        "awaiting_client",
        "verified",
        "attested",
        "blocked",
        "unverifiable",
        "drifted",
        "declined",
        "ended",
    ],
)
def test_every_state_of_an_access_request_is_said_in_words(status: str) -> None:
    assert not CODE.search(slack_message(event("access.approved", status=status))["text"])


def test_the_time_is_shown_in_the_time_zone_of_who_reads_it() -> None:
    foot = slack_message(event())["blocks"][-1]["elements"][0]["text"]
    assert foot == "Keyturn · <!date^1796391130^{date_short_pretty} at {time}|4 Dec 2026, 13:32 UTC>"


def fields(made: dict[str, Any]) -> list[str]:
    """The texts of a message's fields."""
    return [each["text"] for block in made["blocks"] for each in block.get("fields", ())]


def test_without_an_address_there_is_no_button() -> None:
    for address in (None, "javascript:alert(1)", "https://x.example/" + "a" * 3000):
        assert [each["type"] for each in slack_message(event(dashboard_url=address))["blocks"]].count("actions") == 0


def test_a_test_says_so() -> None:
    assert slack_message(event(head={"test": True}))["text"].startswith("Test: Brand SA: verified")


def test_the_thin_form_of_a_body_that_was_too_long_makes_a_message() -> None:
    told = event()
    thin = {**told, "data": {"client_id": told["data"]["client_id"]}, "truncated": True}
    assert problem(slack_message(thin)) is None


def test_a_name_cannot_call_the_channel_or_make_a_link() -> None:
    made = slack_message(event(client_name="<!channel> & <https://evil.example|us>", asset_name="<@U1>"))
    assert problem(made) is None
    assert "&lt;!channel&gt; &amp; &lt;https" in made["text"]


@given(st.text(max_size=5000), st.text(max_size=5000))
def test_no_text_breaks_the_limits(name: str, asset: str) -> None:
    assert problem(slack_message(event(client_name=name, asset_name=asset, reason=name))) is None
