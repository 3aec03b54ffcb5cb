"""Statuses and grants that follow from an observation, with their events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.buyers import service as buyers
from app.access.connections import service as connections
from app.access.grants import service as grants
from app.access.grants.models import Grant
from app.access.grants.service import GrantPair, RecordedGrant
from app.access.handshakes import Handshake
from app.access.pacing import RetryTiming
from app.access.reconciler import queries
from app.access.reconciler.planner import is_gone
from app.access.reconciler.queries import ReconcileInput
from app.access.reconciler.state import DesiredAccess, ObservedAccess
from app.access.reconciler.status import Status, statuses
from app.events import catalog
from app.events.catalog import EventType
from app.events.recorder import EventDraft, record_all
from app.events.schema import AccessData
from app.kit import clock
from app.kit.actor import system_actor
from app.links import queries as links
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest
from app.links.status import OVER, PROVED, as_of, following, is_dead
from app.platforms.access import AssetKey, ReadFailure
from app.tenants.clients import service as clients


@dataclass
class Changes:
    """Changes by an observation. `drifted`, `unreadable`: verified access that is gone, or that cannot be read."""

    any: bool = False
    drifted: bool = False
    unreadable: bool = False


async def apply_observation(
    session: AsyncSession,
    handshake: Handshake,
    loaded: ReconcileInput,
    observed: ObservedAccess,
    moment: datetime,
    timing: RetryTiming,
) -> Changes:
    """Bring every access request and grant of the handshake to its observed status as of `moment`."""
    shown = statuses(loaded.desired, observed, loaded.history, moment, timing)
    by_request = {
        desired.access_request_id: (desired, status)
        for desired, status in zip(loaded.desired, shown, strict=True)
        if desired.access_request_id
    }
    removals = {
        desired.key: status
        for desired, status in zip(loaded.desired, shown, strict=True)
        if desired.access_request_id is None
    }
    writer = _Writer(session, handshake, loaded, observed)
    await writer.record_verified(by_request)
    for link_id in _links_to_write(loaded, writer, by_request):
        aggregate = await links.load_link(session, handshake.agency_id, link_id, lock=True)
        for access_request in aggregate.access_requests:
            if access_request.id in by_request:  # those of manual platforms rest on statements only
                await writer.write(aggregate, access_request, *by_request[access_request.id])
        aggregate.complete_if_done()
        await aggregate.save(session)
    drafts: list[EventDraft[AccessData]] = []
    for grant in loaded.removals:
        if is_gone(queries.desired_removal(grant, None), observed, loaded.history):
            event, said = catalog.GRANT_REVOKED, await writer.end(grant)
        else:
            status = removals[AssetKey(grant.kind, grant.asset_id, grant.parent_asset_id)]
            event, said = catalog.GRANT_REVOCATION_REFUSED, writer.hold_up(grant, status)
        if said:
            client = clients.facts(await clients.find(session, handshake.agency_id, grant.client_id))
            drafts.append(EventDraft(event, grant.id, system_actor(), AccessData.known(**client, **said)))
    await record_all(session, drafts, agency_id=handshake.agency_id)
    has_changed = writer.grants_changed or any(grant.status != "live" for grant in loaded.grants)
    if has_changed or handshake.watching:
        await buyers.sync_buyer_access(
            session, handshake.agency_id, Grant.client_id == handshake.client_id,
            Grant.agency_account_id == handshake.agency_account_id, unchanged=not has_changed,
        )  # fmt: skip
    await _revoke_token_when_done(session, handshake, loaded)
    return writer.changes


def _links_to_write(
    loaded: ReconcileInput, writer: "_Writer", by_request: Mapping[str, tuple[DesiredAccess, Status]]
) -> list[str]:
    """Links with an access request that changes, or whose own status lags behind its access requests."""
    changed = {link.id for link, request in loaded.requests if writer.has_changed(request, *by_request[request.id])}
    links_here = {link.id: link for link, _ in loaded.requests}
    for link_id, link in links_here.items():
        every = [(request.status, request.required) for of, request in loaded.client_requests if of.id == link_id]
        if following(link.status, every) != link.status:
            changed.add(link_id)
    return sorted(changed)


@dataclass
class _Writer:
    """Writes statuses and grants of one handshake in one transaction."""

    session: AsyncSession
    handshake: Handshake
    loaded: ReconcileInput
    observed: ObservedAccess
    changes: Changes = field(default_factory=Changes)
    #: grants of verified access, by access request
    verified: Mapping[str, RecordedGrant] = field(default_factory=dict)
    grants_changed: bool = False

    async def record_verified(self, by_request: Mapping[str, tuple[DesiredAccess, Status]]) -> None:
        """Record the grants of everything that was observed as agreed, all at once."""
        found: dict[str, tuple[AccessRequest, Status]] = {}
        for _, request in self.loaded.requests:
            desired, new = by_request[request.id]
            if new.status == "verified" and new.seen_by is not None and not self._stands(request, desired, new):
                found[request.id] = (request, new)
        pair = GrantPair(self.handshake.client_id, self.handshake.client_account_id, self.handshake.agency_account_id)
        self.verified = await grants.record_grants(
            self.session, pair, [(request, new.role_seen or "", new.seen_by or "") for request, new in found.values()]
        )
        self.grants_changed = any(
            (grant.role_before, grant.status_before) != (found[request_id][1].role_seen, "live")
            for request_id, grant in self.verified.items()
        )

    def has_changed(self, access_request: AccessRequest, desired: DesiredAccess, new: Status) -> bool:
        """True if there is something to write about an access request."""
        columns = self._columns(access_request, desired, new)
        grant = self._grant(access_request) if new.status == "leaving" else None
        return any(_differs(access_request, name, value) for name, value in columns.items()) or (
            grant is not None and (grant.code, grant.next_actor) != (new.code, new.next_actor)
        )

    async def write(
        self, aggregate: LinkAggregate, access_request: AccessRequest, desired: DesiredAccess, new: Status
    ) -> None:
        """Write one access request, its grant and its events."""
        if not self.has_changed(access_request, desired, new):
            return
        columns = self._columns(access_request, desired, new)
        if new.status == "leaving":
            aggregate.set_removal_blocker(access_request, **columns)
            grant = self._grant(access_request)
            if grant is not None and (said := self.hold_up(grant, new)):
                _draft(aggregate, access_request, catalog.GRANT_REVOCATION_REFUSED, **said)
            return
        was, recorded = access_request.status, self.verified.get(access_request.id)
        before = _shown(access_request)
        now: dict[str, Any] = {
            name: aggregate.now if isinstance(value, ColumnElement) else value for name, value in columns.items()
        }
        aggregate.set_status(
            access_request, actor=system_actor(), grant_id=recorded.grant_id if recorded else None, **now
        )
        self.changes.any = self.changes.any or before != _shown(access_request)
        await self._write_grant(aggregate, access_request, desired, new, was, recorded)

    def _columns(self, access_request: AccessRequest, desired: DesiredAccess, new: Status) -> dict[str, Any]:
        """Columns of an access request that follow from its new status; none if the current ones stand."""
        answer = new.answer
        columns: dict[str, Any] = {
            "code": new.code, "next_actor": new.next_actor,
            "platform_operation": answer.operation if answer else None,
            "platform_code": answer.code if answer else None,
            "platform_message": answer.message[:2000] if answer else None,
            "platform_request_id": answer.request_id if answer else None,
        }  # fmt: skip
        if new.status == "leaving":
            return columns
        if (new.status == "verified" and new.seen_by is None) or self._stands(access_request, desired, new):
            return {}
        elsewhere = self.observed.shared_elsewhere.get(desired.key) if desired.key else None
        columns |= {
            "status": new.status, "role_seen": new.role_seen, "seen_by": new.seen_by,
            "shared_from_account_id": elsewhere if new.code == "asset_shared_elsewhere" else None,
        }  # fmt: skip
        if desired.key is not None and _begins_to_wait(desired, new, self.loaded):
            columns["listed_at"] = func.now()
        agency = self.observed.agency.of(desired.key) if desired.key else None
        if agency is not None and agency.is_read and access_request.attested_at is not None:
            columns |= {"attested_at": None, "attested_by": None}  # a read counts more than a statement
        if access_request.id in self.verified:
            columns["reduce_at"] = None
            if not desired.was_verified or access_request.status == "drifted":
                columns["verified_at"] = func.now()
        return columns

    async def _write_grant(
        self,
        aggregate: LinkAggregate,
        access_request: AccessRequest,
        desired: DesiredAccess,
        new: Status,
        was: str,
        recorded: RecordedGrant | None,
    ) -> None:
        if recorded is not None:
            grant_id = recorded.grant_id
            if recorded.status_before == "drifted":
                _draft(aggregate, access_request, catalog.GRANT_RESTORED, grant_id=grant_id, status_previous=was)
            elif recorded.role_before is not None and recorded.role_before != access_request.role_seen:
                _draft(aggregate, access_request, catalog.GRANT_ROLE_CHANGED, grant_id=grant_id, status_previous=was)
        elif (
            new.status == "unverifiable"
            and desired.was_verified
            and was != "unverifiable"
            and new.next_actor == "agency"
        ):
            self.changes.unreadable = True
        elif new.status == "drifted" and was != "drifted":
            self.changes.drifted = self.grants_changed = True
            drifted = await grants.mark_drifted(self.session, access_request.agency_id, access_request.id)
            if drifted is not None:
                _draft(aggregate, access_request, catalog.GRANT_DRIFTED, grant_id=drifted, status_previous=was)
        elif new.status == "ended" and desired.unwanted and (grant := self._grant(access_request)) is not None:
            said = await self.end(grant)
            _draft(aggregate, access_request, catalog.GRANT_REVOKED, status_previous=was, **said)

    def _stands(self, access_request: AccessRequest, desired: DesiredAccess, new: Status) -> bool:
        """True if the status stands until the agency's side answers again, because that side counts.

        Not if the platform has been silent for so long that a proof ends or that it must be reported.
        """
        if desired.key is None or self.observed.agency.of(desired.key).why_not is not ReadFailure.UNAVAILABLE:
            return False
        is_silent = new.code == "platform_unavailable" and (
            access_request.status == "verified" or access_request.next_actor in ("us", "platform")
        )
        return new.status not in OVER and access_request.status != "approved" and not is_silent

    def _grant(self, access_request: AccessRequest) -> Grant | None:
        """The current grant that answers an access request."""
        return next(
            (
                grant
                for grant in self.loaded.grants
                if grant.access_request_id == access_request.id and grant.status != "ended"
            ),
            None,
        )

    def hold_up(self, grant: Grant, new: Status) -> dict[str, Any]:
        """Write the next actor of a grant that is to be removed and still there.

        Data of the event if the platform refused; empty without one.
        """
        before = grant.code
        grant.code, grant.next_actor = new.code, new.next_actor
        if new.code is None or new.code == before:
            return {}
        self.changes.any = True
        status = {"status": "revoking", "blocker_code": new.code, "next_actor": new.next_actor}
        return grants.facts(grant) | status

    async def end(self, grant: Grant) -> dict[str, Any]:
        """End a grant that was observed to be gone. Returns the data of the event."""
        self.changes.any = self.grants_changed = True
        said = grants.facts(grant)
        await grants.end_grant(self.session, grant)
        return said | {"role_granted": None, "status": "ended"}


def _draft(
    aggregate: LinkAggregate, access_request: AccessRequest, event: EventType[AccessData], *, grant_id: str, **said: Any
) -> None:
    """Draft an event of a grant. Grants are subjects of their own, so their events are numbered by grant."""
    aggregate.draft_event(event, access_request, actor=system_actor(), subject_id=grant_id, grant_id=grant_id, **said)


def _differs(access_request: AccessRequest, name: str, value: object) -> bool:
    """True if a column changes; a time by the database's clock always does."""
    return isinstance(value, ColumnElement) or getattr(access_request, name) != value


