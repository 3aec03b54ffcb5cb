"""The page of one client's link: whose turn it is, each access request with its evidence, facts and timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import call_recorder, handshakes
from app.access.buyers import service as buyers
from app.access.buyers.models import BuyerAccess
from app.access.buyers.schemas import BuyerAccessView
from app.access.call_recorder import PlatformCallView
from app.access.grants import service as grants
from app.access.grants.models import Grant
from app.access.readiness import checks
from app.access.readiness import service as readiness
from app.access.requests import people
from app.access.requests.schemas import AccessRequestEvidence
from app.client_portal import client_message, rendering
from app.dashboard import desk, preset_form, reminder_form, timeline, turns, webhook_words
from app.dashboard.link_form import LINKS, language_choices, own_accounts, owners, with_spare
from app.dashboard.member_session import PATH, CurrentMember, Viewer
from app.dashboard.turns import Label, Tone
from app.kit import clock
from app.kit.database import reading
from app.kit.errors import InvalidInput
from app.kit.html import forms
from app.kit.i18n.message import Message, Problems, Text, _
from app.links import contacts, emails, queries, reminders, service, status
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest, Link
from app.links.own_platforms import service as own_platforms
from app.links.presets import builtin
from app.links.schemas import InvitationView, LinkDetail
from app.links.status import OVER
from app.links.turns import turn_of
from app.mail import service as mails
from app.mail.service import Mail
from app.platforms import declarations
from app.platforms.blockers import BLOCKERS
from app.platforms.registry import Platforms
from app.platforms.roles import WORKING_ROLES
from app.services import services_of
from app.tenants.agencies.models import AgencyAccount
from app.tenants.clients.models import Client
from app.tenants.clients.schemas import ClientContactView
from app.webhooks.deliveries import queries as deliveries
from app.webhooks.deliveries.queries import DeliveryFilter, VisibleDelivery
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.models import Endpoint

router = forms.page_router()
#: Platform calls of a row that is open, and with `calls=all`; other links of the client.
_FEW_CALLS, _MANY_CALLS, _OTHERS = 5, 100, 20
#: Webhook deliveries that are listed.
_DELIVERIES = 6
#: Longest time in which a page that was asked to look again shows the result by itself.
_LOOKS_FOR = timedelta(seconds=30)
#: Form that is open on the page, about the link or one access request.
Act = Literal[
    "contact", "extension", "revocation", "new-link", "attestation", "removal", "device", "role", "buyers", "owner",
    "new-contact", "edit-contact", "new-person", "reminders", "client",
    "new-access",
]  # fmt: skip

#: News after a form.
DONE: Mapping[str, Message] = {
    "client": _("The client was changed."),
    "access": _("The access was asked for. It waits for the client’s yes."),
    "contact": _("The contact was changed."),
    "contact-added": _("The contact was added."),
    "contact-changed": _("The contact was changed."),
    "contact-removed": _("The contact was removed."),
    "reminded": _("The e-mail is on its way."),
    "checked": _("Keyturn has looked again. This is the result."),
    "attested": _("Your statement is recorded."),
    "extended": _("The link was extended."),
    "owner": _("The owner of the link was changed."),
    "reminders": _("The reminders were changed."),
    "revoked": _("The link was revoked. Shared access stays shared."),
    "role": _("The role was asked for. A higher one waits for the client’s yes; a lower one is set now."),
    "person": _("The client is asked to invite the person. It waits for the client’s yes."),
    "person-freemail": _(
        "The client is asked to invite the person. The address is at a free mail service: a person who leaves your "
        "agency keeps it, and the access with it. An address of your own domain is safer."
    ),
    "withdrawn": _("The request was withdrawn. The client is not asked for it any more."),
    "buyers": _("The buyers were set. Each gets the access in the next minutes."),
    "no-buyers": _("The buyers of your Business Center count for this link again."),
    "erased": _("The personal data were erased. Shared access stays shared."),
    "removing": _("The access is being taken away. It is gone when a read has shown that."),
}
_LOOKING = _("Keyturn looks again now. The result is here in a few seconds.")
#: Outcomes of platform calls, with their tones.
OUTCOMES: Mapping[str | None, tuple[Message, Tone]] = {
    "ok": (_("Done"), "good"),
    "denied": (_("Refused"), "bad"),
    "unavailable": (_("Not available"), "wait"),
    "unclear": (_("Unclear"), "wait"),
    "changed": (_("Not understood"), "bad"),
    None: (_("No answer"), "wait"),
}
_READINESS: Mapping[str, Label] = {
    "pass": Label("verified", _("In place"), "good"),
    "to_do": Label("client", _("To do"), "wait"),
    "cannot_tell": Label("unverifiable", _("Not known"), "off"),
}
#: Status of access that is being taken away, by the next actor.
_REMOVALS: Mapping[str, Label] = {
    "us": Label("us", _("Being taken away"), "info"),
    "client": Label("client", _("The client takes it away"), "wait"),
    "agency": Label("you", _("You take it away"), "bad"),
}
CONTACT_ROLES = {"approver": _("Approver"), "billing": _("Billing"), "technical": _("Technical")}
_INVITED = _("Gets the link")
_GIVEN_BY_CLIENT = _("Named by the client on {moment}")
_GIVEN_BY_AGENCY = _("Noted by {person} on {moment}")


@dataclass(frozen=True)
class AssetRow:
    """One access request: the asset, both roles, status with its reason, and the buyers who can open it."""

    request: AccessRequest
    name: Text
    kind: Message | None
    number: str
    asked: Message
    granted: Message | None
    label: Label
    why: str | None
    grant: Grant | None
    buyers: Sequence[BuyerAccess]
    is_assignable: bool
    can_check: bool
    can_attest: bool
    #: the roles that could be asked for instead, with their labels
    other_roles: Sequence[tuple[str, Message]]

    @property
    def openers(self) -> Sequence[BuyerAccess]:
        """Buyers that a read confirmed."""
        return [each for each in self.buyers if each.status == "open"]

    @property
    def can_withdraw(self) -> bool:
        """True for access of a person of the agency that the client has not agreed to yet."""
        each = self.request
        return each.asset_kind.is_person and each.approved_at is None and each.status not in OVER

    @property
    def can_remove(self) -> bool:
        """True if there is access that can be taken away."""
        return self.grant is not None and self.grant.status in ("live", "drifted")


@dataclass
class ClientPerson:
    """A person of the client with the roles, and who named it, when. `contact_id`: if the agency added it."""

    name: str
    email: str
    roles: list[Text]
    contact_id: str | None = None
    given: Message | None = None


@dataclass(frozen=True)
class Evidence:
    """Opened row: the next step, the platform calls, and the next look."""

    hint: str | None
    calls: Sequence[PlatformCallView]
    more: bool
    buyers: Sequence[BuyerAccessView]
    next_look: datetime | None


@dataclass(frozen=True)
class Opened:
    """Parts of the page that are open, and the values and problems of the open form."""

    why: str = ""
    all_calls: bool = False
    all_events: bool = False
    act: Act | None = None
    about: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    problems: Problems = field(default_factory=dict)
    #: addresses and roles of the form of buyers, as they were sent
    lines: Sequence[tuple[str, str]] = ()
    done: str = ""
    #: sentences about an act that was refused
    refused: Sequence[Message] = ()
    address: str | None = None
    #: code for a new device of the client, and its end
    device_code: tuple[str, datetime] | None = None


@router.get(f"{LINKS}/{{link_id}}")
async def link_page(
    request: Request,
    caller: Viewer,
    link_id: str,
    why: Annotated[str, Query(max_length=100)] = "",
    calls: str = "",
    events: str = "",
    act: Act | None = None,
    about: Annotated[str, Query(max_length=100)] = "",
    done: str = "",
) -> Response:
    """The page. `why`: id of the access request whose row is open; `act`: the open form, and `about` its subject."""
    opened = Opened(
        why=why, all_calls=calls == "all", all_events=events == "all", act=act, about=about, done=done
    )  # fmt: skip
    async with reading(services_of(request).sessions) as session:
        return await show(request, session, caller, link_id, opened)


async def show(
    request: Request, session: AsyncSession, caller: CurrentMember, link_id: str, opened: Opened, *, code: int = 200
) -> Response:
    """The page with these parts open. Raises NotFound."""
    services = services_of(request)
    aggregate = await queries.load_link(session, caller.agency_id, link_id)
    link = aggregate.link
    rows = await _rows(session, aggregate, aggregate.all_platforms(services.platforms))
    every = await queries.page(session, caller.agency_id, limit=_OTHERS + 1, client_id=link.client_id)
    days, more_events = await timeline.of_link(
        session, aggregate, [row.grant.id for row in rows if row.grant],
        every=opened.all_events,
    )  # fmt: skip
    mail = await last_mail(session, caller.agency_id, link.id)
    by_id = dict(await owners(session, caller.agency_id))
    named = await contacts.of_client(session, caller.agency_id, link.client_id)
    open_row = next((row for row in rows if row.request.id == opened.why), None)
    evidence = await _evidence(session, aggregate, open_row, every=opened.all_calls) if open_row else None
    now = clock.now()
    looks = bool(opened.done == "checked" and open_row and evidence and _is_looking(open_row, evidence, now))
    return desk.page(
        request, caller, "link", here=PATH, status=code, looks=looks,
        link=link, client=aggregate.client, detail=LinkDetail.of_link(aggregate), aggregate=aggregate,
        preset=builtin.words(aggregate.preset.name),
        can=_possible(aggregate, caller, mail_on=services.outbox is not None),
        label=turns.in_words(turn_of(*_place(aggregate)), services.platforms.default.name),
        situation=turns.situation(link, aggregate.access_requests),
        message=await client_message.of_link(
            session, aggregate, services.platforms, offered=services.languages, address=opened.address
        ),
        to_attest=next((row for row in rows if row.can_attest and row.request.next_actor == "agency"), None),
        ours=next((row for row in rows if row.request.next_actor == "agency" and row.request.status not in OVER), None),
        rows=rows, open_row=open_row, outcomes=OUTCOMES,
        evidence=evidence, sent=await _sent(session, aggregate), delivery_label=webhook_words.delivery_label,
        subject=next((row for row in rows if row.request.id == opened.about), None),
        buyers_form=await _buyers(session, aggregate, rows, opened) if opened.act == "buyers" else None,
        person_form=_person(aggregate, services.platforms) if opened.act == "new-person" else None,
        access_form=await _more_access(session, aggregate, services.platforms) if opened.act == "new-access" else None,
        languages_offered=language_choices(services.languages),
        opened=opened, problems=opened.problems, given=opened.given, done=_LOOKING if looks else DONE.get(opened.done),
        invitation=InvitationView.of(mail) if mail else None,
        accounts=[(declarations.name(each.platform), each) for each in aggregate.connecting if each.client_account_id],
        profiles=_profiles(aggregate, services.platforms),
        consents=await queries.consents(session, caller.agency_id, link.id),
        reminder_choices=reminder_form.choices(link.reminder_days), usual_reminders=reminder_form.usual(caller.agency),
        reminders_chosen=reminder_form.written(link.reminder_days),
        reminders_in_words=reminder_form.in_words(reminders.days_of(aggregate)),
        next_reminder=reminders.next_at(aggregate) if services.outbox is not None else None,
        owners=by_id, contacts=_people(aggregate.client, named, by_id), contact_roles=CONTACT_ROLES.items(),
        contact=next((each for each in named if each.id and each.id == opened.about), None),
        readiness=[_check(item) for item in await readiness.of_link(session, aggregate)],
        others=[_other(each, services.platforms.default.name) for each in every if each.id != link.id][:_OTHERS],
        days=days, more_events=more_events, plain=turns.plain, now=now, grouped=grouped,
        first_day=(now + timedelta(days=1)).date(), last_day=(now + service.LONGEST_LIFE).date(),
        usual_day=min(max(now, link.expires_at) + service.DEFAULT_LIFE, now + service.LONGEST_LIFE).date(),
    )  # fmt: skip


@dataclass(frozen=True)
class LinkedProfile:
    """The client's public profile at a platform. `login`: how it signs in; None if it could not be linked."""

    platform: str
    handle: str
    login: Message | None


