"""The agency's accounts of a link: their choice for a new link, and the removal of one that no active link uses."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.actor import Actor
from app.kit.errors import AppError, InvalidInput, NotFound
from app.kit.i18n.locales import english
from app.links import queries
from app.links.models import Link, LinkPlatform, PublicLink
from app.links.presets.preset import PresetAccessRequest
from app.platforms.manual import library, own
from app.platforms.manual.library import CUSTOM
from app.tenants.agencies import platform_ids, service


class AgencyAccountMissing(AppError):
    """The agency has no Business Center yet."""

    status = 409
    code = "agency_account_missing"
    detail = "The agency has no Business Center yet, so there is nothing a client could share with."
    hint = "Add it with POST /api/v1/agency/accounts."


class AgencyAccountInUse(AppError):
    """Active links ask clients to share with it."""

    status = 409
    code = "agency_account_in_use"
    detail = "Active links ask clients to share with this Business Center."
    hint = "Revoke them or wait until they end, then remove it."


class IdentityMissing(AppError):
    """Clients would have to enter an id that the agency has not set."""

    status = 409
    code = "platform_identity_missing"
    detail = "An id of the agency's own is missing, so a client would not know with whom to share."


async def own_side(
    session: AsyncSession, agency_id: str, wanted: Sequence[PresetAccessRequest], agency_account_ids: Mapping[str, str]
) -> dict[str, str | None]:
    """The agency's accounts that get the access, by platform in their order: the given one or the only one.

    None for a manual platform. Raises AgencyAccountMissing, IdentityMissing, InvalidInput.
    """
    manual = {each.platform: each.kind == CUSTOM for each in wanted}
    if wrong := agency_account_ids.keys() - {key for key, is_manual in manual.items() if not is_manual}:
        raise InvalidInput(
            fields={"agency_account_ids": f"Nothing is requested on {', '.join(sorted(wrong))} that needs one."}
        )
    with_ids = [key for key, is_manual in manual.items() if is_manual and not own.is_own(key)]
    known = await platform_ids.every(session, agency_id) if with_ids else {}
    for key in with_ids:
        platform = library.find(key)
        missing = platform.missing(known.get(key, {}))
        if missing:
            raise IdentityMissing(
                f"{platform.name}: {english(tuple(need.label for need in missing))} of the agency is not known yet.",
                hint=f"Set it with PUT /api/v1/agency/platforms/{key}: "
                f"{', '.join(f'{need.key}={need.example}' for need in missing)}.",
            )
    return {
        key: None if is_manual else await chosen(session, agency_id, key, agency_account_ids.get(key))
        for key, is_manual in manual.items()
    }


async def chosen(session: AsyncSession, agency_id: str, platform: str, account_id: str | None) -> str:
    """Business Center for a new link: the given one, else the only one.

    Raises AgencyAccountMissing, InvalidInput.
    """
    centers = await service.accounts(session, agency_id, platform)
    if not centers:
        raise AgencyAccountMissing
    if account_id is None and len(centers) == 1:
        return centers[0].account_id
    if account_id not in {center.account_id for center in centers}:
        named = ", ".join(f"{center.account_id} ({center.name})" for center in centers)
        said = "Your agency has several; name one" if account_id is None else "This is none of your agency's; name one"
        raise InvalidInput(fields={"agency_account_ids": f"{platform}: {said} of: {named}."})
    return account_id


async def remove(session: AsyncSession, agency_id: str, center_id: str, *, actor: Actor) -> None:
    """Remove a Business Center unless active links use it. Raises NotFound, AgencyAccountInUse."""
    center = await service.account(session, agency_id, center_id)
    if center is None:
        raise NotFound
    here = (LinkPlatform.platform == center.platform) & (LinkPlatform.agency_account_id == center.account_id)
    active = (
        select(func.count())
        .join_from(Link, LinkPlatform, (LinkPlatform.agency_id == Link.agency_id) & (LinkPlatform.link_id == Link.id))
        .where(Link.agency_id == agency_id, here, queries.is_active())
    )
    public = select(func.count()).where(
        PublicLink.agency_id == agency_id,
        PublicLink.agency_account_ids[center.platform].astext == center.account_id,
        queries.is_open(),
    )  # fmt: skip
    links, public_links = (await session.scalars(active)).one(), (await session.scalars(public)).one()
    if links or public_links:
        raise AgencyAccountInUse(
            f"{_counted(links, 'active link')} and {_counted(public_links, 'public link')} ask clients to share with "
            f"Business Center {center.account_id}, so it stays."
        )
    await service.remove_account(session, agency_id, center_id, actor=actor)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
