"""The counts of calls."""

import pytest

from simulator.calls import CallLog


@pytest.mark.parametrize(
    ("moments", "calendar", "sliding"),
    [
        ([10.0, 10.5, 10.999], 3, 3),
        ([10.6, 10.9, 11.0, 11.5], 2, 4),
        ([10.0, 11.0, 12.0], 1, 1),
        ([10.5, 11.4, 11.499, 11.5], 3, 3),
    ],
)
def test_calendar_and_sliding_seconds(moments: list[float], calendar: int, sliding: int) -> None:
    log = CallLog()
    for at in moments:
        log.arrive("app", at)
    assert (log.max_calls_in_one_second, log.max_calls_in_any_second) == (calendar, sliding)


def test_apps_are_counted_apart() -> None:
    log = CallLog()
    assert [log.arrive(app, 10.0) for app in ("a", "b", "a", None)] == [1, 1, 2, 1]
    assert log.max_calls_in_any_second == 2
    assert {app: pace.calls for app, pace in log.paces.items()} == {"a": 2, "b": 1, None: 1}
