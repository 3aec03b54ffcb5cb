"""Linking of the client's public profile: the choice of a way, its steps, and what came of it."""

from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.client_portal.copy.guided_steps import filled
from app.client_portal.errors import Elsewhere
from app.client_portal.link_session import CurrentLink, LinkForm, OpenLink, claim
from app.client_portal.pages.by_hand import Walk, shown_steps
from app.client_portal.rendering import platform_of, screen, sent_back
from app.client_portal.screens import next_screen
from app.client_portal.status_texts import SENTENCES
from app.kit.database import Session
from app.kit.html import forms, render
from app.kit.i18n.message import Text, _
from app.platforms.port import ProfileLinking

router = forms.page_router()


@router.get("/l/{link_id}/{platform}/linking")
async def choose_way(request: Request, link: OpenLink, platform: str, place: str = "", account: str = "") -> Response:
    """Show the choice of a way, or the first step of one that was chosen."""
    guide = _guide(request, link, platform)
    if (place, account) in guide.paths:
        return render.see_other(request, f"{link.path}/{platform}/linking/{place}/{account}")
    return screen(
        request, link, "linking", guide=guide, platform=platform_of(request, platform).name,
        beta=guide.beta(link.aggregate.intake.markets or ()), problems=_unchosen(guide, place, account),
        place=place, account=account,
    )  # fmt: skip


@router.get("/l/{link_id}/{platform}/linking/{place}/{account}")
async def way(
    request: Request, link: OpenLink, platform: str, place: str, account: str, step: str = "", every: bool = False
) -> HTMLResponse:
    """Show one of the steps of a way. `every`: all of them."""
    guide = _guide(request, link, platform)
    if (place, account) not in guide.paths:
        raise Elsewhere(f"{link.path}/{platform}/linking")
    lines = tuple(filled(each, {}) for each in guide.paths[place, account])
    here = f"{platform}/linking"
    walk = Walk(
        lines, platform_of(request, platform).name, guide.title, guide.dated, None,
        onward=(_("I’ve done these steps"), f"{here}/result?account={account}"), before=here,
    )  # fmt: skip
    return shown_steps(request, link, walk, step, every=every)


@router.get("/l/{link_id}/{platform}/linking/result")
async def result(request: Request, link: OpenLink, platform: str, account: str = "") -> HTMLResponse:
    """Ask which profile was linked and how the client signs in now, and show what it said."""
    guide, draft = _guide(request, link, platform), link.draft_of(request)
    said: Mapping[str, str] = link.aggregate.on(platform).linked_profile or {}
    if draft is not None:
        said = {"handle": draft.form.text("handle"), "login": draft.form.text("login")}
    return screen(
        request, link, "linking-result", guide=guide, platform=platform_of(request, platform).name, said=said,
        problems=draft.problems if draft else {}, after=guide.after.get(account), is_said=draft is None and bool(said),
        sentence=SENTENCES[guide.already_linked], onward=next_screen(link.progress),
    )  # fmt: skip


@router.post("/l/{link_id}/{platform}/linking/result")
async def save_result(
    request: Request, session: Session, link: OpenLink, platform: str, form: LinkForm
) -> RedirectResponse:
    """Save it, or that the platform refused because the profile is linked already."""
    guide = _guide(request, link, platform)
    refused = form.text("refused") != ""
    handle, login = guide.handle(form.text("handle")), form.text("login")
    problems = dict(form.problems)
    if not refused and handle is None:
        problems.setdefault("handle", _("Enter the name of your account as your profile shows it, such as @brand."))
    if not refused and login not in guide.logins:
        problems["login"] = _("Choose how you signed in.")
    if problems:
        return sent_back(request, link, form, problems)
    await claim(session, link)
    code = guide.already_linked if refused else None
    link.aggregate.name_profile(
        platform, handle="" if refused else handle or "", login="" if refused else login, code=code
    )
    await link.aggregate.save(session)
    link.browser.draft = None
    return render.see_other(request, f"{link.path}/{platform}/linking/result")


def _guide(request: Request, link: CurrentLink, platform: str) -> ProfileLinking:
    """The guide of a platform. Raises Elsewhere for a platform without one."""
    guide = platform_of(request, platform).profile_linking
    if guide is None:
        raise Elsewhere(f"{link.path}/{next_screen(link.progress)}")
    return guide


def _unchosen(guide: ProfileLinking, place: str, account: str) -> dict[str, Text]:
    """A sentence for each question that was left open, once the form was sent."""
    if not (place or account):
        return {}
    left = {"account": account not in guide.accounts, "place": place not in guide.places}
    return {name: _("Choose one.") for name, is_open in left.items() if is_open}
