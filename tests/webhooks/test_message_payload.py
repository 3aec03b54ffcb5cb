"""The three shapes of a body."""

import json

import pytest

from app.events import catalog, rendering
from app.webhooks import message

ENVELOPE = rendering.example_body(catalog.FOR_CRMS["access.verified"])
GIVEN = rendering.example_body(catalog.FOR_CRMS["link.submitted"])


def test_full_is_the_envelope_minified() -> None:
    rendered = message.render_payload(ENVELOPE, "full")
    assert json.loads(rendered.content) == ENVELOPE
    assert rendered.content.startswith(b'{"id":"evt_01ksy1q3e0fzs8qj5m8g3d4w7y","type":"access.verified",')
    assert not rendered.truncated


def test_text_stays_text() -> None:
    named = {**ENVELOPE, "data": {**ENVELOPE["data"], "client_name": "Zoë – 東京 💼"}}
    assert "Zoë – 東京 💼".encode() in message.render_payload(named, "full").content


def test_thin_has_ids_and_where_to_read_the_rest() -> None:
    body = json.loads(message.render_payload(ENVELOPE, "thin").content)
    assert body["href"] == f"/api/v1/events/{ENVELOPE['id']}?api_version=2026-12-01"
    assert body["subject"] == ENVELOPE["subject"]
    assert body["data"]["link_id"] == ENVELOPE["data"]["link_id"]
    assert "client_name" not in body["data"]
    assert "contact_email" not in body["data"]
    assert "truncated" not in body


def test_flat_has_everything_at_the_first_level() -> None:
    body = json.loads(message.render_payload(ENVELOPE, "flat").content)
    assert not [key for key, value in body.items() if isinstance(value, dict | list)]
    data = {key: value for key, value in ENVELOPE["data"].items() if key != "answers"}
    told = {**data, "subject_id": ENVELOPE["subject"]["id"], "type": "access.verified"}
    assert told.items() <= body.items()


def test_flat_has_each_answer_at_the_first_level_instead_of_all_in_one() -> None:
    body = json.loads(message.render_payload(GIVEN, "flat").content)
    assert body["answer_website"] == GIVEN["data"]["answers"]["website"]
    assert not [key for key, value in body.items() if isinstance(value, dict | list)]


def test_thin_has_no_answer_though_its_question_is_called_an_id() -> None:
    asked = {**GIVEN, "data": {**GIVEN["data"], "answer_tax_id": "FR123"}}
    assert "FR123" not in message.render_payload(asked, "thin").content.decode()


def test_flat_has_no_contacts_which_are_nested() -> None:
    told = {**ENVELOPE, "data": {**ENVELOPE["data"], "contacts": [{"role": "billing", "name": "Bo", "email": None}]}}
    assert "contacts" in json.loads(message.render_payload(told, "full").content)["data"]
    assert "contacts" not in json.loads(message.render_payload(told, "flat").content)


@pytest.mark.parametrize("event_type", catalog.FOR_CRMS)
@pytest.mark.parametrize("mode", ["full", "thin", "flat"])
def test_every_example_renders_the_same_each_time(event_type: str, mode: str) -> None:
    envelope = rendering.example_body(catalog.FOR_CRMS[event_type])
    first = message.render_payload(envelope, mode)
    assert first == message.render_payload(envelope, mode)
    assert {"id", "type", "timestamp", "sequence", "test", "agency_id"} <= json.loads(first.content).keys()


@pytest.mark.parametrize("mode", ["full", "flat"])
def test_what_is_too_long_becomes_thin_and_says_so(mode: str) -> None:
    long = {**ENVELOPE, "data": {**ENVELOPE["data"], "target_markets": "é" * message.LONGEST_PAYLOAD}}
    rendered = message.render_payload(long, mode)
    body = json.loads(rendered.content)
    assert rendered.truncated
    assert body["truncated"] is True
    assert "target_markets" not in body["data"]
    assert body["href"]
    assert len(rendered.content) < message.LONGEST_PAYLOAD
