"""Partnerships and shares by themselves, with their past."""

from dataclasses import replace

import pytest

from simulator.models import AdvertiserRole
from simulator.sharing import Share, ShareOutcome, Sharing, Timeline

CLIENT, AGENCY = "10001", "20002"
SHARE = Share(CLIENT, AGENCY, "30003", "ADVERTISER", "OPERATOR")


@pytest.fixture
def sharing() -> Sharing:
    sharing = Sharing()
    sharing.befriend(10, CLIENT, AGENCY, needs_approval=False)
    sharing.share(20, [SHARE])
    return sharing


def test_a_timeline_knows_every_moment() -> None:
    timeline: Timeline[str] = Timeline()
    timeline.set(10, "a")
    timeline.set(20, None)
    timeline.set(30, "b")
    assert [timeline.at(moment) for moment in (9, 10, 19, 20, 30, 31)] == [None, "a", "a", None, "b", "b"]
    assert timeline.now == "b"


@pytest.mark.parametrize(
    ("role", "outcome", "after"),
    [
        ("OPERATOR", ShareOutcome(again=1), "OPERATOR"),
        ("ADMIN", ShareOutcome(raised=1), "ADMIN"),
        ("ANALYST", ShareOutcome(ignored=1), "OPERATOR"),
    ],
)
def test_sharing_again(sharing: Sharing, role: AdvertiserRole, outcome: ShareOutcome, after: str) -> None:
    assert sharing.share(30, [replace(SHARE, role=role)]) == outcome
    assert [share.role for share in sharing.given(CLIENT, AGENCY)] == [after]


def test_lowering_is_removing_and_sharing_again(sharing: Sharing) -> None:
    assert sharing.unshare(30, CLIENT, AGENCY, ["30003"]) == 1
    assert sharing.share(40, [replace(SHARE, role="ANALYST")]) == ShareOutcome(new=1)
    assert [share.role for share in sharing.received(AGENCY, CLIENT)] == ["ANALYST"]


def test_the_past_stays(sharing: Sharing) -> None:
    sharing.part(30, CLIENT, AGENCY)
    assert sharing.received(AGENCY, CLIENT, 29) == [SHARE]
    assert sharing.partner_ids(AGENCY, 29) == [CLIENT]
    assert sharing.received(AGENCY, CLIENT, 30) == []
    assert sharing.partner_ids(AGENCY, 30) == []
    assert sharing.received(AGENCY, CLIENT, 19) == []


def test_approval_is_the_receivers() -> None:
    sharing = Sharing()
    sharing.befriend(10, CLIENT, AGENCY, needs_approval=True)
    sharing.share(10, [SHARE])
    assert sharing.given(CLIENT, AGENCY) == [SHARE]
    assert sharing.received(AGENCY, CLIENT) == []
    assert not sharing.approve(20, CLIENT, AGENCY)
    assert sharing.approve(20, AGENCY, CLIENT)
    assert not sharing.approve(20, AGENCY, CLIENT)
    assert sharing.received(AGENCY, CLIENT) == [SHARE]


def test_asking_back_is_approving() -> None:
    sharing = Sharing()
    sharing.befriend(10, CLIENT, AGENCY, needs_approval=True)
    sharing.befriend(20, AGENCY, CLIENT, needs_approval=True)
    assert sharing.partner_ids(AGENCY) == [CLIENT]


def test_asking_twice_is_not_approving() -> None:
    sharing = Sharing()
    sharing.befriend(10, CLIENT, AGENCY, needs_approval=True)
    sharing.befriend(20, CLIENT, AGENCY, needs_approval=True)
    assert sharing.partner_ids(AGENCY) == []
    assert sharing.partner_ids(CLIENT) == [AGENCY]


def test_parting_takes_both_directions(sharing: Sharing) -> None:
    back = Share(AGENCY, CLIENT, "30004", "ADVERTISER", "ANALYST")
    sharing.share(30, [back])
    assert sharing.part(40, AGENCY, CLIENT)
    assert list(sharing.shares()) == []
    assert not sharing.part(50, AGENCY, CLIENT)
