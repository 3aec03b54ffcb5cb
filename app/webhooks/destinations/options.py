"""What each kind of destination needs to know, checked; its secret parts are never shown again. Pure."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Discriminator, Field, Tag, field_validator

from app.events import catalog
from app.kit.input.fields import RequestShape, Secret, Verbatim
from app.webhooks.destinations.http import placeholders
from app.webhooks.endpoints.headers import MASK

Stage = Literal[
    "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist"
]


class SlackOptions(RequestShape):
    """Of Slack."""

    webhook_url: Secret = Field(
        description="The address of an incoming webhook. It is a secret: it is kept sealed and shown masked.",
        examples=["https://hooks.slack.com/services/T0000/B0000/XXXX"],
    )


class HubSpotOptions(RequestShape):
    """Of HubSpot."""

    token: Secret = Field(
        description="The access token of a private app with the scopes to read and write companies, contacts and "
        "their schemas. Kept sealed and shown masked.",
        examples=["pat-eu1-00000000-0000-0000-0000-000000000000"],
    )
    lifecycle: dict[Verbatim, Stage] = Field(
        default_factory=dict,
        max_length=20,
        description="Which event moves company and contact to which lifecycle stage; only ever forwards. Empty: none.",
        examples=[{"link.completed": "customer"}],
    )
    notes: list[Verbatim] = Field(
        ["link.completed", "access.blocked"],
        max_length=50,
        description="Of which events a note is left on company and contact.",
        examples=[["link.completed", "access.blocked"]],
    )

    @field_validator("lifecycle", "notes")
    @classmethod
    def _known(cls, given: Any) -> Any:
        unknown = [name for name in given if name not in catalog.FOR_CRMS]
        if unknown:
            raise ValueError(f"There is no event type {unknown[0][:128]!r}.")
        return given


class HttpOptions(RequestShape):
    """Of a generic HTTP call."""

    method: Literal["POST", "PUT", "PATCH"] = "POST"
    url: Verbatim = Field(
        max_length=2048,
        description="https, a public host. Path parts and query values may hold placeholders such as `{client_id}`.",
        examples=["https://crm.example.com/api/items/{client_id}"],
    )
    body: Any = Field(
        None,
        description="Any JSON; its strings may hold placeholders: every key of `data`, `id`, `type`, `timestamp`, "
        "`sequence` and `test`. A string that is one placeholder alone keeps the value's type. `{{` is a brace. "
        "Null sends the event as it is.",
        examples=[{"name": "{client_name}", "verified": "{assets_verified}", "note": "{type} at {timestamp}"}],
    )

    @field_validator("url")
    @classmethod
    def _url(cls, url: str) -> str:
        placeholders.check_url(url)
        return url

    @field_validator("body")
    @classmethod
    def _body(cls, body: Any) -> Any:
        placeholders.check_body(body)
        return body


def _kind(given: Any) -> str:
    """The kind that options are of, by the field that it alone has: what is wrong is told of that kind alone."""
    if isinstance(given, Mapping):
        return "slack" if "webhook_url" in given else "hubspot" if "token" in given else "http"
    return next((name for name, kind in KINDS.items() if isinstance(given, kind)), "http")


Options = SlackOptions | HubSpotOptions | HttpOptions
#: Options of any kind, read as those of the one they must be.
AnyOptions = Annotated[
    Annotated[SlackOptions, Tag("slack")]
    | Annotated[HubSpotOptions, Tag("hubspot")]
    | Annotated[HttpOptions, Tag("http")],
    Discriminator(_kind),
]
KINDS: dict[str, type[SlackOptions] | type[HubSpotOptions] | type[HttpOptions]] = {
    "slack": SlackOptions, "hubspot": HubSpotOptions, "http": HttpOptions
}  # fmt: skip
SECRET = frozenset({"webhook_url", "token"})


def masked(options: dict[str, Any]) -> dict[str, Any]:
    """Options as they are shown."""
    return {name: MASK if name in SECRET else value for name, value in options.items()}


def shown_url(kind: str, options: Mapping[str, Any], hubspot_base: str) -> str:
    """The address of an endpoint as lists show it: without what is secret, before placeholders are filled."""
    if kind == "http":
        return str(options["url"])
    whole = hubspot_base if kind == "hubspot" else str(options["webhook_url"])
    parts = urlsplit(whole)
    return f"{parts.scheme}://{parts.netloc}/" + ("" if kind == "hubspot" else MASK)
