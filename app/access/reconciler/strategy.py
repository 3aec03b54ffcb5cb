"""Strategies of the reconciler: one for each kind of work, with the values that the loop takes from them."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from app.access.call_recorder import PlatformCall
from app.access.connections.models import Connection
from app.access.context import AccessContext
from app.access.pacing import NextRound
from app.platforms.port import PlatformFailure, RecordedCall


@dataclass(frozen=True)
class ObservedCalls:
    """Platform calls of an observation. `is_dead`: the platform no longer accepts the token of the connection."""

    connection: Connection
    calls: Sequence[RecordedCall]
    is_dead: bool = False
    purpose: str = "read"
    handshake_id: str | None = None
    grant_id: str | None = None


class Observed(Protocol):
    """Common part of every observation: its calls, in order."""

    @property
    def calls(self) -> Sequence[ObservedCalls]:
        """Calls, for each connection used."""


@dataclass(frozen=True)
class ActionResult:
    """Result of an action. `call`: its own call, None if it was not sent; `before`: reads that it needed first."""

    call: RecordedCall | None
    failure: PlatformFailure | None = None
    before: tuple[RecordedCall, ...] = ()

    @property
    def blocker(self) -> str | None:
        """Blocker code of the failure."""
        return self.failure.blocker if self.failure is not None else None


@dataclass(frozen=True)
class Rest:
    """Give the row back until its next round. `columns` are written with it."""

    row: Any
    next_round: NextRound
    columns: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Act:
    """Record `intention`, then send it; give the row back with `rest` once the answer is recorded.

    `setbacks`: how often in a row the platform could not answer for this row until now.
    """

    row: Any
    intention: PlatformCall
    connection: Connection
    send: Callable[[], Awaitable[ActionResult]]
    rest: Rest
    setbacks: int = 0


@dataclass(frozen=True)
class Continue:
    """Extend the lease of the row: more observations follow."""

    row: Any


Decision = Act | Rest | Continue

Row = TypeVar("Row", contravariant=True)
Round = TypeVar("Round")
Seen = TypeVar("Seen", bound=Observed)


class Strategy(Protocol[Row, Round, Seen]):
    """One kind of work of the reconciler."""

    @property
    def context(self) -> AccessContext:
        """Database, keys and platforms."""

    async def load(self, row: Row) -> Round:
        """Load what the round of a claimed row needs before it observes."""

    def observe(self, work: Round) -> AsyncGenerator[Seen, None]:
        """Read from the platform, one observation after the other. No transaction is open meanwhile."""

    async def apply(self, session: AsyncSession, work: Round, seen: Seen) -> Sequence[Decision]:
        """Write what an observation changes, and decide about each row of the round.

        Loads again what people may have changed during the observation. Takes locks in the order of the whole room:
        links, grants, buyer access, connections; the loop locks handshakes and imports last.
        """
