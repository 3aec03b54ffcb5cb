"""Sign-in at an OpenID provider (OpenID Connect Core 1.0, authorization code with PKCE), by Authlib's client."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.starlette_client import StarletteOAuth2App
from joserfc.errors import JoseError

TIMEOUT = httpx2.Timeout(10.0, connect=5.0)
_DISCOVERY = "/.well-known/openid-configuration"
#: Characters of the PKCE verifier (RFC 7636, 4.1: 43 to 128).
_VERIFIER_LENGTH = 64
#: Seconds by which the provider's clock may be behind.
_CLOCKS_OFF = 60


@dataclass(frozen=True)
class OidcProvider:
    """A provider of the settings. `key` is its part of addresses, `name` what people call it.

    `owns_addresses`: its e-mail addresses are given by the company that runs it, so that they need no verification.
    """

    key: str
    name: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    owns_addresses: bool = False

    @property
    def origin(self) -> str:
        """Scheme and host of its sign-in pages."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True)
class OidcAttempt:
    """A sign-in that was begun: the address at the provider, and what its end has to match."""

    address: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class OidcIdentity:
    """A person as the provider knows them. `email` is empty unless the provider verified it."""

    issuer: str
    subject: str
    email: str
    name: str


class OidcFailed(Exception):
    """The provider refused, could not be reached, or sent what does not belong to this attempt; the message says it."""


class OidcClient:
    """The client at one provider. Its metadata and keys are read when they are needed first."""

    def __init__(self, provider: OidcProvider, redirect_uri: str) -> None:
        self.provider = provider
        self.redirect_uri = redirect_uri
        self._app: Any = StarletteOAuth2App(
            None, provider.key, client_id=provider.client_id, client_secret=provider.client_secret,
            server_metadata_url=provider.issuer.rstrip("/") + _DISCOVERY,
            client_kwargs={
                "scope": "openid email profile", "code_challenge_method": "S256", "timeout": TIMEOUT,
                "trust_env": False,
            },
        )  # fmt: skip

    async def begin(self, *, again: bool = False) -> OidcAttempt:
        """Begin a sign-in. `again`: the person has to sign in there once more. Raises OidcFailed."""
        nonce, verifier = generate_token(32), generate_token(_VERIFIER_LENGTH)
        try:
            await self._check_issuer()
            made = await self._app.create_authorization_url(
                self.redirect_uri, nonce=nonce, code_verifier=verifier,
                **({"prompt": "login", "max_age": 0} if again else {"prompt": "select_account"}),
            )  # fmt: skip
        except (OAuthError, httpx2.HTTPError, ValueError, KeyError) as failed:
            raise OidcFailed(_said(failed)) from failed
        return OidcAttempt(made["url"], made["state"], nonce, verifier)

    async def finish(self, attempt: OidcAttempt, *, code: str, since: float = 0) -> OidcIdentity:
        """The person who signed in. The token must be of this issuer, for this client and of this attempt.

        `since`: the person must have signed in there later; some providers do not tell it. Raises OidcFailed.
        """
        try:
            metadata = await self._check_issuer()
            token = await self._app.fetch_access_token(
                self.redirect_uri, code=code, code_verifier=attempt.verifier, grant_type="authorization_code"
            )
            claims = await self._app.parse_id_token(
                token, attempt.nonce,
                claims_options={
                    "iss": {"essential": True, "value": metadata["issuer"]},
                    "aud": {"essential": True, "value": self.provider.client_id},
                    "exp": {"essential": True}, "sub": {"essential": True}, "nonce": {"essential": True},
                },
            )  # fmt: skip
            signed_in_at = float((claims or {}).get("auth_time") or since)
        except (OAuthError, JoseError, httpx2.HTTPError, ValueError, KeyError, TypeError) as failed:
            raise OidcFailed(_said(failed)) from failed
        if not claims:
            raise OidcFailed("the response has no ID token")
        if signed_in_at < since - _CLOCKS_OFF:
            raise OidcFailed("the person has not signed in once more")
        is_verified = self.provider.owns_addresses or claims.get("email_verified") is True
        email = str(claims.get("email") or "") if is_verified else ""
        return OidcIdentity(metadata["issuer"], str(claims["sub"]), email, str(claims.get("name") or ""))

    async def _check_issuer(self) -> dict[str, Any]:
        """The provider's metadata, which must name the issuer of the settings (Discovery 1.0, 4.3)."""
        metadata: dict[str, Any] = await self._app.load_server_metadata()
        if metadata.get("issuer") != self.provider.issuer:
            raise OidcFailed(f"the issuer calls itself {metadata.get('issuer')!r}")
        return metadata


def _said(failed: Exception) -> str:
    return f"{type(failed).__name__}: {failed}"[:200]