def _shown(access_request: AccessRequest) -> tuple[object, ...]:
    return (
        access_request.status,
        access_request.code,
        access_request.role_seen,
        access_request.seen_by,
        access_request.next_actor,
    )


def _begins_to_wait(desired: DesiredAccess, new: Status, loaded: ReconcileInput) -> bool:
    """True if the client's list shows, for the first time since the share, access that waits for the agency."""
    if new.seen_by != "client" or new.status not in ("awaiting_partner", "unverifiable"):
        return False
    shared = loaded.history.shared.get(desired.key) if desired.key else None
    return desired.listed_at is None or (shared is not None and shared.at > desired.listed_at)


async def _revoke_token_when_done(session: AsyncSession, handshake: Handshake, loaded: ReconcileInput) -> None:
    """Revoke the client's token as soon as no open link of the client needs it."""
    now = clock.now()
    living = [
        request
        for link, request in loaded.client_requests
        if not is_dead(as_of(link.status, link.expires_at, now)) or (request.unwanted_at and request.status not in OVER)
    ]
    if not loaded.has_token or any(grant.status == "revoking" for grant in loaded.grants):
        return
    if loaded.client_requests and all(request.status in PROVED or request.status in OVER for request in living):
        await connections.revoke_soon(session, handshake.agency_id, handshake.client_id)
