"""The body of an event as CRMs read it: flat, every key always present, every id a string."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

API_VERSION = "2026-12-01"


def _with_examples(schema: dict[str, Any]) -> None:
    for name, value in EXAMPLE.items():
        schema["properties"][name]["examples"] = [value]


class Data(BaseModel):
    """The `data` of every event. A key that does not apply is null, never absent. Lists are comma-joined text."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_with_examples)

    agency_id: str | None = None
    link_id: str | None = None
    link_status: str | None = None
    client_id: str | None = None
    client_name: str | None = Field(None, json_schema_extra={"personal": True})
    contact_email: str | None = Field(None, json_schema_extra={"personal": True})
    external_id: str | None = None
    link_external_id: str | None = None
    preset: str | None = None
    language: str | None = None
    platform: str | None = None
    ask_id: str | None = None
    ask_kind: str | None = None
    asset_id: str | None = None
    asset_name: str | None = None
    role_requested: str | None = None
    role_granted: str | None = None
    status: str | None = None
    status_previous: str | None = None
    grant_id: str | None = None
    verified_at: str | None = None
    blocker_code: str | None = None
    next_actor: str | None = None
    assets_total: int | None = None
    assets_verified: int | None = None
    assets_blocked: int | None = None
    dashboard_url: str | None = None
    connection_id: str | None = None
    endpoint_id: str | None = None
    delivery_id: str | None = None
    screen: str | None = None
    tiktok_bc_id: str | None = None
    tiktok_ad_account_ids: str | None = None
    tiktok_pixel_codes: str | None = None
    target_markets: str | None = None


#: Keys that lie in `event_personal`, so that they can be erased and left out for an endpoint.
PERSONAL = frozenset(
    name
    for name, about in Data.model_fields.items()
    if isinstance(about.json_schema_extra, dict) and about.json_schema_extra.get("personal")
)


class Subject(BaseModel):
    """What the event is about; `sequence` counts per subject."""

    type: str = Field(examples=["link"])
    id: str = Field(examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])


class Envelope(BaseModel):
    """The whole body of a delivery in payload mode `full`, and of an entry of `GET /events`."""

    id: str
    type: str
    timestamp: str
    api_version: str = API_VERSION
    sequence: int
    test: bool = False
    agency_id: str
    subject: Subject
    data: Data


EXAMPLE: dict[str, Any] = {
    "agency_id": "agency_01ksy1q3e0fzs8qj5m8g3d4w7r",
    "link_id": "link_01ksy1q3e0fzs8qj5m8g3d4w7s",
    "link_status": "in_progress",
    "client_id": "client_01ksy1q3e0fzs8qj5m8g3d4w7t",
    "client_name": "Brand SA",
    "contact_email": "ana@brand.example",
    "external_id": "hubspot:1234",
    "link_external_id": "deal:77",
    "preset": "run-campaigns",
    "language": "en",
    "platform": "tiktok",
    "ask_id": "ask_01ksy1q3e0fzs8qj5m8g3d4w7v",
    "ask_kind": "ad_account",
    "asset_id": "7200000000000000101",
    "asset_name": "Brand FR",
    "role_requested": "OPERATOR",
    "role_granted": "OPERATOR",
    "status": "verified",
    "status_previous": "awaiting_partner",
    "grant_id": "grant_01ksy1q3e0fzs8qj5m8g3d4w7w",
    "verified_at": "2026-12-04T13:32:09.000Z",
    "assets_total": 4,
    "assets_verified": 3,
    "assets_blocked": 0,
    "tiktok_bc_id": "7111222233334444555",
    "tiktok_ad_account_ids": "7200000000000000101,7200000000000000102",
    "tiktok_pixel_codes": "C4ABCDEFGH77U7QBTM10",
    "target_markets": "FR,BE",
}


def joined(values: list[str] | None) -> str | None:
    """A list as the comma-joined text that no-code tools can read; None stays None."""
    return None if values is None else ",".join(values)
