"""Queries of links, their access requests and browsers, and loading of the aggregate."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import encryption
from app.kit.database import CROSS_TENANT
from app.kit.errors import NotFound
from app.kit.web import paging
from app.kit.web.paging import ChangePage
from app.links import questions
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest, Consent, Intake, Link, LinkPlatform, LinkSession, PublicLink, StepLink
from app.links.own_platforms.models import OwnPlatform
from app.links.presets import builtin
from app.links.presets import service as presets
from app.links.presets.service import AgencyPreset
from app.tenants.agencies.models import Agency
from app.tenants.clients.models import Client


async def find(session: AsyncSession, agency_id: str, link_id: str) -> Link:
    """Load one link. Raises NotFound."""
    found = await session.get(Link, (agency_id, link_id))
    if found is None:
        raise NotFound
    return found


async def by_external_id(session: AsyncSession, agency_id: str, external_id: str) -> Link | None:
    """The link with this id in the agency's CRM."""
    rows = select(Link).where(Link.agency_id == agency_id, Link.external_id == external_id)
    return (await session.scalars(rows)).one_or_none()


async def browser(session: AsyncSession, agency_id: str, link_id: str, cookie: str) -> LinkSession | None:
    """The browser of a link that holds this cookie."""
    rows = select(LinkSession).where(
        LinkSession.agency_id == agency_id,
        LinkSession.link_id == link_id,
        LinkSession.cookie_hash == encryption.sha256(cookie),
    )
    return (await session.scalars(rows)).one_or_none()


async def has_active_link(session: AsyncSession, agency_id: str, client_id: str) -> bool:
    """True if a client has an active link."""
    active = select(Link.id).where(Link.agency_id == agency_id, Link.client_id == client_id, is_active())
    return (await session.execute(select(active.exists()))).scalar_one()


async def active_links(session: AsyncSession, agency_id: str, client_ids: Collection[str]) -> Mapping[str, list[Link]]:
    """The active links of some clients by client, the newest first."""
    rows = select(Link).where(Link.agency_id == agency_id, Link.client_id.in_(client_ids), is_active())
    found: dict[str, list[Link]] = {}
    for link in await session.scalars(rows.order_by(Link.id.desc())) if client_ids else ():
        found.setdefault(link.client_id, []).append(link)
    return found


def is_active() -> ColumnElement[bool]:
    """Condition of a link on which the client or Keyturn is still at work, by `status.as_of`."""
    ended = Link.status.in_(("completed", "expired", "revoked"))
    return ~ended & ((Link.status == "drifted") | (Link.expires_at > func.now()))


@dataclass(frozen=True)
class PresetUse:
    """Numbers of active links and of open public links that keep a version of one preset."""

    active_links: int = 0
    public_links: int = 0


async def preset_uses(session: AsyncSession, agency_id: str) -> Mapping[str, PresetUse]:
    """The uses of the agency's presets by slug; presets without any are omitted."""
    active = select(Link.preset, func.count()).where(Link.agency_id == agency_id, is_active()).group_by(Link.preset)
    links = dict((await session.execute(active)).all())
    opened = (
        select(PublicLink.preset, func.count())
        .where(PublicLink.agency_id == agency_id, is_open())
        .group_by(PublicLink.preset)
    )
    public = dict((await session.execute(opened)).all())
    return {preset: PresetUse(links.get(preset, 0), public.get(preset, 0)) for preset in links | public}


def is_open() -> ColumnElement[bool]:
    """Condition of a public link that still makes links, as `status.public_link_status`."""
    return and_(
        PublicLink.revoked_at.is_(None),
        PublicLink.expires_at.is_(None) | (PublicLink.expires_at > func.now()),
        PublicLink.most_uses.is_(None) | (PublicLink.uses < PublicLink.most_uses),
    )


async def load_link(session: AsyncSession, agency_id: str, link_id: str, *, lock: bool = False) -> LinkAggregate:
    """Load a link as an aggregate; `lock` prevents concurrent changes. Raises NotFound."""
    found = await _load(session, _BY_ID, {"agency_id": agency_id, "link_id": link_id}, lock=lock)
    if found is None:
        raise NotFound
    aggregate: LinkAggregate = found[0]
    return aggregate


async def load_by_token(session: AsyncSession, token: str, *, lock: bool = False) -> LinkAggregate | None:
    """Load the link with this secret, dead ones included."""
    found = await _load(session, _BY_TOKEN, {"token_hash": encryption.sha256(token)}, lock=lock)
    if found is None:
        return None
    aggregate: LinkAggregate = found[0]
    return aggregate


