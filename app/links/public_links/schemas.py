"""Public links, as the API and the command line take and show them."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.kit.input.fields import Digits, Language, Line120, Moment, RequestShape, Time, Word
from app.links.public_links import signup
from app.links.public_links.models import PublicLink
from app.links.public_links.service import MOST_PER_HOUR


class NewPublicLink(RequestShape):
    """A public link as you want it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"preset": "prospect"}]})

    preset: Word = Field("run-campaigns", description="What to request.")
    language: Language = "en"
    expires_at: Moment | None = Field(None, description="Until revoked unless given.")
    agency_bc_id: Digits | None = Field(
        None, description="Which of your Business Centers gets the access; needed where you have several."
    )
    requested_by: Line120 | None = Field(None, description="Who asks; your agency's contact unless given.")
    most_per_hour: int = Field(MOST_PER_HOUR, ge=1, le=1000, description="At most this many new clients an hour.")
    most_uses: int | None = Field(None, ge=1, le=1_000_000, description="At most this many new clients in all.")


class PublicLinkView(BaseModel):
    """A public address; each use makes a client and a link. The address itself is not part of it."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["publiclink_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    preset: str = Field(examples=["prospect"])
    preset_version: int = Field(examples=[1])
    language: str = Field(examples=["en"])
    requested_by: str = Field(examples=["Ana Agent"])
    agency_bc_id: str | None = Field(examples=["7000999988887777666"])
    status: Literal["open", "revoked", "expired", "used_up"] = Field(examples=["open"])
    uses: int = Field(description="How many links it made.", examples=[4])
    most_uses: int | None
    most_per_hour: int = Field(examples=[30])
    expires_at: Time | None
    revoked_at: Time | None
    created_at: Time

    @classmethod
    def of(cls, row: PublicLink) -> "PublicLinkView":
        """From the row."""
        fields = [name for name in cls.model_fields if name != "status"]
        return cls.model_validate({**{name: getattr(row, name) for name in fields}, "status": signup.status_of(row)})


class CreatedPublicLink(PublicLinkView):
    """A public link as the answer to its making."""

    address: str = Field(
        description="To be put on a website or in a proposal. `?external_id=` is kept with whoever comes by it.",
        examples=["https://go.agency.com/north/open/pJ3…"],
    )
