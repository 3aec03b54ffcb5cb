"""An invitation, as the API shows it."""

from typing import Literal

from pydantic import BaseModel, Field

from app.kit.input.fields import Time
from app.mail.models import Mail


class InvitationView(BaseModel):
    """An e-mail with the link's address. `sent` means that the mail server took it, not that it was read."""

    id: str = Field(examples=["mail_01ksy1q3e0fzs8qj5m8g3d4w7z"])
    link_id: str = Field(examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    email: str = Field(description="To whom.", examples=["ana@brand.example"])
    status: Literal["waiting", "sent", "failed"] = Field(examples=["sent"])
    attempts: int = Field(description="How often it was tried; for at most a day.", examples=[1])
    last_error: str | None = Field(
        description="Why the last try did not work.", examples=["The mail server refused it: 550 No such user."]
    )
    created_at: Time
    sent_at: Time | None
    failed_at: Time | None = Field(description="When it was given up.")

    @classmethod
    def of(cls, mail: Mail) -> "InvitationView":
        """From the row."""
        return cls(
            id=mail.id, link_id=mail.about_id, email=mail.to_email,
            status="sent" if mail.sent_at else "failed" if mail.failed_at else "waiting",
            attempts=mail.attempt_count, last_error=mail.last_error, created_at=mail.created_at,
            sent_at=mail.sent_at, failed_at=mail.failed_at,
        )  # fmt: skip
