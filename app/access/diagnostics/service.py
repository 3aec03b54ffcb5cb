"""Diagnostics of an agency's app and connection, and their shape in the API and in `keyturn doctor --tiktok --json`.

No transaction is open during calls to the platform.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from app import VERSION
from app.access.connections import service as connections
from app.access.connections.models import Connection
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.platforms.port import App, ConnectedPlatform, Priority
from app.platforms.registry import Platforms
from app.platforms.resources import Connected, DiagnosticFinding, State
from app.tenants.agencies import service as agencies


@dataclass(frozen=True)
class Diagnostics:
    """Findings for an app, with the redirect address to register."""

    app_id: str | None
    redirect_uri: str
    findings: tuple[DiagnosticFinding, ...]

    @property
    def well(self) -> bool:
        """True if nothing failed; `cannot_tell` is no failure."""
        return all(finding.status != "fail" for finding in self.findings)


@dataclass(frozen=True)
class _At:
    """Subject of a diagnosis."""

    app: App | None
    connection: Connection | None
    account_id: str | None


async def of_agency(
    sessions: Sessions, platforms: Platforms, keyring: Keyring, *, agency_id: str, platform_key: str
) -> Diagnostics:
    """Diagnose the agency's own app, or the installation's, with its connection."""
    platform = platforms.connected(platform_key)
    async with sessions() as session:
        at = await _at(session, platform, keyring, agency_id)
    return await _examine(platform, keyring, at, for_agency=True)


async def of_installation(platforms: Platforms, keyring: Keyring, *, platform_key: str) -> Diagnostics:
    """Diagnose the installation's app, without an agency."""
    platform = platforms.connected(platform_key)
    return await _examine(platform, keyring, _At(platform.default_app, None, None), for_agency=False)


async def _at(session: AsyncSession, platform: ConnectedPlatform, keyring: Keyring, agency_id: str) -> _At:
    centers = await agencies.accounts(session, agency_id, platform.key)
    return _At(
        app=await connections.app_of_agency(session, agency_id, platform, keyring),
        connection=await connections.last_of_agency(session, agency_id, platform.key),
        account_id=centers[0].account_id if centers else None,
    )


async def _examine(platform: ConnectedPlatform, keyring: Keyring, at: _At, *, for_agency: bool) -> Diagnostics:
    diagnosis, redirect_uri = platform.diagnosis, platform.redirect_uri
    if diagnosis is None:
        words = f"Keyturn has no diagnosis for {platform.name}."
        return Diagnostics(
            at.app.app_id if at.app else None, redirect_uri, (DiagnosticFinding("app", "cannot_tell", words),)
        )
    if at.app is None:
        redirect = diagnosis.redirect_address_finding(redirect_uri, None)
        return Diagnostics(None, redirect_uri, (*diagnosis.findings_without_app(), redirect))
    row = at.connection
    usable = row if row is not None and row.is_usable else None
    access = connections.access(usable, keyring, Priority.INTERACTIVE) if usable else None
    examined = await diagnosis.examine(at.app, access, usable.scopes if usable else (), account_id=at.account_id or "")
    connected = None
    if row is not None:
        person = row.person or f"your {platform.name} sign-in"
        connected = Connected(row.is_usable, row.app_id, person, row.created_at, row.ended_at)
    came_back = row.created_at if row is not None and row.app_id == at.app.app_id else None
    return Diagnostics(
        at.app.app_id,
        redirect_uri,
        (
            *diagnosis.findings(at.app.app_id, examined, connected, account_id=at.account_id, for_agency=for_agency),
            diagnosis.redirect_address_finding(redirect_uri, came_back),
        ),
    )


class HealthLine(BaseModel):
    """Result of one check."""

    what: str = Field(examples=["reading partners"])
    status: State = Field(
        description="`limited`: works with restrictions. `cannot_tell` is no failure.", examples=["pass"]
    )
    words: str = Field(examples=["works (161 ms)."])
    do: str | None = Field(description="Next step.")
    operation: str | None = Field(description="The platform's name for the call.", examples=["bc/partner/get"])
    code: int | None = Field(description="The platform's code.", examples=[0])
    message: str | None = Field(examples=["OK"])
    platform_request_id: str | None = Field(description="For the platform's support.")
    took_ms: int | None = Field(examples=[161])

    @classmethod
    def of(cls, finding: DiagnosticFinding) -> "HealthLine":
        """From the finding."""
        tried = finding.tried
        called = tried if tried is not None and tried.operation else None
        return cls(
            what=finding.what, status=finding.status, words=finding.words, do=finding.do,
            operation=called.operation if called else None, code=called.code if called else None,
            message=called.message if called else None, platform_request_id=called.request_id if called else None,
            took_ms=called.took_ms if called else None,
        )  # fmt: skip


class InstallationHealthView(BaseModel):
    """Results of checks of the installation that your agency works on."""

    version: str = Field(description="Of Keyturn.", examples=["0.1.0"])
    well: bool = Field(description="Nothing failed.")
    lines: list[HealthLine]

    @classmethod
    def of(cls, findings: Sequence[DiagnosticFinding]) -> "InstallationHealthView":
        """From the findings."""
        return cls(
            version=VERSION, well=all(each.status != "fail" for each in findings),
            lines=[HealthLine.of(each) for each in findings],
        )  # fmt: skip


class HealthView(BaseModel):
    """Results of checks of app, redirect address, connection, permissions and each kind of read."""

    platform: str = Field(examples=["tiktok"])
    app_id: str | None = Field(examples=["7400000000000000001"])
    redirect_uri: str = Field(description="Register exactly this.", examples=["https://go.agency.com/callbacks/tiktok"])
    well: bool = Field(description="Nothing failed.")
    lines: list[HealthLine]

    @classmethod
    def of(cls, platform: str, health: Diagnostics) -> "HealthView":
        """From the diagnostics."""
        return cls(
            platform=platform, app_id=health.app_id, redirect_uri=health.redirect_uri, well=health.well,
            lines=[HealthLine.of(finding) for finding in health.findings],
        )  # fmt: skip
