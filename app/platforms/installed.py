"""The platforms with an API that this version has: their settings, and how they are made of them.

Their declarations, which need no settings, are in `declarations.py`.
"""

from collections.abc import Mapping

import httpx2

from app.kit.database import Sessions
from app.platforms.manual import library
from app.platforms.rate_limit_policy import Limits
from app.platforms.rate_limiter import RateLimiter
from app.platforms.registry import Platforms
from app.platforms.tiktok.adapter import TikTok
from app.platforms.tiktok.client import Wire
from app.platforms.tiktok.settings import TikTokSettings


class PlatformSettings(TikTokSettings):
    """Settings of all platforms. Each field and each validator has the key of its platform in its name."""


def redirect_uris(settings: PlatformSettings, public_url: str) -> Mapping[str, str]:
    """The redirect address of each platform's apps, by key of the platform."""
    return {"tiktok": settings.tiktok_redirect(public_url)}


def build(settings: PlatformSettings, public_url: str, http: httpx2.AsyncClient, sessions: Sessions) -> Platforms:
    """The platforms of an installation over one pool of connections, within budgets that all processes share."""
    redirects = redirect_uris(settings, public_url)
    return Platforms(
        TikTok(
            wire=Wire(
                http,
                settings.tiktok_api_base.rstrip("/"),
                RateLimiter(sessions, "tiktok", Limits(settings.tiktok_qps, settings.tiktok_qpm)),
            ),
            auth_url=settings.tiktok_auth_url,
            redirect_uri=redirects["tiktok"],
            default_app=settings.tiktok_app,
        ),
        manual=library.every().values(),
    )
