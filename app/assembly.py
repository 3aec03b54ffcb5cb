"""Parts that web, worker and doctor make from the settings. Imports no routes, so that a worker starts without them."""

from collections.abc import Mapping

import httpx2

from app.kit.database import Sessions
from app.kit.egress.client import Egress, tls_context
from app.kit.encryption import Keyring
from app.kit.oidc import OidcClient
from app.mail.service import MailQueue
from app.platforms import installed
from app.platforms.registry import Platforms
from app.settings import Settings


def platforms_of(chosen: Settings, http: httpx2.AsyncClient, sessions: Sessions) -> Platforms:
    """The platforms of an installation."""
    return installed.build(chosen, chosen.public_url, http, sessions)


def mail_queue_of(chosen: Settings, keyring: Keyring) -> MailQueue | None:
    """The queue of e-mails; None where no mail server is configured."""
    return MailQueue(keyring, chosen.public_url, chosen.languages) if chosen.mail_server else None


def sign_ins_of(chosen: Settings) -> Mapping[str, OidcClient]:
    """The OpenID providers of the settings by key."""
    base = f"{chosen.public_url}/desk/oidc"
    return {each.key: OidcClient(each, f"{base}/{each.key}/return") for each in chosen.oidc_providers}


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
