"""What is usual where: e-mail domains anybody can have, money and hours by country."""

from datetime import date

import pytest

from app.access.readiness import checks
from app.kit.input import email_address

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("email", "free"),
    [
        ("ana@gmail.com", True), ("ana@GMAIL.com", True), ("ana@hotmail.fr", True), ("ana@yahoo.co.uk", True),
        ("ana@163.com", True), ("ana@qq.com", True), ("ana@brand.com", False), ("ana@gmail.brand.com", False),
        ("ana@mygmail.com", False), ("ana@live.nation.brand.com", False), ("", False), ("gmail.com", True),
    ],
)  # fmt: skip
def test_a_free_address_is_known_by_its_domain(email: str, free: bool) -> None:
    assert email_address.is_freemail(email) is free


def test_money_is_counted_in_what_is_tender_there_today() -> None:
    assert checks.currencies(["FR", "CH", "VN"], TODAY) == {"EUR", "CHF", "VND"}
    assert checks.currencies(["HR"], date(2020, 1, 1)) == {"HRK"}
    assert checks.currencies(["QQ"], TODAY) == frozenset()


@pytest.mark.parametrize(
    ("timezone", "markets", "same"),
    [
        ("Europe/Paris", ["DE"], True), ("Europe/London", ["FR"], False), ("America/Los_Angeles", ["US"], True),
        ("Asia/Ho_Chi_Minh", ["TH"], True), ("Etc/GMT-7", ["VN"], True), ("Etc/GMT+8", ["US"], False),
        ("Europe/Paris", [], False), ("Nowhere", ["FR"], None), ("", ["FR"], None), ("../../etc/passwd", ["FR"], None),
    ],
)  # fmt: skip
def test_hours_are_the_same_where_clocks_agree_in_winter_and_in_summer(
    timezone: str, markets: list[str], same: bool | None
) -> None:
    assert checks.same_hours(timezone, markets, TODAY) is same
