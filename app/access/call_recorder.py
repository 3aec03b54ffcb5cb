"""Platform calls: every call to a platform with its answer, kept as evidence."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import CheckConstraint, Index, String, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.actor import ActorColumns
from app.kit.database import Base, agency_key, belongs_to, belongs_to_agency
from app.kit.input.fields import Time
from app.platforms.port import RecordedCall

PURPOSES = ("authorize", "read", "share", "unshare", "assign", "unassign", "import", "refresh_token", "revoke_token")


class PlatformCall(ActorColumns, Base):
    """One platform call. `outcome` null: about to be sent, or no answer was recorded."""

    __tablename__ = "platform_calls"
    __table_args__ = (
        belongs_to_agency(),
        belongs_to("grants", "grant_id"),
        CheckConstraint(f"purpose IN {PURPOSES}", name="purpose"),
        CheckConstraint("side IN ('client', 'agency')", name="side"),
        Index("ix_platform_calls_handshake_id", "agency_id", "handshake_id", "id"),
        Index(
            "ix_platform_calls_grant_id", "agency_id", "grant_id", "id", postgresql_where=text("grant_id IS NOT NULL")
        ),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("call"), primary_key=True)
    handshake_id: Mapped[str | None] = mapped_column(ids.Id("handshake"))
    #: of calls about the buyers of a grant
    grant_id: Mapped[str | None] = mapped_column(ids.Id("grant"))
    connection_id: Mapped[str | None] = mapped_column(ids.Id("connection"))
    #: side of the token: `client` or `agency`
    side: Mapped[str] = mapped_column(String(8))
    purpose: Mapped[str] = mapped_column(String(16))
    operation: Mapped[str] = mapped_column(String(64))
    request: Mapped[dict[str, Any]]
    started_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    outcome: Mapped[str | None] = mapped_column(String(16))
    code: Mapped[int | None]
    message: Mapped[str | None]
    platform_request_id: Mapped[str | None] = mapped_column(String(128))
    blocker: Mapped[str | None] = mapped_column(String(48))
    answer: Mapped[dict[str, Any] | None]
    took_ms: Mapped[int | None]

    @property
    def may_have_happened(self) -> bool:
        """True if the platform may have executed it, with or without an answer."""
        return self.outcome not in ("denied", "unavailable")


class FailureColumns:
    """Columns of a row that could not be read: our code for the reason, and the platform's own message."""

    code: Mapped[str | None] = mapped_column(String(48))
    platform_code: Mapped[int | None]
    platform_message: Mapped[str | None]
    platform_request_id: Mapped[str | None] = mapped_column(String(128))


def failure_columns(code: str | None = None, call: RecordedCall | None = None) -> dict[str, Any]:
    """Values of these columns; all None without a code."""
    return {
        "code": code,
        "platform_code": call.code if call else None,
        "platform_message": call.message.replace("\x00", "")[:2000] if call else None,
        "platform_request_id": call.request_id if call else None,
    }


