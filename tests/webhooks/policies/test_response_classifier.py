"""What each kind of answer means."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.policies.response_classifier import classify_response, public_code, retry_after

NOW = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "headers", "code", "arrived", "wait"),
    [
        (200, {}, "http_200", True, 0),
        (204, {}, "http_204", True, 0),
        (299, {"retry-after": "60"}, "http_299", True, 0),
        (301, {}, "redirect", False, 0),
        (307, {}, "redirect", False, 0),
        (400, {}, "http_400", False, 0),
        (404, {"retry-after": "60"}, "http_404", False, 0),
        (410, {}, "gone", False, 0),
        (429, {}, "http_429", False, 60),
        (429, {"retry-after": "7"}, "throttled", False, 7),
        (429, {"retry-after": "soon"}, "http_429", False, 60),
        (500, {}, "http_500", False, 0),
        (502, {}, "http_502", False, 60),
        (503, {}, "http_503", False, 0),
        (503, {"retry-after": "Fri, 04 Dec 2026 12:01:30 GMT"}, "throttled", False, 90),
        (504, {}, "http_504", False, 60),
        (101, {}, "http_101", False, 0),
        (999, {}, "http_999", False, 0),
    ],
)
def test_answers(status: int, headers: dict[str, str], code: str, arrived: bool, wait: int) -> None:
    outcome = classify_response(status, None, headers, NOW)
    assert (outcome.code, outcome.arrived, outcome.wait) == (code, arrived, timedelta(seconds=wait))
    assert outcome.explanation.endswith(".")


@pytest.mark.parametrize(
    "error",
    [
        "blocked_address", "dns_nxdomain", "dns_servfail", "dns_empty", "dns_timeout", "dns_failed",
        "connect_refused", "connect_reset", "connect_unreachable", "connect_closed", "connect_failed",
        "tls_certificate", "tls_handshake", "timeout_connect", "timeout_answer", "protocol",
    ],
)  # fmt: skip
def test_each_failure_without_an_answer_is_explained(error: str) -> None:
    outcome = classify_response(None, error, {}, NOW)
    assert (outcome.code, outcome.arrived) == (error, False)
    assert outcome.explanation != classify_response(None, "never heard of", {}, NOW).explanation


def test_blocked_and_refused_look_the_same() -> None:
    blocked, refused = (
        classify_response(None, "blocked_address", {}, NOW),
        classify_response(None, "connect_refused", {}, NOW),
    )
    assert blocked.explanation == refused.explanation
    assert public_code(blocked.code) == public_code(refused.code)
    assert blocked.code != refused.code


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0), ("120", 120), (" 5 ", 5), ("999999999999999999999999", 86400), ("86401", 86400),
        ("Fri, 04 Dec 2026 12:00:10 GMT", 10), ("Fri, 04 Dec 2026 11:00:00 GMT", 0),
        ("Sat, 04 Dec 2027 12:00:00 GMT", 86400), ("Fri, 04 Dec 2026 13:00:10 +0100", 10),
        ("Fri, 04 Dec 2026 12:00:10 -0000", 10),
        (None, None), ("", None), ("-5", None), ("1.5", None), ("soon", None), ("²", None), ("١٢", None),
    ],
)  # fmt: skip
def test_retry_after(value: str | None, seconds: int | None) -> None:
    assert retry_after(value, NOW) == (None if seconds is None else timedelta(seconds=seconds))


@given(st.text())
def test_no_retry_after_breaks_us(value: str) -> None:
    wait = retry_after(value, NOW)
    assert wait is None or timedelta() <= wait <= timedelta(days=1)


def test_a_date_beyond_all_calendars_says_nothing() -> None:
    assert retry_after("Mon, 99999999999999999999 Jan 2024 00:00:00 GMT", NOW) is None