def _profiles(aggregate: LinkAggregate, platforms: Platforms) -> list[LinkedProfile]:
    """The profiles that the client said it linked, or could not link."""
    found = []
    for here in aggregate.connecting:
        platform = platforms.connected(here.platform)
        if here.linked_profile and platform.profile_linking:
            login = platform.profile_linking.logins.get(here.linked_profile["login"])
            found.append(LinkedProfile(platform.name, here.linked_profile["handle"], login))
    return found


def _is_looking(row: AssetRow, evidence: Evidence, now: datetime) -> bool:
    """True while the check that a member asked for has not called the platform."""
    asked = row.request.recheck_at
    if asked is None or now - asked > _LOOKS_FOR:
        return False
    return not any(call.started_at > asked and call.took_ms is not None for call in evidence.calls)


async def _sent(session: AsyncSession, aggregate: LinkAggregate) -> Sequence[tuple[VisibleDelivery, Endpoint]]:
    """The last webhook deliveries about the link, newest first, with the endpoints that they go to."""
    agency_id = aggregate.agency.id
    sought = DeliveryFilter(subject_id=aggregate.link.id)
    found = await deliveries.page(session, agency_id, sought, limit=_DELIVERIES)
    known = {each.id: each for each in await endpoints.every(session, agency_id)} if found else {}
    return [(each, known[each.delivery.endpoint_id]) for each in found if each.delivery.endpoint_id in known]


