"""Checks of a kickoff: their results from live reads, the client's answers, and statements of members. Pure.

Only a read passes a check. What no read can show is attested by a named person, and never counts as read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.access.readiness.checks import Item
from app.access.reconciler.status import Status
from app.platforms.access import Observation, ReadFailure
from app.platforms.blockers import NextActor
from app.platforms.blockers import next_actor as actor_of
from app.platforms.port import AssetKind
from app.platforms.resources import AssetDetails, AssetHolder

Key = Literal["payment", "verification", "billing", "country", "access", "campaign", "people", "events"]
Result = Literal["pass", "attested", "to_do", "cannot_tell"]
#: The check follows from another one, which is not done.
AFTER_ACCESS = "after_access"
_DONE = frozenset({"pass", "attested"})
#: Reads that fail until a person acts, and the code for each.
_UNREAD = {
    ReadFailure.DEAD: "agency_not_connected",
    ReadFailure.NO_TOKEN: "agency_not_connected",
    ReadFailure.UNAVAILABLE: "platform_unavailable",
}


@dataclass(frozen=True)
class MemberStatement:
    """Statement of a named person of the agency about a check; `country` of the payment method (ISO 3166 alpha-2)."""

    by: str
    at: datetime
    note: str = ""
    country: str | None = None


@dataclass(frozen=True)
class RequestFacts:
    """An access request as far as its checks need it."""

    id: str
    platform: str
    kind: AssetKind
    role: str
    asset_id: str | None = None
    asset_name: str | None = None
    parent_asset_id: str | None = None
    attested_by: str | None = None
    attested_at: datetime | None = None


@dataclass(frozen=True)
class AccessReading:
    """Reads about an access request. A part is None where it does not apply.

    `status`: of the access itself, `observation` that of the side which proves it. `holders`: members of the agency's
    account who can open the asset. `events`: their numbers in the last days by type. `details`: state of the asset.
    """

    request: RequestFacts
    status: Status
    observation: Observation | None = None
    holders: Sequence[AssetHolder] | Observation | None = None
    events: Mapping[str, int] | Observation | None = None
    details: AssetDetails | Observation | None = None


class KickoffCheck(BaseModel):
    """One check with its result, as it is stored.

    `is_read`: a read of this kickoff decided it. `role`, `count`, `events` (by type), `country` and `currency` were
    read. `since`: time of an earlier read, or of the statement. `stated_by`: the member who stated it; `stated_side` is
    `client` for the client's own answer, whose person is not named here.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    key: Key
    status: Result
    code: str | None = None
    next_actor: NextActor | None = None
    is_read: bool = False
    platform: str | None = None
    kind: str | None = None
    asset_id: str | None = None
    asset_name: str | None = None
    access_request_id: str | None = None
    role: str | None = None
    count: int | None = None
    events: Mapping[str, int] = Field(default_factory=dict)
    country: str | None = None
    currency: str | None = None
    since: datetime | None = None
    stated_side: Literal["agency", "client"] | None = None
    stated_by: str | None = None
    stated_country: str | None = None
    note: str = ""

    @property
    def is_done(self) -> bool:
        """True if it passed, or is attested."""
        return self.status in _DONE

    @property
    def is_left(self) -> bool:
        """True if somebody has to act on this check itself."""
        return not self.is_done and self.code != AFTER_ACCESS

    @property
    def can_attest(self) -> bool:
        """True if a member may state it: no read decided it, and it does not wait for another check."""
        if self.is_read or self.status == "pass" or self.code == AFTER_ACCESS:
            return False
        return self.status != "to_do" or self.key != "access"

    @property
    def statement(self) -> MemberStatement | None:
        """The statement of a member, to be kept by the next kickoff."""
        if self.stated_side != "agency" or self.stated_by is None or self.since is None:
            return None
        return MemberStatement(self.stated_by, self.since, self.note, self.stated_country)


def is_launch_ready(checks: Iterable[KickoffCheck]) -> bool:
    """True if every check passed or is attested, that of the payment method among them."""
    found = list(checks)
    return all(each.is_done for each in found) and any(each.key == "payment" for each in found)


