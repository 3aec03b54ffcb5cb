"""Examining an agency's way to the platform. No transaction is open while the platform is asked."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections import platform_apps
from app.access.connections import queries as connections
from app.access.connections.models import Connection
from app.access.diagnostics import findings, redirect_address
from app.access.diagnostics.findings import Connected, DiagnosticFinding
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.platforms.port import App, ConnectedPlatform, Priority
from app.platforms.registry import Platforms
from app.tenants.agencies import service as agencies


@dataclass(frozen=True)
class Diagnostics:
    """Findings for an app, with the redirect address to register."""

    app_id: str | None
    redirect_uri: str
    findings: tuple[DiagnosticFinding, ...]

    @property
    def well(self) -> bool:
        """True if nothing failed; what could not be told is no failure."""
        return all(finding.status != "fail" for finding in self.findings)


@dataclass(frozen=True)
class _At:
    """Subject of a diagnosis."""

    app: App | None
    connection: Connection | None
    bc_id: str | None


async def of_agency(
    sessions: Sessions, platforms: Platforms, keyring: Keyring, *, agency_id: str, platform_key: str, redirect_uri: str
) -> Diagnostics:
    """The agency's own app, or the installation's for it."""
    platform = platforms.connected(platform_key)
    async with sessions() as session:
        at = await _at(session, platform, keyring, agency_id)
    return await _examine(platform, keyring, at, redirect_uri, for_agency=True)


async def of_installation(
    platforms: Platforms, keyring: Keyring, *, platform_key: str, redirect_uri: str
) -> Diagnostics:
    """The installation's app alone, where no agency is meant."""
    platform = platforms.connected(platform_key)
    return await _examine(platform, keyring, _At(platform.default_app, None, None), redirect_uri, for_agency=False)


async def _at(session: AsyncSession, platform: ConnectedPlatform, keyring: Keyring, agency_id: str) -> _At:
    newest = select(Connection).where(
        Connection.agency_id == agency_id, Connection.side == "agency", Connection.platform == platform.key
    )
    last = (await session.scalars(newest.order_by(Connection.id.desc()).limit(1))).one_or_none()
    centers = await agencies.business_centers(session, agency_id, platform.key)
    return _At(
        app=await platform_apps.of_agency(session, agency_id, platform, keyring),
        connection=await connections.of_agency(session, agency_id, platform.key) or last,
        bc_id=centers[0].bc_id if centers else None,
    )


async def _examine(
    platform: ConnectedPlatform, keyring: Keyring, at: _At, redirect_uri: str, *, for_agency: bool
) -> Diagnostics:
    if at.app is None:
        return Diagnostics(None, redirect_uri, (*findings.none_at_all(), redirect_address.finding(redirect_uri, None)))
    row = at.connection
    living = row if row is not None and row.status == "live" else None
    access = connections.access(living, keyring, Priority.LOOKING) if living else None
    examined = await platform.examine(at.app, access, living.scopes if living else (), bc_id=at.bc_id or "")
    connected = Connected(row.status, row.app_id, row.person, row.created_at, row.ended_at) if row else None
    came_back = row.created_at if row is not None and row.app_id == at.app.app_id else None
    return Diagnostics(
        at.app.app_id,
        redirect_uri,
        (
            *findings.of(at.app.app_id, examined, connected, bc_id=at.bc_id, for_agency=for_agency),
            redirect_address.finding(redirect_uri, came_back),
        ),
    )
