"""Asks with what they rest on, as the API and the command line show them."""

from collections.abc import Sequence

from pydantic import Field

from app.access.asks.hints import hint
from app.access.buyers.views import OpeningView
from app.access.evidence import Exchange, ExchangeView
from app.access.openings.model import Opening
from app.links.model import Ask
from app.links.shown.views import AskView
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

    exchanges: list[ExchangeView] = Field(description="The last five, newest first.")
    buyers: list[OpeningView] = Field(description="Who of your people is to open it, and who can.")

    @classmethod
    def with_exchanges(cls, ask: Ask, exchanges: Sequence[Exchange], buyers: Sequence[Opening]) -> "AskEvidence":
        """From the rows."""
        last = [ExchangeView.model_validate(each) for each in exchanges]
        shown = dict(AskDetail.of(ask))
        if named := next((named_in(each.message) for each in last if each.blocker == ask.code and each.message), ()):
            shown["hint"] = hint(ask.state, ask.code, kind=ask.kind, permissions=named)
        return cls(**shown, exchanges=last, buyers=[OpeningView.of(row) for row in buyers])
