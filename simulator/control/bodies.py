"""Request schemas of the control API; unknown fields are refused."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from simulator.faults import ANY_PATH
from simulator.models import AdAccountStatus, AdvertiserRole, CatalogRole, Role


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SwitchesPatch(_Body):
    """Only what is sent changes; `qps` null takes the limit away."""

    partner_approval: bool = False
    read_lag: float = 0.0
    qps: int | None = None
    flaky: float = 0.0
    lost_answers: float = 0.0
    reauthorize: bool = False
    pixel_links_denied: bool = False
    strangers_refused: bool = False


class NewFault(_Body):
    """See `faults.Fault`."""

    path: str = ANY_PATH
    code: int | None = None
    message: str | None = None
    data: Any = None
    http_status: int | None = Field(None, ge=400, le=599)
    drop: bool = False
    lost: bool = False
    applied: bool = False
    delay: float = Field(0.0, ge=0, le=120)
    person: str | None = None
    times: int | None = Field(1, ge=1)

    @model_validator(mode="after")
    def goes_wrong_in_one_way(self) -> "NewFault":
        ways = sum((self.code is not None, self.http_status is not None, self.drop, self.lost))
        if ways > 1 or (ways == 0 and not self.delay):
            raise ValueError("give one of code, http_status, drop and lost, or only a delay")
        return self


class ShareByHand(_Body):
    """Assets of any type; each gets the role of its type. `by` as everywhere: a person, an admin if not given."""

    bc_id: str
    partner_id: str
    asset_ids: list[str] = []
    advertiser_role: AdvertiserRole = "ANALYST"
    catalog_role: CatalogRole = "AD_PROMOTE"
    by: str | None = None


class RoleByHand(_Body):
    """Another role on what is shared, smaller or larger."""

    bc_id: str
    partner_id: str
    asset_ids: list[str] = Field(min_length=1)
    role: Role
    by: str | None = None


class PartingByHand(_Body):
    bc_id: str
    partner_id: str
    by: str | None = None


class RemovalByHand(_Body):
    """Without `asset_ids`, everything shared with this partner."""

    bc_id: str
    partner_id: str
    asset_ids: list[str] | None = None
    by: str | None = None


class Approval(_Body):
    """`bc_id` is the receiving side, which approves."""

    bc_id: str
    partner_id: str


class NewToken(_Body):
    """Without `advertiser_ids`, every ad account the person can tick."""

    person: str
    app_id: str
    advertiser_ids: list[str] | None = None


class Revocation(_Body):
    """One token, or every authorization of a person."""

    access_token: str | None = None
    person: str | None = None

    @model_validator(mode="after")
    def names_one(self) -> "Revocation":
        if (self.access_token is None) == (self.person is None):
            raise ValueError("give access_token or person")
        return self


class AdAccountPatch(_Body):
    """Only what is sent changes."""

    status: AdAccountStatus = "STATUS_ENABLE"
    rejection_reason: str = ""
    currency: str = "EUR"
    timezone: str = "Europe/Paris"
    name: str = ""
    balance: float = 0.0
    owner_bc_id: str | None = None


class EventsOfPixel(_Body):
    """Count of an event of a pixel, `days_ago` before the day of the query, in UTC."""

    browser: int = Field(0, ge=0)
    server: int = Field(0, ge=0)
    attributed: int = Field(0, ge=0)
    preview: int = Field(0, ge=0)
    days_ago: int = Field(0, ge=0)


class PixelLinkByHand(_Body):
    """An admin links a pixel, by asset id, or takes the link away."""

    pixel_id: str
    advertiser_ids: list[str] = Field(min_length=1)
    linked: bool
    by: str | None = None


class Redirect(_Body):
    app_id: str
    redirect_uri: str


class Reset(_Body):
    seed: int | None = None