async def last_mail(session: AsyncSession, agency_id: str, link_id: str) -> Mail | None:
    """The last e-mail by which a member sent the link: the invitation or a reminder."""
    kinds = (emails.INVITATION, client_message.REMINDER)
    found = [await mails.newest(session, agency_id, about_id=link_id, kind=kind) for kind in kinds]
    return max((each for each in found if each), key=lambda each: each.id, default=None)


def grouped(number: str) -> str:
    """A long number in groups of four; anything else unchanged."""
    if not number.isdecimal():
        return number
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def _place(aggregate: LinkAggregate) -> tuple[str, str | None]:
    """Stage and next actor, also of a link that is past its expiry before its row says so."""
    if aggregate.is_dead:
        return status.as_of(aggregate.link.status, aggregate.link.expires_at, aggregate.now), None
    return aggregate.link.stage, aggregate.link.next_actor


def _possible(aggregate: LinkAggregate, caller: CurrentMember, *, mail_on: bool) -> Mapping[str, bool]:
    """Acts that the link's status and the member's role allow."""
    now = status.as_of(aggregate.link.status, aggregate.link.expires_at, aggregate.now)
    works, manages = caller.may("member"), caller.may("manager")
    return {
        "work": works,
        "manage": manages,
        "see": now not in ("expired", "revoked"),
        "send": works and now == "draft",
        "show": works and now != "revoked",
        "invite": works and mail_on and bool(aggregate.client.contact_email)
        and now not in ("completed", "expired", "revoked"),
        "extend": works and now not in ("completed", "revoked"),
        "revoke": manages and now != "revoked",
        "device": works and not aggregate.is_dead and now not in ("draft", "sent"),
        "ask": works and not aggregate.is_dead and aggregate.link.expires_at > aggregate.now,
    }  # fmt: skip


