"""Connections, as the API and the command line show them: never their tokens."""

from pydantic import BaseModel, Field

from app.access.connections.models import Connection
from app.kit.input.fields import Time


class ConnectionView(BaseModel):
    """Our access to a platform on somebody's behalf, the client's or your own."""

    id: str = Field(examples=["connection_01ksy1q3e0fzs8qj5m8g3d4w7x"])
    platform: str = Field(examples=["tiktok"])
    side: str = Field(description="Whose: `client` or `agency`.", examples=["client"])
    client_id: str | None = Field(examples=["client_01ksy1q3e0fzs8qj5m8g3d4w7t"])
    link_id: str | None = Field(examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    status: str = Field(
        description="`live`; `dead`: the platform refuses it; `revoked`: given back.", examples=["live"]
    )
    scopes: list[str] = Field(description="The platform's ids of what it may do.", examples=[["100", "153"]])
    person: str = Field(description="Who authorized, as the platform says.", examples=["Ana Lima"])
    gives_back_at: Time | None = Field(description="When its token is given back at the latest.")
    ended_at: Time | None
    created_at: Time

    @classmethod
    def of(cls, row: Connection) -> "ConnectionView":
        """From the row, without its token."""
        return cls(
            id=row.id, platform=row.platform, side=row.side, client_id=row.client_id, link_id=row.link_id,
            status=row.status, scopes=[str(scope) for scope in row.scopes], person=row.person,
            gives_back_at=row.due_at, ended_at=row.ended_at, created_at=row.created_at,
        )  # fmt: skip


class ConnectInvitation(BaseModel):
    """A one-time address with which somebody of your agency connects your own side."""

    address: str = Field(examples=["https://go.agency.com/connect/pJ3…"])
    expires_at: Time
