"""Which screen is next, which may be opened, and where a trip leads."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.client_portal import screens
from app.client_portal.screens import AFTER, SEQUENCE, USUAL_SEQUENCE, Progress

NOTHING = Progress()
BY_HAND = Progress(lane="guided")
CONNECTED = Progress(lane="connected", connected=True)
CENTER = replace(BY_HAND, business_center=True)
ACCOUNTS = replace(CENTER, assets=True, unapproved=True)
PIXELS = replace(ACCOUNTS, pixels=True)
MARKETS = replace(PIXELS, markets=True)
CONTACTS = replace(MARKETS, contacts=True)
READY = replace(CONTACTS, ready=True)
SUBMITTED = replace(READY, submitted=True, unapproved=False)
COMPLETED = replace(SUBMITTED, completed=True)

#: Beside TikTok, and alone: links that ask for something on platforms where people do all of it.
BOTH = Progress(sequence=tuple(screen for screen in SEQUENCE if screen != "questions"))
WRITTEN_ALONE = Progress(sequence=("others", "markets", "contacts", "review"))
QUESTIONS = tuple(screen for screen in SEQUENCE if screen != "others")
WAYS = (USUAL_SEQUENCE, BOTH.sequence, WRITTEN_ALONE.sequence, QUESTIONS)

STANDINGS = some.builds(
    Progress, lane=some.sampled_from([None, "connected", "guided"]), sequence=some.sampled_from(WAYS), **dict.fromkeys(
        ("questions", "connected", "business_center", "assets", "others", "pixels",
         "markets", "contacts", "ready", "submitted", "unapproved",
         "completed"), some.booleans(),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("standing", "screen"),
    [
        (NOTHING, "way"),
        (Progress(lane="connected"), "way"),
        (CONNECTED, "business-center"),
        (BY_HAND, "business-center"),
        (CENTER, "accounts"),
        (ACCOUNTS, "pixels"),
        (PIXELS, "markets"),
        (MARKETS, "contacts"),
        (CONTACTS, "get-ready"),
        (READY, "review"),
        (SUBMITTED, "progress"),
        (replace(SUBMITTED, lane="connected"), "progress"),
        (replace(SUBMITTED, unapproved=True), "review"),
        (COMPLETED, "receipt"),
        (replace(CENTER, assets=True, sequence=BOTH.sequence), "others"),
        (replace(CENTER, assets=True, sequence=BOTH.sequence, others=True), "pixels"),
        (WRITTEN_ALONE, "others"),
        (replace(WRITTEN_ALONE, others=True), "markets"),
        (replace(WRITTEN_ALONE, others=True, markets=True, contacts=True), "review"),
        (replace(WRITTEN_ALONE, others=True, markets=True, contacts=True, submitted=True), "progress"),
    ],
)
def test_the_next_screen_is_the_first_that_needs_the_client(standing: Progress, screen: str) -> None:
    assert screens.next_screen(standing) == screen


@pytest.mark.parametrize(
    ("standing", "asked", "sent_to"),
    [
        (NOTHING, "way", None),
        (NOTHING, "review", "way"),
        (NOTHING, "progress", "way"),
        (CONTACTS, "markets", None),
        (CONTACTS, "review", "get-ready"),
        (READY, "review", None),
        (READY, "receipt", "review"),
        (SUBMITTED, "progress", None),
        (SUBMITTED, "receipt", None),
        (SUBMITTED, "markets", None),
        (COMPLETED, "accounts", "receipt"),
        (COMPLETED, "progress", None),
    ],
)
def test_whoever_is_too_early_or_too_late_is_led_on(standing: Progress, asked: str, sent_to: str | None) -> None:
    assert screens.instead(standing, asked) == sent_to


@given(STANDINGS)
def test_the_screen_one_is_led_to_can_always_be_shown(standing: Progress) -> None:
    """No standing makes two screens send a browser back and forth."""
    for screen in (*SEQUENCE, *AFTER):
        other = screens.instead(standing, screen)
        assert other is None or other in AFTER or screens.instead(standing, other) is None
        if other in AFTER:
            assert standing.submitted or standing.completed


@pytest.mark.parametrize(
    ("standing", "outcome", "leads_to"),
    [
        (CONNECTED, "connected", "business-center"),
        (replace(CONNECTED, business_center=True), "connected", "accounts"),
        (replace(SUBMITTED, connected=True), "connected", "progress"),
        (NOTHING, "cancelled", "way?cancelled=1"),
        (NOTHING, "too_late", "way?outcome=too_late"),
        (CONNECTED, "too_late", "business-center"),
        (CONNECTED, "unknown", "business-center"),
        (CONNECTED, "busy", "way?outcome=busy"),
        (SUBMITTED, "cancelled", "progress?cancelled=1"),
    ],
)
def test_a_trip_leads_to_what_it_made_possible(standing: Progress, outcome: str, leads_to: str) -> None:
    assert screens.after_authorization(standing, outcome) == leads_to


def test_back_leads_one_screen_back() -> None:
    assert screens.before(screens.USUAL_SEQUENCE, "way") is None
    assert [screens.before(SEQUENCE, screen) for screen in SEQUENCE[1:]] == list(SEQUENCE[:-1])


def test_the_minutes_left_only_shrink() -> None:
    left = [screens.minutes_left(screens.USUAL_SEQUENCE, each) for each in screens.USUAL_SEQUENCE]
    assert left[0] == 6
    assert left == sorted(left, reverse=True)
    assert left[0] == 6
