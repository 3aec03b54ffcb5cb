"""Schemas of event data by type: flat models, composed of groups of keys. Pure.

Events store these keys as facts, and `rendering` makes bodies of them. Bases are named last first, because pydantic
takes the fields of the last base first: keys common to most types precede the others.
"""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from app.events.examples import EXAMPLE

#: One answer to a question of a preset, beside `answers`, for tools that cannot read nested data.
ANSWER = "answer_"
#: Marks keys stored in `event_personal`, so that they can be erased and omitted for an endpoint.
_PERSONAL: Any = {"personal": True}


def _complete(schema: dict[str, Any]) -> None:
    """Every key of a type is always present in a body; each has its example."""
    schema["required"] = list(schema["properties"])
    for name, about in schema["properties"].items():
        about.pop("default", None)
        if (value := EXAMPLE.get(name)) is not None:
            about["examples"] = [value]


def _complete_with_answers(schema: dict[str, Any]) -> None:
    _complete(schema)
    schema["patternProperties"] = {f"^{ANSWER}[a-z0-9_]{{1,40}}$": {"type": ["string", "null"]}}


class Data(BaseModel):
    """Data of a type without keys of its own."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_complete)

    #: comes from the event itself
    agency_id: str = Field(default="", description="Your agency.")

    @classmethod
    def known(cls, **values: Any) -> Self:
        """Data of which only these values are known; the others are null."""
        return cls(**{**dict.fromkeys(cls.model_fields), "agency_id": "", **values})


#: Keys of several types that share nothing else.
_Language = Annotated[
    str | None, Field(description="The language of the client's pages that you chose; null if the client chooses.")
]
_Status = Annotated[
    str | None,
    Field(description="The new status of an access request, a grant, an endpoint, a delivery or a replay."),
]
_Blocker = Annotated[str | None, Field(description="The blocker (docs/access.md).")]
_NextActor = Annotated[str | None, Field(description="Who acts next: `client`, `agency`, `platform` or `us`.")]
_Reason = Annotated[str | None, Field(description="The reason: a code, the changed fields, or the platform's message.")]
_Connection = Annotated[str | None, Field(description="The authorization at the platform.")]
_SampleEvent = Annotated[str | None, Field(description="One of the affected events.")]


class LinkIdData(Data):
    """Data about a link by its id."""

    link_id: str | None = Field(description="The link.")


class ClientIdData(Data):
    """Data about a client by its ids."""

    client_id: str | None = Field(description="The client record.")
    external_id: str | None = Field(description="The client's id in your CRM, as you set it.")


class ClientData(ClientIdData):
    """Data of a client."""

    client_name: str | None = Field(description="The client's name.", json_schema_extra=_PERSONAL)
    contact_email: str | None = Field(
        description="The e-mail address of the client's contact: the one that the client entered, else the one that "
        "you set.",
        json_schema_extra=_PERSONAL,
    )
    language: _Language


class ClientContactsData(ClientData):
    """Data of a client with the contacts that the agency added."""

    contacts: list[dict[str, str | None]] | None = Field(
        description="The contacts that you added, with `role`, `name` and `email`. `flat` bodies leave them out.",
        json_schema_extra=_PERSONAL,
    )


class ErasureData(ClientIdData, LinkIdData):
    """Data of an erasure: ids only. `link_id` is null if it was of the client with all its links."""


class PlatformData(Data):
    """Data about a platform."""

    platform: str | None = Field(
        description="The platform's key, such as `tiktok`. In events about a whole link: the one that Keyturn "
        "connects, else the first one."
    )


class AccountData(PlatformData):
    """Data about the client's account at a platform."""

    platform_account_id: str | None = Field(
        description="The client's account at that platform; on TikTok, a Business Center."
    )


class AgencyAccountData(PlatformData):
    """Data about an account of the agency at a platform."""

    agency_account_id: str | None = Field(description="Your account at that platform; on TikTok, a Business Center.")


class ImportFailedData(AgencyAccountData):
    """Data of a failed import."""

    blocker_code: _Blocker


class PartnerData(AccountData, ClientData):
    """Data of a partner and its client."""


class PresetData(Data):
    """Data about a preset."""

    preset: str | None = Field(description="The preset.")


class PublicLinkData(PresetData):
    """Data of a public link."""

    language: _Language


class LinkData(PresetData, AccountData, ClientData, LinkIdData):
    """Data of a link, with the assets chosen so far and the number of its access requests."""

    platforms: str | None = Field(description="The keys of all platforms that the link asks for, comma-separated.")
    link_external_id: str | None = Field(
        description="The link's id in your CRM, as you set it, for example the id of a deal."
    )
    link_status: str | None = Field(
        description="`draft`, `sent`, `opened`, `in_progress`, `submitted`, `completed`, `drifted`, `expired` or "
        "`revoked`."
    )
    dashboard_url: str | None = Field(default=None, description="Address of the link’s page in your dashboard.")
    ad_account_ids: str | None = Field(description="The chosen ad accounts, comma-separated.")
    pixel_codes: str | None = Field(description="The codes of the chosen pixels, comma-separated.")
    target_markets: str | None = Field(
        description="The target countries, comma-separated.", json_schema_extra=_PERSONAL
    )
    assets_total: int | None = Field(description="Number of access requests on the link.")
    assets_verified: int | None = Field(description="Number of them that are done.")
    assets_blocked: int | None = Field(description="Number of them that are blocked.")


