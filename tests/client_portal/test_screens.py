"""Which screen is next, which may be opened, and where a trip leads."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.client_portal import screens
from app.client_portal.screens import AFTER, COMMON, Progress

LANE, ACCOUNT, ASSETS = "tiktok/way", "tiktok/account", "tiktok/assets"
PLATFORM = screens.platform_screens("tiktok")
#: TikTok alone; beside manual platforms; these alone; TikTok beside another platform with an API.
USUAL = (*PLATFORM, "about", "review")
BOTH = (*PLATFORM, *(screen for screen in COMMON if screen != "questions"))
MANUAL_ALONE = ("others", "about", "review")
TWO = (*PLATFORM, *screens.platform_screens("other"), "review")
WAYS = (USUAL, BOTH, MANUAL_ALONE, TWO, (*PLATFORM, *COMMON))


def answered(sequence: tuple[str, ...], *names: str, **more: Any) -> Progress:
    return Progress(sequence, frozenset(names), **more)


NOTHING = Progress(USUAL)
CONNECTED = answered(USUAL, LANE, connected=frozenset({"tiktok"}))
ALL = (LANE, ACCOUNT, ASSETS, "about")
READY = answered(USUAL, *ALL, unapproved=True)
SUBMITTED = replace(READY, submitted=True, unapproved=False)
COMPLETED = replace(SUBMITTED, completed=True)

STANDINGS = some.sampled_from(WAYS).flatmap(
    lambda sequence: some.builds(
        Progress,
        sequence=some.just(sequence),
        answered=some.frozensets(some.sampled_from([each for each in sequence if each != "review"])),
        connected=some.frozensets(some.sampled_from(["tiktok", "other"])),
        submitted=some.booleans(),
        unapproved=some.booleans(),
        completed=some.booleans(),
    )
)


@pytest.mark.parametrize(
    ("standing", "screen"),
    [
        *((answered(USUAL, *ALL[:number]), ALL[number]) for number in range(len(ALL))),
        (READY, "review"),
        (SUBMITTED, "progress"),
        (replace(SUBMITTED, unapproved=True), "review"),
        (COMPLETED, "receipt"),
        (answered(BOTH, *ALL[:3]), "others"),
        (answered(BOTH, *ALL[:3], "others"), "about"),
        (answered(MANUAL_ALONE), "others"),
        (answered(MANUAL_ALONE, "others"), "about"),
        (answered(MANUAL_ALONE, "others", "about"), "review"),
        (answered(MANUAL_ALONE, "others", "about", submitted=True), "progress"),
        (answered(TWO, *ALL[:3]), "other/way"),
        (answered(TWO, *ALL[:3], "other/way", "other/account"), "other/assets"),
    ],
)
def test_the_next_screen_is_the_first_that_needs_the_client(standing: Progress, screen: str) -> None:
    assert screens.next_screen(standing) == screen


@pytest.mark.parametrize(
    ("standing", "asked", "sent_to"),
    [
        (NOTHING, LANE, None),
        (NOTHING, "review", LANE),
        (NOTHING, "progress", LANE),
        (NOTHING, "elsewhere/way", LANE),
        (answered(USUAL, *ALL[:3]), ACCOUNT, None),
        (answered(USUAL, *ALL[:3]), "review", "about"),
        (READY, "review", None),
        (READY, "receipt", "review"),
        (SUBMITTED, "progress", None),
        (SUBMITTED, "receipt", None),
        (SUBMITTED, "about", None),
        (COMPLETED, ASSETS, "receipt"),
        (COMPLETED, "progress", None),
    ],
)
def test_whoever_is_too_early_or_too_late_is_led_on(standing: Progress, asked: str, sent_to: str | None) -> None:
    assert screens.instead(standing, asked) == sent_to


@given(STANDINGS)
def test_the_screen_one_is_led_to_can_always_be_shown(standing: Progress) -> None:
    """No standing makes two screens send a browser back and forth."""
    for screen in (*standing.sequence, *AFTER):
        other = screens.instead(standing, screen)
        assert other is None or other in AFTER or screens.instead(standing, other) is None
        if other in AFTER:
            assert standing.submitted or standing.completed


@pytest.mark.parametrize(
    ("standing", "outcome", "leads_to"),
    [
        (CONNECTED, "connected", ACCOUNT),
        (replace(CONNECTED, answered=frozenset({LANE, ACCOUNT})), "connected", ASSETS),
        (replace(SUBMITTED, connected=frozenset({"tiktok"})), "connected", "progress"),
        (NOTHING, "cancelled", f"{LANE}?cancelled=1"),
        (NOTHING, "too_late", f"{LANE}?outcome=too_late"),
        (CONNECTED, "too_late", ACCOUNT),
        (CONNECTED, "unknown", ACCOUNT),
        (CONNECTED, "busy", f"{LANE}?outcome=busy"),
        (SUBMITTED, "cancelled", "progress?cancelled=1&at=tiktok"),
    ],
)
def test_a_trip_leads_to_what_it_made_possible(standing: Progress, outcome: str, leads_to: str) -> None:
    assert screens.after_authorization(standing, "tiktok", outcome) == leads_to


def test_back_leads_one_screen_back() -> None:
    assert screens.before(USUAL, LANE) is None
    assert [screens.before(TWO, screen) for screen in TWO[1:]] == list(TWO[:-1])


def test_the_minutes_left_only_shrink() -> None:
    left = [screens.minutes_left(USUAL, each) for each in USUAL]
    assert left[0] == 5
    assert left == sorted(left, reverse=True)
