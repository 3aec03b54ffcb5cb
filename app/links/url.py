"""The address of a link, as it is given to a client. Pure."""

import re
import unicodedata

_NOT_WORD = re.compile(r"[^a-z0-9]+")
#: 256 bits in base64 without padding.
SECRET_LENGTH = 43
_SECRET_RUN = re.compile(rf"[A-Za-z0-9_-]{{{SECRET_LENGTH},}}")


def slug(name: str, otherwise: str) -> str:
    """A name as an address part of at most 40 characters: `Zoë & Co.` -> `zoe-co`; `otherwise` if nothing is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _NOT_WORD.sub("-", plain).strip("-")[:40].strip("-") or otherwise


def of_link(public_url: str, agency_slug: str, client_name: str, token: str) -> str:
    """The secret address: `https://host/agency/client/token`."""
    return f"{public_url.rstrip('/')}/{agency_slug}/{slug(client_name, 'client')}/{token}"


def no_reminders(address: str) -> str:
    """Address at which a client asks for no more reminders about the link with this address."""
    return f"{address}/reminders"


def of_public_link(public_url: str, agency_slug: str, token: str) -> str:
    """The public address of a public link: `https://host/agency/open/token`."""
    return f"{public_url.rstrip('/')}/{agency_slug}/open/{token}"


def secrets_in(path: str) -> list[str]:
    """Possible link secrets in an address that was cut, wrapped or joined with other text."""
    runs = _SECRET_RUN.findall(path)[:3]
    return list(dict.fromkeys(secret for run in runs for secret in (run[:SECRET_LENGTH], run[-SECRET_LENGTH:])))


def of_screens(link_id: str) -> str:
    """Path of the client's screens, without the token; the cookie is bound to it."""
    return f"/l/{link_id}"
