"""What counts as an echo, and what is said of anything else."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from app.webhooks import message
from app.webhooks.endpoints.verification import Challenge, challenge_verdict, echoes

TEXT = "u3Xw-challenge_of_some_length"
NOW = datetime(2026, 12, 4, 13, 32, tzinfo=UTC)
CHALLENGE = Challenge("agency_1", "endpoint_1", "https://h.example/", "evt_1", TEXT, 5.0)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, TEXT),
        ({}, f"  {TEXT}\r\n"),
        ({}, json.dumps({"challenge": TEXT})),
        ({}, json.dumps({"ok": True, "challenge": TEXT})),
        ({}, json.dumps(TEXT)),
        ({"webhook-challenge": TEXT}, ""),
        ({"webhook-challenge": TEXT}, "whatever"),
    ],
)
def test_echoes(headers: dict[str, str], body: str) -> None:
    assert echoes(TEXT, headers, body)
    assert challenge_verdict(TEXT, status=200, error=None, headers=headers, body=body, now=NOW).passed


@pytest.mark.parametrize(
    "body",
    ["", "ok", TEXT[:-1], TEXT + "x", f"<p>{TEXT}</p>", json.dumps({"data": {"challenge": TEXT}}),
     json.dumps({"challenge": None}), json.dumps([TEXT]), json.dumps({"challenge": {"a": TEXT}}), "{", "[" * 100_000],
)  # fmt: skip
def test_no_echoes(body: str) -> None:
    assert not echoes(TEXT, {"x-challenge": TEXT}, body)


@given(st.text(), st.text())
def test_nothing_else_ever_is_one(header: str, body: str) -> None:
    if TEXT not in (header.strip(), body.strip()):
        assert not echoes(TEXT, {"webhook-challenge": header}, body)


@pytest.mark.parametrize(
    ("status", "error", "body", "code", "said"),
    [
        (500, None, TEXT, "http_500", "answered 500"),
        (302, None, TEXT, "redirect", "not followed"),
        (410, None, TEXT, "gone", "410"),
        (None, "dns_nxdomain", "", "dns_nxdomain", "does not exist"),
        (None, "timeout_answer", "", "timeout_answer", "in time"),
        (200, None, "", "challenge_missing", "It was empty."),
        (200, None, "<html>hello" + "x" * 500, "challenge_missing", "It began with '<html>hello"),
    ],
)
def test_what_came_instead_is_said(status: int | None, error: str | None, body: str, code: str, said: str) -> None:
    verdict = challenge_verdict(TEXT, status=status, error=error, headers={}, body=body, now=NOW)
    assert (verdict.passed, verdict.code) == (False, code)
    assert said in verdict.sentence
    assert len(verdict.sentence) < 500


def test_blocked_and_refused_look_the_same() -> None:
    first, second = (
        challenge_verdict(TEXT, status=None, error=error, headers={}, body="", now=NOW)
        for error in ("blocked_address", "connect_refused")
    )
    assert first == second


def test_the_request_is_an_envelope_signed_as_deliveries_are() -> None:
    text = message.new_secret()
    now = datetime.now(UTC)  # a signature is good for five minutes, the suite takes longer
    body = CHALLENGE.body(now)
    own = {"X-Key": "k", "Webhook-Id": "forged", "Content-Type": "text/plain"}
    headers = CHALLENGE.headers(own, [message.secret_key(text)], body, now)
    assert Webhook(text).verify(body, headers)["challenge"] == TEXT
    assert len({name.lower() for name in headers}) == len(headers)
    assert (headers["X-Key"], headers["webhook-id"]) == ("k", "evt_1")
    assert json.loads(body)["type"] == "webhook.verification"
    assert {"id", "timestamp", "api_version", "agency_id", "subject", "data", "test", "sequence"} < json.loads(
        body
    ).keys()
