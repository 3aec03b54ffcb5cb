"""Schemas of manual platforms, with the agency's ids."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from app.platforms.manual.library import ManualPlatform


class NeedView(BaseModel):
    """An id of yours that your clients copy."""

    model_config = ConfigDict(from_attributes=True)

    key: str = Field(examples=["portfolio_id"])
    label: str = Field(examples=["Business portfolio ID"])
    looks: str = Field(examples=["10 to 20 digits and nothing else"])
    example: str = Field(examples=["1234567890123456"])
    where: str = Field(description="Where you find it.", examples=["Meta Business Suite > Settings > Business info"])


class WrittenRoleView(BaseModel):
    """A role, in a client's words."""

    model_config = ConfigDict(from_attributes=True)

    key: str = Field(description="The `role` of an access request.", examples=["MANAGE_CAMPAIGNS"])
    label: str = Field(examples=["Manage campaigns"])
    can: list[str] = Field(examples=[["create, change and pause ads in the ad account"]])
    cannot: list[str] = Field(examples=[["change how you pay"]])


class ThingView(BaseModel):
    """Something that can be requested; roles from lowest to highest."""

    model_config = ConfigDict(from_attributes=True)

    key: str = Field(examples=["ad_account"])
    one: str = Field(examples=["ad account"])
    roles: list[WrittenRoleView]


class PlatformView(BaseModel):
    """A platform that Keyturn cannot read: clients follow its steps, and people confirm that they are done."""

    key: str = Field(examples=["meta"])
    name: str = Field(examples=["Meta Business"])
    dated: str = Field(description="When its steps were last compared with the vendor's.", examples=["2026-11-22"])
    sources: list[str] = Field(examples=[["https://facebook.com/business/help/708679622611131"]])
    own_words: bool = Field(
        description="Title and steps are written by you, in the access request itself.", examples=[False]
    )
    agency_side: list[str] = Field(description="What is left for you to do once the client is done.")
    needs: list[NeedView]
    things: list[ThingView]
    identifiers: dict[str, str] = Field(
        description="Yours, by the key of the need.", examples=[{"portfolio_id": "1234567890123456"}]
    )
    missing: list[str] = Field(description="Needs you have given nothing for.", examples=[["portfolio_id"]])

    @classmethod
    def of(cls, platform: ManualPlatform, identifiers: Mapping[str, str]) -> "PlatformView":
        """From the platform's file and the agency's ids."""
        file = platform.file
        return cls(
            key=file.key, name=file.name, dated=file.dated, sources=list(file.sources), own_words=file.own_words,
            agency_side=file.agency_side, needs=[NeedView.model_validate(each) for each in file.needs],
            things=[ThingView.model_validate(each) for each in file.things], identifiers=dict(identifiers),
            missing=[need.key for need in platform.missing(identifiers)],
        )  # fmt: skip
