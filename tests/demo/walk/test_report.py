"""When a walk counts as good, and what its last line says."""

from dataclasses import replace
from typing import Any

import pytest

from demo.walk.report import Asks, Report, Webhooks

GOOD = Report(
    access_requests=Asks(readable=7, verified=7, connected=6, guided=1, custom=2, attested=2),
    webhooks=Webhooks(events=100, delivered=100, good=100, requests=104),
    openings=6, open=6, found=6, wanted_found=6, taken_away=True, second_shares=0,
    calls={"Maison Lune": 11, "Café Nord": 0}, seconds=9.96,
)  # fmt: skip


def test_the_last_line_counts_what_was_proved() -> None:
    assert GOOD.is_good
    assert GOOD.line() == (
        "verified 7/7 access requests (connected 6, guided 1), attested 2/2 · "
        "webhooks 100/100 delivered, 100/100 signatures good · 10.0 s"
    )


def test_the_figures_say_the_same() -> None:
    figures = GOOD.figures()
    assert (figures["ok"], figures["access_requests"], figures["verified"], figures["attested"]) == (True, 9, 7, 2)
    assert figures["platform_calls"] == {"Maison Lune": 11, "Café Nord": 0}


@pytest.mark.parametrize(
    "short",
    [
        {"access_requests": replace(GOOD.access_requests, verified=6)},
        {"access_requests": replace(GOOD.access_requests, attested=1)},
        {"access_requests": Asks(0, 0, 0, 0, 0, 0)},
        {"webhooks": replace(GOOD.webhooks, delivered=99)},
        {"webhooks": replace(GOOD.webhooks, good=99)},
        {"webhooks": Webhooks(0, 0, 0, 0)},
        {"open": 5},
        {"openings": 0, "open": 0},
        {"found": 5},
        {"found": 7},
        {"taken_away": False},
        {"second_shares": 1},
    ],
    ids=str,
)
def test_nothing_short_of_all_is_good(short: dict[str, Any]) -> None:
    report = replace(GOOD, **short)
    assert not report.is_good
    assert report.figures()["ok"] is False
