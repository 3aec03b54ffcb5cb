"""What is known of one thing, and how. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.access.readiness.facts import LATER, Facts

State = Literal["pass", "to_do", "cannot_tell"]
Source = Literal["platform", "intake", "client"]


@dataclass(frozen=True)
class ReadinessVerdict:
    """`seen` is what was read, as a person knows it: names, codes, domains. `code` says why something is to do.

    `blocks`: nothing can be shared until it is done.
    """

    state: State
    source: Source | None = None
    since: datetime | None = None
    seen: tuple[str, ...] = ()
    code: str | None = None
    blocks: bool = False


def unknown(*seen: str) -> ReadinessVerdict:
    """Nobody told, and nothing could be read; `seen` is the part that could."""
    return ReadinessVerdict("cannot_tell", seen=seen)


def read(facts: Facts, *seen: str, code: str | None = None, blocks: bool = False) -> ReadinessVerdict:
    """The platform shows it: well without a code, else to do."""
    return ReadinessVerdict("to_do" if code else "pass", "platform", facts.found_at, seen, code, blocks)


def told(facts: Facts, *seen: str, code: str | None = None) -> ReadinessVerdict:
    """The client's answers show it."""
    return ReadinessVerdict("to_do" if code else "pass", "intake", facts.told_at, seen, code)


def by_word(facts: Facts, key: str, otherwise: ReadinessVerdict) -> ReadinessVerdict:
    """The client's word, where it gave one."""
    said = facts.said.get(key)
    if said is None:
        return otherwise
    if said.answer == LATER:
        return ReadinessVerdict("to_do", "client", said.at, otherwise.seen, LATER)
    return ReadinessVerdict("pass", "client", said.at, otherwise.seen)
