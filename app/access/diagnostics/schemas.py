"""The health of an agency's way to the platform, as the API and `keyturn doctor --tiktok --json` show it."""

from pydantic import BaseModel, Field

from app.access.diagnostics.findings import DiagnosticFinding, State
from app.access.diagnostics.service import Diagnostics


class HealthLine(BaseModel):
    """One thing that was looked at."""

    what: str = Field(examples=["reading partners"])
    status: State = Field(description="`limited`: it works, with less. `cannot_tell` is no failure.", examples=["pass"])
    words: str = Field(examples=["works (161 ms)."])
    do: str | None = Field(description="What to do about it.")
    operation: str | None = Field(description="The platform's name for the call.", examples=["bc/partner/get"])
    code: int | None = Field(description="The platform's code.", examples=[0])
    message: str | None = Field(examples=["OK"])
    platform_request_id: str | None = Field(description="Tell it to the platform's support.")
    took_ms: int | None = Field(examples=[161])

    @classmethod
    def of(cls, finding: DiagnosticFinding) -> "HealthLine":
        """From what was found."""
        tried = finding.tried
        called = tried if tried is not None and tried.operation else None
        return cls(
            what=finding.what, status=finding.status, words=finding.words, do=finding.do,
            operation=called.operation if called else None, code=called.code if called else None,
            message=called.message if called else None, platform_request_id=called.request_id if called else None,
            took_ms=called.took_ms if called else None,
        )  # fmt: skip


class HealthView(BaseModel):
    """Result of trying app, redirect address, connection, permissions and each kind of read just now."""

    platform: str = Field(examples=["tiktok"])
    app_id: str | None = Field(examples=["7400000000000000001"])
    redirect_uri: str = Field(description="Register exactly this.", examples=["https://go.agency.com/callbacks/tiktok"])
    well: bool = Field(description="Nothing failed.")
    lines: list[HealthLine]

    @classmethod
    def of(cls, platform: str, health: Diagnostics) -> "HealthView":
        """From the examination."""
        return cls(
            platform=platform, app_id=health.app_id, redirect_uri=health.redirect_uri, well=health.well,
            lines=[HealthLine.of(finding) for finding in health.findings],
        )  # fmt: skip
