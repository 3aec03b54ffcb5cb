"""Reads with one side's token, and the reasons for their failures."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import call_recorder
from app.access.connections import service as connections
from app.access.connections.models import Connection
from app.access.context import AccessContext
from app.access.reconciler.strategy import ObservedCalls
from app.platforms.access import NO_TOKEN, Observation, PlatformAnswer, ReadFailure
from app.platforms.port import (
    Access,
    Denied,
    Priority,
    RecordCall,
    RecordedCall,
    Unavailable,
    Unclear,
    UnexpectedAnswer,
)

Value = TypeVar("Value")
REVOKED = Observation(why_not=ReadFailure.NO_TOKEN, blocker="connection_dead")
DEAD = Observation(why_not=ReadFailure.DEAD, blocker="connection_dead")
UNAVAILABLE = Observation(why_not=ReadFailure.UNAVAILABLE)


@dataclass
class PlatformReader:
    """Reads for one side. A dead token, or a platform that does not answer, ends all further reads of this round.

    `limited`: seconds for which the platform must not be called.
    """

    context: AccessContext
    connection: Connection | None
    priority: Priority
    calls: list[RecordedCall] = field(default_factory=list)
    closed: Observation | None = None
    limited: float | None = None

    def __post_init__(self) -> None:
        if self.connection is None:
            self.closed = NO_TOKEN
        elif self.connection.status == "dead":
            self.closed = DEAD
        elif not self.connection.is_usable:
            self.closed = REVOKED

    @property
    def scopes(self) -> Sequence[str] | None:
        """The scopes of the token; None without a connection."""
        return self.connection.scopes if self.connection else None

    @property
    def is_dead(self) -> bool:
        """True if the platform no longer accepts the token."""
        return self.closed is DEAD

    @property
    def is_unavailable(self) -> bool:
        """True if the platform did not answer or was too busy."""
        return self.closed is UNAVAILABLE

    async def read(self, call: Callable[[Access, RecordCall], Awaitable[Value]]) -> Value | Observation:
        """The answer, or an observation with the reason of the failure."""
        if self.closed is not None or self.connection is None:
            return self.closed or NO_TOKEN
        try:
            return await call(
                connections.access(self.connection, self.context.keyring, self.priority), self.calls.append
            )
        except (Denied, UnexpectedAnswer) as refused:
            if refused.blocker == "connection_dead":
                self.closed = DEAD
                return DEAD
            return Observation(
                why_not=ReadFailure.DENIED, blocker=refused.blocker, answer=platform_answer(refused.call)
            )
        except Unavailable as failure:
            self.limited = failure.retry_after if failure.limited else self.limited
        except Unclear:
            return UNAVAILABLE
        self.closed = UNAVAILABLE
        return UNAVAILABLE


def platform_answer(call: RecordedCall) -> PlatformAnswer:
    """The platform's own message about a call."""
    return PlatformAnswer(call.operation, call.code, call.message, call.request_id)


async def record_observed(session: AsyncSession, seen: ObservedCalls) -> None:
    """Record the calls of an observation, and the end of a connection that they showed."""
    connection = seen.connection
    call_recorder.record_calls(
        session, seen.calls, agency_id=connection.agency_id, side=connection.side, purpose=seen.purpose,
        connection_id=connection.id, handshake_id=seen.handshake_id, grant_id=seen.grant_id,
    )  # fmt: skip
    if seen.is_dead and connection.status == "live":
        await connections.mark_dead(session, connection)