class LinkScreenData(LinkData):
    """Data of a link and one screen of the client's pages."""

    screen: str | None = Field(description="The screen that was completed or waits, or the platform of a step link.")


class LinkReasonData(LinkData):
    """Data of a link, with a reason."""

    reason: _Reason


class LinkReopenedData(LinkReasonData):
    """Data of a reopened link."""

    next_actor: _NextActor


class LinkTroubleData(LinkReopenedData):
    """Data of a link with a blocker."""

    blocker_code: _Blocker


class KickoffData(LinkData):
    """Data of a kickoff and its link."""

    kickoff_id: str | None = Field(description="The kickoff.")
    status: _Status
    checks_left: int | None = Field(description="Number of checks on which somebody has to act.")


class LinkConnectionData(LinkData):
    """Data of a connection and the link on which it was made; null there for one of the agency."""

    connection_id: _Connection


class LinkGivenData(LinkData):
    """Data of a link with the client's input: contacts by role, answers, the person who agreed and the time."""

    model_config = ConfigDict(json_schema_extra=_complete_with_answers)

    approver_name: str | None = Field(
        description="Name of the person who approves access and posts.", json_schema_extra=_PERSONAL
    )
    approver_email: str | None = Field(description="That person's e-mail address.", json_schema_extra=_PERSONAL)
    billing_name: str | None = Field(description="Name of the billing contact.", json_schema_extra=_PERSONAL)
    billing_email: str | None = Field(description="That person's e-mail address.", json_schema_extra=_PERSONAL)
    technical_name: str | None = Field(
        description="Name of the technical contact for website and pixel.", json_schema_extra=_PERSONAL
    )
    technical_email: str | None = Field(description="That person's e-mail address.", json_schema_extra=_PERSONAL)
    agreed_by: str | None = Field(
        description="Name of the person who agreed to the access.", json_schema_extra=_PERSONAL
    )
    agreed_at: str | None = Field(description="Time of the agreement.", json_schema_extra=_PERSONAL)
    answers: dict[str, str | None] | None = Field(
        description="The answers to your own questions by key; for files, their names. Each answer is also a separate "
        "key: `answer_` and the question's key. `flat` bodies contain only these.",
        json_schema_extra=_PERSONAL,
    )


class AssetData(Data):
    """Data of an asset and the access to it."""

    asset_kind: str | None = Field(description="`ad_account`, `pixel`, and so on.")
    asset_id: str | None = Field(description="The asset's id at the platform.")
    asset_name: str | None = Field(description="The asset's name at the platform.")
    role_granted: str | None = Field(description="The role that was observed.")
    grant_id: str | None = Field(description="The grant.")
    verified_at: str | None = Field(description="Time of the last successful verification.")


class AccessData(AssetData, LinkData):
    """Data of an access request and its link, or of a grant, which has no link if an import found it."""

    access_request_id: str | None = Field(description="The access request.")
    role_requested: str | None = Field(description="The requested role, as the platform names it.")
    status: _Status
    status_previous: str | None = Field(description="The previous status.")
    blocker_code: _Blocker
    next_actor: _NextActor
    reason: _Reason


class GrantData(AssetData, AccountData, ClientData):
    """Data of a grant without an access request."""


class ConnectionData(PlatformData, ClientIdData, LinkIdData):
    """Data of a connection, without names."""

    connection_id: _Connection


class ConnectionActorData(ConnectionData):
    """Data of a connection with the next actor."""

    next_actor: _NextActor


class EndpointData(Data):
    """Data of a webhook endpoint."""

    endpoint_id: str | None = Field(description="The webhook endpoint.")


class EndpointStatusData(EndpointData):
    """Data of a webhook endpoint with its status."""

    status: _Status


class EndpointReasonData(EndpointStatusData):
    """Data of a webhook endpoint with its status and the reason."""

    reason: _Reason


class EndpointFailureData(EndpointReasonData):
    """Data of a webhook endpoint that fails."""

    failed_count: int | None = Field(description="Number of failed attempts or exhausted deliveries.")
    sample_event_id: _SampleEvent


class DeliveryData(EndpointData):
    """Data of a delivery."""

    delivery_id: str | None = Field(description="The delivery.")


class DeliveryEndData(DeliveryData):
    """Data of a delivery that ended without success."""

    status: _Status
    reason: _Reason
    sample_event_id: _SampleEvent


class ReplayData(EndpointData):
    """Data of a replay."""

    replay_id: str | None = Field(description="The replay.")


class ReplayReasonData(ReplayData):
    """Data of a replay with what it selects."""

    reason: _Reason


class ReplayStatusData(ReplayData):
    """Data of a replay with its status."""

    status: _Status


def _models(of: type[Data] = Data) -> set[type[Data]]:
    return {of}.union(*(_models(each) for each in of.__subclasses__()))


#: Keys stored in `event_personal`. Single answers are derived from them.
PERSONAL = frozenset(
    name for model in _models() for name, about in model.model_fields.items() if about.json_schema_extra == _PERSONAL
)


def parted(data: Data) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split data into facts and personal values for storage; what is null is not stored."""
    values = data.model_dump(exclude_none=True, exclude={"agency_id"})
    facts = {key: value for key, value in values.items() if key not in PERSONAL}
    return facts, {key: value for key, value in values.items() if key in PERSONAL}


def joined(values: list[str] | None) -> str | None:
    """A list as comma-separated text for no-code tools; None stays None."""
    return None if values is None else ",".join(values)
