"""Response schemas of grants."""

from pydantic import BaseModel, ConfigDict, Field

from app.kit.input.fields import Time


class GrantView(BaseModel):
    """Access that exists: one role of your agency on one asset of a client, as a read showed it."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["grant_01ksy1q3e0fzs8qj5m8g3d4w7w"])
    client_id: str = Field(examples=["client_01ksy1q3e0fzs8qj5m8g3d4w7t"])
    access_request_id: str | None = Field(examples=["access_01ksy1q3e0fzs8qj5m8g3d4w7v"])
    platform: str = Field(examples=["tiktok"])
    kind: str = Field(examples=["ad_account"])
    asset_id: str = Field(examples=["7200000000000000101"])
    asset_name: str | None = Field(examples=["Brand FR"])
    client_account_id: str = Field(description="The client's Business Center.", examples=["7111222233334444555"])
    agency_account_id: str = Field(description="Yours.", examples=["7000999988887777666"])
    parent_asset_id: str | None = Field(description="The ad account on which a pixel is observed.", examples=[None])
    origin: str = Field(
        description="`asked`: requested on a link of yours; `found`: existed before.", examples=["asked"]
    )
    role: str = Field(examples=["OPERATOR"])
    status: str = Field(description="`live`, `drifted`, `revoking` (to be removed) or `ended`.", examples=["live"])
    seen_by: str = Field(
        description="The side whose token last observed it: `agency` or `client`.", examples=["agency"]
    )
    verified_at: Time
    last_seen_at: Time = Field(description="Time of the last read that showed it; does not count as a change.")
    drifted_at: Time | None
    revocation_requested_at: Time | None = Field(description="Time of your revocation.")
    code: str | None = Field(
        description="While `revoking`: blocker of the removal (docs/access.md).", examples=["removal_refused"]
    )
    next_actor: str | None = Field(description="While `revoking`: `us`, `client` or `agency`.", examples=["client"])
    ended_at: Time | None = Field(description="Time of the read that showed that it is gone.")
    created_at: Time
    updated_at: Time