class PlatformCallView(BaseModel):
    """One platform call with its answer, without secrets."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["call_01ksy1q3e0fzs8qj5m8g3d4w7z"])
    operation: str = Field(description="The platform's name for the call.", examples=["bc/partner/asset/get/"])
    purpose: str = Field(
        description=f"One of {', '.join(f'`{each}`' for each in PURPOSES)}; `assign` and `unassign` are about buyers.",
        examples=["read"],
    )
    side: str = Field(description="Side of the token: `client` or `agency`.", examples=["agency"])
    request: dict[str, Any] = Field(examples=[{"bc_id": "7000999988887777666", "share_type": "SHARED"}])
    outcome: str | None = Field(
        description="`ok`, `denied`, `unavailable`, `unclear` or `changed`; null: no answer was recorded.",
        examples=["ok"],
    )
    code: int | None = Field(description="The platform's code.", examples=[0])
    message: str | None = Field(examples=["OK"])
    platform_request_id: str | None = Field(
        description="For the platform's support.", examples=["20261204133209ABCDEF"]
    )
    blocker: str | None = Field(
        description="Blocker of the access request that follows from a refusal.", examples=["not_bc_admin"]
    )
    actor_kind: str = Field(
        description="Kind of principal for which it was made: `api_key`, `member`, `client` or `system`.",
        examples=["system"],
    )
    actor_id: str = Field(examples=["worker"])
    started_at: Time
    took_ms: int | None = Field(examples=[161])


def record_calls(
    session: AsyncSession,
    calls: Sequence[RecordedCall],
    *,
    agency_id: str,
    side: str,
    purpose: str,
    connection_id: str | None = None,
    handshake_id: str | None = None,
    grant_id: str | None = None,
) -> None:
    """Add calls that were answered, in order."""
    session.add_all(
        PlatformCall(
            agency_id=agency_id, id=ids.new("call"), handshake_id=handshake_id, grant_id=grant_id,
            connection_id=connection_id, side=side, purpose=purpose, request=dict(call.request), **_answer(call),
        )
        for call in calls
    )  # fmt: skip


async def complete_intention(
    session: AsyncSession, intention: PlatformCall, call: RecordedCall | None, blocker: str | None
) -> None:
    """Write the answer of a call that was recorded before it was sent; `call` None: it was not sent."""
    values = {"outcome": "unavailable"} if call is None else {**_answer(call), "blocker": blocker}
    rows = update(PlatformCall).where(PlatformCall.agency_id == intention.agency_id, PlatformCall.id == intention.id)
    await session.execute(rows.values(values).execution_options(synchronize_session=False))


def _answer(call: RecordedCall) -> dict[str, Any]:
    return {
        "operation": call.operation, "outcome": call.outcome, "code": call.code, "message": call.message[:2000],
        "platform_request_id": call.request_id, "answer": dict(call.answer), "took_ms": call.took_ms,
    }  # fmt: skip


async def of_handshakes(
    session: AsyncSession, agency_id: str, handshake_ids: Sequence[str], *, purposes: Sequence[str]
) -> Sequence[PlatformCall]:
    """The platform calls of handshakes for these purposes, oldest first."""
    rows = select(PlatformCall).where(
        PlatformCall.agency_id == agency_id,
        PlatformCall.handshake_id.in_(handshake_ids),
        PlatformCall.purpose.in_(purposes),
    )
    return (await session.scalars(rows.order_by(PlatformCall.id))).all()


async def last_share(
    session: AsyncSession,
    agency_id: str,
    handshake_ids: Sequence[str],
    *,
    kind: str,
    asset_id: str,
    parent_asset_id: str | None,
) -> PlatformCall | None:
    """The last call of these handshakes that shared an asset."""
    asset: dict[str, Any] = {"kind": kind, "asset_ids": [asset_id]}
    if parent_asset_id:
        asset["parent_asset_ids"] = [parent_asset_id]
    rows = select(PlatformCall).where(
        PlatformCall.agency_id == agency_id, PlatformCall.handshake_id.in_(handshake_ids),
        PlatformCall.purpose == "share", PlatformCall.request.contains(asset),
    )  # fmt: skip
    return (await session.scalars(rows.order_by(PlatformCall.id.desc()).limit(1))).one_or_none()


async def of_grants(
    session: AsyncSession, agency_id: str, grant_ids: Sequence[str], *, purposes: Sequence[str]
) -> Sequence[PlatformCall]:
    """The platform calls about the buyers of grants for these purposes, oldest first."""
    rows = select(PlatformCall).where(
        PlatformCall.agency_id == agency_id, PlatformCall.grant_id.in_(grant_ids), PlatformCall.purpose.in_(purposes)
    )
    return (await session.scalars(rows.order_by(PlatformCall.id))).all()


async def page_of_grant(
    session: AsyncSession, agency_id: str, grant_id: str, *, limit: int, before: str | None
) -> Sequence[PlatformCall]:
    """The platform calls about the buyers of a grant, newest first; `before` is the id of the last one seen."""
    rows = select(PlatformCall).where(PlatformCall.agency_id == agency_id, PlatformCall.grant_id == grant_id)
    if before:
        rows = rows.where(PlatformCall.id < before)
    return (await session.scalars(rows.order_by(PlatformCall.id.desc()).limit(limit))).all()


async def page(
    session: AsyncSession, agency_id: str, handshake_ids: Sequence[str], *, limit: int, before: str | None
) -> Sequence[PlatformCall]:
    """The platform calls of handshakes, newest first; `before` is the id of the last one seen."""
    rows = select(PlatformCall).where(PlatformCall.agency_id == agency_id, PlatformCall.handshake_id.in_(handshake_ids))
    if before:
        rows = rows.where(PlatformCall.id < before)
    return (await session.scalars(rows.order_by(PlatformCall.id.desc()).limit(limit))).all()
