"""Partnerships and shares between Business Centers, remembering the past for reads that lag behind. Pure."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from simulator.models import AssetType, Role, roles_on

Value = TypeVar("Value")

LONG_AGO = -math.inf
"""The moment of whatever was there before the simulator started: no read lag hides it."""


class Timeline(Generic[Value]):
    """A value that may be absent, with everything it has been and since when."""

    def __init__(self) -> None:
        self._moments: list[float] = []
        self._values: list[Value | None] = []

    def set(self, at: float, value: Value | None) -> None:
        self._moments.append(at)
        self._values.append(value)

    def at(self, moment: float) -> Value | None:
        if self._moments and moment >= self._moments[-1]:
            return self._values[-1]
        index = bisect_right(self._moments, moment)
        return self._values[index - 1] if index else None

    @property
    def now(self) -> Value | None:
        return self._values[-1] if self._values else None


@dataclass(frozen=True)
class Partnership:
    """Two Business Centers that are partners; nothing shows on the approver's side before `approved`."""

    requester_id: str
    approver_id: str
    approved: bool

    def visible_to(self, bc_id: str) -> bool:
        return self.approved or bc_id == self.requester_id

    def other(self, bc_id: str) -> str:
        return self.approver_id if bc_id == self.requester_id else self.requester_id


@dataclass(frozen=True)
class Share:
    """One asset shared by the Business Center that owns it with a partner."""

    bc_id: str
    partner_id: str
    asset_id: str
    asset_type: AssetType
    role: Role


@dataclass(frozen=True)
class ShareOutcome:
    """Result of a share call, as numbers of assets; `again` had the same role before."""

    new: int = 0
    raised: int = 0
    again: int = 0
    ignored: int = 0


class Sharing:
    """All partnerships and shares. Every `at` and `moment` is in epoch seconds."""

    def __init__(self) -> None:
        self._partnerships: dict[frozenset[str], Timeline[Partnership]] = {}
        self._shares: dict[tuple[str, str], dict[str, Timeline[Share]]] = {}

    def befriend(self, at: float, bc_id: str, partner_id: str, *, needs_approval: bool) -> None:
        """Make partners, unless they are. Asking back somebody who is waiting for us is an approval."""
        timeline = self._partnerships.setdefault(frozenset((bc_id, partner_id)), Timeline())
        known = timeline.now
        if known is None:
            timeline.set(at, Partnership(bc_id, partner_id, approved=not needs_approval))
        elif not known.visible_to(bc_id):
            timeline.set(at, replace(known, approved=True))

    def approve(self, at: float, bc_id: str, partner_id: str) -> bool:
        """The receiving side accepts what `partner_id` asked; False when nothing was waiting."""
        known = self.partnership(bc_id, partner_id)
        if known is None or known.approved or known.approver_id != bc_id:
            return False
        self._partnerships[frozenset((bc_id, partner_id))].set(at, replace(known, approved=True))
        return True

    def share(self, at: float, shares: Iterable[Share]) -> ShareOutcome:
        """Add shares between partners. A role only ever rises: lowering it is removing and sharing again."""
        count = {"new": 0, "raised": 0, "again": 0, "ignored": 0}
        for share in shares:
            assets = self._shares.setdefault((share.bc_id, share.partner_id), {})
            timeline = assets.setdefault(share.asset_id, Timeline())
            kind = _compare(timeline.now, share)
            count[kind] += 1
            if kind in ("new", "raised"):
                timeline.set(at, share)
        return ShareOutcome(**count)

    def unshare(self, at: float, bc_id: str, partner_id: str, asset_ids: Iterable[str]) -> int:
        """Take assets away from a partner; says how many were there to take."""
        assets = self._shares.get((bc_id, partner_id), {})
        shared = [asset_id for asset_id in set(asset_ids) if asset_id in assets and assets[asset_id].now]
        for asset_id in shared:
            assets[asset_id].set(at, None)
        return len(shared)

    def part(self, at: float, bc_id: str, partner_id: str) -> bool:
        """End a partnership with all that was shared in either direction; False when there was none."""
        if self.partnership(bc_id, partner_id) is None:
            return False
        self._partnerships[frozenset((bc_id, partner_id))].set(at, None)
        for giver, taker in ((bc_id, partner_id), (partner_id, bc_id)):
            self.unshare(at, giver, taker, list(self._shares.get((giver, taker), {})))
        return True

    def partnership(self, bc_id: str, partner_id: str, moment: float = math.inf) -> Partnership | None:
        timeline = self._partnerships.get(frozenset((bc_id, partner_id)))
        return timeline.at(moment) if timeline else None

    def partnerships(self, moment: float = math.inf) -> Iterator[Partnership]:
        for timeline in self._partnerships.values():
            if partnership := timeline.at(moment):
                yield partnership

    def partner_ids(self, bc_id: str, moment: float = math.inf) -> list[str]:
        """The partners this Business Center sees on its own Partners page."""
        mine = (known for known in self.partnerships(moment) if bc_id in (known.requester_id, known.approver_id))
        return [known.other(bc_id) for known in mine if known.visible_to(bc_id)]

    def shares(self, moment: float = math.inf) -> Iterator[Share]:
        for assets in self._shares.values():
            yield from _standing(assets, moment)

    def given(self, bc_id: str, partner_id: str, moment: float = math.inf) -> list[Share]:
        """The owner's view of shares with this partner: immediate, approved or not."""
        return list(_standing(self._shares.get((bc_id, partner_id), {}), moment))

    def received(self, bc_id: str, partner_id: str, moment: float = math.inf) -> list[Share]:
        """The receiver's view of shares by this partner: empty before the partnership is approved."""
        known = self.partnership(bc_id, partner_id, moment)
        if known is None or not known.visible_to(bc_id):
            return []
        return self.given(partner_id, bc_id, moment)

    def share_of(self, bc_id: str, partner_id: str, asset_id: str, moment: float = math.inf) -> Share | None:
        """One share as its owner sees it."""
        timeline = self._shares.get((bc_id, partner_id), {}).get(asset_id)
        return timeline.at(moment) if timeline else None

    def share_with(self, bc_id: str, owner_id: str, asset_id: str, moment: float = math.inf) -> Share | None:
        """One share as its receiver sees it."""
        known = self.partnership(bc_id, owner_id, moment)
        if known is None or not known.visible_to(bc_id):
            return None
        return self.share_of(owner_id, bc_id, asset_id, moment)


def _compare(known: Share | None, wanted: Share) -> str:
    if known is None:
        return "new"
    if known.role == wanted.role:
        return "again"
    order = roles_on(wanted.asset_type)
    return "raised" if order.index(wanted.role) > order.index(known.role) else "ignored"


def _standing(assets: dict[str, Timeline[Share]], moment: float) -> Iterator[Share]:
    for timeline in assets.values():
        if share := timeline.at(moment):
            yield share
