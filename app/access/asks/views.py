"""Asks with what they rest on, as the API and the command line show them."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.access.asks.hints import hint
from app.access.evidence import Exchange
from app.kit.input.fields import Time
from app.links.model import Ask
from app.links.shown.views import AskView


class ExchangeView(BaseModel):
    """One call to the platform, or one look at it, with its answer. Without secrets."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["exchange_01ksy1q3e0fzs8qj5m8g3d4w7z"])
    operation: str = Field(description="The platform's name for the call.", examples=["bc/partner/asset/get/"])
    purpose: str = Field(description="`look`, `share`, `authorise` or `give_back`.", examples=["look"])
    side: str = Field(description="By whose token: `client` or `agency`.", examples=["agency"])
    request: dict[str, Any] = Field(examples=[{"bc_id": "7000999988887777666", "share_type": "SHARED"}])
    outcome: str | None = Field(
        description="`ok`, `denied`, `unavailable`, `unclear` or `changed`; null: no answer was recorded.",
        examples=["ok"],
    )
    code: int | None = Field(description="The platform's code.", examples=[0])
    message: str | None = Field(examples=["OK"])
    platform_request_id: str | None = Field(
        description="Tell it to the platform's support.", examples=["20261204133209ABCDEF"]
    )
    blocker: str | None = Field(description="What a refusal means for the ask.", examples=["not_bc_admin"])
    started_at: Time
    took_ms: int | None = Field(examples=[161])


class AskDetail(AskView):
    """An ask with what can be done about it."""

    hint: str | None = Field(
        description="What your agency can do; null where nothing is to be done.",
        examples=["Whoever authorised is no Admin of the client's Business Center: pass the link on to an Admin."],
    )

    @classmethod
    def of(cls, ask: Ask) -> "AskDetail":
        """From the row."""
        return cls(**dict(AskView.model_validate(ask)), hint=hint(ask.state, ask.code))


class AskEvidence(AskDetail):
    """An ask with the last exchanges of its handshake."""

    exchanges: list[ExchangeView] = Field(description="The last five, newest first.")

    @classmethod
    def with_exchanges(cls, ask: Ask, exchanges: Sequence[Exchange]) -> "AskEvidence":
        """From the rows."""
        last = [ExchangeView.model_validate(each) for each in exchanges]
        return cls(**dict(AskDetail.of(ask)), exchanges=last)
