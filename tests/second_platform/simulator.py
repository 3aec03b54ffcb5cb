"""Plaza in memory: OAuth with PKCE and short-lived tokens; businesses, their storefronts and bulletins, permissions.

It knows no partners: the owner of an asset permits another business to use it, in a role.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ADDRESS = "https://plaza.test"
APP_ID, APP_SECRET = "plaza-app", "plaza-secret"
#: Agency and client, and who administers them.
AGENCY, CLIENT = "biz-north", "biz-lune"
ADMINS = {"Nora North": {AGENCY}, "Ana Client": {CLIENT}}
NAMES = {AGENCY: "North Agency", CLIENT: "Maison Lune"}
SHOP, OTHER_SHOP, BULLETIN = "shop-101", "shop-102", "bulletin-7"
ASSETS = {
    SHOP: ("storefront", CLIENT, "Lune Paris"),
    OTHER_SHOP: ("storefront", CLIENT, "Lune Online"),
    BULLETIN: ("bulletin", CLIENT, "Lune News"),
}
#: A token's life; the refresh token is good once.
LIFE = timedelta(hours=1)
SCOPES = "permissions.read permissions.write"


@dataclass
class Grant:
    """A token with its person."""

    person: str
    expires_at: datetime


@dataclass
class Plaza:
    """What Plaza knows, and the ways of people there."""

    #: role by asset and permitted business
    permissions: dict[tuple[str, str], str] = field(default_factory=dict)
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    tokens: dict[str, Grant] = field(default_factory=dict)
    refresh_tokens: dict[str, str] = field(default_factory=dict)
    refreshed: int = 0
    #: assets that Plaza has closed
    closed: set[str] = field(default_factory=set)

    def consent(self, address: str, person: str) -> dict[str, str]:
        """A person authorizes the app of a consent page: the query that comes back."""
        asked = dict(parse_qsl(urlsplit(address).query))
        assert (asked["client_id"], asked["code_challenge_method"]) == (APP_ID, "S256")
        assert asked["scope"] == SCOPES
        code = secrets.token_urlsafe()
        self.codes[code] = (person, asked["code_challenge"])
        return {"state": asked["state"], "code": code}

    def app(self) -> Starlette:
        """Its API."""
        routes: list[tuple[str, str, Callable[[Request], object]]] = [
            ("POST", "/oauth/token", self._token),
            ("POST", "/oauth/revoke", self._revoke),
            ("GET", "/me", self._me),
            ("GET", "/businesses/{business}/assets", self._assets),
            ("GET", "/businesses/{business}/received", self._received),
            ("GET", "/assets/{asset}/permissions", self._permissions),
            ("GET", "/assets/{asset}/state", self._state),
            ("PUT", "/assets/{asset}/permissions/{business}", self._permit),
            ("DELETE", "/assets/{asset}/permissions/{business}", self._forbid),
        ]
        return Starlette(routes=[Route(path, each, methods=[method]) for method, path, each in routes])

    async def _token(self, request: Request) -> Response:
        sent = dict(await request.form())
        if _basic(request) != f"{APP_ID}:{APP_SECRET}":
            return JSONResponse({"error": "invalid_client"}, 401)
        if sent["grant_type"] == "refresh_token":
            person = self.refresh_tokens.pop(str(sent["refresh_token"]), None)
            self.refreshed += 1
        else:
            person, challenge = self.codes.pop(str(sent["code"]), (None, ""))
            proof = hashlib.sha256(str(sent["code_verifier"]).encode()).digest()
            if base64.urlsafe_b64encode(proof).rstrip(b"=").decode() != challenge:
                person = None
        if person is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        token, again = secrets.token_urlsafe(), secrets.token_urlsafe()
        self.tokens[token] = Grant(person, datetime.now(UTC) + LIFE)
        self.refresh_tokens[again] = person
        life = int(LIFE.total_seconds())
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": life, "refresh_token": again}
        return JSONResponse(answer | {"scope": SCOPES})

    async def _revoke(self, request: Request) -> Response:
        self.tokens.pop(str((await request.form())["token"]), None)
        return JSONResponse({})

    async def _me(self, request: Request) -> Response:
        person = self._person(request)
        if person is None:
            return JSONResponse({"error": "expired"}, 401)
        businesses = [{"id": each, "name": NAMES[each]} for each in ADMINS[person]]
        return JSONResponse({"name": person, "businesses": businesses})

    async def _assets(self, request: Request) -> Response:
        business = request.path_params["business"]
        if not self._administers(request, business):
            return JSONResponse({"error": "forbidden"}, 403)
        own = [
            {"kind": kind, "id": asset, "name": name}
            for asset, (kind, owner, name) in ASSETS.items()
            if owner == business
        ]
        return JSONResponse({"assets": own})

    async def _received(self, request: Request) -> Response:
        business = request.path_params["business"]
        if not self._administers(request, business):
            return JSONResponse({"error": "forbidden"}, 403)
        received = [
            {"kind": ASSETS[asset][0], "id": asset, "owner": ASSETS[asset][1], "role": role}
            for (asset, permitted), role in self.permissions.items()
            if permitted == business
        ]
        return JSONResponse({"assets": received})

    async def _permissions(self, request: Request) -> Response:
        asset = request.path_params["asset"]
        if not self._administers(request, ASSETS[asset][1]):
            return JSONResponse({"error": "forbidden"}, 403)
        permitted = [{"business": to, "role": role} for (each, to), role in self.permissions.items() if each == asset]
        return JSONResponse({"permissions": permitted})

    async def _state(self, request: Request) -> Response:
        asset = request.path_params["asset"]
        if not any(self._administers(request, each) for each in (ASSETS[asset][1], *self._permitted(asset))):
            return JSONResponse({"error": "forbidden"}, 403)
        return JSONResponse({"closed": asset in self.closed, "country": "FR", "currency": "EUR"})

    def _permitted(self, asset: str) -> list[str]:
        return [business for each, business in self.permissions if each == asset]

    async def _permit(self, request: Request) -> Response:
        asset, business = request.path_params["asset"], request.path_params["business"]
        if not self._administers(request, ASSETS[asset][1]):
            return JSONResponse({"error": "forbidden"}, 403)
        self.permissions[asset, business] = (await request.json())["role"]
        return JSONResponse({})

    async def _forbid(self, request: Request) -> Response:
        asset, business = request.path_params["asset"], request.path_params["business"]
        if not self._administers(request, ASSETS[asset][1]):
            return JSONResponse({"error": "forbidden"}, 403)
        self.permissions.pop((asset, business), None)
        return JSONResponse({})

    def _person(self, request: Request) -> str | None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        held = self.tokens.get(token)
        return held.person if held and held.expires_at > datetime.now(UTC) else None

    def _administers(self, request: Request, business: str) -> bool:
        return business in ADMINS.get(self._person(request) or "", set())


def _basic(request: Request) -> str:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return base64.b64decode(value).decode() if scheme == "Basic" else ""
