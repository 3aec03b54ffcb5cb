"""One side's token, and what becomes of a read with it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from app.access.connections import queries as connections
from app.access.connections.model import Connection
from app.access.handshakes.deciding.world import Answer, Sight, Unread
from app.access.tools import Tools
from app.platforms.port import Access, Call, Changed, Denied, Keep, Unavailable, Unclear, Urgency

Value = TypeVar("Value")
NO_TOKEN = Sight(why_not=Unread.NO_TOKEN)
GIVEN_BACK = Sight(why_not=Unread.NO_TOKEN, blocker="connection_dead")
DEAD = Sight(why_not=Unread.DEAD, blocker="connection_dead")
LATER = Sight(why_not=Unread.UNAVAILABLE)


@dataclass
class Eyes:
    """Reads for one side; a dead token, or a platform out of reach, ends all further reads of this look.

    `limited`: how long we were told to stay away for asking too often, in seconds.
    """

    tools: Tools
    connection: Connection | None
    urgency: Urgency
    calls: list[Call] = field(default_factory=list)
    closed: Sight | None = None
    limited: float | None = None

    def __post_init__(self) -> None:
        if self.connection is None:
            self.closed = NO_TOKEN
        elif self.connection.state == "revoked":
            self.closed = GIVEN_BACK
        elif self.connection.state == "dead":
            self.closed = DEAD

    @property
    def is_dead(self) -> bool:
        """Whether the platform no longer knows the token."""
        return self.closed is DEAD

    @property
    def is_away(self) -> bool:
        """Whether the platform was out of reach or busy: what was not read is as unknown as before."""
        return self.closed is LATER

    async def read(self, ask: Callable[[Access, Keep], Awaitable[Value]]) -> Value | Sight:
        """The answer, or why there is none."""
        if self.closed is not None or self.connection is None:
            return self.closed or NO_TOKEN
        try:
            return await ask(connections.access(self.connection, self.tools.vault, self.urgency), self.calls.append)
        except (Denied, Changed) as refused:
            if refused.blocker == "connection_dead":
                self.closed = DEAD
                return DEAD
            return Sight(why_not=Unread.DENIED, blocker=refused.blocker, answer=answer_of(refused.call))
        except Unavailable as away:
            self.limited = away.retry_after if away.limited else self.limited
        except Unclear:
            return LATER
        self.closed = LATER
        return LATER


def answer_of(call: Call) -> Answer:
    """The platform's own words on a call."""
    return Answer(call.operation, call.code, call.message, call.request_id)
