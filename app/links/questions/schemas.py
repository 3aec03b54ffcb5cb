"""Answers and files, as the API shows them."""

from pydantic import BaseModel, Field

from app.kit.input.fields import Time
from app.links.questions.models import IntakeFile


class FileView(BaseModel):
    """A file the client gave; `GET /links/{link_id}/files/{id}` downloads it."""

    id: str = Field(examples=["file_01ksy1q3e0fzs8qj5m8g3d4w80"])
    name: str = Field(examples=["events.xlsx"])
    media_type: str = Field(description="Told by its content.", examples=["application/pdf"])
    size: int = Field(description="Bytes.", examples=[48213])
    sha256: str = Field(
        description="Of its content, hex.",
        examples=["2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"],
    )
    created_at: Time

    @classmethod
    def of(cls, file: IntakeFile) -> "FileView":
        """From the row."""
        return cls(
            id=file.id, name=file.name, media_type=file.media_type, size=file.size, sha256=file.sha256.hex(),
            created_at=file.created_at,
        )  # fmt: skip


class AnswerView(BaseModel):
    """A question of the preset and what the client answered."""

    key: str = Field(examples=["website"])
    label: str = Field(examples=["On which website is the pixel?"])
    kind: str = Field(examples=["address"])
    value: str | None = Field(
        description="Null: not asked yet; empty: left out, or files.", examples=["https://www.brand.com"]
    )
    files: list[FileView]
