"""Whose deliveries go next: slots dealt out one by one, to whoever has the fewest and has waited the longest. Pure."""

import heapq
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

SlotClass = Literal["new", "retry"]

#: Of all slots: first attempts come before the rest up to here, and the rest never takes more than it may borrow.
NEW_SHARE = 0.6
RETRY_AT_MOST = 0.8
#: Of all slots: what an agency has before others that wait have theirs; and what is left free for whoever comes next
#: when agencies have more than that.
AGENCY_AT_FIRST = 0.25
LEFT_FREE = 0.125


class EndpointQueue(NamedTuple):
    """The due deliveries of one endpoint in one slot_class: how many there are, and since when the oldest is due.

    `room`: how many more the endpoint takes, in both shares together; `in_flight`: how many it has.
    """

    agency: uuid.UUID
    endpoint: uuid.UUID
    slot_class: SlotClass
    ready: int
    oldest: datetime
    room: int
    in_flight: int


@dataclass(frozen=True)
class SlotUsage:
    """The slots of this worker and who has them now.

    `in_air`: by endpoint, deliveries without an answer yet. `arrived`: ids of deliveries that were accepted and are not
    written down yet; the database still counts them as in flight.
    """

    slots: int
    by_class: Mapping[SlotClass, int]
    by_agency: Mapping[uuid.UUID, int]
    in_air: Mapping[uuid.UUID, int] = field(default_factory=dict)
    arrived: Collection[uuid.UUID] = ()

    @property
    def free(self) -> int:
        """Slots that nobody has."""
        return self.slots - sum(self.by_class.values())


def allocate(lanes: Sequence[EndpointQueue], taken: SlotUsage) -> dict[tuple[uuid.UUID, SlotClass], int]:
    """How many deliveries each (endpoint, slot_class) may send now; lanes that get none are left out."""
    deal = _Allocation(lanes, taken)
    new, retry = round(taken.slots * NEW_SHARE), int(taken.slots * RETRY_AT_MOST)
    cap = max(int(taken.slots * AGENCY_AT_FIRST), 1)
    deal.hand_out("new", new, cap=cap)
    deal.hand_out("retry", taken.slots - new, cap=cap)
    deal.hand_out("new", taken.slots, cap=cap)
    deal.hand_out("retry", retry, cap=cap)
    deal.leave_free(int(taken.slots * LEFT_FREE))
    deal.hand_out("new", taken.slots, cap=taken.slots)
    deal.hand_out("retry", retry, cap=taken.slots)
    return deal.given


class _Allocation:
    """One round of dealing."""

    def __init__(self, lanes: Sequence[EndpointQueue], taken: SlotUsage) -> None:
        self.given: dict[tuple[uuid.UUID, SlotClass], int] = {}
        self._free = taken.free
        self._classes = {"new": taken.by_class.get("new", 0), "retry": taken.by_class.get("retry", 0)}
        self._agencies = dict(taken.by_agency)
        self._lanes: dict[SlotClass, list[EndpointQueue]] = {"new": [], "retry": []}
        self._room: dict[uuid.UUID, int] = {}
        self._in_flight: dict[uuid.UUID, int] = {}
        for lane in lanes:
            if lane.ready and lane.room > 0:
                self._lanes[lane.slot_class].append(lane)
                self._room[lane.endpoint] = lane.room
                self._in_flight[lane.endpoint] = lane.in_flight

    def leave_free(self, slots: int) -> None:
        """Deals all but so many of the free slots from now on."""
        self._free = max(self._free - slots, 0)

    def hand_out(self, slot_class: SlotClass, quota: int, *, cap: int) -> None:
        """Deal until the slot class has its quota, every agency `cap`, no slot is free or nobody can take one."""
        if not self._free or not self._lanes[slot_class] or self._classes[slot_class] >= quota:
            return
        queues = self._queues(slot_class)
        agencies = [(self._agencies.get(agency, 0), queue[0][1], agency) for agency, queue in queues.items()]
        heapq.heapify(agencies)
        while agencies and self._free and self._classes[slot_class] < quota:
            has, _, agency = heapq.heappop(agencies)
            if has >= cap or not self._one_more(queues[agency], slot_class):
                continue
            self._agencies[agency] = has + 1
            if queues[agency]:
                heapq.heappush(agencies, (has + 1, queues[agency][0][1], agency))

    def _queues(self, slot_class: SlotClass) -> dict[uuid.UUID, list[tuple[int, datetime, uuid.UUID, EndpointQueue]]]:
        """The lanes of each agency that can send one more, the next one first."""
        queues: dict[uuid.UUID, list[tuple[int, datetime, uuid.UUID, EndpointQueue]]] = {}
        for lane in self._lanes[slot_class]:
            if self._can(lane):
                entry = (self._in_flight[lane.endpoint], lane.oldest, lane.endpoint, lane)
                queues.setdefault(lane.agency, []).append(entry)
        for queue in queues.values():
            heapq.heapify(queue)
        return queues

    def _one_more(self, queue: list[tuple[int, datetime, uuid.UUID, EndpointQueue]], slot_class: SlotClass) -> bool:
        """Gives the next lane one slot; False when none of them can take it."""
        while queue:
            _, oldest, endpoint, lane = heapq.heappop(queue)
            if not self._can(lane):
                continue
            self._free -= 1
            self._classes[slot_class] += 1
            self._room[endpoint] -= 1
            self._in_flight[endpoint] += 1
            self.given[endpoint, slot_class] = self.given.get((endpoint, slot_class), 0) + 1
            if self._can(lane):
                heapq.heappush(queue, (self._in_flight[endpoint], oldest, endpoint, lane))
            return True
        return False

    def _can(self, lane: EndpointQueue) -> bool:
        return self._room[lane.endpoint] > 0 and lane.ready > self.given.get((lane.endpoint, lane.slot_class), 0)
