"""JSON routes: platforms, kinds and roles that can be requested."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, Field

from app.kit.database import Session
from app.kit.errors import NotFound
from app.kit.i18n.locales import english
from app.kit.web.paging import Page
from app.links.own_platforms import service as own_platforms
from app.platforms.port import AssetKind, Platform
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router("/platforms")

Reader = Annotated[Principal, requires("links:read")]


class PlatformUnknown(NotFound):
    """The installation does not know the platform."""

    detail = "There is no such platform."
    hint = "GET /api/v1/platforms lists them."


class RequestableRole(BaseModel):
    """A role of a kind, by the platform's own name."""

    role: str = Field(examples=["ANALYST"])
    also: list[str] = Field(description="Other accepted names.", examples=[["OBSERVER"]])
    label: str = Field(description="Its name for the client.", examples=["View only"])
    can: list[str] = Field(examples=[["See ads and their results"]])
    cannot: list[str] = Field(examples=[["Create or change ads"]])


class RequestableKind(BaseModel):
    """A kind of asset; roles from the smallest to the largest."""

    kind: str = Field(examples=["ad_account"])
    name: str = Field(examples=["ad account"])
    by_api: bool = Field(description="False: the client shares it by hand.")
    through: str | None = Field(
        description="The kind that must be requested with it: a pixel needs an ad account.", examples=[None]
    )
    in_presets: bool = Field(description="False: people are requested on a link, by their e-mail address.")
    roles: list[RequestableRole]

    @classmethod
    def of(cls, platform: Platform, kind: AssetKind) -> "RequestableKind":
        """From the platform's table of kinds and its texts."""
        return cls(
            kind=kind.key, name=kind.one, by_api=kind.by_api, through=kind.through,
            in_presets=not kind.is_person, roles=[_role(platform, kind, role) for role in kind.roles],
        )  # fmt: skip


class RequestablePlatform(BaseModel):
    """A platform, and the access that can be requested there."""

    platform: str = Field(examples=["tiktok"])
    name: str = Field(examples=["TikTok"])
    connects: bool = Field(description="False: nothing is read there; people confirm that it works.")
    kinds: list[RequestableKind]


def every(platforms: Iterable[Platform]) -> list[RequestablePlatform]:
    """All platforms of the installation."""
    return [
        RequestablePlatform(
            platform=each.key, name=each.name, connects=each.connects,
            kinds=[RequestableKind.of(each, kind) for kind in each.kinds.values()],
        )
        for each in platforms
    ]  # fmt: skip


@router.get("")
async def list_platforms(caller: Reader, session: Session, request: Request) -> Page[RequestablePlatform]:
    """List the platforms, kinds and roles that can be requested, your own too. There is no second page."""
    platforms = await own_platforms.requestable(session, caller.agency_id, services_of(request).platforms)
    return Page(data=every(platforms.values()))


@router.get("/{platform}")
async def get_platform(caller: Reader, session: Session, request: Request, platform: str) -> RequestablePlatform:
    """Return one platform with its kinds and roles."""
    platforms = await own_platforms.requestable(session, caller.agency_id, services_of(request).platforms)
    if platform not in platforms:
        raise PlatformUnknown
    return every([platforms[platform]])[0]


def _role(platform: Platform, kind: AssetKind, role: str) -> RequestableRole:
    words = platform.role_words(kind.key, role)
    also = [name for name, official in kind.names.items() if official == role != name]
    return RequestableRole(
        role=role, also=also, label=english(words.label), can=[english(each) for each in words.can],
        cannot=[english(each) for each in words.cannot],
    )  # fmt: skip
