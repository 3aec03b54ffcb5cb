"""Preview of a link as its client sees it: the first page and the first screen of each lane, in each language.

It opens nothing and saves nothing: no session of a client, no event, no cookie.
"""

from typing import Annotated, Any, Literal

from fastapi import Query, Request
from fastapi.responses import Response

from app.client_portal import screens
from app.client_portal.first_screens import account_screen, lanes_screen, previewed, welcome_page
from app.dashboard.link_form import LINKS, language_choices
from app.dashboard.member_session import Viewer
from app.kit.database import reading
from app.kit.errors import NotFound
from app.kit.html import forms, language, render
from app.kit.i18n import locales
from app.kit.i18n.message import Message, _
from app.links import queries as links
from app.links.aggregate import LinkAggregate
from app.platforms import declarations
from app.services import services_of

router = forms.page_router()
PREVIEW = f"{LINKS}/{{link_id}}/preview"
#: The language of the preview; `?language=` would be kept in a cookie.
PreviewLanguage = Annotated[str, Query(max_length=16)]


@router.get(PREVIEW)
async def first_page(
    request: Request, caller: Viewer, link_id: str, preview_language: PreviewLanguage = ""
) -> Response:
    """The first page of a link."""
    async with reading(services_of(request).sessions) as session:
        aggregate = await links.load_link(session, caller.agency_id, link_id)
    if aggregate.is_dead:
        return render.see_other(request, f"{LINKS}/{link_id}")
    return welcome_page(request, aggregate, form_token="", **_frame(request, aggregate, preview_language, ""))


@router.get(f"{PREVIEW}/{{platform}}/{{name}}")
async def lane_screen(
    request: Request,
    caller: Viewer,
    link_id: str,
    platform: str,
    name: Literal["way", "account"],
    preview_language: PreviewLanguage = "",
) -> Response:
    """The choice of the lane on a platform, or the first screen of the lane by hand."""
    async with reading(services_of(request).sessions) as session:
        aggregate = await links.load_link(session, caller.agency_id, link_id)
        if platform not in {each.platform for each in aggregate.connecting}:
            raise NotFound
        if aggregate.is_dead:
            return render.see_other(request, f"{LINKS}/{link_id}")
        frame = _frame(request, aggregate, preview_language, f"/{platform}/{name}")
        link = await previewed(session, request, aggregate, base=f"{LINKS}/{link_id}/preview", platform=platform)
        if name == screens.LANE:
            return await lanes_screen(request, session, link, **frame)
        return account_screen(request, link, "", {}, **frame)


@router.post(PREVIEW)
@router.post(f"{PREVIEW}/{{platform}}/{{name}}")
async def press(
    request: Request, caller: Viewer, link_id: str, platform: str = "", preview_language: PreviewLanguage = ""
) -> Response:
    """A button of a client's page was pressed in its preview: show what it leads to, as far as there is a preview."""
    async with reading(services_of(request).sessions) as session:
        aggregate = await links.load_link(session, caller.agency_id, link_id)
    here, form = f"{LINKS}/{link_id}/preview", await request.form()
    platform = platform or next((each.platform for each in aggregate.connecting), "")
    if platform:
        here += f"/{platform}/{screens.ACCOUNT if form.get('lane') == 'guided' else screens.LANE}"
    return render.see_other(
        request,
        f"{here}?preview_language={preview_language}" if preview_language in services_of(request).languages else here,
    )


def _frame(request: Request, aggregate: LinkAggregate, preview_language: str, at: str) -> dict[str, Any]:
    """The bar around a previewed page; from then on, the page is in the language asked for, else the client's."""
    offered = services_of(request).languages
    own = aggregate.link.language
    tag = (
        preview_language if preview_language in offered and own is None else locales.best(aggregate.languages, offered)
    )
    language.prefer(request, link=tag, agency=aggregate.agency.language)
    base = f"{render.root(request)}{LINKS}/{aggregate.link.id}/preview"
    return {
        "layout": "dashboard:desk/preview.html",
        "languages_offered": language_choices(offered) if own is None else [],
        "shown_language": tag,
        "at": f"{base}{at}",
        "places": [(f"{base}{path}", words) for path, words in _places(aggregate)],
        "link_page": f"{LINKS}/{aggregate.link.id}",
    }


def _places(aggregate: LinkAggregate) -> list[tuple[str, Message]]:
    """The pages that a preview has, with their names."""
    places = [("", _("First page"))]
    for each in aggregate.connecting:
        name = declarations.name(each.platform)
        places += [
            (f"/{each.platform}/{screens.LANE}", _("{platform}: connect, or by hand", platform=name)),
            (f"/{each.platform}/{screens.ACCOUNT}", _("{platform}: by hand", platform=name)),
        ]
    return places
