"""How switches are written on a command line."""

import pytest

from simulator.switches import Switches, WrongSwitch, parse_switches


def test_all_at_once() -> None:
    switches = parse_switches("partner-approval,read-lag=3,qps=5,flaky=0.2, lost-answers=0.25")
    assert switches == Switches(partner_approval=True, read_lag=3, qps=5, flaky=0.2, lost_answers=0.25)


def test_nothing_is_the_best_day() -> None:
    assert parse_switches("") == Switches()


def test_approval_can_be_spelt_out() -> None:
    assert parse_switches("partner-approval=on").partner_approval
    assert not parse_switches("partner-approval=off").partner_approval


def test_what_tiktok_may_refuse() -> None:
    assert parse_switches("reauthorize,pixel-links-denied") == Switches(reauthorize=True, pixel_links_denied=True)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("speed=3", "there is no switch 'speed'; there are partner-approval, read-lag, qps"),
        ("read_lag=3", "there is no switch 'read_lag'"),
        ("read-lag", "read-lag needs a number"),
        ("read-lag=soon", "read-lag needs a number"),
        ("read-lag=-1", "0 or more"),
        ("read-lag=inf", "0 or more"),
        ("qps=2.5", "qps needs a whole number"),
        ("qps=0", "1 or more"),
        ("flaky=1.5", "flaky is a probability"),
        ("flaky=nan", "flaky is a probability"),
        ("lost-answers=-0.1", "lost-answers is a probability"),
        ("partner-approval=perhaps", "partner-approval is on or off"),
    ],
)
def test_wrong_ones_say_why(text: str, complaint: str) -> None:
    with pytest.raises(WrongSwitch, match=complaint):
        parse_switches(text)
