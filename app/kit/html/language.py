"""The language of a page: that of the link, of the client's choice, of the browser, or of the agency."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request, Response

from app.kit.i18n import locales
from app.kit.i18n.locales import Locale
from app.kit.web.services import has_services, web_services

#: Query parameter with which a person chooses a language on any page, and the cookie that keeps the choice.
PARAMETER, COOKIE = "language", "keyturn_language"
_LIFETIME = 365 * 24 * 3600


@dataclass(frozen=True)
class LanguageOffer:
    """One language of the switch. `address`: the same page in it."""

    tag: str
    name: str
    address: str
    is_current: bool


def prefer(request: Request, *, link: str | None, agency: str) -> None:
    """Note the languages of the link that a request is about: its own, if the agency chose one, and the agency's."""
    request.state.languages = (link, agency)


def locale_of(request: Request) -> Locale:
    """The locale of the pages of a request."""
    link, agency = getattr(request.state, "languages", (None, None))
    browser = locales.accepted(request.headers.get("accept-language", ""))
    wanted = (link, request.query_params.get(PARAMETER), request.cookies.get(COOKIE), *browser, agency)
    return locales.find(locales.best(wanted, _offered(request)))


def is_of_member(request: Request) -> bool:
    """True for the pages below `/desk`, which members alone see."""
    return f"{request.scope['path']}/".startswith("/desk/")  # without the prefix of the public address


def _in(request: Request, tag: str) -> str:
    return f"?{request.url.include_query_params(language=tag).query}"


def switch(request: Request) -> Sequence[LanguageOffer]:
    """The languages to choose from; none if there is one, or if the agency chose the link's."""
    offered, (link, _agency) = _offered(request), getattr(request.state, "languages", (None, None))
    if link is not None or len(offered) < 2 or not has_services(request):
        return ()
    current = locale_of(request).tag
    return [LanguageOffer(tag, locales.find(tag).name, _in(request, tag), tag == current) for tag in offered]


def remember(request: Request, response: Response) -> None:
    """Keep a language that was chosen with this request."""
    chosen = request.query_params.get(PARAMETER)
    if chosen in _offered(request) and has_services(request):
        response.set_cookie(
            COOKIE, chosen, max_age=_LIFETIME, path="/", httponly=True, samesite="lax",
            secure=web_services(request).secure_cookies,
        )  # fmt: skip


def _offered(request: Request) -> tuple[str, ...]:
    """The languages of the page; a client's page that is shown within the dashboard has its own."""
    if not has_services(request):
        return (locales.SOURCE,)
    offered, (link, _agency) = web_services(request).languages, getattr(request.state, "languages", (None, None))
    return locales.of_dashboard(offered) if is_of_member(request) and link is None else offered
