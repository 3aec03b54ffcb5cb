"""Settings from the environment, read by assembly alone; a wrong one stops the start with a sentence."""

import os
from collections.abc import Mapping
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.kit import database_url
from app.kit.egress.client import tls_context
from app.kit.egress.targets import is_proxy, read_networks
from app.kit.encryption import Keyring
from app.kit.i18n import locales
from app.kit.oidc import OidcProvider
from app.kit.web import http_server, web_address
from app.mail import server
from app.mail.server import Server
from app.platforms import installed
from app.platforms.installed import PlatformSettings


class SettingsWrong(Exception):
    """One or more settings are missing or invalid; `sentences` has one for each, with advice."""

    def __init__(self, sentences: list[str]) -> None:
        self.sentences = sentences
        super().__init__("\n".join(sentences))


class Settings(PlatformSettings, BaseSettings):
    """Settings of an installation; the platforms' own come from their folders.

    `keyturn doctor` and the documentation print the field descriptions.
    """

    model_config = SettingsConfigDict(
        env_prefix="KEYTURN_", env_ignore_empty=True, extra="ignore", populate_by_name=True
    )

    database_url: str = Field(
        validation_alias="DATABASE_URL",
        description="PostgreSQL, as its provider prints it: postgresql://user:password@host:5432/name?sslmode=require.",
    )
    secret_keys: str = Field(description="Key ring, id:base64, comma-separated, current key first.")
    public_url: str = Field(
        description="Where clients reach this installation: https://go.agency.com, or with a path, "
        "https://agency.com/keyturn."
    )
    serve: Literal["all", "pages", "api"] = Field(
        "all",
        description="What the web process serves: `all`, or only `pages` or `api`, each on an address of its own.",
    )
    trusted_proxies: str = Field(
        "127.0.0.1, ::1",
        description="Reverse proxies (addresses or CIDR) whose X-Forwarded-For says who a visitor is, or `none`.",
    )
    metrics_address: str | None = Field(
        None,
        description="Where the web process answers /metrics and /healthz, host:port; its network should be closed to "
        "others.",
    )
    egress_allow: str = Field("", description="Networks (CIDR) that webhooks may reach although private.")
    egress_deny: str = Field("", description="Networks (CIDR) that webhooks may not reach although public.")
    egress_nat64: bool = Field(False, description="Whether this network reaches IPv4 hosts by NAT64 (64:ff9b::/96).")
    egress_ca_file: str | None = Field(
        None, description="Certificate authorities (PEM file) to trust for webhooks besides the system's."
    )
    egress_proxy: str | None = Field(
        None, description="Proxy for webhooks that knows CONNECT, http://host:port; it then judges addresses."
    )
    settle_seconds: float = Field(30, gt=0, description="How long a share without an answer may take to show up.")
    lease_seconds: float = Field(60, ge=2, description="How long one piece of work may take before it is redone.")
    smtp_url: str | None = Field(
        None, description="Mail server, smtp[s]://user:password@host:port; without it no e-mail is sent or promised."
    )
    mail_from: str | None = Field(None, description="The address in whose name e-mails are sent.")
    verify_endpoints: bool = Field(
        False, description="Send nothing to a webhook endpoint before it echoed a challenge; never asked of /hooks."
    )
    google_client_id: str | None = Field(
        None, description="Sign-in of members with Google: the OAuth client's id (Google Cloud, APIs & Services)."
    )
    google_client_secret: str | None = Field(None, description="Its secret.")
    microsoft_tenant: str | None = Field(
        None, description="Sign-in of members with Microsoft: the directory (tenant) id of your company."
    )
    microsoft_client_id: str | None = Field(None, description="The application (client) id of the app registration.")
    microsoft_client_secret: str | None = Field(None, description="Its client secret.")
    oidc_issuer: str | None = Field(
        None, description="Sign-in of members at any OpenID provider: its issuer, https://login.agency.com."
    )
    oidc_name: str = Field("your company’s account", description="What members call that provider, for the button.")
    oidc_client_id: str | None = Field(None, description="The client id at that provider.")
    oidc_client_secret: str | None = Field(None, description="The client secret at that provider.")
    pseudo_locale: bool = Field(
        False, description="Offers the pseudo-locale en-XA, in which every text is marked and longer, to test pages."
    )
    log_json: bool = Field(True, description="Logs as JSON; off for a person at a terminal.")
    hubspot_api_base: str = Field("https://api.hubapi.com", description="HubSpot's API, for HubSpot destinations.")
    watch_hours: float = Field(
        24, gt=0, description="How often access that is as agreed, and the agency's partners, are looked at again."
    )

    worker_address: str | None = Field(
        None,
        description="Where a worker answers /healthz and /metrics, host:port; its network should be closed to others.",
    )
    webhook_days: int = Field(
        30, ge=15, le=3650,
        description="How many days deliveries are kept; bodies and attempts go by whole months after that.",
    )  # fmt: skip
    webhook_body_days: int = Field(
        14, ge=1, le=3650, description="How many days what receivers answered is kept with an attempt."
    )
    webhook_most_pending: int = Field(
        100_000,
        ge=1000,
        description="How many deliveries may be pending for one endpoint before the oldest are given up.",
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_is_unset(cls, given: dict[str, Any]) -> dict[str, Any]:
        trimmed = {name: value.strip() if isinstance(value, str) else value for name, value in given.items()}
        return {name: value for name, value in trimmed.items() if value not in ("", None)}

    @field_validator("database_url")
    @classmethod
    def _postgres(cls, url: str) -> str:
        database_url.read(url)
        return url

    @field_validator("secret_keys")
    @classmethod
    def _key_ring(cls, text: str) -> str:
        Keyring.from_text(text)
        return text

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, url: str | None) -> str | None:
        if url:
            web_address.read(url)
        return url

    @field_validator("public_url", "hubspot_api_base")
    @classmethod
    def _secure(cls, url: str) -> str:
        return web_address.read(url)

    @field_validator("public_url")
    @classmethod
    def _base(cls, url: str) -> str:
        return web_address.read_base(url)

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, text: str) -> str:
        text = "" if text.lower() == "none" else text
        web_address.read_proxies(_listed(text))
        return text

    @field_validator("worker_address", "metrics_address")
    @classmethod
    def _host_and_port(cls, text: str | None) -> str | None:
        if text:
            http_server.listening_address(text)
        return text

    @field_validator("egress_allow", "egress_deny")
    @classmethod
    def _networks(cls, text: str) -> str:
        read_networks(_listed(text))
        return text

    @field_validator("egress_ca_file")
    @classmethod
    def _authorities(cls, path: str | None) -> str | None:
        try:
            tls_context(path)
        except OSError as problem:
            raise ValueError("it must name a readable file with certificates in PEM form") from problem
        return path

    @field_validator("egress_proxy")
    @classmethod
    def _proxy(cls, url: str | None) -> str | None:
        if url and not is_proxy(url):
            raise ValueError("it must be http://host:port, the address of a proxy that knows CONNECT")
        return url

    @model_validator(mode="after")
    def _mail(self) -> Self:
        server.read(self.smtp_url, self.mail_from)
        return self

    @model_validator(mode="after")
    def _sign_ins(self) -> Self:
        for name, values in self._sign_in_settings().items():
            if any(values) and not all(values):
                raise ValueError(f"set all settings KEYTURN_{name.upper()}_… of the sign-in, or none of them")
        return self

    def _sign_in_settings(self) -> dict[str, tuple[str | None, str | None, str | None]]:
        """By key of the provider: issuer, client id and client secret."""
        tenant = self.microsoft_tenant
        return {
            "google": (
                "https://accounts.google.com" if self.google_client_id else None, self.google_client_id,
                self.google_client_secret,
            ),
            "microsoft": (
                f"https://login.microsoftonline.com/{tenant}/v2.0" if tenant else None, self.microsoft_client_id,
                self.microsoft_client_secret,
            ),
            "oidc": (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret),
        }  # fmt: skip

    @property
    def oidc_providers(self) -> list[OidcProvider]:
        """The OpenID providers where members may sign in."""
        names = {"google": "Google", "microsoft": "Microsoft", "oidc": self.oidc_name}
        return [
            OidcProvider(key, names[key], issuer, client_id, secret, owns_addresses=key == "microsoft")
            for key, (issuer, client_id, secret) in self._sign_in_settings().items()
            if issuer and client_id and secret
        ]

    @property
    def mail_server(self) -> Server | None:
        """The mail server; None: mail is off."""
        return server.read(self.smtp_url, self.mail_from)

    @property
    def worker_listens(self) -> tuple[str, int] | None:
        """Host and port of the worker's own pages; None: it has none."""
        return http_server.listening_address(self.worker_address) if self.worker_address else None

    @property
    def metrics_listens(self) -> tuple[str, int] | None:
        """Host and port of the web process's inner pages; None: it has none."""
        return http_server.listening_address(self.metrics_address) if self.metrics_address else None

    @property
    def path_prefix(self) -> str:
        """The path of the public address, `/keyturn`; mostly empty."""
        return urlsplit(self.public_url).path

    @property
    def trusted_networks(self) -> list[str]:
        """KEYTURN_TRUSTED_PROXIES, one network or address each."""
        return web_address.read_proxies(_listed(self.trusted_proxies))

    @property
    def redirect_uris(self) -> Mapping[str, str]:
        """The redirect address of each platform's apps, by key of the platform."""
        return installed.redirect_uris(self, self.public_url)

    @property
    def languages(self) -> tuple[str, ...]:
        """Tags of the languages that clients are offered."""
        return locales.offered(with_pseudo=self.pseudo_locale)

    @property
    def is_secure(self) -> bool:
        """True if clients reach us by https."""
        return self.public_url.startswith("https://")

    @property
    def own_hosts(self) -> frozenset[str]:
        """Host names that webhooks must not be sent to."""
        return frozenset(urlsplit(url).hostname or "" for url in (self.public_url, *self.redirect_uris.values()))

    @property
    def allowed_networks(self) -> list[str]:
        """KEYTURN_EGRESS_ALLOW, one CIDR each."""
        return _listed(self.egress_allow)

    @property
    def denied_networks(self) -> list[str]:
        """KEYTURN_EGRESS_DENY, one CIDR each."""
        return _listed(self.egress_deny)


