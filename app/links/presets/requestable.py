"""Platforms, kinds and roles that can be asked for, as the API and the command line show them."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from app.kit.web.paging import Page
from app.links.presets.validation import requested_by_address
from app.platforms.port import AssetKind, Platform
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute

router = APIRouter(prefix="/platforms", tags=["presets"], route_class=ApiRoute)

Reader = Annotated[Principal, requires("links:read")]


class RequestableRole(BaseModel):
    """A role of a kind, by the platform's own name."""

    role: str = Field(examples=["ANALYST"])
    also: list[str] = Field(description="Further names that are understood.", examples=[["OBSERVER"]])
    label: str = Field(description="As the client reads it.", examples=["View only"])
    can: list[str] = Field(examples=[["see campaigns and reports"]])
    cannot: list[str] = Field(examples=[["change anything"]])


class RequestableKind(BaseModel):
    """A kind of asset; roles from the smallest to the largest."""

    kind: str = Field(examples=["ad_account"])
    name: str = Field(examples=["ad account"])
    by_api: bool = Field(description="False: the client shares it by hand.")
    through: str | None = Field(
        description="The kind that has to be asked for beside it: a pixel hangs on an ad account.", examples=[None]
    )
    in_presets: bool = Field(description="False: people are asked for on a link, by their address.")
    roles: list[RequestableRole]

    @classmethod
    def of(cls, platform: Platform, kind: AssetKind) -> "RequestableKind":
        """From the platform's table of kinds and its words."""
        return cls(
            kind=kind.key, name=kind.one, by_api=kind.by_api, through=kind.through,
            in_presets=not requested_by_address(kind.key), roles=[_role(platform, kind, role) for role in kind.roles],
        )  # fmt: skip


class RequestablePlatform(BaseModel):
    """A platform, and what can be asked for there."""

    platform: str = Field(examples=["tiktok"])
    name: str = Field(examples=["TikTok"])
    connects: bool = Field(description="False: nothing is read there; people say that it works.")
    kinds: list[RequestableKind]


class RequestableRow(BaseModel):
    """One role, as the command line lists it."""

    platform: str
    kind: str
    role: str
    also: list[str]
    client_reads: str
    can: str
    cannot: str


def every(platforms: Iterable[Platform]) -> list[RequestablePlatform]:
    """All platforms of the installation."""
    return [
        RequestablePlatform(
            platform=each.key, name=each.name, connects=each.connects,
            kinds=[RequestableKind.of(each, kind) for kind in each.kinds.values()],
        )
        for each in platforms
    ]  # fmt: skip


def lines(platforms: Iterable[RequestablePlatform]) -> list[RequestableRow]:
    """The same, a line for each role."""
    return [
        RequestableRow(
            platform=platform.platform, kind=kind.kind, role=role.role, also=role.also, client_reads=role.label,
            can="; ".join(role.can), cannot="; ".join(role.cannot),
        )
        for platform in platforms
        for kind in platform.kinds
        for role in kind.roles
    ]  # fmt: skip


@router.get("")
async def list_requestable(_: Reader, request: Request) -> Page[RequestablePlatform]:
    """Platforms, kinds and roles that a preset can ask for, all on one page."""
    return Page(data=every(request.app.state.platforms.values()))


def _role(platform: Platform, kind: AssetKind, role: str) -> RequestableRole:
    words = platform.role_words(kind.key, role)
    also = [name for name, official in kind.names.items() if official == role != name]
    return RequestableRole(role=role, also=also, label=words.label, can=list(words.can), cannot=list(words.cannot))