async def load_by_cookie(
    session: AsyncSession, link_id: str, cookie: str, *, lock: bool = False
) -> tuple[LinkAggregate, LinkSession] | None:
    """Load a link and its browser with this cookie; None if the cookie is of no browser of this link.

    In a browser that came by a step link, the link knows by whom it is changed.
    """
    found = await _load(session, _BY_COOKIE, {"cookie_hash": encryption.sha256(cookie), "link_id": link_id}, lock=lock)
    if found is None:
        return None
    aggregate, browser, aggregate.step_link = found
    return aggregate, browser


async def load_by_step_token(
    session: AsyncSession, token: str, *, lock: bool = False
) -> tuple[LinkAggregate, StepLink] | None:
    """Load the link of a step link with this secret, and the step link, dead ones included."""
    found = await _load(session, _BY_STEP_TOKEN, {"token_hash": encryption.sha256(token)}, lock=lock)
    if found is None:
        return None
    found[0].step_link = found[1]
    return found[0], found[1]


def _lockable(rows: Select[*tuple[Any, ...]], *also: Any) -> Mapping[bool, Select[*tuple[Any, ...]]]:
    """A statement without and with a lock, which is not so strong that writers of rows that refer to the link wait."""
    return {False: rows, True: rows.with_for_update(key_share=True, of=(Link, Intake, *also))}


#: A link with its single rows. Built once, like all statements of the client's screens: to build one takes as long as
#: to execute it.
_WHOLE = (
    select(Link, Agency, Client, Intake, AgencyPreset, func.now())
    .join(Agency, Agency.id == Link.agency_id)
    .join(Client, (Client.agency_id == Link.agency_id) & (Client.id == Link.client_id))
    .join(Intake, (Intake.agency_id == Link.agency_id) & (Intake.id == Link.id))
    .outerjoin(
        AgencyPreset,
        (AgencyPreset.agency_id == Link.agency_id)
        & (AgencyPreset.slug == Link.preset)
        & (AgencyPreset.version == Link.preset_version),
    )
)
_BY_ID = _lockable(_WHOLE.where(Link.agency_id == bindparam("agency_id"), Link.id == bindparam("link_id")))
_BY_TOKEN = _lockable(_WHOLE.where(Link.token_hash == bindparam("token_hash")).execution_options(**CROSS_TENANT))
_BY_STEP_TOKEN = _lockable(
    _WHOLE.add_columns(StepLink)
    .join(StepLink, (StepLink.agency_id == Link.agency_id) & (StepLink.link_id == Link.id))
    .where(StepLink.token_hash == bindparam("token_hash"))
    .execution_options(**CROSS_TENANT),
    StepLink,
)
_BY_COOKIE = _lockable(
    _WHOLE.add_columns(LinkSession, StepLink)
    .join(LinkSession, (LinkSession.agency_id == Link.agency_id) & (LinkSession.link_id == Link.id))
    .outerjoin(StepLink, (StepLink.agency_id == LinkSession.agency_id) & (StepLink.id == LinkSession.step_link_id))
    .where(LinkSession.cookie_hash == bindparam("cookie_hash"), Link.id == bindparam("link_id"))
    .execution_options(**CROSS_TENANT),
    LinkSession,
)


async def _load(
    session: AsyncSession, rows: Mapping[bool, Select[*tuple[Any, ...]]], values: Mapping[str, Any], *, lock: bool
) -> tuple[Any, ...] | None:
    """The link and what is selected beside it.

    With the lock, every row is read after the lock is held, and overwrites what the session read before.
    """
    options = {"populate_existing": lock}
    found = (await session.execute(rows[lock], values, execution_options=options)).one_or_none()
    if found is None:
        return None
    link, agency, client, intake, own_preset, now, *others = found
    chosen = presets.of_row(own_preset) if own_preset else builtin.versions()[link.preset, link.preset_version]
    where = (session, agency.id, link.id)
    platforms, own_platforms, asked = await _platforms(*where, refresh=lock)
    loaded = LinkAggregate(
        agency=agency,
        client=client,
        link=link,
        platforms=platforms,
        own_platforms=own_platforms,
        access_requests=asked,
        intake=intake,
        preset=chosen,
        answers=await questions.saved_answers(*where) if chosen.questions else {},
        files=await questions.saved_files(*where) if chosen.questions else [],
        consent=await last_consent(*where) if link.submitted_at else None,
        now=now,
    )
    loaded.watch(session)
    return loaded, *others


async def _platforms(
    session: AsyncSession, agency_id: str, link_id: str, *, refresh: bool
) -> tuple[list[LinkPlatform], list[OwnPlatform], list[AccessRequest]]:
    """Platforms of a link, those of the agency's own, and access requests; each in order.

    `refresh` overwrites what the session read before.
    """
    values, options = {"agency_id": agency_id, "link_id": link_id}, {"populate_existing": refresh}
    found = (await session.execute(_PLATFORMS, values, execution_options=options)).all()
    platforms = sorted({platform for platform, _, _ in found}, key=lambda each: each.position)
    own = {row for _, row, _ in found if row is not None}
    return platforms, list(own), [asked for _, _, asked in found if asked is not None]


