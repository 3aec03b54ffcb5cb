"""Partners and grants that an import finds: new ones, changes, and ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import call_recorder
from app.access.grants.models import Grant
from app.access.grants.service import UNIQUE_GRANT
from app.access.imports.diff import Difference, KnownGrant
from app.access.imports.models import Import
from app.access.partners.models import Partner
from app.events import catalog
from app.events.catalog import DataT, EventType
from app.events.recorder import EventDraft, record_all
from app.kit import clock, ids
from app.kit.actor import system_actor
from app.platforms import declarations
from app.platforms.resources import AssetShare, PartnerInfo
from app.tenants.clients import service as clients

_BATCH = 500


@dataclass(frozen=True)
class Counted:
    """Numbers of grants that were found, ended, or changed role."""

    found: int
    ended: int
    changed: int


async def save_partners(session: AsyncSession, row: Import, seen: Sequence[PartnerInfo]) -> None:
    """Save the whole list: add new partners, and mark those that are no longer listed.

    Grants of a partner that is gone are read again before they end.
    """
    for start in range(0, len(seen), _BATCH):
        await _save_batch(session, row, seen[start : start + _BATCH])
    missing = (
        Partner.agency_id == row.agency_id, Partner.platform == row.platform,
        Partner.agency_account_id == row.agency_account_id, Partner.import_id != row.id,
    )  # fmt: skip
    found = select(Grant.id).where(
        Grant.agency_id == Partner.agency_id, Grant.platform == Partner.platform,
        Grant.client_account_id == Partner.account_id,
        Grant.agency_account_id == Partner.agency_account_id, Grant.access_request_id.is_(None), Grant.status == "live",
    )  # fmt: skip
    gone = func.coalesce(Partner.gone_at, func.now())
    for condition, values in (
        ((*missing, Partner.gone_at.is_(None)), {"gone_at": gone}),
        ((*missing, found.exists()), _unread(row)),
    ):
        marked = update(Partner).where(*condition).values(**values)
        await session.execute(marked.execution_options(synchronize_session=False))


async def _save_batch(session: AsyncSession, row: Import, seen: Sequence[PartnerInfo]) -> None:
    listed = _unread(row)
    rows = [
        {
            "agency_id": row.agency_id, "id": ids.new("partner"), "platform": row.platform,
            "agency_account_id": row.agency_account_id, "account_id": partner.account_id, "name": partner.name,
            **listed,
        }
        for partner in seen
    ]  # fmt: skip
    added = insert(Partner)
    await session.execute(
        added.on_conflict_do_update(
            index_elements=["agency_id", "platform", "agency_account_id", "account_id"],
            set_={**listed, "name": added.excluded.name, "last_seen_at": func.now(), "gone_at": None},
        ),
        rows,
    )


def _unread(row: Import) -> dict[str, Any]:
    """Columns of a partner at the start of this import."""
    return {
        "import_id": row.id,
        "to_read": kinds_to_read(row.platform)[0],
        "tries": 0,
        **call_recorder.failure_columns(),
    }


def kinds_to_read(platform: str) -> tuple[str, ...]:
    """The kinds that partners share, in their order.

    The first kind of all partners comes first, so that an agency of 200 partners sees it within a minute.
    """
    return declarations.keys(lambda kind: kind.between_partners, platform)


async def known_grants(session: AsyncSession, partner: Partner, kind: str) -> Mapping[str, KnownGrant]:
    """Live grants found at a partner, as of the last read. Those of access requests belong to their handshake."""
    rows = select(Grant.asset_id, Grant.id, Grant.role, Grant.asset_name).where(*_found(partner, kind))
    return {asset_id: KnownGrant(key, role, name) for asset_id, key, role, name in await session.execute(rows)}


async def save_shares(
    session: AsyncSession, partner: Partner, kind: str, said: Difference, before: Mapping[str, KnownGrant]
) -> Counted:
    """Write a difference, with one event for each grant. Nothing if the partner has no client."""
    if partner.client_id is None:
        return Counted(0, 0, 0)
    events = _Events(session, partner, kind, await _facts(session, partner))
    found = await _add(session, partner, kind, said.new)
    await events.record(catalog.GRANT_FOUND, found, verified_at=clock.iso(clock.now()))
    changed = [(before[share.asset_id].grant_id, share) for share in said.changed]
    await _rewrite(session, partner, [*changed, *((before[each.asset_id].grant_id, each) for each in said.renamed)])
    await events.record(catalog.GRANT_ROLE_CHANGED, changed)
    ended = [(before[asset_id].grant_id, _as_it_was(asset_id, before[asset_id])) for asset_id in said.gone]
    await _end(session, partner, [grant_id for grant_id, _ in ended])
    await events.record(catalog.GRANT_REVOKED, ended, status="ended", role_granted=None)
    await _seen_now(session, partner, kind)
    return Counted(len(found), len(ended), len(changed))


async def _add(
    session: AsyncSession, partner: Partner, kind: str, new: Sequence[AssetShare]
) -> Sequence[tuple[str, AssetShare]]:
    """Add grants of assets that have none yet, not even of an access request or to be removed."""
    added: list[tuple[str, AssetShare]] = []
    for start in range(0, len(new), _BATCH):
        batch = {share.asset_id: share for share in new[start : start + _BATCH]}
        taken = await _taken(session, partner, kind, batch)
        rows = [_row(partner, kind, share) for share in batch.values() if share.asset_id not in taken]
        if rows:
            put = insert(Grant).on_conflict_do_nothing(
                index_elements=UNIQUE_GRANT, index_where=text("status <> 'ended'")
            )
            done = await session.execute(put.returning(Grant.id, Grant.asset_id), rows)
            added += [(grant_id, batch[asset_id]) for grant_id, asset_id in done]
    return added


async def _taken(session: AsyncSession, partner: Partner, kind: str, batch: Mapping[str, AssetShare]) -> set[str]:
    """Those of these assets that have a grant already, of any client record."""
    rows = select(Grant.asset_id).where(
        Grant.agency_id == partner.agency_id, Grant.platform == partner.platform, Grant.kind == kind,
        Grant.client_account_id == partner.account_id, Grant.agency_account_id == partner.agency_account_id,
        Grant.status != "ended",
        Grant.asset_id.in_(batch),
    )  # fmt: skip
    return set((await session.scalars(rows)).all())


def _row(partner: Partner, kind: str, share: AssetShare) -> dict[str, Any]:
    return {
        "agency_id": partner.agency_id, "id": ids.new("grant"), "client_id": partner.client_id,
        "platform": partner.platform, "kind": kind, "asset_id": share.asset_id, "asset_name": share.name or None,
        "origin": "found", "client_account_id": partner.account_id, "agency_account_id": partner.agency_account_id,
        "role": share.role,
        "status": "live", "seen_by": "agency",
    }  # fmt: skip


async def _rewrite(session: AsyncSession, partner: Partner, pairs: Sequence[tuple[str, AssetShare]]) -> None:
    if not pairs:
        return
    table = Grant.__table__
    rewritten = (
        update(table)  # type: ignore[arg-type]  # a mapped class's table, as the declaration says
        .where(table.c.agency_id == partner.agency_id, table.c.id == bindparam("grant_id"))
        .values(
            role=bindparam("new_role"), asset_name=func.coalesce(bindparam("new_name"), table.c.asset_name),
            updated_at=func.changed_at(),
        )
    )  # fmt: skip
    values = [{"grant_id": key, "new_role": share.role, "new_name": share.name or None} for key, share in pairs]
    connection = await session.connection()
    await connection.execute(rewritten, values)


async def _end(session: AsyncSession, partner: Partner, grant_ids: Sequence[str]) -> None:
    for start in range(0, len(grant_ids), _BATCH):
        ended = update(Grant).where(
            Grant.agency_id == partner.agency_id, Grant.id.in_(grant_ids[start : start + _BATCH])
        )
        await session.execute(
            ended.values(status="ended", ended_at=func.now()).execution_options(synchronize_session=False)
        )


async def _seen_now(session: AsyncSession, partner: Partner, kind: str) -> None:
    """Record that live grants were observed; this does not change `updated_at`."""
    seen = update(Grant).where(*_found(partner, kind))
    await session.execute(
        seen.values(last_seen_at=func.now(), updated_at=Grant.updated_at).execution_options(synchronize_session=False)
    )


def _found(partner: Partner, kind: str) -> tuple[Any, ...]:
    return (
        Grant.agency_id == partner.agency_id, Grant.platform == partner.platform,
        Grant.client_account_id == partner.account_id,
        Grant.agency_account_id == partner.agency_account_id, Grant.kind == kind, Grant.access_request_id.is_(None),
        Grant.status == "live",
    )  # fmt: skip


def _as_it_was(asset_id: str, before: KnownGrant) -> AssetShare:
    return AssetShare(asset_id, before.role, before.name or "")


async def _facts(session: AsyncSession, partner: Partner) -> dict[str, Any]:
    assert partner.client_id is not None
    client = await clients.find(session, partner.agency_id, partner.client_id)
    return {**clients.facts(client), "platform": partner.platform, "platform_account_id": partner.account_id}


@dataclass(frozen=True)
class _Events:
    """Events about grants of one partner."""

    session: AsyncSession
    partner: Partner
    kind: str
    facts: Mapping[str, Any]

    async def record(self, event: EventType[DataT], about: Sequence[tuple[str, AssetShare]], **more: Any) -> None:
        drafts = [
            EventDraft(event, grant_id, system_actor(), event.data.known(**{
                **self.facts, "grant_id": grant_id, "asset_kind": self.kind, "asset_id": share.asset_id,
                "asset_name": share.name or None, "role_granted": share.role, **more,
            }))
            for grant_id, share in about
        ]  # fmt: skip
        await record_all(self.session, drafts, agency_id=self.partner.agency_id)
