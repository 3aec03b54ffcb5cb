"""First steps: from a new agency to a first link, with a test of the mail server and of a webhook on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from fastapi import Query, Request
from fastapi.responses import Response
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections import oauth_flow
from app.access.connections import service as connections
from app.dashboard import desk, webhook_form, webhook_words
from app.dashboard.link_form import try_account
from app.dashboard.member_session import PATH as DESK
from app.dashboard.member_session import CurrentMember, Manager, MemberForm
from app.events.catalog import ACCESS_VERIFIED
from app.kit import clock
from app.kit.database import Session, reading
from app.kit.errors import AppError, InvalidInput
from app.kit.html import forms, render
from app.kit.html.forms import Form
from app.kit.i18n import locales
from app.kit.i18n.message import Message, _
from app.links import service as link_service
from app.links.models import Link
from app.mail.rendered_email import Recipient
from app.platforms import declarations
from app.platforms.resources import PlatformAccount
from app.services import services_of
from app.tenants.agencies import mail_test
from app.tenants.agencies import service as agencies
from app.tenants.agencies.models import Agency, AgencyAccount
from app.tenants.clients import service as clients
from app.tenants.clients.models import Client
from app.webhooks.deliveries import queries as delivery_queries
from app.webhooks.deliveries.queries import VisibleDelivery
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.endpoints import service as endpoint_service
from app.webhooks.endpoints import verification
from app.webhooks.models import Attempt, Endpoint, EndpointHealth

router = forms.page_router()
PATH = desk.FIRST_STEPS.path
Step = Literal["account", "brand", "mail", "webhook", "link"]
STEPS: tuple[Step, ...] = get_args(Step)
#: Links work without them.
OPTIONAL: frozenset[Step] = frozenset({"mail", "webhook"})
TITLES: Mapping[Step, tuple[Message, Message]] = {
    "account": (_("Your {account}"), _("Connect it, or type its ID")),
    "brand": (_("Your brand"), _("Name, logo, colour")),
    "mail": (_("Mail"), _("Optional: a test e-mail to you")),
    "webhook": (_("Webhook"), _("Optional: a test event to your CRM")),
    "link": (_("Your first link"), _("Made for you, to try")),
}
_TRIAL_CLIENT = _("Trial client")
_NO_ENDPOINT = _("Choose an endpoint, or enter an address.")
#: Settings that switch mail on, as an example.
_MAIL_SETTINGS = "KEYTURN_SMTP_URL=smtp://user:password@mail.example.com:587\nKEYTURN_MAIL_FROM=access@example.com"
#: Fields that keep what was typed.
_TYPED = ("account_id", "account_name", "url")
_NOT_TAKEN = _("The worker sends e-mails. Check that {command} runs beside the web process.", command="keyturn worker")
#: Seconds after which an e-mail that no worker took is explained.
_WORKER_TAKES = 15


@dataclass(frozen=True)
class SetUpProgress:
    """The steps of an agency's set-up, and those that are done."""

    done: frozenset[Step]

    @property
    def next(self) -> Step | None:
        """The first step to do; None once only optional ones are left."""
        left = [step for step in STEPS if step not in self.done]
        return None if OPTIONAL.issuperset(left) else left[0]


@dataclass(frozen=True)
class WebhookTest:
    """The delivery of a test with its last attempt."""

    seen: VisibleDelivery
    attempt: Attempt | None


async def progress(session: AsyncSession, agency: Agency) -> SetUpProgress | None:
    """The steps that are done, in one statement; None once the set-up was ended."""
    if agency.set_up_ended_at is not None:
        return None
    here = agency.id
    found = await session.execute(
        select(
            exists().where(AgencyAccount.agency_id == here),
            mail_test.has_passed(here),
            exists().where(
                Endpoint.agency_id == here,
                Endpoint.deleted_at.is_(None),
                Endpoint.status == "active",
                EndpointHealth.agency_id == here,
                EndpointHealth.id == Endpoint.id,
                EndpointHealth.failing_since.is_(None),
            ),
            # ordered, so that its index is read and not the table up to the first link of this agency
            select(Link.id).where(Link.agency_id == here).order_by(Link.id).limit(1).scalar_subquery().is_not(None),
        )
    )
    account, mail, webhook, link = found.one()
    is_done = {"account": account, "brand": bool(agency.brand), "mail": mail, "webhook": webhook, "link": link}
    return SetUpProgress(frozenset(step for step in STEPS if is_done[step]))


