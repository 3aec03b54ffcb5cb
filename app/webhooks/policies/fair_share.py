"""Whose deliveries go next: slots dealt out one by one, to whoever has the fewest and has waited the longest. Pure."""

import heapq
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

Share = Literal["first", "again"]

#: Of all slots: first attempts come before the rest up to here, and the rest never takes more than it may borrow.
FIRST_SHARE = 0.6
AGAIN_AT_MOST = 0.8
#: Of all slots: what an agency has before others that wait have theirs; and what is left free for whoever comes next
#: when agencies have more than that.
AGENCY_AT_FIRST = 0.25
LEFT_FREE = 0.125


class EndpointQueue(NamedTuple):
    """The due deliveries of one endpoint in one share: how many there are, and since when the oldest is due.

    `room`: how many more the endpoint takes, in both shares together; `in_flight`: how many it has.
    """

    agency: uuid.UUID
    endpoint: uuid.UUID
    share: Share
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
    by_share: Mapping[Share, int]
    by_agency: Mapping[uuid.UUID, int]
    in_air: Mapping[uuid.UUID, int] = field(default_factory=dict)
    arrived: Collection[uuid.UUID] = ()

    @property
    def free(self) -> int:
        """Slots that nobody has."""
        return self.slots - sum(self.by_share.values())


def allocate(lanes: Sequence[EndpointQueue], taken: SlotUsage) -> dict[tuple[uuid.UUID, Share], int]:
    """How many deliveries each (endpoint, share) may send now; lanes that get none are left out."""
    deal = _Allocation(lanes, taken)
    first, again = round(taken.slots * FIRST_SHARE), int(taken.slots * AGAIN_AT_MOST)
    cap = max(int(taken.slots * AGENCY_AT_FIRST), 1)
    deal.hand_out("first", first, cap=cap)
    deal.hand_out("again", taken.slots - first, cap=cap)
    deal.hand_out("first", taken.slots, cap=cap)
    deal.hand_out("again", again, cap=cap)
    deal.leave_free(int(taken.slots * LEFT_FREE))
    deal.hand_out("first", taken.slots, cap=taken.slots)
    deal.hand_out("again", again, cap=taken.slots)
    return deal.given


class _Allocation:
    """One round of dealing."""

    def __init__(self, lanes: Sequence[EndpointQueue], taken: SlotUsage) -> None:
        self.given: dict[tuple[uuid.UUID, Share], int] = {}
        self._free = taken.free
        self._shares = {"first": taken.by_share.get("first", 0), "again": taken.by_share.get("again", 0)}
        self._agencies = dict(taken.by_agency)
        self._lanes: dict[Share, list[EndpointQueue]] = {"first": [], "again": []}
        self._room: dict[uuid.UUID, int] = {}
        self._in_flight: dict[uuid.UUID, int] = {}
        for lane in lanes:
            if lane.ready and lane.room > 0:
                self._lanes[lane.share].append(lane)
                self._room[lane.endpoint] = lane.room
                self._in_flight[lane.endpoint] = lane.in_flight

    def leave_free(self, slots: int) -> None:
        """Deals all but so many of the free slots from now on."""
        self._free = max(self._free - slots, 0)

    def hand_out(self, share: Share, quota: int, *, cap: int) -> None:
        """Deals until the share has its quota, every agency `cap`, no slot is free or nobody can take one."""
        if not self._free or not self._lanes[share] or self._shares[share] >= quota:
            return
        queues = self._queues(share)
        agencies = [(self._agencies.get(agency, 0), queue[0][1], agency) for agency, queue in queues.items()]
        heapq.heapify(agencies)
        while agencies and self._free and self._shares[share] < quota:
            has, _, agency = heapq.heappop(agencies)
            if has >= cap or not self._one_more(queues[agency], share):
                continue
            self._agencies[agency] = has + 1
            if queues[agency]:
                heapq.heappush(agencies, (has + 1, queues[agency][0][1], agency))

    def _queues(self, share: Share) -> dict[uuid.UUID, list[tuple[int, datetime, uuid.UUID, EndpointQueue]]]:
        """The lanes of each agency that can send one more, the next one first."""
        queues: dict[uuid.UUID, list[tuple[int, datetime, uuid.UUID, EndpointQueue]]] = {}
        for lane in self._lanes[share]:
            if self._can(lane):
                entry = (self._in_flight[lane.endpoint], lane.oldest, lane.endpoint, lane)
                queues.setdefault(lane.agency, []).append(entry)
        for queue in queues.values():
            heapq.heapify(queue)
        return queues

    def _one_more(self, queue: list[tuple[int, datetime, uuid.UUID, EndpointQueue]], share: Share) -> bool:
        """Gives the next lane one slot; False when none of them can take it."""
        while queue:
            _, oldest, endpoint, lane = heapq.heappop(queue)
            if not self._can(lane):
                continue
            self._free -= 1
            self._shares[share] += 1
            self._room[endpoint] -= 1
            self._in_flight[endpoint] += 1
            self.given[endpoint, share] = self.given.get((endpoint, share), 0) + 1
            if self._can(lane):
                heapq.heappush(queue, (self._in_flight[endpoint], oldest, endpoint, lane))
            return True
        return False

    def _can(self, lane: EndpointQueue) -> bool:
        return self._room[lane.endpoint] > 0 and lane.ready > self.given.get((lane.endpoint, lane.share), 0)
