"""Asks with what they rest on, as the API and the command line show them."""

from collections.abc import Sequence

from pydantic import Field

from app.access.buyer_access.models import BuyerAccess
from app.access.buyers.schemas import BuyerAccessView
from app.access.call_recorder import PlatformCall, PlatformCallView
from app.access.requests.error_hints import hint
from app.links.models import Ask
from app.links.schemas import AskView
from app.platforms.tiktok.scopes import named_in


class AskDetail(AskView):
    """An ask with what can be done about it."""

    hint: str | None = Field(
        description="What your agency can do; null where nothing is to be done.",
        examples=["Whoever authorised is no Admin of the client's Business Center: pass the link on to an Admin."],
    )

    @classmethod
    def of(cls, ask: Ask) -> "AskDetail":
        """From the row."""
        return cls(
            **dict(AskView.model_validate(ask)), hint=hint(ask.state, ask.code, custom=ask.is_custom, kind=ask.kind)
        )


class AskEvidence(AskDetail):
    """An ask with the last exchanges of its handshake, and with who of your people can open what it gave."""

    exchanges: list[PlatformCallView] = Field(description="The last five, newest first.")
    buyers: list[BuyerAccessView] = Field(description="Who of your people is to open it, and who can.")

    @classmethod
    def with_exchanges(
        cls, ask: Ask, exchanges: Sequence[PlatformCall], buyers: Sequence[BuyerAccess]
    ) -> "AskEvidence":
        """From the rows."""
        last = [PlatformCallView.model_validate(each) for each in exchanges]
        shown = dict(AskDetail.of(ask))
        if named := next((named_in(each.message) for each in last if each.blocker == ask.code and each.message), ()):
            shown["hint"] = hint(ask.state, ask.code, kind=ask.kind, permissions=named)
        return cls(**shown, exchanges=last, buyers=[BuyerAccessView.of(row) for row in buyers])
