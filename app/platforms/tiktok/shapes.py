"""The answers of TikTok's API we read, strict in what we need and blind to the rest."""

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """An object of an answer; ids are text, never numbers."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class PageInfo(Shape):
    """`data.page_info`; pages count from 1."""

    page: int
    total_page: int
    total_number: int


Item = TypeVar("Item", bound=Shape)


class PageOf(Shape, Generic[Item]):
    """One page of a list."""

    list: list[Item]
    page_info: PageInfo


class Nothing(Shape):
    """An answer whose `data` says nothing."""


class AccessToken(Shape):
    """`/oauth2/access_token/`."""

    access_token: str
    scope: list[int]


class UserInfo(Shape):
    """`/user/info/`."""

    core_user_id: str
    display_name: str


class BcInfo(Shape):
    """`bc_info` of `/bc/get/`."""

    bc_id: str
    name: str
    status: str


class BcRow(Shape):
    """A row of `/bc/get/`."""

    bc_info: BcInfo
    user_role: str


class AdminAsset(Shape):
    """A row of `/bc/asset/admin/get/` for ADVERTISER."""

    asset_id: str
    asset_name: str
    relation_type: str
    advertiser_status: str | None = None


class AdvertiserRow(Shape):
    """A row of `/oauth2/advertiser/get/`."""

    advertiser_id: str
    advertiser_name: str


class Advertisers(Shape):
    """`/oauth2/advertiser/get/`; not paged."""

    list: list[AdvertiserRow]


class PartnerAsset(Shape):
    """A row of `/bc/partner/asset/get/` for ADVERTISER."""

    asset_id: str
    asset_name: str | None = None
    advertiser_role: str