def of_kickoff(
    readings: Sequence[AccessReading], items: Mapping[str, Item], statements: Mapping[str, MemberStatement]
) -> tuple[KickoffCheck, ...]:
    """All checks in display order. `items`: the readiness list by key; `statements`: by check, of earlier kickoffs."""
    found = [_payment(items.get("payment"))]
    if verification := items.get("verification"):
        found.append(_verification(verification))
    access = [(each, _access(each)) for each in readings]
    with_campaigns = [pair for pair in access if pair[0].request.role in pair[0].request.kind.campaign_roles]
    for reading, check in with_campaigns:
        found += [_unreadable(reading, check, "billing", "billing_unseen"), _country(reading, check)]
    found += [check for _, check in access]
    found += [_campaign(reading, check) for reading, check in with_campaigns]
    found += [_people(reading, check) for reading, check in access if reading.holders is not None]
    found += [_events(reading, check) for reading, check in access if reading.request.kind.has_events]
    return tuple(
        attested(check, statements[check.id]) if check.id in statements and check.can_attest else check
        for check in found
    )


def attested(check: KickoffCheck, statement: MemberStatement) -> KickoffCheck:
    """The check with a member's statement: to do if it contradicts what was read, else attested."""
    stated = {
        "stated_side": "agency", "stated_by": statement.by, "since": statement.at, "note": statement.note,
        "stated_country": statement.country,
    }  # fmt: skip
    if check.key == "country" and check.country and statement.country != check.country:
        return check.model_copy(update={"status": "to_do", "code": "country_differs", "next_actor": "client", **stated})
    return check.model_copy(update={"status": "attested", "code": None, "next_actor": None, **stated})


def _payment(item: Item | None) -> KickoffCheck:
    """The client's answer about its payment method: no API returns it."""
    if item is None or item.verdict.status == "cannot_tell":
        return KickoffCheck(
            id="payment", key="payment", status="cannot_tell", code="payment_unknown", next_actor="agency"
        )
    if item.verdict.status == "to_do":
        return KickoffCheck(
            id="payment", key="payment", status="to_do", code="payment_later", next_actor="client",
            since=item.verdict.since,
        )  # fmt: skip
    return _said_by_client("payment", item)


def _verification(item: Item) -> KickoffCheck:
    """The company's verification, as the readiness list shows it."""
    verdict = item.verdict
    if verdict.status == "pass":
        if verdict.source == "client":
            return _said_by_client("verification", item)
        return KickoffCheck(id="verification", key="verification", status="pass", since=verdict.since)
    if verdict.status == "to_do":
        in_review = verdict.code == "verification_in_review"
        return KickoffCheck(
            id="verification", key="verification", status="to_do", since=verdict.since,
            code="verification_in_review" if in_review else "not_verified",
            next_actor="platform" if in_review else "client",
        )  # fmt: skip
    return KickoffCheck(
        id="verification", key="verification", status="cannot_tell", code="verification_unknown", next_actor="agency"
    )


def _said_by_client(key: Key, item: Item) -> KickoffCheck:
    note = item.said.note if item.said else ""
    return KickoffCheck(id=key, key=key, status="attested", stated_side="client", since=item.verdict.since, note=note)


def _access(reading: AccessReading) -> KickoffCheck:
    """The access itself: passed only if a side showed it as agreed in this kickoff."""
    status, request = reading.status, reading.request
    if status.status == "verified" and status.seen_by is not None:
        return _check(reading, "access", "pass", is_read=True, role=status.role_seen)
    if status.status == "attested":
        return _check(
            reading, "access", "attested", stated_side="agency", stated_by=request.attested_by,
            since=request.attested_at,
        )  # fmt: skip
    if status.status in ("verified", "unverifiable"):
        code, actor = _unread(reading.observation)
        return _check(reading, "access", "cannot_tell", code=code, next_actor=actor)
    read = reading.observation is not None and reading.observation.is_read
    return _check(
        reading, "access", "to_do", is_read=read, code=status.code or status.status, next_actor=status.next_actor,
        role=status.role_seen,
    )  # fmt: skip


