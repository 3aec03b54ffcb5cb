"""Schemas of clients."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.kit.input.fields import Email, ExternalId, Language, Line200, RequestShape, Time
from app.tenants.clients.models import ClientContact, ContactRole


class ClientFields(RequestShape):
    """Common fields of a client."""

    name: Line200 = Field(examples=["Brand SA"])
    contact_name: Line200 | None = Field(None, examples=["Ana Lima"])
    contact_email: Email | None = Field(None, examples=["ana@brand.example"])
    language: Language | None = Field(
        None,
        description="Of its pages and e-mails. Null: as the client chooses, else its browser, else your agency.",
        examples=["fr"],
    )


class NewClient(ClientFields):
    """A new client."""

    external_id: ExternalId | None = Field(
        None,
        description="Its id in your CRM. A known one gives the existing client.",
        examples=["hubspot:1234"],
    )


class ClientChanges(ClientFields):
    """Changes to a client; omitted fields stay as they are. Null clears a contact or the language."""

    name: Line200 = Field(default_factory=str, examples=["Brand SA"])


class ClientView(BaseModel):
    """A client, the company that grants access."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["client_01ksy1q3e0fzs8qj5m8g3d4w7t"])
    name: str = Field(examples=["Brand SA"])
    contact_name: str | None = Field(examples=["Ana Lima"])
    contact_email: str | None = Field(examples=["ana@brand.example"])
    external_id: str | None = Field(description="Its id in your CRM.", examples=["hubspot:1234"])
    language: str | None = Field(examples=["fr"])
    origin: str = Field(
        description="`made` by you, or `found`: made by an import for a partner of your Business Center.",
        examples=["made"],
    )
    created_at: Time
    updated_at: Time


class NewContact(RequestShape):
    """A person of a client, added by your agency."""

    role: ContactRole = Field(
        description="`approver` decides about access and posts, `billing` about payment, `technical` about website and "
        "pixel.",
        examples=["billing"],
    )
    name: Line200 = Field(examples=["Ida Berg"])
    email: Email | None = Field(None, examples=["ida@brand.example"])


class ContactChanges(RequestShape):
    """Changes to a contact; omitted fields stay as they are. Null clears the e-mail address."""

    role: ContactRole = Field("approver", examples=["billing"])
    name: Line200 = Field(default_factory=str, examples=["Ida Berg"])
    email: Email | None = Field(None, examples=["ida@brand.example"])


class ClientContactView(BaseModel):
    """A person of a client in one role, and the side that named it: the client on a link, or your agency."""

    id: str | None = Field(
        description="Null if the client named it: only the client changes it, on its link.",
        examples=["contact_01ksy1q3e0fzs8qj5m8g3d4w7v"],
    )
    role: str = Field(examples=["billing"])
    name: str = Field(examples=["Ida Berg"])
    email: str | None = Field(examples=["ida@brand.example"])
    given_by: Literal["client", "agency"] = Field(examples=["agency"])
    given_at: Time | None = Field(description="Time of the last change.")
    link_id: str | None = Field(description="The link on which the client named it.", examples=[None])
    actor_kind: str = Field(description="Who wrote it last: `client`, `member` or `api_key`.", examples=["member"])
    actor_id: str = Field(examples=["member_01ksy1q3e0fzs8qj5m8g3d4w7u"])

    @classmethod
    def of(cls, row: ClientContact) -> "ClientContactView":
        """A contact of the agency, from the row."""
        return cls(
            id=row.id, role=row.role, name=row.name, email=row.email, given_by="agency", given_at=row.updated_at,
            link_id=None, actor_kind=row.actor_kind, actor_id=row.actor_id,
        )  # fmt: skip
