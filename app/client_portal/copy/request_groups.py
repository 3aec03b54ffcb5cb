"""Groups of access requests, so that a client can decline one of them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from app.client_portal.copy.access_offer import kind_name
from app.platforms.port import Platform


class RequestSummary(Protocol):
    """Fields of an access request that grouping needs."""

    id: str
    kind: str
    role: str
    required: bool
    asset_id: str | None
    asset_name: str | None
    status: str

    @property
    def why(self) -> str: ...


@dataclass(frozen=True)
class Group:
    """Access requests of one kind, role and reason: to be agreed to, or declined, together.

    `key` is the id of the first.
    """

    key: str
    title: str
    role: str
    reason: str
    required: bool
    names: tuple[str, ...]
    declined: bool


def grouped(access_requests: Iterable[RequestSummary], platform: Platform) -> list[Group]:
    """One group for each kind, role and reason, in the order of the access requests; declined ones apart."""
    by_what: dict[tuple[str, str, str, bool, bool], list[RequestSummary]] = {}
    for access_request in access_requests:
        what = (
            access_request.kind,
            access_request.role,
            access_request.why,
            access_request.required,
            access_request.status == "declined",
        )
        by_what.setdefault(what, []).append(access_request)
    return [
        Group(
            key=those[0].id,
            title=kind_name(kind, len(those)).capitalize(),
            role=platform.role_words(kind, role).label,
            reason=why,
            required=required,
            names=tuple(
                access_request.asset_name or access_request.asset_id or ""
                for access_request in those
                if access_request.asset_id
            ),
            declined=declined,
        )
        for (kind, role, why, required, declined), those in by_what.items()
    ]


def together(access_requests: Iterable[RequestSummary], key: str) -> list[str]:
    """The ids of the group to which an access request belongs; none when there is no such access request."""
    every = list(access_requests)
    one = next((access_request for access_request in every if access_request.id == key), None)
    if one is None:
        return []

    def what(access_request: RequestSummary) -> tuple[str, str, str, bool, bool]:
        return (
            access_request.kind,
            access_request.role,
            access_request.why,
            access_request.required,
            access_request.status == "declined",
        )

    return [access_request.id for access_request in every if what(access_request) == what(one)]
