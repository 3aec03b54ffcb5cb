"""Every status of every kind of destination has one meaning, and only what can never pass is given up."""

import pytest

from app.webhooks.policies import response_classifier
from app.webhooks.policies.response_classifier import Meaning, refusal_meaning

EVERY = (None, *range(100, 600))


@pytest.mark.parametrize("destination", ["http", "rest_hook", "http_request"])
@pytest.mark.parametrize("said", [None, "VALIDATION_ERROR", "channel_is_archived"])
def test_a_plain_receiver_is_tried_again_whatever_it_answers(destination: str, said: str | None) -> None:
    assert {refusal_meaning(destination, status, said) for status in EVERY} == {"again"}


@pytest.mark.parametrize("said", [None, "<html>", "rollup_error"])
def test_slack_refuses_for_good_by_its_words_alone(said: str | None) -> None:
    assert {status for status in EVERY if refusal_meaning("slack", status, said) != "again"} == {413}


@pytest.mark.parametrize(
    ("words", "means"), [(response_classifier.OVER_IN_SLACK, "endpoint"), (response_classifier.NOT_FOR_SLACK, "event")]
)
def test_each_word_of_slack_means_the_same_at_every_4xx(words: frozenset[str], means: Meaning) -> None:
    for word in words:
        found = {status: refusal_meaning("slack", status, word) for status in EVERY}
        for status, each in found.items():
            expected = means if status is not None and 400 <= status < 500 else "again"
            assert each == ("event" if status == 413 and means == "event" else expected), (word, status)


@pytest.mark.parametrize(
    ("said", "for_good"),
    [
        ("VALIDATION_ERROR", {400, 409, 413, 422}), ("CONFLICT", {400, 409, 413, 422}),
        (None, {409, 413, 422}), ("MISSING_SCOPES", {409, 413, 422}), ("RATE_LIMITS", {409, 413, 422}),
    ],
)  # fmt: skip
def test_hubspot_refuses_one_record_for_good(said: str | None, for_good: set[int]) -> None:
    assert {status for status in EVERY if refusal_meaning("hubspot", status, said) == "event"} == for_good
    assert {refusal_meaning("hubspot", status, said) for status in EVERY} == {"again", "event"}


@pytest.mark.parametrize(
    ("category", "means"),
    [("VALIDATION_ERROR", "event"), ("CONFLICT", "event"), ("OBJECT_NOT_FOUND", "again"), (None, "again")],
)
def test_one_record_of_a_batch_is_refused_by_its_category(category: str | None, means: Meaning) -> None:
    assert response_classifier.record_refusal_meaning(category) == means
