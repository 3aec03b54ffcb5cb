"""Screen of a new device: verification by a code by e-mail or from the agency, or by an authorization of its own."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections import service as connections
from app.client_portal import link_session, rate_limits, status_texts
from app.client_portal.branding import brand_of
from app.client_portal.errors import Elsewhere, TooMany
from app.client_portal.link_session import DEVICE, VisitedLink
from app.client_portal.rendering import consent_origins, platform_of, to_platform
from app.kit.database import Session
from app.kit.html import forms, language, render
from app.kit.html.forms import Form, SentForm
from app.kit.i18n.message import Message, Problems, _
from app.kit.throttle import Throttled
from app.links import devices
from app.links.device_addresses import INVITED, Address
from app.links.devices import CodeResult
from app.links.pasted_ids import CONTACT_ROLES
from app.platforms import declarations
from app.services import services_of

router = forms.page_router()


async def _new_device(session: Session, request: Request, link_id: str) -> VisitedLink:
    """The link in a browser that is not verified yet. Raises Elsewhere for any other."""
    before = await link_session.usable_link(session, request, link_id)
    if before.browser.verified_at is not None or not await devices.is_guarded(session, before.aggregate):
        raise Elsewhere(before.path)
    return before


NewDevice = Annotated[VisitedLink, Depends(_new_device, scope="function")]


async def _form(request: Request, session: Session, link: NewDevice, form: SentForm) -> Form:
    forms.check_token(request, form, link.cookie)
    await rate_limits.take_form(session, link.aggregate, link.browser)
    return form


DeviceForm = Annotated[Form, Depends(_form, scope="function")]


@router.get("/l/{link_id}/device")
async def new_device(
    request: Request, session: Session, link: NewDevice, choose: bool = False, problem: str = "", outcome: str = ""
) -> Response:
    """Show the addresses that a code can be sent to, or the field to enter it. Saved data is not shown."""
    sent = await devices.code_of_browser(session, link.browser)
    addresses, proof = _addresses(request, link), await _proving_platform(request, session, link)
    return render.page(
        request,
        "client_portal:door/device.html",
        **brand_of(link.aggregate),
        form_to=consent_origins(request, link.aggregate),
        here=f"{render.root(request)}{link.path}/{DEVICE}",
        form_token=forms.token(request, link.cookie),
        requested_by=link.aggregate.link.requested_by,
        addresses=[(each.key, each.masked, _whose(each)) for each in addresses],
        enter=bool(sent or problem) and not choose,
        sent_to=sent.sent_to if sent else None,
        minutes=int(devices.CODE_LIFE.total_seconds() // 60),
        problems={"code": _PROBLEMS[problem]} if problem in _PROBLEMS else {},
        platform=platform_of(request, proof).name if proof else None,
        proves=declarations.texts(proof or "").proves,
        came_back=status_texts.came_back(
            outcome,
            agency=link.aggregate.agency.name,
            platform=proof or link.aggregate.connecting[0].platform,
        )
        if link.aggregate.connecting
        else None,
    )


@router.post("/l/{link_id}/device")
async def send_code(request: Request, session: Session, link: NewDevice, form: DeviceForm) -> Response:
    """E-mail a code to the chosen address."""
    addresses = _addresses(request, link)
    chosen = next((each for each in addresses if each.key == form.text("address")), None)
    outbox = services_of(request).outbox
    if chosen and outbox:
        try:
            await devices.send_code(
                session, outbox, link.aggregate, link.browser, chosen, language=language.locale_of(request).tag
            )
        except Throttled as reached:
            raise TooMany(link.aggregate, reached.retry_after) from reached
    return render.see_other(request, f"{link.path}/{DEVICE}")


@router.post("/l/{link_id}/device/code")
async def enter_code(request: Request, session: Session, link: NewDevice, form: DeviceForm) -> Response:
    """Verify the browser if the code is right. A wrong code is counted."""
    try:
        entered = await devices.enter_code(
            session, services_of(request).keyring, link.aggregate, link.browser, form.text("code")
        )  # fmt: skip
    except Throttled as reached:
        raise TooMany(link.aggregate, reached.retry_after) from reached
    if entered is CodeResult.RIGHT:
        return render.see_other(request, link.path)
    return render.see_other(request, f"{link.path}/{DEVICE}?problem={entered}")


@router.post("/l/{link_id}/device/proof")
async def connect(request: Request, session: Session, link: NewDevice, form: DeviceForm) -> Response:
    """Redirect to the platform if no code can be e-mailed: access to the same account verifies the browser."""
    del form  # it was checked
    platform = await _proving_platform(request, session, link)
    if platform is None:
        return render.see_other(request, f"{link.path}/{DEVICE}")
    return await to_platform(request, session, link, platform)


_PROBLEMS: Problems = {
    CodeResult.WRONG: _("That isn’t the code. Use the newest one; it has six digits."),
    CodeResult.OVER: _("That code no longer works. Have a new one sent."),
}


def _addresses(request: Request, link: VisitedLink) -> tuple[Address, ...]:
    """Addresses that a code can be e-mailed to; none if this installation sends no e-mails."""
    return devices.addresses_of(link.aggregate) if services_of(request).outbox else ()


def _whose(address: Address) -> Message:
    return _("This link was sent there") if address.key == INVITED else CONTACT_ROLES[address.key]


async def _proving_platform(request: Request, session: AsyncSession, link: VisitedLink) -> str | None:
    """A platform at which an authorization can prove the same company: one is known to compare with, and no e-mail is
    possible."""
    whole = link.aggregate
    if _addresses(request, link):
        return None
    for here in whole.connecting:
        known = here.client_account_id or await connections.accounts_of_link(
            session, whole.agency.id, whole.link.id, here.platform
        )
        if known and await link_session.can_connect(session, request, whole, here.platform):
            return here.platform
    return None