async def _rows(session: AsyncSession, aggregate: LinkAggregate, platforms: Platforms) -> list[AssetRow]:
    """A row of each access request; grants and buyers of all in one statement each."""
    agency_id = aggregate.agency.id
    by_asset = {_asset(each): each for each in await grants.of_client(session, agency_id, aggregate.client.id)}
    access = await rendering.read_access(session, aggregate, aggregate.connecting)
    ours: dict[str, list[BuyerAccess]] = {}
    for buyer in await buyers.of_grants(session, agency_id, [each.id for each in by_asset.values()]):
        ours.setdefault(buyer.grant_id, []).append(buyer)
    rows = []
    for each in aggregate.access_requests:
        here = aggregate.on(each.platform)
        grant = by_asset.get((each.platform, each.kind, each.asset_id, each.parent_asset_id, here.agency_account_id))
        can_look = each.platform in access and access[each.platform].can_look
        rows.append(_row(each, platforms, grant, ours.get(grant.id, []) if grant else [], can_look=can_look))
    return rows


def _asset(grant: Grant) -> tuple[str | None, ...]:
    return grant.platform, grant.kind, grant.asset_id, grant.parent_asset_id, grant.agency_account_id


def _row(
    each: AccessRequest, platforms: Platforms, grant: Grant | None, named: Sequence[BuyerAccess], *, can_look: bool
) -> AssetRow:
    platform = platforms[each.platform]
    blocker = BLOCKERS.get(each.code or "") if each.status not in OVER else None
    label = turns.STATUSES[each.status] if each.next_actor != "agency" else turns.LABELS["agency"]
    if grant is not None and grant.status == "revoking":
        label = _REMOVALS.get(grant.next_actor or "us", _REMOVALS["us"])
    agreed = each.approved_at is not None and each.status not in OVER
    kind = each.asset_kind.texts.title(1)
    name = each.asset_name or each.person_email or (platform.name if each.is_manual else None)
    return AssetRow(
        request=each,
        name=name or kind,
        kind=kind if name else None,
        number=grouped(each.asset_id or ""),
        asked=platform.role_words(each.kind, each.role).label,
        granted=platform.role_words(each.kind, each.role_seen).label if each.role_seen else None,
        label=label,
        why=blocker.summary if blocker else None,
        grant=grant,
        buyers=named,
        is_assignable=each.asset_kind.is_assignable,
        can_check=agreed and not each.is_manual,
        can_attest=agreed and each.verified_at is None and each.status != "attested"
        and (each.is_manual or each.status == "unverifiable" or not can_look),
        other_roles=[] if each.status in OVER or each.is_manual else [
            (role, platform.role_words(each.kind, role).label) for role in each.asset_kind.roles if role != each.role
        ],
    )  # fmt: skip


