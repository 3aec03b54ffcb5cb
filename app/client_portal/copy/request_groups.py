"""What is asked for, group by group, so that a client can say no to one of them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from app.client_portal.copy.access_offer import kind_name
from app.platforms.port import Platform


class RequestSummary(Protocol):
    """What is read of an ask."""

    id: str
    kind: str
    role: str
    required: bool
    asset_id: str | None
    asset_name: str | None
    state: str

    @property
    def why(self) -> str: ...


@dataclass(frozen=True)
class Group:
    """Asks of one kind, role and reason: to be agreed to, or declined, together. `key` is the id of the first."""

    key: str
    title: str
    role: str
    reason: str
    required: bool
    names: tuple[str, ...]
    declined: bool


def grouped(asks: Iterable[RequestSummary], platform: Platform) -> list[Group]:
    """One group for each kind, role and reason, in the order of the asks; declined ones apart."""
    by_what: dict[tuple[str, str, str, bool, bool], list[RequestSummary]] = {}
    for ask in asks:
        what = (ask.kind, ask.role, ask.why, ask.required, ask.state == "declined")
        by_what.setdefault(what, []).append(ask)
    return [
        Group(
            key=those[0].id, title=kind_name(kind, len(those)).capitalize(),
            role=platform.role_words(kind, role).label, reason=why, required=required,
            names=tuple(ask.asset_name or ask.asset_id or "" for ask in those if ask.asset_id), declined=declined,
        )
        for (kind, role, why, required, declined), those in by_what.items()
    ]  # fmt: skip


def together(asks: Iterable[RequestSummary], key: str) -> list[str]:
    """The ids of the group to which an ask belongs; none when there is no such ask."""
    every = list(asks)
    one = next((ask for ask in every if ask.id == key), None)
    if one is None:
        return []

    def what(ask: RequestSummary) -> tuple[str, str, str, bool, bool]:
        return ask.kind, ask.role, ask.why, ask.required, ask.state == "declined"

    return [ask.id for ask in every if what(ask) == what(one)]
