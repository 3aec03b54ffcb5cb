"""Actors: the principals that events, platform calls and the audit log name, each by kind and id.

A request, a job and a command bind their actor once. Platform calls and audit entries read it from there. Events name
theirs, because a request may have consequences by which Keyturn itself acts. A request also has an origin.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

ActorKind = Literal["api_key", "member", "client", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """A principal by kind and id.

    The id of `api_key` is that of the row, the id of `client` that of the row, or of the step link by which a person
    of the client did one step, the id of `member` that of the row, or of the invitation by which somebody connected the
    agency, the id of `system` the name of a process, job or command.
    """

    kind: ActorKind
    id: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Request that an actor sent: its id, the network address it came from, and the program that sent it."""

    request_id: str
    address: str
    user_agent: str


#: Keyturn itself, where no process, job or command is named.
KEYTURN = Actor("system", "keyturn")
_current: ContextVar[Actor] = ContextVar("actor", default=KEYTURN)
_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)


class ActorColumns:
    """Columns that name the actor of a row, by default the current one."""

    actor_kind: Mapped[str] = mapped_column(String(16), default=lambda: current_actor().kind)
    actor_id: Mapped[str] = mapped_column(String(64), default=lambda: current_actor().id)


def current_actor() -> Actor:
    """The actor of the running request, job or command."""
    return _current.get()


def system_actor() -> Actor:
    """The running job or command; Keyturn itself during a request."""
    current = _current.get()
    return current if current.kind == "system" else KEYTURN


def bind_actor(actor: Actor) -> None:
    """Bind the actor of the running request, job or command, once it is known."""
    _current.set(actor)


def current_origin() -> Origin | None:
    """The running request; None in a job or a command."""
    return _origin.get()


@contextmanager
def acting_as(actor: Actor, origin: Origin | None = None) -> Iterator[None]:
    """Bind an actor, and the request that it sent, for the body of `with`; afterwards the previous ones."""
    token, sent = _current.set(actor), _origin.set(origin)
    try:
        yield
    finally:
        _current.reset(token)
        _origin.reset(sent)


def actor_columns(actor: Actor) -> dict[str, str]:
    """Values of `ActorColumns`."""
    return {"actor_kind": actor.kind, "actor_id": actor.id}
