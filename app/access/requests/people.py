"""Access requests for people of the agency: request and withdrawal."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import handshakes
from app.access.grants import service as grants
from app.kit import ids
from app.kit.actor import Actor
from app.kit.errors import AppError, InvalidInput, NotFound
from app.kit.i18n.message import Message, _
from app.kit.input.email_address import domain_of, is_freemail
from app.links import access_changes
from app.links import queries as links
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest
from app.links.presets.preset import PresetAccessRequest
from app.links.status import OVER
from app.platforms.port import Platform

MOST_PEOPLE = 20


class PersonKnown(AppError):
    """The same address is requested on this link already."""

    status = 409
    code = "person_known"
    message = _("This person is requested on the link already.")
    advice = _("The row under “Access” shows whose turn it is.")
    hint = "Read the link's access requests with GET /api/v1/links/{id}/access-requests."


class TooManyPeople(AppError):
    """The link requests the maximum number of people already."""

    status = 409
    code = "too_many_people"
    message = _("A link requests at most {most} people.", most=MOST_PEOPLE)
    advice = _("Share ad accounts with your Business Center instead: your buyers get them there.")


class NothingToWorkIn(InvalidInput):
    """The link requests no asset that a person could be assigned to."""

    message = _("This link requests no ad account for a person to work in.")
    advice = _("Make a new link with a preset that asks for an ad account.")


class PeopleNotInvited(InvalidInput):
    """The platform of the link's assets has no people to invite."""

    message = _("People cannot be requested on the platform of this link.")
    advice = _("Give its access to your agency’s account there, and let people in from there.")


async def request_person(
    session: AsyncSession,
    agency_id: str,
    link_id: str,
    *,
    email: str,
    role: str,
    reason: str,
    platforms: Mapping[str, Platform],
    actor: Actor,
) -> AccessRequest:
    """Request that the client invites a person as a standard member with the link's ad accounts.

    Waits for the client's approval. Raises NotFound, LinkOver, InvalidInput, PersonKnown, TooManyPeople.
    """
    aggregate = await links.load_link(session, agency_id, link_id, lock=True)
    access_changes.refuse_over(aggregate)
    email = email.lower()
    platform, kind = person_kind(aggregate, platforms)
    people = [
        access_request
        for access_request in aggregate.access_requests
        if access_request.asset_kind.is_person and access_request.status not in OVER
    ]
    if any(access_request.person_email == email for access_request in people):
        raise PersonKnown
    if len(people) >= MOST_PEOPLE:
        raise TooManyPeople
    number = await _number(session, aggregate, platform, email)
    access_request = aggregate.request_access(
        PresetAccessRequest(platform, kind, role, reason), actor=actor, asset_id=number, person_email=email
    )
    await aggregate.save(session)
    return access_request


def person_kind(aggregate: LinkAggregate, platforms: Mapping[str, Platform]) -> tuple[str, str]:
    """Platform and kind with which a person can be requested on a link. Raises NothingToWorkIn, PeopleNotInvited."""
    assignable = [
        each for each in aggregate.access_requests if each.asset_kind.is_assignable and each.status not in OVER
    ]
    if not assignable:
        raise NothingToWorkIn(fields={"email": NothingToWorkIn.detail})
    platform = assignable[0].platform
    known = platforms[platform].kinds.values() if platform in platforms else ()
    kind = next((each.key for each in known if each.is_person), None)
    if kind is None:
        raise PeopleNotInvited(fields={"platform": PeopleNotInvited.detail})
    return platform, kind


def warning(email: str) -> Message | None:
    """Warning before a client invites this address; None if there is none."""
    if not is_freemail(email):
        return None
    return _(
        "{domain} is a free mail service: a person who leaves your agency keeps this inbox, and the access with it. "
        "Use an address of your own domain.",
        domain=domain_of(email),
    )


async def _number(session: AsyncSession, aggregate: LinkAggregate, platform: str, email: str) -> str:
    """Id of a person, the same on all links of a client: so that a removal on one does not affect another."""
    every = await links.access_requests_of_client(session, aggregate.agency.id, aggregate.client.id, platform)
    known = [
        access_request
        for link, _, access_request in every
        if access_request.person_email == email and link.id != aggregate.link.id
    ]
    here = {access_request.asset_id for access_request in aggregate.access_requests}
    numbers = [
        access_request.asset_id
        for access_request in known
        if access_request.asset_id and access_request.status not in OVER and access_request.asset_id not in here
    ]
    return numbers[0] if numbers else ids.new("person")


async def withdraw_person(
    session: AsyncSession, agency_id: str, link_id: str, access_request_id: str, *, actor: Actor
) -> AccessRequest:
    """Withdraw the request for a person: at once before the approval, else by removal and verification.

    Raises NotFound.
    """
    link = await links.find(session, agency_id, link_id)
    await links.lock_links_of_client(session, agency_id, link.client_id)  # all of them: the removal may concern several
    aggregate = await links.load_link(session, agency_id, link_id, lock=True)
    access_request = aggregate.find(access_request_id)
    if access_request is None or not access_request.asset_kind.is_person:
        raise NotFound
    if access_request.status in OVER or access_request.unwanted_at is not None:
        return access_request
    # never approved: it must not be shown on the review
    if access_request.approved_at is None and access_request.role_first is None:
        aggregate.withdraw(access_request, actor=actor)
        await aggregate.save(session)
        return access_request
    grant = await grants.of_access_request(session, agency_id, access_request_id)
    if grant is not None:
        await grants.revoke_grant(session, agency_id, grant.id, actor=actor)
        await session.refresh(access_request)
    else:
        aggregate.mark_unwanted([access_request.id])
        await aggregate.save(session)
        await handshakes.start_for_link(session, aggregate)
    return access_request
