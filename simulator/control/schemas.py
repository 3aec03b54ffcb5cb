"""Schemas with which a test builds its own world."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from simulator.models import (
    AdAccountStatus,
    AdvertiserRole,
    AssetType,
    BusinessCenterRole,
    BusinessCenterStatus,
    BusinessCenterType,
    FinanceRole,
    RelationStatus,
    Role,
    VerificationStatus,
)


class _Wish(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewPerson(_Wish):
    name: str
    email: str


class NewBusinessCenter(_Wish):
    """`members`: role by person id."""

    name: str
    company: str = ""
    members: dict[str, BusinessCenterRole] = {}
    status: BusinessCenterStatus = "ENABLE"
    verification_status: VerificationStatus = "VERIFIED"
    type: BusinessCenterType = "SELF_SERVICE"
    currency: str = "EUR"
    timezone: str = "Europe/Paris"
    registered_area: str = "FR"


class BusinessCenterPatch(_Wish):
    """Only what is sent changes."""

    name: str = ""
    status: BusinessCenterStatus = "ENABLE"
    verification_status: VerificationStatus = "VERIFIED"
    type: BusinessCenterType = "SELF_SERVICE"


class NewMember(_Wish):
    """`by` as everywhere: a person, one of the admins if not given."""

    role: BusinessCenterRole
    finance_role: FinanceRole | None = None
    by: str | None = None


class NewInvitation(_Wish):
    email: str
    role: BusinessCenterRole = "STANDARD"
    asset_ids: list[str] = []
    advertiser_role: AdvertiserRole = "ANALYST"
    by: str | None = None


class InvitationAnswer(_Wish):
    email: str
    accept: bool = True


class Assignment(_Wish):
    """A member's role on an asset; null takes it away."""

    person: str
    asset_id: str
    role: Role | None
    by: str | None = None


class NewAsset(_Wish):
    """Of any type; `owner_advertiser_id` is the ad account a pixel was made in. The last five are an ad account's."""

    asset_type: AssetType
    name: str
    owner_bc_id: str | None = None
    owner_person_id: str | None = None
    owner_advertiser_id: str | None = None
    status: AdAccountStatus = "STATUS_ENABLE"
    rejection_reason: str = ""
    currency: str = "EUR"
    timezone: str = "Europe/Paris"
    requested_by: dict[str, RelationStatus] = {}

    @model_validator(mode="after")
    def has_an_owner(self) -> "NewAsset":
        owners = [self.owner_bc_id, self.owner_person_id, self.owner_advertiser_id]
        if not any(owners) or (self.owner_bc_id and self.owner_person_id):
            raise ValueError("give owner_bc_id, owner_person_id or, for a pixel, owner_advertiser_id")
        if self.owner_advertiser_id and self.asset_type != "PIXEL":
            raise ValueError("only a pixel is made in an ad account")
        return self


class Answer(_Wish):
    """The owner's answer to a Business Center that requested an ad account; null without a request."""

    relation_status: RelationStatus | None


class Crowd(_Wish):
    """Many partners at once, each with its own Business Center, admin and ad accounts shared with `bc_id`."""

    bc_id: str
    partners: int = Field(ge=1, le=1000)
    accounts_each: int = Field(1, ge=0, le=20_000)
    role: AdvertiserRole = "OPERATOR"
