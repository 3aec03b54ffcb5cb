"""Schemas of principals and API keys."""

from pydantic import BaseModel, ConfigDict, Field

from app.kit.input.fields import Time


class Me(BaseModel):
    """The calling principal: a cheap request to test and label a connection."""

    agency_id: str = Field(examples=["agency_01ksy1q3e0fzs8qj5m8g3d4w7r"])
    agency_name: str = Field(examples=["North Agency"])
    key_id: str = Field(examples=["key_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    key_name: str = Field(examples=["CRM"])
    scopes: list[str] = Field(examples=[["links:read", "links:write"]])


class KeyView(BaseModel):
    """An API key, without its value."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["key_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    name: str = Field(examples=["CRM"])
    hint: str = Field(description="The last four characters of its value.", examples=["x7Qa"])
    scopes: list[str] = Field(examples=[["links:read", "links:write"]])
    created_at: Time
    expires_at: Time | None = Field(description="Null: it does not expire.")
    last_used_at: Time | None = Field(description="To the minute.")
    revoked_at: Time | None


class NewKeyView(KeyView):
    """A new API key with its value, which is shown only once."""

    value: str = Field(examples=["kt_live_Zx3…"])
