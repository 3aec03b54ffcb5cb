"""Every status of every destination has one meaning, and only what can never pass is given up."""

import pytest

from app.kit import clock
from app.webhooks.destinations import hubspot, slack
from app.webhooks.policies.response_classifier import Refusal, classify_response

EVERY = (None, *range(100, 600))


def test_a_plain_receiver_is_tried_again_whatever_it_answers() -> None:
    assert {classify_response(status, None, {}, clock.now()).ends for status in EVERY} == {None}


@pytest.mark.parametrize("said", ["", "<html>", "rollup_error"])
def test_slack_refuses_for_good_by_its_words_alone(said: str) -> None:
    assert {status for status in EVERY if slack.refusal_of(status, said)} == {413}


@pytest.mark.parametrize(("words", "means"), [(slack.OVER_IN_SLACK, "endpoint"), (slack.NOT_FOR_SLACK, "event")])
def test_each_word_of_slack_means_the_same_at_every_4xx(words: frozenset[str], means: Refusal) -> None:
    for word in words:
        for status in EVERY:
            expected = means if status is not None and 400 <= status < 500 else None
            assert slack.refusal_of(status, word) == expected, (word, status)


@pytest.mark.parametrize(
    ("said", "for_good"),
    [
        ("VALIDATION_ERROR", {400, 409, 413, 422}), ("CONFLICT", {400, 409, 413, 422}),
        (None, {409, 413, 422}), ("MISSING_SCOPES", {409, 413, 422}), ("RATE_LIMITS", {409, 413, 422}),
    ],
)  # fmt: skip
def test_hubspot_refuses_one_record_for_good(said: str | None, for_good: set[int]) -> None:
    assert {status for status in EVERY if hubspot.refusal_of(status, said) == "event"} == for_good
    assert {hubspot.refusal_of(status, said) for status in EVERY} == {None, "event"}


@pytest.mark.parametrize(
    ("category", "means"),
    [("VALIDATION_ERROR", "event"), ("CONFLICT", "event"), ("OBJECT_NOT_FOUND", None), (None, None)],
)
def test_one_record_of_a_batch_is_refused_by_its_category(category: str | None, means: Refusal | None) -> None:
    assert hubspot.refusal_of_record(category) == means
