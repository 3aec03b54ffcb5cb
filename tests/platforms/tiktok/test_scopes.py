"""Permissions: which are missing for what is asked, what may be done, and what each missing one costs."""

from collections.abc import Sequence

import pytest

from app.platforms.tiktok import scopes
from app.platforms.tiktok.kinds import KINDS
from app.platforms.tiktok.scopes import COSTS

READ_ACCOUNTS, READ_CENTERS, ASSETS, PARTNERS, MEMBERS = (
    COSTS[each].name for each in ("100", "150", "153", "155", "156")
)


@pytest.mark.parametrize(
    ("granted", "kinds", "missing"),
    [
        (("100", "150", "153", "155"), ("ad_account",), ()),
        (("1",), ("ad_account", "pixel", "catalog", "person"), ()),
        (("10", "15"), ("ad_account", "person"), ()),
        (("100", "150", "153"), ("ad_account",), (PARTNERS,)),
        (("155",), ("ad_account",), (READ_ACCOUNTS, READ_CENTERS, ASSETS)),
        ((), ("ad_account",), (READ_ACCOUNTS, READ_CENTERS, ASSETS, PARTNERS)),
        (("2", "8"), ("ad_account",), (READ_ACCOUNTS, READ_CENTERS, ASSETS, PARTNERS)),
        (("100", "150", "155"), ("pixel",), (ASSETS,)),
        (("100", "150", "153", "155"), ("ad_account", "pixel", "person"), (MEMBERS,)),
        (("100", "150", "153", "156"), ("person",), ()),
    ],
)
def test_an_access_request_needs_its_own_permissions(
    granted: Sequence[str], kinds: Sequence[str], missing: tuple[str, ...]
) -> None:
    assert scopes.missing(granted, kinds) == missing


def test_every_kind_that_can_be_asked_for_has_its_permissions() -> None:
    assert [scopes.missing(("1",), (kind,)) for kind in KINDS] == [()] * len(KINDS)


@pytest.mark.parametrize(
    ("granted", "may"),
    [
        (("800",), {"pixels"}), (("802",), set()), (("800", "802"), {"pixels", "events"}),
        (("8",), {"pixels", "events"}),
        (("80",), {"pixels", "events"}), (("156",), {"members"}), (("15",), {"members"}), (("1",), {"members"}),
        (("230",), {"changes"}), (("23",), {"changes"}), (("100", "150", "153", "155"), set()),
    ],
)  # fmt: skip
def test_what_a_token_may_do_beyond_sharing(granted: Sequence[str], may: set[str]) -> None:
    assert {what for what in ("pixels", "events", "members", "changes") if scopes.may(granted, what)} == may


def test_each_missing_permission_says_in_one_sentence_what_it_costs() -> None:
    assert len(scopes.lacking(())) == len(COSTS) == 8
    assert scopes.lacking(("1", "8", "23")) == ()
    for permission in COSTS.values():
        assert permission.cost.endswith(".")
        assert ". " not in permission.cost
