"""Developer app of an agency: its own, else the installation's."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.encryption import Keyring
from app.kit.errors import AppError
from app.platforms.port import App, ConnectedPlatform
from app.tenants.agencies import service as agencies
from app.tenants.agencies.service import secret_place


class AppMissing(AppError):
    """Neither the agency nor the installation has an app at the platform."""

    status = 409
    code = "platform_app_missing"
    detail = "There is no TikTok app yet, so nobody can authorize it."
    hint = "Set the app first with PUT /api/v1/agency/platform-apps/tiktok; until then clients share by hand."


async def of_agency(session: AsyncSession, agency_id: str, platform: ConnectedPlatform, keyring: Keyring) -> App | None:
    """The app to use, or None where only the guided lane is possible."""
    own = await agencies.platform_app(session, agency_id, platform.key)
    if own is None:
        return platform.default_app
    return App(own.app_id, keyring.decrypt(own.secret_encrypted, bound_to=secret_place(agency_id, own.id)))


async def has_own(session: AsyncSession, agency_id: str, platform: str) -> bool:
    """True if the agency has an app of its own."""
    return bool(await session.scalar(select(agencies.has_platform_app(agency_id, platform))))


async def of_connection(
    session: AsyncSession, agency_id: str, platform: ConnectedPlatform, keyring: Keyring, app_id: str
) -> App | None:
    """The app that was given the token, replaced ones included; None when its secret is no longer here."""
    if platform.default_app is not None and platform.default_app.app_id == app_id:
        return platform.default_app
    own = await agencies.platform_app_by_id(session, agency_id, platform.key, app_id)
    return (
        App(own.app_id, keyring.decrypt(own.secret_encrypted, bound_to=secret_place(agency_id, own.id)))
        if own
        else None
    )


async def needed(session: AsyncSession, agency_id: str, platform: ConnectedPlatform, keyring: Keyring) -> App:
    """The app to use. Raises AppMissing."""
    app = await of_agency(session, agency_id, platform, keyring)
    if app is None:
        raise AppMissing
    return app