def titles() -> Mapping[Step, tuple[Message, Message]]:
    """The name of each step, and what it is about."""
    account = declarations.texts(declarations.DEFAULT_PLATFORM).account.noun
    return {step: (title.fill(account=account), about) for step, (title, about) in TITLES.items()}


@router.get(PATH)
async def first_steps(
    request: Request,
    caller: Manager,
    step: Annotated[Step | None, Query()] = None,
    delivery: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """One step; without a choice the first that is not done."""
    return await _page(request, caller, step, delivery=delivery)


@router.post(f"{PATH}/account")
async def add_account(request: Request, session: Session, caller: Manager, form: MemberForm) -> Response:
    """Add the account that clients share with, and make the first link."""
    problem = await try_account(request, session, caller, form)
    if problem is not None:
        return await _page(request, caller, "account", problems={"account_id": problem}, form=form)
    await _make_trial_link(request, session, caller)
    return _to(request, "brand")


@router.post(f"{PATH}/mail")
async def send_mail(request: Request, session: Session, caller: Manager, form: MemberForm) -> Response:  # noqa: ARG001
    """Send a test e-mail to the member."""
    to = Recipient(caller.member.email, caller.member.name)
    try:
        await mail_test.send(session, services_of(request).outbox, caller.agency, to=to)
    except AppError as refused:
        await session.rollback()
        return await _page(request, caller, "mail", refused=refused)
    return _to(request, "mail")


@router.post(f"{PATH}/webhook")
async def test_webhook(request: Request, session: Session, caller: Manager, form: MemberForm) -> Response:
    """Send a test event to an endpoint, which is made first for an address."""
    services, agency_id, actor = services_of(request), caller.agency_id, caller.member.actor
    endpoint_id = form.line("endpoint")
    if not endpoint_id and not form.line("url", most=2048):
        return await _page(request, caller, "webhook", problems={"url": _NO_ENDPOINT}, form=form)
    try:
        if not endpoint_id:
            given = webhook_form.new_endpoint("http", webhook_form.for_address(form.line("url", most=2048)))
            spec = await endpoint_service.vetted_spec(given, services.egress)
            made, _secret = await endpoint_service.create_endpoint(
                session, agency_id, spec, keyring=services.keyring, actor=actor, verify=services.verify_endpoints
            )
            endpoint_id = made.id
            if made.status != "active":
                return render.see_other(request, f"{DESK}/webhooks/{made.id}?said=created")
        delivery_id = await verification.send_test(
            session,
            agency_id,
            endpoint_id,
            event_type=ACCESS_VERIFIED.name,
            actor=actor,
            public_url=services.public_url,
        )
    except InvalidInput as refused:
        await session.rollback()
        problems = webhook_form.problems_of(refused, "http")
        return await _page(request, caller, "webhook", problems=problems, form=form)
    except AppError as refused:
        if refused.code not in webhook_words.SAID:
            raise
        await session.rollback()
        return await _page(request, caller, "webhook", problems={"url": webhook_words.SAID[refused.code][1]}, form=form)
    return render.see_other(request, f"{PATH}?step=webhook&delivery={delivery_id}")


@router.post(f"{PATH}/link")
async def make_link(request: Request, session: Session, caller: Manager, form: MemberForm) -> Response:  # noqa: ARG001
    """Make the first link, where there is an account but no link yet."""
    await _make_trial_link(request, session, caller)
    return _to(request, "link")


@router.post(f"{PATH}/end")
async def end(request: Request, session: Session, caller: Manager, form: MemberForm) -> Response:  # noqa: ARG001
    """Show no progress any more; the page itself stays."""
    await agencies.end_set_up(session, caller.agency_id)
    return render.see_other(request, DESK)


def _to(request: Request, step: Step) -> Response:
    return render.see_other(request, f"{PATH}?step={step}")


async def _make_trial_link(request: Request, session: AsyncSession, caller: CurrentMember) -> None:
    """Make a link for a client that the member plays, unless the agency has a link or no account."""
    agency_id, member = caller.agency_id, caller.member
    await session.get(Agency, agency_id, with_for_update=True)  # a form that is sent twice makes one link
    has_account, has_link = (
        await session.execute(
            select(exists().where(AgencyAccount.agency_id == agency_id), exists().where(Link.agency_id == agency_id))
        )
    ).one()
    if has_link or not has_account:
        return
    client, _made = await clients.create_client(
        session, agency_id, actor=member.actor, name=locales.find(caller.agency.language).text(_TRIAL_CLIENT),
        contact_name=member.name, contact_email=member.email,
    )  # fmt: skip
    await link_service.create_link(
        session, agency_id, client_id=client.id, preset=link_service.DEFAULT_PRESET,
        keyring=services_of(request).keyring, actor=member.actor, requested_by=member.name,
    )  # fmt: skip


async def _page(
    request: Request,
    caller: CurrentMember,
    step: Step | None,
    *,
    delivery: str = "",
    problems: Mapping[str, Message] | None = None,
    form: Form | None = None,
    refused: AppError | None = None,
) -> Response:
    services, agency_id = services_of(request), caller.agency_id
    async with reading(services.sessions) as session:
        agency = await agencies.find(session, agency_id)
        reached = await progress(session, agency) or SetUpProgress(frozenset(STEPS))
        chosen = step or reached.next or "link"
        shown = await _SHOWN[chosen](request, session, caller, delivery) if chosen in _SHOWN else {}
    position = STEPS.index(chosen)
    return desk.page(
        request, caller, "first_steps", here=PATH, status=refused.status if refused else 422 if problems else 200,
        step=chosen, steps=titles(), refused=refused.sentences if refused else (),
        number=position + 1, following=STEPS[position + 1] if position + 1 < len(STEPS) else None,
        done=reached.done, is_over=agency.set_up_ended_at is not None, is_enough=reached.next is None,
        problems=problems or {},
        given={name: form.line(name, most=2048) for name in _TYPED} if form else {}, **{"awaited": "", **shown},
    )  # fmt: skip


async def _account(request: Request, session: AsyncSession, caller: CurrentMember, _delivery: str) -> dict[str, Any]:
    """The accounts on the list, and those that the connection found."""
    platforms = services_of(request).platforms
    platform = platforms.default
    named = await agencies.accounts(session, caller.agency_id, platform.key)
    connection = await connections.of_agency(session, caller.agency_id, platform.key)
    found: Sequence[PlatformAccount] = connections.discovered(connection).accounts if connection else ()
    known = {each.account_id for each in named}
    return {
        "accounts": named, "connection": connection,
        "found": [each for each in found if each.usable and each.account_id not in known],
        "can_connect": await oauth_flow.is_possible(session, platforms, caller.agency_id, platform.key),
        "platform": platform.name, "account": declarations.texts(platform.key).account.noun,
        "ids": declarations.texts(platform.key).account.ids,
    }  # fmt: skip


async def _mail(request: Request, session: AsyncSession, caller: CurrentMember, _delivery: str) -> dict[str, Any]:
    """The last test e-mail, and whether the page waits for its result."""
    mail = next(iter(await mail_test.recent(session, caller.agency_id, limit=1)), None)
    waits = mail is not None and mail.status == "waiting"
    age = (clock.now() - mail.created_at).total_seconds() if mail else 0
    return {
        "can_mail": services_of(request).outbox is not None, "mail": mail, "settings": _MAIL_SETTINGS,
        "awaited": f"{PATH}?step=mail" if waits else "", "late": _NOT_TAKEN if waits and age > _WORKER_TAKES else None,
    }  # fmt: skip


async def _webhook(_request: Request, session: AsyncSession, caller: CurrentMember, delivery: str) -> dict[str, Any]:
    """The endpoints that take a test, and the result of the last one."""
    every = await endpoints.every(session, caller.agency_id)
    test: WebhookTest | None = None
    if delivery:
        seen = await delivery_queries.find(session, caller.agency_id, delivery)
        made = await delivery_queries.attempts(session, caller.agency_id, delivery, limit=1)
        test = WebhookTest(seen, made[0] if made else None)
    waits = test is not None and test.attempt is None and test.seen.status in ("pending", "in_flight")
    return {
        "endpoints": [each for each in every if each.status == "active"], "test": test, "words": webhook_words,
        "awaited": f"{PATH}?step=webhook&delivery={delivery}" if waits else "",
    }  # fmt: skip


async def _link(_request: Request, session: AsyncSession, caller: CurrentMember, _delivery: str) -> dict[str, Any]:
    """The agency's first link with its client."""
    rows = (
        select(Link, Client)
        .join(Client, (Client.agency_id == Link.agency_id) & (Client.id == Link.client_id))
        .where(Link.agency_id == caller.agency_id)
    )
    found = (await session.execute(rows.order_by(Link.id).limit(1))).one_or_none()
    return {"link": found[0] if found else None, "client": found[1] if found else None}


_SHOWN = {"account": _account, "mail": _mail, "webhook": _webhook, "link": _link}