async def _evidence(session: AsyncSession, aggregate: LinkAggregate, row: AssetRow, *, every: bool) -> Evidence:
    """Evidence of an access request as `GET /access-requests/{id}` answers it, and the next look."""
    agency_id, here = aggregate.agency.id, aggregate.on(row.request.platform)
    found = await handshakes.of_client(session, agency_id, aggregate.client.id)
    most = _MANY_CALLS if every else _FEW_CALLS
    calls = await call_recorder.page(session, agency_id, [each.id for each in found], limit=most + 1, before=None)
    evidence = AccessRequestEvidence.with_calls(row.request, calls[:most], row.buyers)
    own = (here.platform, here.client_account_id, here.agency_account_id)
    looks = [each.due_at for each in found if (each.platform, each.client_account_id, each.agency_account_id) == own]
    return Evidence(
        hint=turns.plain(evidence.hint) if evidence.hint else None,
        calls=[] if row.request.is_manual else evidence.calls,
        more=len(calls) > most,
        buyers=evidence.buyers,
        next_look=next(iter(looks), None),
    )


@dataclass(frozen=True)
class BuyersForm:
    """The buyers of a link as they can be edited: lines of address and role, and the roles to choose from."""

    lines: Sequence[tuple[str, str]]
    roles: Sequence[tuple[str, Message]]
    has_own: bool


async def _buyers(
    session: AsyncSession, aggregate: LinkAggregate, rows: Sequence[AssetRow], opened: Opened
) -> BuyersForm | None:
    """The form of the buyers, with some empty lines; None if no access of the link is by person."""
    assignable = [row for row in rows if row.is_assignable and row.request.status not in OVER]
    if not assignable:
        return None
    first = assignable[0]
    roles = [(first.request.role, first.asked), *first.other_roles]
    found = await buyers.list_of_link(session, aggregate.agency.id, aggregate.link.id)
    lines = opened.lines or [(each["email"], each["role"]) for each in (found.people if found else [])]
    return BuyersForm(with_spare(lines), roles, found is not None)


@dataclass(frozen=True)
class PersonForm:
    """The roles with which a person can be requested on a link; without any, the reason in sentences."""

    roles: Sequence[tuple[str, Message]] = ()
    refused: Sequence[Message] = ()


def _person(aggregate: LinkAggregate, platforms: Platforms) -> PersonForm:
    try:
        platform, kind = people.person_kind(aggregate, platforms)
    except InvalidInput as refused:
        return PersonForm(refused=refused.sentences)
    return PersonForm([(role, platforms[platform].role_words(kind, role).label) for role in WORKING_ROLES])


@dataclass(frozen=True)
class AccessForm:
    """The accesses that can be asked for besides, by platform; the agency's accounts on platforms new on the link."""

    choices: Sequence[tuple[str, Sequence[tuple[str, Text]]]]
    accounts: Sequence[tuple[str, str, Text, Sequence[AgencyAccount]]]


async def _more_access(session: AsyncSession, aggregate: LinkAggregate, installed: Platforms) -> AccessForm:
    agency_id, known = aggregate.agency.id, {each.platform for each in aggregate.platforms}
    platforms = await own_platforms.requestable(session, agency_id, installed)
    accounts = await own_accounts(session, agency_id, installed)
    return AccessForm(preset_form.choices(platforms), [each for each in accounts if each[0] not in known])


def _people(client: Client, named: Sequence[ClientContactView], members: Mapping[str, str]) -> Sequence[ClientPerson]:
    """The invited person, then each contact; what the client said about the same person is together."""
    found: dict[object, ClientPerson] = {}
    if client.contact_name or client.contact_email:
        invited = ClientPerson(client.contact_name or "", client.contact_email or "", [_INVITED])
        found[invited.name, invited.email] = invited
    for each in named:
        new = ClientPerson(each.name, each.email or "", [], contact_id=each.id)
        person = found.setdefault(each.id or (new.name, new.email), new)
        person.roles.append(CONTACT_ROLES[each.role])
        by = members.get(each.actor_id, _("A former member")) if each.actor_kind == "member" else _("API")
        if each.given_at is not None:
            person.given = (_GIVEN_BY_AGENCY if each.id else _GIVEN_BY_CLIENT).fill(person=by, moment=each.given_at)
    return list(found.values())


def _check(item: checks.Item) -> dict[str, Any]:
    """One check of the readiness list as shown."""
    hint = checks.hint(item)
    return {
        "title": checks.TITLES[item.key],
        "label": _READINESS[item.verdict.status],
        "hint": turns.plain(hint) if hint else None,
    }


def _other(link: Link, platform: str) -> tuple[Link, Label]:
    return link, turns.in_words(turn_of(link.stage, link.next_actor), platform)
