"""What a client does on a link: open it, tell us, choose, agree, decline."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.recorder import CLIENT, KEYTURN, record
from app.events.types import access as access_events
from app.events.types import clients as client_happenings
from app.events.types import links as happenings
from app.events.types.event_type import EventType
from app.kit import clock, encryption, ids
from app.links import queries, status
from app.links.aggregate import LinkAggregate
from app.links.emails import renewal
from app.links.models import AccessRequest, Consent, LinkSession
from app.mail.service import MailQueue

#: Events that bring the agency's CRM all that the client gave.
GIVEN = (
    client_happenings.INTAKE_COMPLETED, client_happenings.CONSENT_GIVEN, happenings.SUBMITTED, happenings.COMPLETED,
)  # fmt: skip
#: How long a link lives at least when its client is needed again.
AGAIN = timedelta(days=14)


@dataclass(frozen=True)
class SelectedAsset:
    """An asset the client picked or typed; the name is known only where the platform told us."""

    asset_id: str
    name: str | None = None
    #: the ad account a pixel is to be used in
    parent_asset_id: str | None = None


async def open_link(session: AsyncSession, agency_id: str, link_id: str, cookie: str) -> LinkSession:
    """The client pressed Start in the browser that holds this cookie. A browser that did before stays the same one."""
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    known = await queries.browser(session, agency_id, link_id, cookie)
    if known is not None:
        return known
    made = LinkSession(
        agency_id=agency_id, id=ids.new("browser"), link_id=link_id, cookie_hash=encryption.sha256(cookie)
    )  # fmt: skip
    session.add(made)
    if aggregate.link.opened_at is None:
        aggregate.link.opened_at = func.now()
        aggregate.link.status = status.advanced(aggregate.link.status, "opened")
        await tell(session, aggregate, happenings.OPENED)
    await session.flush()
    return made


async def request_renewal(session: AsyncSession, agency_id: str, link_id: str, *, outbox: MailQueue | None) -> None:
    """The client of a dead link wants a new one; said once, however often pressed. Where mail is on, also by e-mail."""
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    link, now = aggregate.link, clock.now()
    if link.renewal_requested_at is not None or not status.is_dead(status.as_of(link.status, link.expires_at, now)):
        return
    link.renewal_requested_at = func.now()
    await tell(session, aggregate, happenings.RENEWAL_REQUESTED)
    if outbox is not None:
        await renewal.pass_on_wish(session, outbox, aggregate, now=now)


async def choose_lane(session: AsyncSession, agency_id: str, link_id: str, lane: str) -> None:
    """Connected or by hand. Nothing given so far is lost; approved access requests go on in the new lane."""
    assert lane in status.LANES
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    aggregate.link.lane = lane
    aggregate.link.status = status.advanced(aggregate.link.status, "in_progress")


async def save_business_center(
    session: AsyncSession, agency_id: str, link_id: str, *, bc_id: str | None, name: str | None
) -> None:
    """Keeps which Business Center the assets are in; None forgets it."""
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    aggregate.intake.bc_id, aggregate.intake.bc_name = bc_id, name


async def choose_assets(
    session: AsyncSession,
    agency_id: str,
    link_id: str,
    *,
    kind: str,
    chosen: Sequence[SelectedAsset],
    shared: Collection[str] = (),
) -> None:
    """Makes one access request for each asset chosen. Approved access requests stay; unapproved ones follow the choice.

    `shared` are ids of access requests whose access is there already, though they wait for a yes to a wider role:
    those stay, too.
    """
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    of_kind = [access_request for access_request in aggregate.access_requests if access_request.kind == kind]
    staying = [
        access_request
        for access_request in aggregate.access_requests
        if access_request.approved_at or access_request.id in shared
    ]
    spare = [access_request for access_request in of_kind if access_request not in staying]
    pattern = next(iter(spare), of_kind[0])
    kept = {
        (access_request.asset_id, access_request.parent_asset_id)
        for access_request in of_kind
        if access_request in staying
    }
    wanted = [asset for asset in chosen if (asset.asset_id, asset.parent_asset_id) not in kept]
    for (
        access_request
    ) in spare:  # two access requests may swap their assets: empty them first, for the unique constraint
        access_request.asset_id = access_request.asset_name = access_request.parent_asset_id = None
    await session.flush()
    for asset in wanted:
        access_request = spare.pop(0) if spare else _another(pattern)
        access_request.asset_id, access_request.asset_name, access_request.parent_asset_id = (
            asset.asset_id,
            asset.name,
            asset.parent_asset_id,
        )
        session.add(access_request)
    needless = spare if wanted or kept else spare[1:]
    for access_request in needless:
        await session.execute(
            delete(AccessRequest).where(AccessRequest.agency_id == agency_id, AccessRequest.id == access_request.id)
        )
    await session.flush()
    if kind == "ad_account":
        left = [
            *(asset.asset_id for asset in chosen),
            *(access_request.asset_id for access_request in of_kind if access_request in staying),
        ]
        await _let_go_of_pixels(session, aggregate, left, staying)


async def _let_go_of_pixels(
    session: AsyncSession, aggregate: LinkAggregate, accounts: Sequence[str | None], staying: Sequence[AccessRequest]
) -> None:
    """A pixel meant for an ad account that is no longer chosen is asked for again."""
    for access_request in aggregate.access_requests:
        if (
            access_request.parent_asset_id
            and access_request.parent_asset_id not in accounts
            and access_request not in staying
        ):
            access_request.asset_id = access_request.asset_name = access_request.parent_asset_id = None
            aggregate.intake.pixel_codes = None
    await session.flush()


async def name_others(session: AsyncSession, agency_id: str, link_id: str, given: Mapping[str, str | None]) -> None:
    """Keeps the client's own ids on manual platforms, by access request; those agreed to stay as they are."""
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    fresh = [
        access_request
        for access_request in aggregate.access_requests
        if access_request.id in given and access_request.is_custom and not access_request.approved_at
    ]
    for access_request in fresh:  # two access requests may swap their ids: empty them first, for the unique constraint
        access_request.asset_id = None
    await session.flush()
    for access_request in fresh:
        access_request.asset_id = given[access_request.id]
    aggregate.intake.others_at = func.now()
    await session.flush()