def _campaign(reading: AccessReading, access: KickoffCheck) -> KickoffCheck:
    """A campaign could be created: by the role that was read and the state of the asset. None is created."""
    if waiting := _after(reading, access, "campaign"):
        return waiting
    details, role = reading.details, access.role
    if access.status == "attested" or isinstance(details, Observation) or details is None:
        code, actor = _unread(details if isinstance(details, Observation) else None)
        return _check(reading, "campaign", "cannot_tell", code=code, next_actor=actor, role=role)
    if details.problem:
        return _check(
            reading, "campaign", "to_do", is_read=True, code=details.problem, next_actor=actor_of(details.problem),
            role=role,
        )  # fmt: skip
    if role not in reading.request.kind.campaign_roles:
        return _check(reading, "campaign", "to_do", is_read=True, code="role_too_low", next_actor="client", role=role)
    return _check(reading, "campaign", "pass", is_read=True, role=role)


def _people(reading: AccessReading, access: KickoffCheck) -> KickoffCheck:
    """A person of the agency can open it with the role that was requested."""
    if waiting := _after(reading, access, "people"):
        return waiting
    holders, kind = reading.holders, reading.request.kind
    if holders is None or isinstance(holders, Observation):
        code, actor = _unread(holders)
        return _check(reading, "people", "cannot_tell", code=code, next_actor=actor)
    needed = kind.rank(reading.request.role)
    able = sum(kind.rank(kind.official(each.role)) >= needed for each in holders)
    if not able:
        return _check(reading, "people", "to_do", is_read=True, code="nobody_can_open", next_actor="agency", count=0)
    return _check(reading, "people", "pass", is_read=True, count=able)


def _events(reading: AccessReading, access: KickoffCheck) -> KickoffCheck:
    """Events arrived in the last days."""
    if waiting := _after(reading, access, "events"):
        return waiting
    events = reading.events
    if events is not None and not isinstance(events, Observation):
        count = sum(events.values())
        if count:
            return _check(reading, "events", "pass", is_read=True, count=count, events=dict(events))
        return _check(
            reading, "events", "to_do", is_read=True, code="pixel_silent", next_actor=actor_of("pixel_silent"), count=0
        )
    code, actor = _unread(events, "pixel_events_unread")
    return _check(reading, "events", "cannot_tell", code=code, next_actor=actor)


def _country(reading: AccessReading, access: KickoffCheck) -> KickoffCheck:
    """The payment method is from the country of the asset, which is read; a member states the other one."""
    check = _unreadable(reading, access, "country", "country_unknown")
    if check.code == AFTER_ACCESS or not isinstance(reading.details, AssetDetails):
        return check
    return check.model_copy(
        update={"country": reading.details.country or None, "currency": reading.details.currency or None}
    )


def _unreadable(reading: AccessReading, access: KickoffCheck, key: Key, code: str) -> KickoffCheck:
    """A check that no read can decide, so that a member has to state it."""
    if waiting := _after(reading, access, key):
        return waiting
    return _check(reading, key, "cannot_tell", code=code, next_actor="agency")


def _after(reading: AccessReading, access: KickoffCheck, key: Key) -> KickoffCheck | None:
    """The check while the access itself is not done; None if it is."""
    if access.is_done:
        return None
    return _check(reading, key, "cannot_tell", code=AFTER_ACCESS, next_actor=access.next_actor)


def _unread(observation: Observation | None, denied: str | None = None) -> tuple[str, NextActor]:
    """Code and next actor of something that could not be read. `denied`: code of a refusal."""
    if observation is None or observation.why_not is None:
        return "not_read", "agency"
    if observation.why_not in _UNREAD:
        code = _UNREAD[observation.why_not]
        return code, "platform" if code == "platform_unavailable" else "agency"
    if denied is not None and observation.blocker != "platform_changed":
        return denied, "agency"
    return observation.blocker or "not_read", "agency"


def _check(reading: AccessReading, key: Key, status: Result, **more: object) -> KickoffCheck:
    request = reading.request
    asset = [each for each in (request.asset_id or request.id, request.parent_asset_id) if each]
    return KickoffCheck.model_validate(
        {
            "id": ":".join((key, request.platform, request.kind.key, *asset)), "key": key, "status": status,
            "platform": request.platform, "kind": request.kind.key, "asset_id": request.asset_id,
            "asset_name": request.asset_name, "access_request_id": request.id, **more,
        }
    )  # fmt: skip
