"""API shapes of API keys."""

from pydantic import BaseModel, ConfigDict, Field

from app.kit.input.fields import Line120, Moment, RequestShape, Time, Word


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
    made_by_id: str | None = Field(
        description="The member who made it, directly or by another key; null for a command on the server.",
        examples=["member_01ksy1q3e0fzs8qj5m8g3d4w7r"],
    )


class NewKeyView(KeyView):
    """A new API key with its value, which is shown only once."""

    value: str = Field(examples=["kt_live_Zx3…"])


class NewKey(RequestShape):
    """A new key."""

    name: Line120 = Field(description="What will use it.", examples=["CRM"])
    scopes: list[Word] = Field(
        min_length=1, max_length=64, description="What it may do; at most what your own key may.",
        examples=[["links:read", "links:write"]],
    )  # fmt: skip
    expires_at: Moment | None = Field(None, description="Null: it does not expire.")