def _another(pattern: AccessRequest) -> AccessRequest:
    return AccessRequest(
        agency_id=pattern.agency_id, id=ids.new("access"), link_id=pattern.link_id, platform=pattern.platform,
        kind=pattern.kind, role=pattern.role, reason=pattern.reason, required=pattern.required,
        needs_events=pattern.needs_events, position=pattern.position, status="waiting", next_actor="client",
    )  # fmt: skip


async def save_intake(session: AsyncSession, agency_id: str, link_id: str, **answers: list[Any]) -> None:
    """Keeps answers among pixel_codes, markets, contacts; says once when all are there."""
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    was_complete = is_told(aggregate)
    for field, value in answers.items():
        setattr(aggregate.intake, field, value)
    await session.flush()
    await say_if_told(session, agency_id, link_id, was_complete=was_complete)


async def finish_screen(session: AsyncSession, agency_id: str, link_id: str, screen: str) -> None:
    """Tells that a screen was completed, the first time it is."""
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    aggregate.link.status = status.advanced(aggregate.link.status, "in_progress")
    if screen not in aggregate.intake.screens_completed:
        aggregate.intake.screens_completed = [*aggregate.intake.screens_completed, screen]
        await tell(session, aggregate, happenings.SCREEN_COMPLETED, screen=screen)


def is_told(aggregate: LinkAggregate) -> bool:
    """True if the client told all that the link's preset asks to be told."""
    told = {
        "pixels": aggregate.intake.pixel_codes,
        "markets": aggregate.intake.markets,
        "contacts": aggregate.intake.contacts,
    }
    if all(access_request.is_custom for access_request in aggregate.access_requests):  # nobody is asked for pixels then
        del told["pixels"]
    return aggregate.has_answers and all(told.get(screen, "") is not None for screen in aggregate.preset.screens)


async def say_if_told(session: AsyncSession, agency_id: str, link_id: str, *, was_complete: bool) -> None:
    """Says that all was told, if what was just kept was the last of it."""
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    if is_told(aggregate) and not was_complete:
        await tell(session, aggregate, client_happenings.INTAKE_COMPLETED)


async def give_consent(session: AsyncSession, agency_id: str, link_id: str, *, name: str, sentences: list[str]) -> None:
    """The client's yes to every access request that is chosen; the words shown are kept."""
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    session.add(Consent(agency_id=agency_id, id=ids.new("consent"), link_id=link_id, name=name, sentences=sentences))
    aggregate.link.submitted_at = aggregate.link.submitted_at or func.now()
    aggregate.link.status = status.advanced(aggregate.link.status, "submitted")
    fresh = [access_request for access_request in aggregate.access_requests if access_request.awaits_yes]
    await tell(session, aggregate, client_happenings.CONSENT_GIVEN)
    await tell(session, aggregate, happenings.SUBMITTED)
    for access_request in fresh:
        await set_status(session, aggregate, access_request, status="approved", next_actor="us", approved_at=func.now())


