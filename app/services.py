"""Services of the web process, as handlers receive them: typed, made once by assembly (`app/main.py`)."""

from dataclasses import dataclass
from typing import cast

from starlette.requests import HTTPConnection

from app.kit.egress.client import Egress
from app.kit.web.services import WebServices
from app.mail.service import MailQueue
from app.platforms.registry import Platforms


@dataclass
class Services(WebServices):
    """Everything shared that handlers need. `outbox` is None where no mail server is configured."""

    platforms: Platforms
    egress: Egress
    outbox: MailQueue | None
    #: OAuth callback that is registered with the platform's app
    redirect_uri: str
    #: new webhook endpoints must echo a challenge before they receive events
    verify_endpoints: bool
    hubspot_api_base: str


def services_of(request: HTTPConnection) -> Services:
    """Services of the application that serves the request."""
    return cast("Services", request.app.state.services)
