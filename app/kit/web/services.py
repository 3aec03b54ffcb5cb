"""Clients and settings that every request may need; an installation has one of each."""

from dataclasses import dataclass
from typing import cast

from starlette.requests import HTTPConnection

from app.kit.database import Sessions
from app.kit.encryption import Keyring


@dataclass
class WebServices:
    """Services that the kit itself uses. `path_prefix` and `public_url` as in the settings."""

    sessions: Sessions
    keyring: Keyring
    public_url: str
    path_prefix: str
    secure_cookies: bool
    #: tags of the languages that pages are offered in
    languages: tuple[str, ...]


def web_services(request: HTTPConnection) -> WebServices:
    """Services of the application that serves the request."""
    return cast("WebServices", request.app.state.services)


def has_services(request: HTTPConnection) -> bool:
    """True unless the application only shows pages, as the inbox of the demo does."""
    return hasattr(request.app.state, "services")