def _of_platform() -> ColumnElement[bool]:
    """Condition: an access request is on this platform of its link."""
    return and_(
        AccessRequest.agency_id == LinkPlatform.agency_id,
        AccessRequest.link_id == LinkPlatform.link_id,
        AccessRequest.platform == LinkPlatform.platform,
    )


_PLATFORMS = (
    select(LinkPlatform, OwnPlatform, AccessRequest)
    .outerjoin(AccessRequest, _of_platform())
    .outerjoin(
        OwnPlatform,
        and_(
            OwnPlatform.agency_id == LinkPlatform.agency_id,
            OwnPlatform.key == LinkPlatform.platform,
            OwnPlatform.version == LinkPlatform.own_version,
        ),
    )
    .where(LinkPlatform.agency_id == bindparam("agency_id"), LinkPlatform.link_id == bindparam("link_id"))
    .order_by(AccessRequest.position, AccessRequest.id)
)


async def access_requests(session: AsyncSession, agency_id: str, link_id: str) -> Sequence[AccessRequest]:
    """The access requests of a link in their order."""
    rows = select(AccessRequest).where(AccessRequest.agency_id == agency_id, AccessRequest.link_id == link_id)
    return (await session.scalars(rows.order_by(AccessRequest.position, AccessRequest.id))).all()


async def access_request(session: AsyncSession, agency_id: str, access_request_id: str) -> AccessRequest:
    """Load one access request. Raises NotFound."""
    found = await session.get(AccessRequest, (agency_id, access_request_id))
    if found is None:
        raise NotFound
    return found


async def access_requests_of_client(
    session: AsyncSession, agency_id: str, client_id: str, platform: str
) -> Sequence[tuple[Link, LinkPlatform, AccessRequest]]:
    """Every access request of a client on one platform, with its link."""
    rows = (
        select(Link, LinkPlatform, AccessRequest)
        .join(LinkPlatform, (LinkPlatform.agency_id == Link.agency_id) & (LinkPlatform.link_id == Link.id))
        .join(AccessRequest, _of_platform())
        .where(Link.agency_id == agency_id, Link.client_id == client_id, LinkPlatform.platform == platform)
        .order_by(Link.id, AccessRequest.position, AccessRequest.id)
    )
    return [(link, on, found) for link, on, found in await session.execute(rows)]


async def consents(session: AsyncSession, agency_id: str, link_id: str) -> Sequence[Consent]:
    """The client's consents on a link, the latest first."""
    rows = select(Consent).where(Consent.agency_id == agency_id, Consent.link_id == link_id)
    return (await session.scalars(rows.order_by(Consent.given_at.desc(), Consent.id.desc()))).all()


async def last_consent(session: AsyncSession, agency_id: str, link_id: str) -> Consent | None:
    """The client's latest consent on a link."""
    rows = select(Consent).where(Consent.agency_id == agency_id, Consent.link_id == link_id)
    return (await session.scalars(rows.order_by(Consent.given_at.desc()).limit(1))).one_or_none()


async def page(
    session: AsyncSession,
    agency_id: str,
    *,
    limit: int,
    cursor: str | None = None,
    external_id: str | None = None,
    client_id: str | None = None,
    status: str | None = None,
    stage: str | None = None,
    next_actor: str | None = None,
    next_actor_before: datetime | None = None,
    owner_member_id: str | None = None,
    wanted: ColumnElement[bool] | None = None,
    longest_wait_first: bool = False,
    updated_since: datetime | None = None,
) -> ChangePage[Link]:
    """Links, newest first; with `updated_since` in the order of their changes.

    `wanted`: one more condition. `longest_wait_first`: only links for which somebody has to act, by the time since
    when.
    """
    rows = select(Link).where(Link.agency_id == agency_id)
    equal = {
        Link.external_id: external_id,
        Link.client_id: client_id,
        Link.status: status,
        Link.stage: stage,
        Link.next_actor: next_actor,
        Link.owner_member_id: owner_member_id,
    }
    for column, value in equal.items():
        if value:
            rows = rows.where(column == value)
    if wanted is not None:
        rows = rows.where(wanted)
    if next_actor_before:
        rows = rows.where(Link.next_actor_since < next_actor_before)
    if longest_wait_first:
        return await paging.page_by_time(session, rows, Link, Link.next_actor_since, limit=limit, cursor=cursor)
    return await paging.change_page(session, rows, Link, limit=limit, cursor=cursor, since=updated_since)


async def lock_links_of_client(session: AsyncSession, agency_id: str, client_id: str) -> None:
    """Lock all links of a client, before several of its access requests or grants are changed."""
    rows = select(Link.id).where(Link.agency_id == agency_id, Link.client_id == client_id)
    await session.execute(rows.order_by(Link.id).with_for_update(key_share=True))
