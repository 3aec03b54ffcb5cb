"""Table of the rate limiter: one row per developer app, shared by all agencies and processes."""

from typing import Any

from sqlalchemy import ARRAY, BigInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.database import Base


class RateLimitState(Base):
    """Usage of an app's rate limit; times are in ms of the database's clock.

    Belongs to no agency: the platform counts calls per app, and agencies may share one.
    """

    __tablename__ = "rate_limits"

    platform: Mapped[str] = mapped_column(String(32), primary_key=True)
    app_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    granted: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=text("'{}'"))
    #: bucket number -> calls reserved in it
    minute: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    reduced_to: Mapped[int | None]
    setbacks: Mapped[int] = mapped_column(server_default="0")
    limited_at: Mapped[int] = mapped_column(BigInteger, server_default="0")
    closed_until: Mapped[int] = mapped_column(BigInteger, server_default="0")
    raised_at: Mapped[int] = mapped_column(BigInteger, server_default="0")
