"""The body of an event as CRMs read it: flat, every key always present, every id a string. Pure."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

API_VERSION = "2026-12-01"


def _always_there(schema: dict[str, Any]) -> None:
    """What has a default may be left out where an event is recorded, never where it is told."""
    schema["required"] = list(schema["properties"])


#: One answer to a question of a preset, beside `answers`, for tools that read no deeper.
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
    """The `data` of every event. A key that does not apply is null, never absent. Lists are comma-joined text."""

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
        "The e-mail address of the client's contact: the one the client gave on the link, else the one you gave.",
        personal=True,
    )
    external_id: str | None = _key("The client's id in your CRM, as you gave it.")
    link_external_id: str | None = _key("The link's id in your CRM, as you gave it: of a deal, for example.")
    preset: str | None = _key("The preset the link was made from.")
    language: str | None = _key("Of the client's pages.")
    platform: str | None = _key("`tiktok`, or another platform's key.")
    access_request_id: str | None = _key("The access asked for.")
    asset_kind: str | None = _key("`ad_account`, `pixel`, and so on.")
    asset_id: str | None = _key("The asset's id at the platform.")
    asset_name: str | None = _key("The asset's name at the platform.")
    role_requested: str | None = _key("The role asked for, in the platform's words.")
    role_granted: str | None = _key("The role that was read back.")
    status: str | None = _key("The status entered: of an access request, a grant, an endpoint, a delivery or a replay.")
    status_previous: str | None = _key("The status before it.")
    grant_id: str | None = _key("The access that exists.")
    verified_at: str | None = _key("When it was last read back as agreed.")
    blocker_code: str | None = _key("What is in the way (docs/access.md).")
    next_actor: str | None = _key("Whose turn it is: `client`, `agency`, `platform` or `us`.")
    assets_total: int | None = _key("How many accesses the link asks for.")
    assets_verified: int | None = _key("How many of them are done.")
    assets_blocked: int | None = _key("How many have something in the way.")
    dashboard_url: str | None = _key("Where your team sees it; null as long as there is no such page.")
    connection_id: str | None = _key("The authorization at the platform.")
    endpoint_id: str | None = _key("The webhook endpoint.")
    delivery_id: str | None = _key("The delivery.")
    replay_id: str | None = _key("The replay.")
    reason: str | None = _key("Why: a code, the fields that were changed, or the platform's own words.")
    failed_count: int | None = _key("How many attempts failed, or deliveries were given up.")
    sample_event_id: str | None = _key("One of the events concerned.")
    screen: str | None = _key("The screen that was finished.")
    tiktok_bc_id: str | None = _key("The client's TikTok Business Center.")
    tiktok_ad_account_ids: str | None = _key("The ad accounts chosen.")
    tiktok_pixel_codes: str | None = _key("The pixel codes given.")
    target_markets: str | None = _key("The countries named.")
    approver_name: str | None = _key("Who can approve access and posts, as the client gave it.", personal=True)
    approver_email: str | None = _key("That person's e-mail address.", personal=True)
    billing_name: str | None = _key("Who looks after billing.", personal=True)
    billing_email: str | None = _key("That person's e-mail address.", personal=True)
    technical_name: str | None = _key("Who looks after website and pixel.", personal=True)
    technical_email: str | None = _key("That person's e-mail address.", personal=True)
    answers: dict[str, str | None] | None = _key(
        "The answers to your own questions, by the question's key; of files their names. Each is also a key of its "
        "own, `answer_` and the question's key; `flat` bodies have these alone.",
        personal=True,
    )
    agreed_by: str | None = _key("Who agreed to the access, by the name given.", personal=True)
    agreed_at: str | None = _key("When that was.", personal=True)


#: Keys that lie in `event_personal`, so that they can be erased and left out for an endpoint; single answers are made
#: of them.
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

    model_config = ConfigDict(json_schema_extra=_always_there)

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
#: What the client gave; few events bring it.
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
    """Facts and personal values of the data to store. Raises ValueError for a key that no event has.

    Single answers are not stored: `answers` contains each.
    """
    values = Data(**data).model_dump(exclude_none=True)
    facts = {key: value for key, value in values.items() if key in Data.model_fields and key not in PERSONAL}
    return facts, {key: value for key, value in values.items() if key in PERSONAL}


def shown(values: Mapping[str, Any]) -> Data:
    """Data as receivers get it: each answer stands by itself, too."""
    answers = values.get("answers") or {}
    return Data(**values, **{f"{ANSWER}{key}": answer for key, answer in answers.items()})


def without_personal(data: Mapping[str, Any]) -> dict[str, Any]:
    """Data as receivers get it where names, addresses and answers are left out: these keys null, answers gone."""
    return {
        key: None if key in PERSONAL else value for key, value in data.items() if not key.startswith(ANSWER)
    }  # fmt: skip


def joined(values: list[str] | None) -> str | None:
    """A list as the comma-joined text that no-code tools can read; None stays None."""
    return None if values is None else ",".join(values)
