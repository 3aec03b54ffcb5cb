"""The host of a request: the installation's own, a verified domain of one agency, or nobody's."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request, Response
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.kit import throttle
from app.kit.database import reading
from app.kit.errors import AppError, NotFound
from app.kit.i18n.message import _
from app.kit.throttle import Limit, Throttled
from app.kit.web import web_address
from app.kit.web.problem import API
from app.kit.web.services import web_services
from app.tenants.agencies import domains
from app.tenants.agencies.service import RESERVED_SLUGS

router = APIRouter(include_in_schema=False)
#: First path segments of the installation itself, which an agency's domain does not serve.
_INSTALLATIONS_OWN = RESERVED_SLUGS - {"l", "logo", "pictures"}
#: Answered whatever the host: by programs that call an address, and files that are the same for all.
_ANY_HOST = (API, "/static/", "/healthz", "/readyz", "/tls/")
#: Names that are nobody's, for each network address that asks.
ASKS = Limit("tls_asks", 60, timedelta(minutes=1))


class HostUnknown(AppError):
    """The host is neither the installation's nor a verified domain."""

    status = 421
    code = "host_unknown"
    message = _("Nothing is served at this address.")
    advice = _("Check the address, or ask the person who sent it to you for a new one.")


class AgencyHosts:
    """ASGI middleware: an agency's domain serves only pages of that agency's clients; an unknown host serves nothing.

    Hosts without a public name, such as an address in a network or `localhost`, count as the installation's own. Pages
    of `http://localhost` are shown at that name only: cookies, passkeys and ways back from other sites belong to it.
    """

    def __init__(self, app: ASGIApp, public_url: str, refuse: Callable[[Request, AppError], Response]) -> None:
        self.app, self._public_url, self._own, self._refuse = app, public_url, domains.host_of(public_url), refuse
        named = urlsplit(public_url).netloc
        self._by_number = named.replace("localhost", "127.0.0.1") if self._own == "localhost" else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the agency of the host, or refuse the request."""
        if scope["type"] != "http" or f"{scope['path']}/".startswith(_ANY_HOST):
            await self.app(scope, receive, send)
            return
        host = _host(scope)
        if self._by_number and Headers(scope=scope).get("host") == self._by_number and scope["method"] == "GET":
            there = f"{self._public_url}{scope['raw_path'].decode()}?{scope['query_string'].decode()}".removesuffix("?")
            await RedirectResponse(there)(scope, receive, send)
            return
        if host == self._own or _is_private(host):
            await self.app(scope, receive, send)
            return
        async with reading(web_services(Request(scope)).sessions) as session:
            agency_id = await domains.agency_of(session, host)
        if agency_id is None:
            refusal: AppError | None = HostUnknown()
        else:
            refusal = NotFound() if scope["path"].split("/")[1] in _INSTALLATIONS_OWN else None
        if refusal is not None:
            await self._refuse(Request(scope), refusal)(scope, receive, send)
            return
        scope.setdefault("state", {}).update(agency_of_host=agency_id, domain=host)
        await self.app(scope, receive, send)


def serves(request: Request, agency_id: str) -> bool:
    """True if the host of the request may show pages of an agency."""
    return getattr(request.state, "agency_of_host", agency_id) == agency_id


def domain_of(request: Request) -> str | None:
    """The agency's domain at which a request arrived; None at the installation's own address."""
    found: str | None = getattr(request.state, "domain", None)
    return found


@router.get("/tls/ask")
async def may_have_certificate(request: Request, domain: str = Query("", max_length=253)) -> Response:
    """Tell the reverse proxy if it may get a certificate for a name: 200 for a verified domain, 404 for another."""
    sessions = web_services(request).sessions
    async with reading(sessions) as session:
        if await domains.agency_of(session, domain.lower().removesuffix(".")) is not None:
            return Response()
    try:
        async with sessions.begin() as session:
            await throttle.take(session, (ASKS, request.client.host if request.client else ""))
    except Throttled as reached:
        return Response(status_code=429, headers={"Retry-After": str(round(reached.retry_after.total_seconds()))})
    return Response(status_code=404)


def _host(scope: Scope) -> str:
    """The host of a request without its port, in lower case; empty if it cannot be read."""
    try:
        return (urlsplit(f"//{Headers(scope=scope).get('host', '')}").hostname or "").removesuffix(".")
    except ValueError:
        return ""


def _is_private(host: str) -> bool:
    """True for a name that no public DNS record has, and for an address."""
    return "." not in host or host.endswith(".localhost") or web_address.ip_address(host) is not None
