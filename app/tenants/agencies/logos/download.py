"""Download of a logo from a URL that the agency entered. No transaction may be open meanwhile."""

from app.kit.egress.client import Egress
from app.kit.egress.result import HttpResult, redirect_host
from app.kit.errors import AppError
from app.tenants.agencies.logos.image import MOST_BYTES, LogoRefused

SECONDS = 10.0
_ACCEPT = "image/png, image/webp, image/jpeg, image/gif"


class LogoUnreachable(AppError):
    """No picture at the URL. The cause is not reported, so that it cannot be used as a port scanner."""

    status = 409
    code = "logo_unreachable"
    detail = "No picture could be fetched from this address."
    hint = "Open the address in a browser; it must show the picture to everybody. Or send the file itself."


async def fetch(egress: Egress, url: str) -> bytes:
    """The bytes at a public URL. Raises UrlRefused, LogoUnreachable, LogoRefused."""
    answer, content = await egress.fetch(await egress.vet(url), accept=_ACCEPT, at_most=MOST_BYTES, seconds=SECONDS)
    if answer.status is None:
        raise LogoUnreachable
    if 300 <= answer.status < 400:
        raise _redirected(answer)
    if answer.status != 200:
        raise LogoUnreachable(f"The address answered {answer.status} instead of a picture.")
    if len(content) >= MOST_BYTES and answer.cut:
        raise LogoRefused("The picture has more than 2 MB.")
    if answer.cut:
        raise LogoUnreachable("The picture did not come whole within 10 seconds.")
    return content


def _redirected(answer: HttpResult) -> LogoUnreachable:
    host = redirect_host(answer.headers)
    where = f", on {host[:100]}" if host else ""
    return LogoUnreachable(
        "The address leads on to another one, which is not followed.",
        hint=f"Open it in a browser and give the final address{where}.",
    )
