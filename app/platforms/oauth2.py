"""OAuth 2.0 with PKCE (RFC 6749, 7636, 7009) for platforms that speak it, by Authlib's client.

Records of calls contain neither codes nor tokens nor the app's secret.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

import httpx2
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from app.platforms.port import (
    App,
    ConsentRequest,
    Denied,
    Outcome,
    RecordCall,
    RecordedCall,
    Token,
    Unavailable,
    Unclear,
    UnexpectedAnswer,
)

TIMEOUT = httpx2.Timeout(15.0, connect=5.0)
#: Characters of a PKCE code verifier (RFC 7636, 4.1: 43 to 128).
VERIFIER_LENGTH = 64
#: Seconds after which a call is repeated if the server does not say when.
RETRY_AFTER = 5.0


@dataclass(frozen=True)
class OAuth2:
    """The OAuth endpoints of a platform, with the scopes that are requested. `http` stays open; its owner closes it."""

    http: httpx2.AsyncClient
    authorize_url: str
    token_url: str
    revoke_url: str
    redirect_uri: str
    scopes: tuple[str, ...]

    def consent(self, app: App, *, state: str) -> ConsentRequest:
        """The address of the consent page, and the verifier that proves the exchange to be of the same request."""
        verifier = generate_token(VERIFIER_LENGTH)
        address, _ = self._client(app).create_authorization_url(self.authorize_url, state=state, code_verifier=verifier)
        return ConsentRequest(address, verifier)

    async def exchange(self, app: App, code: str, code_verifier: str | None, record: RecordCall) -> Token:
        """Exchange the code of a consent. Denied(`auth_code_expired`) if it was used or is too old."""

        async def call(client: AsyncOAuth2Client) -> Mapping[str, Any]:
            answer: Mapping[str, Any] = await client.fetch_token(
                self.token_url, grant_type="authorization_code", code=code, code_verifier=code_verifier
            )
            return answer

        return self._token(await self._call("oauth2/token", "authorization_code", app, call, record))

    async def refresh(self, app: App, refresh_token: str, record: RecordCall) -> Token:
        """Exchange a refresh token. Denied(`connection_dead`) if the authorization has ended."""

        async def call(client: AsyncOAuth2Client) -> Mapping[str, Any]:
            answer: Mapping[str, Any] = await client.refresh_token(self.token_url, refresh_token=refresh_token)
            return answer

        return self._token(await self._call("oauth2/token", "refresh_token", app, call, record))

    async def revoke(self, app: App, token: str, record: RecordCall) -> None:
        """Revoke a token; one that is unknown counts as revoked (RFC 7009, 2.2)."""

        async def call(client: AsyncOAuth2Client) -> Mapping[str, Any]:
            answer = await client.revoke_token(self.revoke_url, token=token)
            answer.raise_for_status()
            return {}

        await self._call("oauth2/revoke", "revoke", app, call, record)

    def _client(self, app: App) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            app.app_id, app.secret, scope=" ".join(self.scopes), redirect_uri=self.redirect_uri,
            code_challenge_method="S256", transport=_Through(self.http), timeout=TIMEOUT, trust_env=False,
        )  # fmt: skip

    def _token(self, answer: Mapping[str, Any]) -> Token:
        life, scope = answer.get("expires_in"), answer.get("scope")
        return Token(
            answer["access_token"],
            tuple(scope.split()) if isinstance(scope, str) else self.scopes,  # absent if as requested (RFC 6749, 5.1)
            timedelta(seconds=int(life)) if life is not None else None,
            answer.get("refresh_token"),
        )

    async def _call(
        self,
        operation: str,
        grant: str,
        app: App,
        call: Callable[[AsyncOAuth2Client], Awaitable[Mapping[str, Any]]],
        record: RecordCall,
    ) -> Mapping[str, Any]:
        attempt = _Attempt(operation, grant, app, record, time.monotonic())
        try:
            async with self._client(app) as client:
                answer = await call(client)
        except OAuthError as refused:
            attempt.refuse(refused.error or "", refused.description or "")
        except httpx2.HTTPStatusError as failed:
            attempt.fail(failed.response.status_code, failed.response.headers.get("Retry-After", ""))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as unreachable:
            raise Unavailable(attempt.done("unavailable", str(unreachable)), RETRY_AFTER) from unreachable
        except httpx2.TransportError as broken:
            raise Unclear(attempt.done("unclear", str(broken))) from broken
        except (ValueError, KeyError, TypeError) as unexpected:
            raise UnexpectedAnswer(attempt.done("changed", str(unexpected))) from unexpected
        if grant != "revoke" and not isinstance(answer.get("access_token"), str):
            raise UnexpectedAnswer(attempt.done("changed", "the response has no access token"))
        attempt.done("ok", "OK")
        return answer


@dataclass(frozen=True)
class _Through(httpx2.AsyncBaseTransport):
    """The connections of another client. An Authlib client holds a token, so that each call has its own."""

    http: httpx2.AsyncClient

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send over a connection of the other client."""
        return await self.http.send(request, stream=True, follow_redirects=False)


#: Blocker of each error of a token endpoint (RFC 6749, 5.2) by grant; any other is a problem of the app.
_INVALID_GRANT = {"authorization_code": "auth_code_expired", "refresh_token": "connection_dead"}
_TOO_MANY, _SERVER_ERROR = 429, 500


@dataclass(frozen=True)
class _Attempt:
    """One call, until its outcome is recorded."""

    operation: str
    grant: str
    app: App
    record: RecordCall
    started: float

    def done(self, outcome: Outcome, message: str, code: int | None = None) -> RecordedCall:
        """Record the call."""
        made = RecordedCall(
            self.operation, {"app_id": self.app.app_id, "grant_type": self.grant}, outcome, code, message, None, {},
            int((time.monotonic() - self.started) * 1000),
        )  # fmt: skip
        self.record(made)
        return made

    def refuse(self, error: str, description: str) -> NoReturn:
        """Raise the refusal of a token endpoint."""
        blocker = _INVALID_GRANT.get(self.grant, "app_problem") if error == "invalid_grant" else "app_problem"
        raise Denied(self.done("denied", f"{error}: {description}" if description else error), blocker)

    def fail(self, status: int, retry_after: str) -> NoReturn:
        """Raise the failure of a response without an OAuth error."""
        if status >= _SERVER_ERROR or status == _TOO_MANY:
            seconds = float(retry_after) if retry_after.isdigit() else RETRY_AFTER
            call = self.done("unavailable", f"HTTP {status}", status)
            raise Unavailable(call, seconds, limited=status == _TOO_MANY)
        raise Denied(self.done("denied", f"HTTP {status}", status), "app_problem")
