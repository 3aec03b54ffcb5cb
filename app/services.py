"""Services of the web process, as handlers receive them: typed, made once by assembly (`app/main.py`)."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from starlette.requests import HTTPConnection

from app.kit.egress.client import Egress
from app.kit.errors import NotFound
from app.kit.oidc import OidcClient, OidcProvider
from app.kit.web.services import WebServices
from app.mail.service import MailQueue
from app.platforms.port import ConnectedPlatform
from app.platforms.registry import Platforms
from app.platforms.resources import DiagnosticFinding


@dataclass
class Services(WebServices):
    """Everything shared that handlers need. `outbox` is None where no mail server is configured."""

    platforms: Platforms
    egress: Egress
    #: name servers that are asked for the records of agencies' domains; none: those of the machine
    nameservers: tuple[str, ...]
    outbox: MailQueue | None
    #: new webhook endpoints must echo a challenge before they receive events
    verify_endpoints: bool
    hubspot_api_base: str
    #: findings about the installation that agencies may read
    check_installation: Callable[[str], Awaitable[Sequence[DiagnosticFinding]]]
    #: OpenID providers where members may sign in, by key
    sign_ins: Mapping[str, OidcClient]

    @property
    def issuers(self) -> frozenset[str]:
        """Issuers at which members may sign in."""
        return frozenset(each.provider.issuer for each in self.sign_ins.values())

    def providers_of(self, issuers: Collection[str]) -> list[OidcProvider]:
        """The providers with these issuers."""
        return [each.provider for each in self.sign_ins.values() if each.provider.issuer in issuers]


def services_of(request: HTTPConnection) -> Services:
    """Services of the application that serves the request."""
    return cast("Services", request.app.state.services)


def connected_platform(request: HTTPConnection, key: str) -> ConnectedPlatform:
    """A platform with an API, for a key in an address. Raises NotFound."""
    platforms = services_of(request).platforms
    if not platforms.has_api(key):
        raise NotFound(f"There is no platform {key} with an API.", hint="GET /api/v1/platforms lists them.")
    return platforms.connected(key)
