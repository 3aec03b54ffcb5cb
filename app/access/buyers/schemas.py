"""Buyers and what they can open, as the API and the command line show them."""

from collections.abc import Sequence

from pydantic import BaseModel, Field

from app.access.buyer_access.models import BuyerAccess, BuyerList
from app.access.buyer_access.service import MOST_BUYERS, Named
from app.access.buyers.error_hints import hint
from app.access.grants.models import Grant
from app.access.grants.schemas import GrantView
from app.kit.input.fields import Email, RequestShape, Time
from app.platforms.roles import AdAccountRole


class Buyer(RequestShape):
    """Somebody of your agency who is to open what clients share."""

    email: Email = Field(description="As your Business Center knows them.", examples=["bo@north.example"])
    role: AdAccountRole = Field(
        description="On ad accounts; `Observer` is taken for `ANALYST`. Nobody gets more than the client gave.",
        examples=["OPERATOR"],
    )


class Buyers(RequestShape):
    """Everybody who is to have it: this replaces the list there was. Nobody: an empty list."""

    buyers: list[Buyer] = Field(max_length=MOST_BUYERS)

    def named(self) -> list[Named]:
        """As an action takes them."""
        return [Named(each.email, each.role) for each in self.buyers]


class BuyerView(BaseModel):
    """One of them."""

    email: str = Field(examples=["bo@north.example"])
    role: str = Field(examples=["OPERATOR"])


class BuyersView(BaseModel):
    """Who is to open what clients share."""

    buyers: list[BuyerView]
    updated_at: Time | None = Field(description="Null: nobody was named yet.")

    @classmethod
    def of(cls, row: BuyerList | None) -> "BuyersView":
        """From the row, where there is one."""
        people = [BuyerView(**each) for each in row.people] if row else []
        return cls(buyers=people, updated_at=row.updated_at if row else None)


class BuyerAccessView(BaseModel):
    """Access of one of your buyers to an ad account inside your own Business Center."""

    email: str = Field(examples=["bo@north.example"])
    role: str = Field(description="The role they are to have: never more than you were given.", examples=["OPERATOR"])
    status: str = Field(
        description="`open`: read back, they can open it. `waiting`: under way. `blocked`: `code` and `hint` say why. "
        "`leaving`: to be taken from them.",
        examples=["open"],
    )
    code: str | None = Field(examples=[None])
    hint: str | None = Field(description="What your agency can do; null where nothing is to be done.", examples=[None])
    role_seen: str | None = Field(description="The role that was read.", examples=["OPERATOR"])
    seen_at: Time | None = Field(description="When a read last showed that they can open it.")

    @classmethod
    def of(cls, row: BuyerAccess) -> "BuyerAccessView":
        """From the row."""
        return cls(
            email=row.email, role=row.role, status=row.status, code=row.code, hint=hint(row.code),
            role_seen=row.role_seen, seen_at=row.seen_at,
        )  # fmt: skip


class GrantDetail(GrantView):
    """A grant with who of your people can open it."""

    buyers: list[BuyerAccessView] = Field(description="Who of your people is to open it, and who can.")

    @classmethod
    def with_buyers(cls, grant: Grant, rows: Sequence[BuyerAccess]) -> "GrantDetail":
        """From the rows."""
        return cls(**dict(GrantView.model_validate(grant)), buyers=[BuyerAccessView.of(row) for row in rows])
