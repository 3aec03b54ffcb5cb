"""Fair shares: slots allocated one by one to the agency that has the fewest and waits the longest. Pure."""

import heapq
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

SlotClass = Literal["new", "retry"]

#: Shares of all slots: first attempts have precedence up to NEW_SHARE, and retries never get more than RETRY_AT_MOST.
NEW_SHARE = 0.6
RETRY_AT_MOST = 0.8
#: Shares of all slots: what an agency may have while others wait, and what stays free for the next agency if some have
#: more.
AGENCY_AT_FIRST = 0.25
LEFT_FREE = 0.125


class EndpointQueue(NamedTuple):
    """Due deliveries of one endpoint in one slot class: their number, and the due time of the oldest.

    `capacity`: number of further deliveries that the endpoint accepts, in both classes together; `in_flight`: number in
    flight. What follows does not count in the allocation.
    """

    agency: uuid.UUID
    endpoint: uuid.UUID
    slot_class: SlotClass
    ready: int
    oldest: datetime
    capacity: int
    in_flight: int
    #: False if the endpoint is disabled or deleted
    sendable: bool = True
    ordered: bool = False
    #: of its rate limit; None without one
    tokens: float | None = None
    #: paused, or until a known time
    held: bool = False
    half_open: bool = False
    #: changes with the row of the endpoint
    version: str = ""


@dataclass(frozen=True)
class SlotUsage:
    """Slots of this worker and who uses them now.

    `in_air`: by endpoint, deliveries without an answer yet. `arrived`: ids of deliveries that were accepted and are not
    recorded yet; the database still counts them as in flight.
    """

    slots: int
    by_class: Mapping[SlotClass, int]
    by_agency: Mapping[uuid.UUID, int]
    in_air: Mapping[uuid.UUID, int] = field(default_factory=dict)
    arrived: Collection[uuid.UUID] = ()

    @property
    def free(self) -> int:
        """Number of free slots."""
        return self.slots - sum(self.by_class.values())


def allocate(queues: Sequence[EndpointQueue], usage: SlotUsage) -> dict[tuple[uuid.UUID, SlotClass], int]:
    """Slots for each (endpoint, slot class); queues that get none are left out."""
    allocation = _Allocation(queues, usage)
    new, retry = round(usage.slots * NEW_SHARE), int(usage.slots * RETRY_AT_MOST)
    cap = max(int(usage.slots * AGENCY_AT_FIRST), 1)
    allocation.assign("new", new, cap=cap)
    allocation.assign("retry", usage.slots - new, cap=cap)
    allocation.assign("new", usage.slots, cap=cap)
    allocation.assign("retry", retry, cap=cap)
    allocation.leave_free(int(usage.slots * LEFT_FREE))
    allocation.assign("new", usage.slots, cap=usage.slots)
    allocation.assign("retry", retry, cap=usage.slots)
    return allocation.assigned


#: Queues of an agency as a heap: those with the fewest deliveries in flight first, then those that wait the longest.
_Heap = list[tuple[int, datetime, uuid.UUID, EndpointQueue]]


class _Allocation:
    """One round of allocation."""

    def __init__(self, queues: Sequence[EndpointQueue], usage: SlotUsage) -> None:
        self.assigned: dict[tuple[uuid.UUID, SlotClass], int] = {}
        self._free = usage.free
        self._used = {"new": usage.by_class.get("new", 0), "retry": usage.by_class.get("retry", 0)}
        self._agencies = dict(usage.by_agency)
        self._queues: dict[SlotClass, list[EndpointQueue]] = {"new": [], "retry": []}
        self._capacity: dict[uuid.UUID, int] = {}
        self._in_flight: dict[uuid.UUID, int] = {}
        for queue in queues:
            if queue.ready and queue.capacity > 0:
                self._queues[queue.slot_class].append(queue)
                self._capacity[queue.endpoint] = queue.capacity
                self._in_flight[queue.endpoint] = queue.in_flight

    def leave_free(self, slots: int) -> None:
        """Keep this number of free slots from now on."""
        self._free = max(self._free - slots, 0)

    def assign(self, slot_class: SlotClass, quota: int, *, cap: int) -> None:
        """Assign until the class has its quota, every agency `cap`, no slot is free or no queue can use one."""
        if not self._free or not self._queues[slot_class] or self._used[slot_class] >= quota:
            return
        heaps = self._heaps(slot_class)
        agencies = [(self._agencies.get(agency, 0), heap[0][1], agency) for agency, heap in heaps.items()]
        heapq.heapify(agencies)
        while agencies and self._free and self._used[slot_class] < quota:
            has, _, agency = heapq.heappop(agencies)
            if has >= cap or not self._assign_one(heaps[agency], slot_class):
                continue
            self._agencies[agency] = has + 1
            if heaps[agency]:
                heapq.heappush(agencies, (has + 1, heaps[agency][0][1], agency))

    def _heaps(self, slot_class: SlotClass) -> dict[uuid.UUID, _Heap]:
        """The queues of each agency that can send one more."""
        heaps: dict[uuid.UUID, _Heap] = {}
        for queue in self._queues[slot_class]:
            if self._can_send(queue):
                entry = (self._in_flight[queue.endpoint], queue.oldest, queue.endpoint, queue)
                heaps.setdefault(queue.agency, []).append(entry)
        for heap in heaps.values():
            heapq.heapify(heap)
        return heaps

    def _assign_one(self, heap: _Heap, slot_class: SlotClass) -> bool:
        """Assign one slot to the next queue. Returns False if no queue can use it."""
        while heap:
            _, oldest, endpoint, queue = heapq.heappop(heap)
            if not self._can_send(queue):
                continue
            self._free -= 1
            self._used[slot_class] += 1
            self._capacity[endpoint] -= 1
            self._in_flight[endpoint] += 1
            self.assigned[endpoint, slot_class] = self.assigned.get((endpoint, slot_class), 0) + 1
            if self._can_send(queue):
                heapq.heappush(heap, (self._in_flight[endpoint], oldest, endpoint, queue))
            return True
        return False

    def _can_send(self, queue: EndpointQueue) -> bool:
        assigned = self.assigned.get((queue.endpoint, queue.slot_class), 0)
        return self._capacity[queue.endpoint] > 0 and queue.ready > assigned