def environment(name: str) -> str | None:
    """Trimmed value of an environment variable; None if it is empty or not set."""
    return os.environ.get(name, "").strip() or None


def load(**given: Any) -> Settings:
    """The settings of this process. Raises SettingsWrong."""
    try:
        return Settings(**given)
    except ValidationError as problem:
        raise SettingsWrong([_sentence(dict(error)) for error in problem.errors()]) from problem


#: What to do about a required setting that is missing.
_REMEDIES = {
    "DATABASE_URL": "Create a database on PostgreSQL 14 or newer and set its address.",
    "KEYTURN_SECRET_KEYS": "Create a key with `keyturn secret-key`, and keep a copy: without it, tokens are lost.",
    "KEYTURN_PUBLIC_URL": "Set the address that your reverse proxy serves.",
}


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _sentence(error: dict[str, Any]) -> str:
    if not error["loc"]:
        return str(error["msg"]).removeprefix("Value error, ")
    name = str(error["loc"][0])
    name = name if name.isupper() else f"KEYTURN_{name.upper()}"
    field = next(
        (info for key, info in Settings.model_fields.items() if name in (f"KEYTURN_{key.upper()}", key.upper())),
        None,
    )
    if error["type"] == "missing":
        return " ".join(filter(None, (f"{name} is not set.", field and field.description, _REMEDIES.get(name))))
    return f"{name} is wrong: {str(error['msg']).removeprefix('Value error, ').rstrip('.')}."
