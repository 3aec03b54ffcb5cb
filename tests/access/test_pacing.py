"""The time of the next round, by its pace, its counters, and what the platform asked for."""

from datetime import UTC, datetime, timedelta

import pytest

from app.access.pacing import NextRound

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
WATCH = timedelta(hours=24)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


@pytest.mark.parametrize(
    ("next_round", "pause"),
    [
        (NextRound("now", looks=9), seconds(0)),
        (NextRound("soon", looks=0), seconds(1)),
        (NextRound("soon", looks=9), seconds(60)),
        (NextRound("soon", looks=99), seconds(3600)),
        (NextRound("watch", looks=3), WATCH),
        (NextRound("never"), None),
        (NextRound("soon", looks=9, setbacks=1, delay=0.5), seconds(1)),
        (NextRound("soon", looks=9, setbacks=3, delay=0.5), seconds(30)),
        (NextRound("soon", looks=9, setbacks=1, delay=70), seconds(70)),
        (NextRound("now", delay=70), seconds(70)),
        (NextRound("never", until=[NOW + seconds(7)]), seconds(7)),
        (NextRound("watch", until=[NOW + seconds(90), NOW + seconds(7)]), seconds(7)),
        (NextRound("soon", looks=0, until=[NOW + seconds(7)]), seconds(1)),
        (NextRound("never", until=[NOW - seconds(7)]), seconds(0.2)),
    ],
)
def test_pause(next_round: NextRound, pause: timedelta | None) -> None:
    assert next_round.pause(NOW, watch=WATCH, spread=1.0) == pause


def test_what_is_repeated_by_itself_is_spread_and_what_has_a_time_is_not() -> None:
    def pause(next_round: NextRound) -> timedelta | None:
        return next_round.pause(NOW, watch=WATCH, spread=1.1)

    assert pause(NextRound("watch")) == WATCH * 1.1
    assert pause(NextRound("soon", looks=9)) == seconds(66)
    assert pause(NextRound("never", until=[NOW + seconds(7)])) == seconds(7)
    assert pause(NextRound("now", delay=70)) == seconds(70)


def test_a_setback_counts_only_where_the_row_counts_them() -> None:
    assert NextRound("now", looks=0, setbacks=0).delayed(5, 2).counters == {"looks": 0, "setbacks": 3}
    assert NextRound("now", looks=0).delayed(5, 2).counters == {"looks": 0}