async def correct_business_center(
    session: AsyncSession, agency_id: str, link_id: str, *, bc_id: str, said: Sequence[str]
) -> None:
    """Another Business Center than the client gave at first; what it agreed to stands, with the words said to this."""
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    aggregate.intake.bc_id, aggregate.intake.bc_name = bc_id, None
    agreed = await queries.last_consent(session, agency_id, link_id)
    assert agreed is not None  # nothing is looked for before
    session.add(
        Consent(
            agency_id=agency_id, id=ids.new("consent"), link_id=link_id, name=agreed.name,
            sentences=[*agreed.sentences, *said],
        )
    )  # fmt: skip
    await tell(session, aggregate, client_happenings.CONSENT_GIVEN)
    for access_request in aggregate.access_requests:
        if access_request.approved_at and not access_request.is_custom:
            await set_status(
                session,
                aggregate,
                access_request,
                status="approved",
                code=None,
                next_actor="us",
                shared_from_bc_id=None,
            )


async def decline(session: AsyncSession, agency_id: str, link_id: str, access_request_id: str) -> None:
    """The client's no to one access request that was not approved yet."""
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    access_request = next((each for each in aggregate.access_requests if each.id == access_request_id), None)
    if access_request and not access_request.approved_at and access_request.status != "declined":
        await set_status(session, aggregate, access_request, status="declined", next_actor=None, declined_at=func.now())


async def take_up_again(session: AsyncSession, agency_id: str, link_id: str, access_request_id: str) -> None:
    """The client thinks better of a no: the access request waits for the yes like the others."""
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    access_request = next((each for each in aggregate.access_requests if each.id == access_request_id), None)
    if access_request and access_request.status == "declined" and not access_request.approved_at:
        await set_status(session, aggregate, access_request, status="waiting", next_actor="client", declined_at=None)


async def set_status(
    session: AsyncSession,
    aggregate: LinkAggregate,
    access_request: AccessRequest,
    *,
    actor: str = CLIENT,
    grant_id: str | None = None,
    **values: Any,
) -> None:
    """Writes an access request's status with what belongs to it;
    entering another status, or another code, is an event.
    """
    before, code_before = access_request.status, access_request.code
    for field, value in values.items():
        setattr(access_request, field, value)
    entered = access_request.status != before or (
        access_request.status == "blocked" and access_request.code != code_before
    )
    if not entered:
        return
    access_request.status_since = func.now()
    event = access_events.BY_STATUS.get(access_request.status)
    if event is not None:
        await tell(
            session,
            aggregate,
            event,
            actor=actor,
            access_request=access_request,
            status_previous=before,
            grant_id=grant_id,
        )


async def settle(session: AsyncSession, aggregate: LinkAggregate) -> None:
    """Completes the link once every required access request is proved;
    brings it back to life where that is no longer so.
    """
    link = aggregate.link
    now = status.following(
        link.status, [(access_request.status, access_request.required) for access_request in aggregate.access_requests]
    )
    if now == link.status:
        return
    if now == "completed":
        link.status, link.completed_at, link.due_at = now, func.now(), None
        await tell(session, aggregate, happenings.COMPLETED, actor=KEYTURN)
    else:
        await reopen(session, aggregate, now, reason="drifted" if now == "drifted" else "not_proved")


async def reopen(
    session: AsyncSession, aggregate: LinkAggregate, to: str, *, reason: str, actor: str = KEYTURN
) -> None:
    """Reopen a completed link: the client must act, is notified by e-mail, and gets time for it."""
    link, was = aggregate.link, aggregate.link.status
    link.status, link.completed_at = to, None
    if to != "drifted":  # which stays open as the receipt it is
        link.expires_at = max(link.expires_at, clock.now() + AGAIN)
    need_client(aggregate)
    if was == "completed":
        turn = status.next_actor(to, [access_request.next_actor for access_request in aggregate.access_requests])
        await tell(session, aggregate, happenings.REOPENED, actor=actor, reason=reason, next_actor=turn)


def need_client(aggregate: LinkAggregate) -> None:
    """There is something new for a client who had said yes before: the link is due, and its e-mail with it."""
    aggregate.link.needed_again_at = aggregate.link.due_at = func.now()


async def tell(
    session: AsyncSession,
    aggregate: LinkAggregate,
    event: EventType,
    *,
    actor: str = CLIENT,
    access_request: AccessRequest | None = None,
    subject_id: str | None = None,
    **more: Any,
) -> None:
    """Records an event about a link, or one of its access requests, with all that is known of it now.

    `subject_id` where the event is counted by something that hangs on the link.
    """
    await session.flush()
    for row in (aggregate.link, *([access_request] if access_request else [])):
        await session.refresh(row)
    access_requests = await queries.access_requests(session, aggregate.link.agency_id, aggregate.link.id)
    now = replace(aggregate, access_requests=access_requests)
    if event in GIVEN:
        more |= now.given(await queries.last_consent(session, aggregate.link.agency_id, aggregate.link.id))
    await record(
        session, event, agency_id=aggregate.link.agency_id, subject_id=subject_id or aggregate.link.id, actor=actor,
        data=now.facts(access_request) | more,
    )  # fmt: skip
