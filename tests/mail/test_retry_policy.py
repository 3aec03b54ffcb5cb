"""When an e-mail is tried again, and what an answer means."""

from datetime import UTC, datetime, timedelta

import pytest

from app.mail import retry_policy
from app.mail.retry_policy import ACCEPTED, SmtpReply, SmtpResult, classify

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER = SmtpResult("later", "Put off.")


def test_it_is_tried_for_a_day_and_then_given_up() -> None:
    waited, made = timedelta(), 1
    while (step := retry_policy.after(LATER, made=made, now=NOW, not_after=None)).due_in is not None:
        assert step.end is None
        waited, made = waited + step.due_in, made + 1
    assert step == retry_policy.MailRetry("failed", None, "Put off.")
    assert (made, waited) == (10, timedelta(hours=23, minutes=51))


def test_waits_grow() -> None:
    assert list(retry_policy.DELAYS) == sorted(retry_policy.DELAYS)


def test_it_is_not_put_off_beyond_its_time() -> None:
    assert retry_policy.after(LATER, made=1, now=NOW, not_after=NOW + timedelta(seconds=59)).end == "failed"
    assert retry_policy.after(LATER, made=1, now=NOW, not_after=NOW + timedelta(seconds=61)).end is None


@pytest.mark.parametrize(("what", "end"), [("sent", "sent"), ("never", "failed")])
def test_an_end_is_an_end(what: str, end: str) -> None:
    outcome = classify(ACCEPTED) if what == "sent" else SmtpResult("never", "No.")
    step = retry_policy.after(outcome, made=1, now=NOW, not_after=None)
    assert (step.end, step.due_in) == (end, None)


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (ACCEPTED, "sent"),
        (SmtpReply(False, 550, "No such user", about_letter=True), "never"),
        (SmtpReply(False, 554, "Spam", about_letter=True), "never"),
        (SmtpReply(False, 450, "Greylisted", about_letter=True), "later"),
        (SmtpReply(False, 421, "Closing", about_letter=True), "later"),
        (SmtpReply(False, 530, "Authentication required", about_letter=True), "later"),
        (SmtpReply(False, 535, "Bad credentials"), "later"),
        (SmtpReply(False, 550, "You may not send as this"), "later"),
        (SmtpReply(False, 554, "No service"), "later"),
        (SmtpReply(False, None, "refused"), "later"),
        (SmtpReply(False, None, "it is no e-mail address", about_letter=True), "never"),
    ],
)
def test_only_what_is_about_the_letter_is_for_good(answer: SmtpReply, what: str) -> None:
    assert classify(answer).what == what


@pytest.mark.parametrize(
    "quoted",
    [
        "blocked: https://go.keyturn.example/north/maison-lune/pJ3kq0Zr8u1Yb5Xw2Vt7Sn4Lm9Ka6Hd3Gf0Ee1Cc2Bb in it",
        "token pJ3kq0Zr8u1Yb5Xw2Vt7Sn4Lm9Ka6Hd3Gf0Ee1Cc2Bb is spam",
    ],
)
def test_a_server_that_quotes_the_secret_does_not_get_it_into_the_row(quoted: str) -> None:
    sentence = classify(SmtpReply(False, 554, quoted, about_letter=True)).sentence
    assert sentence is not None
    assert "pJ3kq0Zr" not in sentence


def test_a_sentence_has_its_bounds() -> None:
    sentence = classify(SmtpReply(False, 554, "no\r\n" * 1000, about_letter=True)).sentence
    assert sentence is not None
    assert len(sentence) < 400
    assert "\n" not in sentence
