"""Access requests with what they rest on, as the API and the command line show them."""

from collections.abc import Sequence

from pydantic import Field

from app.access.buyer_access.models import BuyerAccess
from app.access.buyers.schemas import BuyerAccessView
from app.access.call_recorder import PlatformCall, PlatformCallView
from app.access.requests.error_hints import hint
from app.links.models import AccessRequest
from app.links.schemas import AccessRequestView
from app.platforms.tiktok.scopes import named_in


class AccessRequestDetail(AccessRequestView):
    """An access request with what can be done about it."""

    hint: str | None = Field(
        description="What your agency can do; null where nothing is to be done.",
        examples=["Whoever authorized is no Admin of the client's Business Center: pass the link on to an Admin."],
    )

    @classmethod
    def of(cls, access_request: AccessRequest) -> "AccessRequestDetail":
        """From the row."""
        return cls(
            **dict(AccessRequestView.model_validate(access_request)),
            hint=hint(
                access_request.status, access_request.code, custom=access_request.is_custom, kind=access_request.kind
            ),
        )


class AccessRequestEvidence(AccessRequestDetail):
    """An access request with the last platform calls of its handshake, and with who of your people can open what it
    gave.
    """

    calls: list[PlatformCallView] = Field(description="The last five, newest first.")
    buyers: list[BuyerAccessView] = Field(description="Who of your people is to open it, and who can.")

    @classmethod
    def with_calls(
        cls, access_request: AccessRequest, calls: Sequence[PlatformCall], buyers: Sequence[BuyerAccess]
    ) -> "AccessRequestEvidence":
        """From the rows."""
        last = [PlatformCallView.model_validate(each) for each in calls]
        shown = dict(AccessRequestDetail.of(access_request))
        if named := next(
            (named_in(each.message) for each in last if each.blocker == access_request.code and each.message), ()
        ):
            shown["hint"] = hint(
                access_request.status, access_request.code, kind=access_request.kind, permissions=named
            )
        return cls(**shown, calls=last, buyers=[BuyerAccessView.of(row) for row in buyers])
