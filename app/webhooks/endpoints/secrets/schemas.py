"""Signing secrets as callers ask for them and see them."""

from pydantic import BaseModel, Field

from app.kit import clock
from app.kit.input.fields import RequestShape, Secret
from app.webhooks.endpoints.models import EndpointSecret

WEEK = 604_800
DAY = 86_400


class Rotation(RequestShape):
    """How one secret takes the place of another."""

    grace_seconds: int = Field(DAY, ge=0, le=WEEK, description="How long the secret before signs too.", examples=[DAY])
    secret: Secret | None = Field(
        None, max_length=200, repr=False, examples=[None],
        description="Your own, `whsec_` and the base64 of 24 to 64 bytes. Null: a new one is made.",
    )  # fmt: skip
    force: bool = Field(False, description="Also while the one before still signs; it is dropped.")


class SecretView(BaseModel):
    """A secret that signs."""

    id: str = Field(examples=["secret_01ksy1q3e0fzs8qj5m8g3d4w7z"])
    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
    expires_at: str | None = Field(description="Null: it is the current one.", examples=["2026-12-05T13:32:10.123Z"])
    created_at: str = Field(examples=["2026-12-04T13:32:10.123Z"])


class Secrets(BaseModel):
    """Those that sign now, the current one first; two at most."""

    data: list[SecretView]


def view(row: EndpointSecret, text: str) -> SecretView:
    """From the row and its opened value."""
    return SecretView(
        id=row.id, secret=text, expires_at=clock.iso(row.expires_at), created_at=clock.iso(row.created_at) or ""
    )
