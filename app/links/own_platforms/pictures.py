"""Pictures of the steps of own platforms: stored by hash, and deleted once no version has them."""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.errors import AppError, InvalidInput, NotFound
from app.links.own_platforms.models import OwnPlatform, PlatformPicture
from app.tenants.agencies import logo_image
from app.tenants.agencies import service as agencies
from app.tenants.agencies.logo_image import LogoRefused, Picture

MOST = 300
#: Most pixels by side, for a phone in its full width and a screenshot that can be read.
_SIZE = (1000, 1000)
_KINDS = ("PNG", "JPEG", "WEBP")
#: Life of a picture that no version has: its platform may be in an editor.
_UNUSED_FOR = timedelta(days=1)


class PictureRefused(InvalidInput):
    """The file is not an acceptable picture."""

    code = "picture_refused"
    detail = "This file is no picture that a step can have."
    hint = "Give a PNG, JPEG or WebP of at most 2 MB."


class TooManyPictures(AppError):
    """The maximum number of pictures."""

    status = 409
    code = "too_many_pictures"
    detail = f"An agency has at most {MOST} pictures in the steps of its platforms."
    hint = "Use one of them, or the same one, in several steps."


def read(content: bytes) -> Picture:
    """Re-encode a picture. Slow: not for the event loop. Raises PictureRefused."""
    try:
        return logo_image.picture(content, most=_SIZE, kinds=_KINDS)
    except LogoRefused as refused:
        raise PictureRefused(refused.detail if refused.detail != LogoRefused.detail else None) from refused


async def find(session: AsyncSession, agency_id: str, sha256: str) -> PlatformPicture:
    """One picture. Raises NotFound."""
    found = await session.get(PlatformPicture, (agency_id, sha256))
    if found is None:
        raise NotFound
    return found


async def add(session: AsyncSession, agency_id: str, made: Picture) -> None:
    """Store a picture; the same one again changes nothing. Raises TooManyPictures."""
    await agencies.lock(session, agency_id)
    await _delete_unused(session, agency_id)
    stored = select(func.count()).where(
        PlatformPicture.agency_id == agency_id, PlatformPicture.sha256 != made.sha256
    )  # fmt: skip
    if (await session.scalars(stored)).one() >= MOST:
        raise TooManyPictures
    row = {"sha256": made.sha256, "png": made.png, "width": made.width, "height": made.height}
    # a picture that is uploaded again is as new
    again = insert(PlatformPicture).values(agency_id=agency_id, **row)
    await session.execute(
        again.on_conflict_do_update(index_elements=["agency_id", "sha256"], set_={"created_at": func.now()})
    )


async def sizes(session: AsyncSession, agency_id: str, hashes: Collection[str]) -> Mapping[str, Mapping[str, int]]:
    """Width and height of those pictures that are stored, by hash."""
    rows = select(PlatformPicture.sha256, PlatformPicture.width, PlatformPicture.height).where(
        PlatformPicture.agency_id == agency_id, PlatformPicture.sha256.in_(hashes)
    )
    return {sha256: {"width": width, "height": height} for sha256, width, height in await session.execute(rows)}


async def with_sizes(session: AsyncSession, agency_id: str, definition: Mapping[str, Any]) -> dict[str, Any]:
    """The definition with the size of each of its pictures. Raises InvalidInput for one that is not stored."""
    found = await sizes(session, agency_id, _named([definition]))
    missing = {
        f"steps.{at}.picture.sha256": "There is no such picture. Upload it first: PUT /api/v1/own-platforms/pictures."
        for at, step in enumerate(definition["steps"])
        if step["picture"] and step["picture"]["sha256"] not in found
    }
    if missing:
        raise InvalidInput(fields=missing)
    steps = [
        {**step, "picture": step["picture"] and {**step["picture"], **found[step["picture"]["sha256"]]}}
        for step in definition["steps"]
    ]
    return {**definition, "steps": steps}


async def _delete_unused(session: AsyncSession, agency_id: str) -> None:
    definitions = await session.scalars(select(OwnPlatform.definition).where(OwnPlatform.agency_id == agency_id))
    await session.execute(
        delete(PlatformPicture).where(
            PlatformPicture.agency_id == agency_id, PlatformPicture.sha256.not_in(_named(definitions)),
            PlatformPicture.created_at < func.now() - _UNUSED_FOR,
        )
    )  # fmt: skip


def _named(definitions: Iterable[Mapping[str, Any]]) -> set[str]:
    return {step["picture"]["sha256"] for each in definitions for step in each["steps"] if step["picture"]}
