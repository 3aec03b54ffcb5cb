"""Schemas of TikTok's responses, strict in the fields that Keyturn needs; other fields are ignored. Pure."""

from typing import ClassVar, Generic, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field


class ResponseShape(BaseModel):
    """An object of a response; ids are text, never numbers."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class PageInfo(ResponseShape):
    """`data.page_info`; pages count from 1."""

    total_page: int
    total_number: int | None = None


Item = TypeVar("Item", bound=ResponseShape)


class PageOf(ResponseShape, Generic[Item]):
    """One page of a list; `/pixel/list/` names it `pixels`."""

    rows: list[Item] = Field(validation_alias=AliasChoices("list", "pixels"))
    page_info: PageInfo


class Nothing(ResponseShape):
    """A response without data."""


class AccessToken(ResponseShape):
    """`/oauth2/access_token/`."""

    access_token: str
    scope: list[int]


class UserInfo(ResponseShape):
    """`/user/info/`."""

    display_name: str | None = None
    email: str | None = None


class AdvertiserRow(ResponseShape):
    """A row of `/oauth2/advertiser/get/`."""

    advertiser_id: str


class Advertisers(ResponseShape):
    """`/oauth2/advertiser/get/`; not paged."""

    rows: list[AdvertiserRow] = Field(validation_alias="list")


class AdvertiserInfo(ResponseShape):
    """A row of `/advertiser/info/`."""

    advertiser_id: str
    status: str | None = None
    currency: str | None = None
    timezone: str | None = None
    country: str | None = None


class AdvertiserInfos(ResponseShape):
    """`/advertiser/info/`; not paged, and omits accounts that the token cannot reach."""

    rows: list[AdvertiserInfo] = Field(validation_alias="list")


class BcInfo(ResponseShape):
    """`bc_info` of `/bc/get/`."""

    bc_id: str
    name: str | None = None
    company: str | None = None
    status: str | None = None
    verification_status: str | None = None
    registered_area: str | None = None


class BcRow(ResponseShape):
    """A row of `/bc/get/`."""

    bc_info: BcInfo
    user_role: str


class AdminAsset(ResponseShape):
    """A row of `/bc/asset/admin/get/` for ADVERTISER and PIXEL."""

    asset_id: str
    asset_name: str | None = None
    relation_type: str
    relation_status: str | None = None
    owner_bc_name: str | None = None
    advertiser_status: str | None = None
    pixel_code: str | None = None


class PartnerRow(ResponseShape):
    """A row of `/bc/partner/get/`."""

    bc_id: str
    bc_name: str | None = None


class SharedAsset(ResponseShape):
    """A row of `/bc/partner/asset/get/`; each asset type has its own role field."""

    ASSET_TYPE: ClassVar[str]

    asset_id: str
    asset_name: str | None = None
    role: str


class SharedAdvertiser(SharedAsset):
    """An ad account."""

    ASSET_TYPE = "ADVERTISER"

    role: str = Field(validation_alias="advertiser_role")


class SharedCatalog(SharedAsset):
    """A catalog."""

    ASSET_TYPE = "CATALOG"

    role: str = Field(validation_alias="catalog_role")


class PixelLink(ResponseShape):
    """A row of `/bc/pixel/link/get/`."""

    advertiser_id: str


class PixelRow(ResponseShape):
    """A row of `/pixel/list/`."""

    pixel_id: str
    pixel_code: str
    pixel_name: str | None = None


class EventCount(ResponseShape):
    """One type of event in `statistics`, standard or custom; the total covers browser and server events."""

    type: str = Field("", validation_alias=AliasChoices("pixel_event_type", "custom_event_type"))
    total_count: int


class PixelCounts(ResponseShape):
    """A row of `/pixel/event/stats/`."""

    pixel_id: str
    statistics: list[EventCount] = Field(default_factory=list)


class PixelStats(ResponseShape):
    """`/pixel/event/stats/`; a pixel without events may be missing."""

    rows: list[PixelCounts] = Field(default_factory=list, validation_alias="list")


class MemberRow(ResponseShape):
    """A row of `/bc/member/get/`; an invited person has only an e-mail address."""

    user_id: str | None = None
    user_name: str | None = None
    user_email: str | None = None
    user_role: str
    relation_status: str


class HolderRow(ResponseShape):
    """A row of `/bc/asset/member/get/` for ADVERTISER."""

    user_id: str
    user_email: str | None = None
    advertiser_role: str


class ChangeRow(ResponseShape):
    """A line of `/changelog/get/`."""

    time: str
    activity_type: str
    operator_id: str | None = None
    activity_log: str


class ChangeLog(ResponseShape):
    """`/changelog/get/`."""

    changelog_list: list[ChangeRow]
