"""A code for a new device, as the API shows it: once."""

from pydantic import BaseModel, Field

from app.kit.input.fields import Time


class DeviceCodeView(BaseModel):
    """Six digits that let one more browser of the client in. Say them to somebody you know, by telephone."""

    link_id: str = Field(examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    code: str = Field(description="Shown this once.", examples=["482913"])
    expires_at: Time
