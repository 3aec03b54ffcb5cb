"""Requests for one more access on a link, or for another role. Wider access waits for the client's consent."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.actor import Actor
from app.kit.errors import AppError, InvalidInput, NotFound
from app.links import queries
from app.links.agency_accounts import own_side
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest
from app.links.own_platforms import service as own_platforms
from app.links.presets import validation
from app.links.presets.preset import PresetAccessRequest
from app.links.service import LinkOver
from app.links.status import OVER
from app.platforms.manual import own
from app.platforms.registry import Platforms

MOST_OPEN = 200


class AccessRequestOver(AppError):
    """The access request was declined, or it ended."""

    status = 409
    code = "access_request_over"
    detail = "This access is no longer requested."
    hint = "Request it again with POST /api/v1/links/{id}/access-requests."


class TooManyAccessRequests(AppError):
    """The maximum number of access requests on a link."""

    status = 409
    code = "too_many_access_requests"
    detail = f"A link has at most {MOST_OPEN} access requests."
    hint = "Create another link for the client."


async def request_role(
    session: AsyncSession,
    agency_id: str,
    access_request_id: str,
    *,
    role: str,
    reason: str | None,
    platforms: Platforms,
    actor: Actor,
) -> AccessRequest:
    """Request another role: a wider one needs a reason and the client's consent; a lower one applies immediately.

    Access shared in a wider role is then removed and shared again, with a short gap; the caller wakes the handshake.
    Raises NotFound, InvalidInput, LinkOver, AccessRequestOver.
    """
    link_id = (await queries.access_request(session, agency_id, access_request_id)).link_id
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    access_request = aggregate.find(access_request_id)
    if access_request is None:
        raise NotFound
    platforms, now = aggregate.all_platforms(platforms), access_request.role
    wanted = validation.official(
        PresetAccessRequest(access_request.platform, access_request.kind, role, access_request.reason), platforms
    )
    if wanted.role == now:
        return access_request
    refuse_over(aggregate)
    if access_request.status in OVER:
        raise AccessRequestOver
    if wrong := validation.of_access_request(wanted, platforms, beside=_beside(aggregate), to_choose=()).get("role"):
        raise InvalidInput(fields={"role": wrong})
    wider = validation.is_wider(platforms[access_request.platform].kinds[access_request.kind], wanted.role, now)
    if wider and not reason:
        raise InvalidInput(fields={"reason": "Give the reason for a wider role; the client reads it before agreeing."})
    aggregate.request_role(access_request, wanted.role, reason=reason, wider=wider, actor=actor)
    await aggregate.save(session)
    return access_request


async def add_access_request(
    session: AsyncSession,
    agency_id: str,
    link_id: str,
    wanted: PresetAccessRequest,
    *,
    platforms: Platforms,
    actor: Actor,
    agency_account_id: str | None = None,
) -> AccessRequest:
    """Request one more access on an active link; a completed link is open again until it is proved.

    `agency_account_id`: the agency's account that gets it, on a platform that is new on the link.
    Raises as `own_side`, NotFound, InvalidInput, LinkOver, TooManyAccessRequests.
    """
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    refuse_over(aggregate)
    if own.is_own(wanted.platform):
        platforms = await own_platforms.requestable(session, agency_id, platforms)
    wanted = validation.official(wanted, platforms)
    to_choose = _as_wanted(each for each in aggregate.access_requests if each.status == "waiting")
    beside = [*_beside(aggregate), wanted]
    if wrong := validation.of_access_request(wanted, platforms, beside=beside, to_choose=to_choose):
        raise InvalidInput(fields=wrong)
    if len(aggregate.access_requests) >= MOST_OPEN:
        raise TooManyAccessRequests
    if wanted.platform not in {each.platform for each in aggregate.platforms}:
        named = {wanted.platform: agency_account_id} if agency_account_id else {}
        accounts = await own_side(session, agency_id, [wanted], named)
        own_platform = (await own_platforms.asked(session, agency_id, accounts)).get(wanted.platform)
        aggregate.add_platform(wanted.platform, accounts[wanted.platform], own_platform=own_platform)
    access_request = aggregate.request_access(wanted, actor=actor)
    await aggregate.save(session)
    return access_request


def refuse_over(aggregate: LinkAggregate) -> None:
    """Refuse further requests on a link that has ended. Raises LinkOver."""
    # a completed link stays open as a receipt, but after its expiry nothing can be requested on it
    if aggregate.is_dead or aggregate.link.expires_at <= aggregate.now:
        raise LinkOver(hint="Create a new link for the client, or extend this one if it has expired.")


def _beside(aggregate: LinkAggregate) -> list[PresetAccessRequest]:
    return _as_wanted(each for each in aggregate.access_requests if each.status not in OVER)


def _as_wanted(access_requests: Iterable[AccessRequest]) -> list[PresetAccessRequest]:
    return [PresetAccessRequest(each.platform, each.kind, each.role, each.reason) for each in access_requests]
