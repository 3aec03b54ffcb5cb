"""Parts that web, worker and doctor make from the settings. Imports no routes, so that a worker starts without them."""

import httpx2

from app.kit.database import Sessions
from app.kit.egress.client import Egress, tls_context
from app.kit.encryption import Keyring
from app.mail.service import MailQueue
from app.platforms.manual import library
from app.platforms.rate_limit_policy import Limits
from app.platforms.rate_limiter import RateLimiter
from app.platforms.registry import Platforms
from app.platforms.tiktok.adapter import TikTok
from app.platforms.tiktok.client import Wire
from app.settings import Settings


def platforms_of(chosen: Settings, http: httpx2.AsyncClient, sessions: Sessions) -> Platforms:
    """The platforms of an installation over one pool of connections, within budgets that all processes share."""
    budget = RateLimiter(sessions, "tiktok", Limits(chosen.tiktok_qps, chosen.tiktok_qpm))
    return Platforms(
        TikTok(
            wire=Wire(http, chosen.tiktok_api_base.rstrip("/"), budget),
            auth_url=chosen.tiktok_auth_url,
            redirect_uri=chosen.redirect_uri,
            default_app=chosen.tiktok_app,
        ),
        manual=library.every().values(),
    )


def mail_queue_of(chosen: Settings, keyring: Keyring) -> MailQueue | None:
    """The queue of e-mails; None where no mail server is configured."""
    return MailQueue(keyring, chosen.public_url, chosen.languages) if chosen.mail_server else None


def egress_of(chosen: Settings) -> Egress:
    """Client for addresses that agencies give us. The caller closes it."""
    return Egress(
        allow=chosen.allowed_networks,
        deny=chosen.denied_networks,
        nat64=chosen.egress_nat64,
        own_hosts=chosen.own_hosts,
        proxy=chosen.egress_proxy,
        tls=tls_context(chosen.egress_ca_file),
    )
