"""Request and response schemas of buyers and their access."""

from collections.abc import Sequence

from pydantic import BaseModel, Field

from app.access.buyers.models import BuyerAccess, BuyerList
from app.access.buyers.service import MOST_BUYERS, NamedBuyer
from app.access.grants.models import Grant
from app.access.grants.schemas import GrantView
from app.kit.input.fields import Email, RequestShape, Time
from app.platforms.roles import AdAccountRole

_BY_CODE = {
    "not_a_member": "They are no member of your Business Center: invite them there (Users > Members), then Keyturn "
    "gives them the ad account.",
    "invitation_pending": "They were invited to your Business Center and have not accepted yet: ask them to open the "
    "e-mail from TikTok.",
    "scope_not_authorized": "Your TikTok app lacks a permission, Business Center Asset or Business Center Member "
    "Management: add it in My Apps, connect your side again, or give the account by hand.",
    "connection_dead": "TikTok has ended your own authorization: connect your side again "
    "(POST /api/v1/connections/invitations).",
    "agency_not_connected": "Connect your own side (POST /api/v1/connections/invitations), or give the account by "
    "hand in Business Center.",
    "not_bc_admin": "The person who connected your side is no Admin of your Business Center: let an Admin connect it.",
    "asset_not_found": "Your Business Center does not show this ad account to Keyturn: see the grant's platform calls.",
    "taken_away": "They could open it, and a person of your agency removed that: set your buyers again to restore "
    "it, or leave them out.",
    "role_too_low": "A person of your agency lowered their role: set your buyers again to raise it.",
    "role_higher_than_requested": "They have a higher role than you set, and not from Keyturn: an Admin of your "
    "Business Center can lower it.",
    "platform_changed": "TikTok answered in another form than documented: see the grant's platform calls for the "
    "field and "
    "the request id, look for a newer version of Keyturn, or give the account by hand.",
    "app_problem": "TikTok refuses this: see the grant's platform calls for its code and message.",
}


def buyer_hint(code: str | None) -> str | None:
    """Next step for the agency; None if there is nothing to do."""
    if code is None:
        return None
    return _BY_CODE.get(code, _BY_CODE["app_problem"])


class Buyer(RequestShape):
    """A person of your agency who gets access to clients' ad accounts."""

    email: Email = Field(description="As in your Business Center.", examples=["bo@north.example"])
    role: AdAccountRole = Field(
        description="On ad accounts; `Observer` counts as `ANALYST`. Never higher than the role that the client gave.",
        examples=["OPERATOR"],
    )


class Buyers(RequestShape):
    """The complete list: it replaces the former one. It may be empty."""

    buyers: list[Buyer] = Field(max_length=MOST_BUYERS, description="All buyers, each with e-mail address and role.")

    def named(self) -> list[NamedBuyer]:
        """As values for the service."""
        return [NamedBuyer(each.email, each.role) for each in self.buyers]


class BuyerView(BaseModel):
    """A buyer with a role."""

    email: str = Field(examples=["bo@north.example"])
    role: str = Field(examples=["OPERATOR"])


class BuyersView(BaseModel):
    """Buyers who get access to clients' assets."""

    buyers: list[BuyerView]
    updated_at: Time | None = Field(description="Null: no list was set yet.")

    @classmethod
    def of(cls, row: BuyerList | None) -> "BuyersView":
        """From the row; empty without one."""
        people = [BuyerView(**each) for each in row.people] if row else []
        return cls(buyers=people, updated_at=row.updated_at if row else None)


class BuyerAccessView(BaseModel):
    """Access of one of your buyers to an ad account inside your own Business Center."""

    email: str = Field(examples=["bo@north.example"])
    role: str = Field(description="Desired role: never higher than that of the grant.", examples=["OPERATOR"])
    status: str = Field(
        description="`open`: a read showed it. `waiting`: in progress. `blocked`: see `code` and `hint`. "
        "`leaving`: to be removed.",
        examples=["open"],
    )
    code: str | None = Field(examples=[None])
    hint: str | None = Field(description="Next step of your agency; null if there is none.", examples=[None])
    role_seen: str | None = Field(description="The role that was read.", examples=["OPERATOR"])
    seen_at: Time | None = Field(description="Last read that showed the access.")

    @classmethod
    def of(cls, row: BuyerAccess) -> "BuyerAccessView":
        """From the row."""
        return cls(
            email=row.email, role=row.role, status=row.status, code=row.code, hint=buyer_hint(row.code),
            role_seen=row.role_seen, seen_at=row.seen_at,
        )  # fmt: skip


class GrantDetail(GrantView):
    """A grant with the access of your buyers."""

    buyers: list[BuyerAccessView] = Field(description="Access of your buyers.")

    @classmethod
    def with_buyers(cls, grant: Grant, rows: Sequence[BuyerAccess]) -> "GrantDetail":
        """From the rows."""
        return cls(**dict(GrantView.model_validate(grant)), buyers=[BuyerAccessView.of(row) for row in rows])
