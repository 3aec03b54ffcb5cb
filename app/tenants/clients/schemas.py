"""Schemas of clients."""

from pydantic import BaseModel, ConfigDict, Field

from app.kit.input.fields import Email, ExternalId, Language, Line200, RequestShape, Time


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
