"""The event body that CRMs read: flat, every key always present, every id a string. Pure."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

API_VERSION = "2026-12-01"


def _always_there(schema: dict[str, Any]) -> None:
    """Optional when an event is recorded, always present when it is sent."""
    schema["required"] = list(schema["properties"])


#: One answer to a question of a preset, beside `answers`, for tools that cannot read nested data.
ANSWER = "answer_"
_ANSWER_KEY = f"^{ANSWER}[a-z0-9_]{{1,40}}$"


def _with_examples(schema: dict[str, Any]) -> None:
    _always_there(schema)
    schema["patternProperties"] = {_ANSWER_KEY: schema.pop("additionalProperties")}
    schema["additionalProperties"] = False
    for name, value in (EXAMPLE | EXAMPLE_GIVEN).items():
        schema["properties"][name]["examples"] = [value]


def _key(sentence: str, *, personal: bool = False) -> Any:
    return Field(None, description=sentence, json_schema_extra={"personal": True} if personal else None)


class Data(BaseModel):
    """The `data` of every event. A key that does not apply is null, never absent. Lists are comma-separated text."""

    model_config = ConfigDict(extra="allow", json_schema_extra=_with_examples)
    __pydantic_extra__: dict[Annotated[str, Field(pattern=_ANSWER_KEY)], str | None]

    agency_id: str | None = _key("Your agency.")
    link_id: str | None = _key("The link.")
    link_status: str | None = _key(
        "`draft`, `sent`, `opened`, `in_progress`, `submitted`, `completed`, `drifted`, `expired` or `revoked`."
    )
    client_id: str | None = _key("The client record.")
    client_name: str | None = _key("The client's name.", personal=True)
    contact_email: str | None = _key(
        "The e-mail address of the client's contact: the one that the client entered, else the one that you set.",
        personal=True,
    )
    external_id: str | None = _key("The client's id in your CRM, as you set it.")
    link_external_id: str | None = _key("The link's id in your CRM, as you set it, for example the id of a deal.")
    preset: str | None = _key("The preset of the link.")
    language: str | None = _key("The language of the client's pages.")
    platform: str | None = _key("`tiktok`, or another platform's key.")
    access_request_id: str | None = _key("The access request.")
    asset_kind: str | None = _key("`ad_account`, `pixel`, and so on.")
    asset_id: str | None = _key("The asset's id at the platform.")
    asset_name: str | None = _key("The asset's name at the platform.")
    role_requested: str | None = _key("The requested role, as the platform names it.")
    role_granted: str | None = _key("The role that was observed.")
    status: str | None = _key("The new status of an access request, a grant, an endpoint, a delivery or a replay.")
    status_previous: str | None = _key("The previous status.")
    grant_id: str | None = _key("The grant.")
    verified_at: str | None = _key("Time of the last successful verification.")
    blocker_code: str | None = _key("The blocker (docs/access.md).")
    next_actor: str | None = _key("Who acts next: `client`, `agency`, `platform` or `us`.")
    assets_total: int | None = _key("Number of access requests on the link.")
    assets_verified: int | None = _key("Number of them that are done.")
    assets_blocked: int | None = _key("Number of them that are blocked.")
    dashboard_url: str | None = _key("Address of the dashboard page; null while there is none.")
    connection_id: str | None = _key("The authorization at the platform.")
    endpoint_id: str | None = _key("The webhook endpoint.")
    delivery_id: str | None = _key("The delivery.")
    replay_id: str | None = _key("The replay.")
    reason: str | None = _key("The reason: a code, the changed fields, or the platform's message.")
    failed_count: int | None = _key("Number of failed attempts or exhausted deliveries.")
    sample_event_id: str | None = _key("One of the affected events.")
    screen: str | None = _key("The completed screen.")
    tiktok_bc_id: str | None = _key("The client's TikTok Business Center.")
    tiktok_ad_account_ids: str | None = _key("The selected ad accounts.")
    tiktok_pixel_codes: str | None = _key("The pixel codes.")
    target_markets: str | None = _key("The target countries.")
    approver_name: str | None = _key("Name of the person who approves access and posts.", personal=True)
    approver_email: str | None = _key("That person's e-mail address.", personal=True)
    billing_name: str | None = _key("Name of the billing contact.", personal=True)
    billing_email: str | None = _key("That person's e-mail address.", personal=True)
    technical_name: str | None = _key("Name of the technical contact for website and pixel.", personal=True)
    technical_email: str | None = _key("That person's e-mail address.", personal=True)
    answers: dict[str, str | None] | None = _key(
        "The answers to your own questions by key; for files, their names. Each answer is also a separate key: "
        "`answer_` and the question's key. `flat` bodies contain only these.",
        personal=True,
    )
    agreed_by: str | None = _key("Name of the person who agreed to the access.", personal=True)
    agreed_at: str | None = _key("Time of the agreement.", personal=True)


#: Keys stored in `event_personal`, so that they can be erased and omitted for an endpoint. Single answers are derived
#: from them.
PERSONAL = frozenset(
    name
    for name, about in Data.model_fields.items()
    if isinstance(about.json_schema_extra, dict) and about.json_schema_extra.get("personal")
)


class Subject(BaseModel):
    """The subject of the event; `sequence` counts per subject."""

    type: str = Field(examples=["link"])
    id: str = Field(examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])


class Envelope(BaseModel):
    """The whole body of a delivery in payload mode `full`, and of an entry of `GET /events`."""

    model_config = ConfigDict(json_schema_extra=_always_there)

    id: str
    type: str
    timestamp: str
    api_version: str = API_VERSION
    sequence: int
    test: bool = False
    agency_id: str
    actor_kind: str = Field(
        description="Kind of principal that caused it: `api_key`, `member`, `client` or `system` (Keyturn itself).",
        examples=["client"],
    )
    actor_id: str = Field(
        description="Id of the API key, the client, or the invitation of the member; the name of a part of Keyturn.",
        examples=["client_01ksy1q3e0fzs8qj5m8g3d4w7t"],
    )
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
    "access_request_id": "access_01ksy1q3e0fzs8qj5m8g3d4w7v",
    "asset_kind": "ad_account",
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
#: The client's input; few events contain it.
EXAMPLE_GIVEN: dict[str, Any] = {
    "approver_name": "Ana Lima",
    "approver_email": "ana@brand.example",
    "billing_name": "Bo Chen",
    "billing_email": "bo@brand.example",
    "answers": {"website": "https://brand.example", "budget": "5,000 a month"},
    "agreed_by": "Ana Lima",
    "agreed_at": "2026-12-04T13:20:45.000Z",
}


def parted(data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split data into facts and personal values for storage. Raises ValueError for an unknown key.

    Single answers are not stored: `answers` contains each.
    """
    values = Data(**data).model_dump(exclude_none=True)
    facts = {key: value for key, value in values.items() if key in Data.model_fields and key not in PERSONAL}
    return facts, {key: value for key, value in values.items() if key in PERSONAL}


def shown(values: Mapping[str, Any]) -> Data:
    """Data as receivers get it: with one extra key for each answer."""
    answers = values.get("answers") or {}
    return Data(**values, **{f"{ANSWER}{key}": answer for key, answer in answers.items()})


def without_personal(data: Mapping[str, Any]) -> dict[str, Any]:
    """Data for receivers without personal data: names and addresses are null, single answers absent."""
    return {
        key: None if key in PERSONAL else value for key, value in data.items() if not key.startswith(ANSWER)
    }  # fmt: skip


def joined(values: list[str] | None) -> str | None:
    """A list as comma-separated text for no-code tools; None stays None."""
    return None if values is None else ",".join(values)


def center_data(account_id: str | None) -> dict[str, str | None]:
    """A Business Center, under the key that events promise."""
    return {"tiktok_bc_id": account_id}


def selected_assets(account_ids: list[str], pixel_codes: list[str] | None) -> dict[str, str | None]:
    """The client's choice, under the keys that events promise; ids comma-joined."""
    return {
        "tiktok_ad_account_ids": joined(account_ids) if account_ids else None,
        "tiktok_pixel_codes": joined(pixel_codes),
    }
