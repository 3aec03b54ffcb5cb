"""Who gets the slots: nobody is starved, nobody gets more than they take, and first attempts keep their part."""

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.policies.fair_share import RETRY_AT_MOST, EndpointQueue, SlotClass, SlotUsage, allocate

NOW = datetime(2026, 12, 4, 12, tzinfo=UTC)
IDS = [uuid.UUID(int=number) for number in range(40)]


def lane(
    agency: int,
    endpoint: int,
    slot_class: SlotClass = "new",
    *,
    ready: int = 100,
    capacity: int = 5,
    has: int = 0,
    age: int = 0,
) -> EndpointQueue:
    return EndpointQueue(IDS[agency], IDS[endpoint], slot_class, ready, NOW - timedelta(seconds=age), capacity, has)


def agencies_of(lanes: list[EndpointQueue], given_: dict[tuple[uuid.UUID, SlotClass], int]) -> Counter[uuid.UUID]:
    owner = {each.endpoint: each.agency for each in lanes}
    counted: Counter[uuid.UUID] = Counter()
    for (endpoint, _), number in given_.items():
        counted[owner[endpoint]] += number
    return counted


def test_agencies_get_the_same_whatever_the_number_of_their_endpoints() -> None:
    lanes = [lane(0, number) for number in range(2, 22)] + [lane(1, 30)]
    assert agencies_of(lanes, allocate(lanes, SlotUsage(9, {}, {})))[IDS[1]] == 4


def test_an_agency_alone_leaves_room_for_whoever_comes() -> None:
    lanes = [lane(0, number, capacity=20) for number in range(2, 12)]
    assert sum(allocate(lanes, SlotUsage(64, {}, {})).values()) == 56


def test_whoever_has_slots_waits_for_those_who_have_none() -> None:
    lanes = [lane(0, 2, capacity=20), lane(1, 3, capacity=20)]
    given_ = allocate(lanes, SlotUsage(40, {"new": 20}, {IDS[0]: 20}))
    assert given_[IDS[3], "new"] > given_.get((IDS[2], "new"), 0)


def test_retries_leave_the_slots_of_first_attempts_alone() -> None:
    lanes = [lane(number % 10, number, "retry", capacity=20) for number in range(10, 40)]
    assert sum(allocate(lanes, SlotUsage(100, {}, {})).values()) == 80


def test_first_attempts_come_before_retries_until_they_have_their_part() -> None:
    lanes = [lane(number % 8, number, "new", capacity=20) for number in range(10, 25)]
    lanes += [lane(number % 8, number, "retry", capacity=20) for number in range(25, 40)]
    given_ = allocate(lanes, SlotUsage(10, {}, {}))
    by_class = Counter[SlotClass]()
    for (_, slot_class), number in given_.items():
        by_class[slot_class] += number
    assert by_class == {"new": 6, "retry": 4}


def test_of_one_agencys_endpoints_the_oldest_goes_first_among_equals() -> None:
    lanes = [lane(0, 2, age=1), lane(0, 3, age=9)]
    assert allocate(lanes, SlotUsage(1, {}, {})) == {(IDS[3], "new"): 1}


def test_both_shares_of_an_endpoint_have_its_room_together() -> None:
    lanes = [lane(0, 2, "new", capacity=3), lane(0, 2, "retry", capacity=3)]
    assert sum(allocate(lanes, SlotUsage(64, {}, {})).values()) == 3


lanes_ = st.lists(
    st.builds(
        lane,
        agency=st.integers(0, 4),
        endpoint=st.integers(5, 39),
        slot_class=st.sampled_from(["new", "retry"]),
        ready=st.integers(0, 30),
        capacity=st.integers(0, 20),
        has=st.integers(0, 20),
        age=st.integers(0, 100),
    ),
    unique_by=(lambda each: each.endpoint),
    max_size=25,
)


@given(lanes=lanes_, slots=st.integers(1, 200), first=st.integers(0, 100), again=st.integers(0, 100))
def test_nobody_gets_more_than_they_may(lanes: list[EndpointQueue], slots: int, first: int, again: int) -> None:
    taken = SlotUsage(slots, {"new": min(first, slots), "retry": min(again, max(slots - first, 0))}, {})
    given_ = allocate(lanes, taken)
    known = {(each.endpoint, each.slot_class): each for each in lanes}
    assert all(0 < number <= min(known[key].ready, known[key].capacity) for key, number in given_.items())
    assert sum(given_.values()) <= max(taken.free, 0)
    retries = sum(number for (_, slot_class), number in given_.items() if slot_class == "retry")
    assert retries == 0 or taken.by_class["retry"] + retries <= max(int(slots * RETRY_AT_MOST), round(slots * 0.4))


@given(lanes=lanes_, slots=st.integers(16, 200))
def test_a_free_slot_is_not_kept_from_a_first_attempt(lanes: list[EndpointQueue], slots: int) -> None:
    """But for the last eighth, all are used while somebody could take one."""
    given_ = allocate(lanes, SlotUsage(slots, {}, {}))
    unserved = [
        each
        for each in lanes
        if each.slot_class == "new" and given_.get((each.endpoint, "new"), 0) < min(each.ready, each.capacity)
    ]
    if unserved:
        assert sum(given_.values()) >= slots - int(slots / 8) - 1


@given(lanes=lanes_, slots=st.integers(20, 200))
def test_every_agency_that_waits_gets_something(lanes: list[EndpointQueue], slots: int) -> None:
    waiting = {each.agency for each in lanes if each.slot_class == "new" and each.ready and each.capacity}
    assert waiting <= set(agencies_of(lanes, allocate(lanes, SlotUsage(slots, {}, {}))))
