"""Fields of forms about links, typed or in a file: the client, presets, and accounts of the agency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.buyers.service import MOST_BUYERS
from app.dashboard.member_session import PATH, CurrentMember
from app.kit import clock
from app.kit.errors import AppError
from app.kit.html.forms import Form
from app.kit.i18n import locales
from app.kit.i18n.message import Message, Text, _, _n
from app.kit.input.text import TypedWrong
from app.links import queries as links
from app.links.agency_accounts import AgencyAccountMissing, IdentityMissing
from app.links.models import Link
from app.links.own_platforms import service as own_platforms
from app.links.presets.preset import Preset
from app.links.service import DEFAULT_LIFE, LONGEST_LIFE
from app.platforms import declarations
from app.platforms.registry import Platforms
from app.platforms.roles import ON_AD_ACCOUNTS
from app.services import services_of
from app.tenants.agencies import service as agencies
from app.tenants.agencies.models import AgencyAccount
from app.tenants.agencies.service import AgencyAccountKnown
from app.tenants.clients.models import Client
from app.tenants.members import service as members

LINKS = f"{PATH}/links"
#: Empty lines of a form of buyers.
_SPARE = 3
#: Lives to choose from, in days.
_LIVES = (7, DEFAULT_LIFE.days, 30, 60, LONGEST_LIFE.days)
CLIENT_FIELDS = ("name", "contact_name", "contact_email", "language", "external_id")


@dataclass(frozen=True)
class PresetCard:
    """A preset to choose, with a line for each access that it requests."""

    preset: Preset
    lines: Sequence[Text]


@dataclass(frozen=True)
class KnownClient:
    """A client that there is, with its active links, the newest first."""

    client: Client
    links: Sequence[Link]


def impossible(refused: AppError) -> Message:
    """The sentence about a link that cannot be made: most often a client could not share with the agency yet."""
    if isinstance(refused, IdentityMissing):
        return _(
            "This preset asks for access on a platform where your agency’s own ID is not known yet, so a client would "
            "not know which account to share with. Add the ID, or choose another preset."
        )
    if isinstance(refused, AgencyAccountMissing):
        return _("Your agency has no account yet that clients could share with. Connect it first.")
    if "agency_account_ids" in refused.fields:
        return _("Your agency has no such account for clients to share with. Choose another.")
    return refused.message


def read_client(form: Form) -> dict[str, str]:
    """The fields of a new client. What is wrong with them is in the form's problems."""
    name, contact = form.line("name"), form.line("contact_name")
    email, external_id = form.email("contact_email"), form.line("external_id")
    language = form.line("language", most=16)
    if not name:
        form.problems.setdefault("name", _("Enter the name of the client."))
    if problem := language_problem(language):
        form.problems["language"] = problem
    return dict(zip(CLIENT_FIELDS, (name, contact, email, language, external_id), strict=True))


async def with_links(session: AsyncSession, agency_id: str, found: Sequence[Client]) -> list[KnownClient]:
    active = await links.active_links(session, agency_id, [each.id for each in found])
    return [KnownClient(each, active.get(each.id, [])) for each in found]


async def cards(
    session: AsyncSession, agency_id: str, presets: Sequence[Preset], installed: Platforms
) -> list[PresetCard]:
    """The cards of presets in their order."""
    asked = [each for preset in presets for each in preset.access_requests]
    platforms = await own_platforms.requested(session, agency_id, installed, asked)
    return [_card(each, platforms) for each in presets]


def _card(preset: Preset, platforms: Platforms) -> PresetCard:
    """The card of a preset: each access with its role, in the words of its platform."""
    lines: list[Text] = []
    for each in preset.access_requests:
        platform = platforms[each.platform]
        if not platforms.has_api(each.platform):
            lines.append(each.title or platform.name)
            continue
        asset: Text = declarations.find(each.platform, each.kind).texts.title(2)
        lines.append(_("{asset}: {role}", asset=asset, role=platform.role_words(each.kind, each.role).label))
    return PresetCard(preset, list(dict.fromkeys(lines)))


def language_problem(tag: str) -> Message | None:
    """The problem with a language that was typed; an empty one leaves the choice to the client."""
    if not tag or tag in locales.offered(with_pseudo=True):
        return None
    return _("Keyturn does not speak “{language}” yet.", language=tag)


def language_choices(offered: Sequence[str]) -> list[tuple[str, str]]:
    """Languages to choose from, each by its own name."""
    return [(tag, locales.find(tag).name) for tag in offered]


async def own_accounts(
    session: AsyncSession, agency_id: str, platforms: Platforms
) -> list[tuple[str, str, Text, Sequence[AgencyAccount]]]:
    """The agency's accounts by platform: key, name, word for an account, and the accounts."""
    own: dict[str, list[AgencyAccount]] = {}
    for account in await agencies.accounts(session, agency_id):
        own.setdefault(account.platform, []).append(account)
    return [(key, platforms[key].name, declarations.texts(key).account.noun, several) for key, several in own.items()]


async def owners(session: AsyncSession, agency_id: str) -> list[tuple[str, str]]:
    """The members who can look after a link: id and name."""
    return [(each.id, each.name) for each in await members.every(session, agency_id)]


async def try_account(request: Request, session: AsyncSession, caller: CurrentMember, form: Form) -> Message | None:
    """Add the account that a form names, at its platform or the default one; what is wrong with it, if anything."""
    platform = form.text("platform")
    if not services_of(request).platforms.has_api(platform):
        platform = declarations.DEFAULT_PLATFORM
    try:
        await agencies.add_account(
            session, caller.agency_id, platform=platform,
            account_id=declarations.texts(platform).account.ids.one(form.line("account_id", most=400)),
            name=form.line("account_name", most=200) or caller.agency.name, actor=caller.member.actor,
        )  # fmt: skip
    except AgencyAccountKnown:
        return _("This account is already on the list.")
    except TypedWrong as wrong:
        return wrong.message
    return None


def typed_accounts(form: Form) -> dict[str, str]:
    """The accounts that a form names, by platform."""
    return {key: form.line(f"account-{key}") for key in form.names("account-")}


def chosen_accounts(preset: Preset, chosen: Mapping[str, str]) -> dict[str, str]:
    """Those of the chosen accounts that a preset needs, by platform."""
    asked = {each.platform for each in preset.access_requests}
    return {key: account for key, account in chosen.items() if key in asked and account}


def lives() -> list[tuple[str, Message]]:
    """Lives of a link to choose from, in days, each with its last day."""
    now = clock.now()
    return [
        (
            str(days),
            _n("In {count} day, {day}", "In {count} days, {day}", days, day=(now + timedelta(days=days)).date()),
        )
        for days in _LIVES
    ]


def read_buyers(form: Form) -> list[tuple[str, str]]:
    """Addresses and roles of the lines of a form of buyers that are filled in."""
    lines = [(form.email(f"email-{number}"), form.line(f"role-{number}")) for number in form.names("email-")]
    if any(name.startswith("email-") for name in form.problems):
        form.problems["buyers"] = _("Enter an e-mail address such as ana@brand.com in each line, or leave it empty.")
    elif any(email and role not in ON_AD_ACCOUNTS for email, role in lines):
        form.problems["buyers"] = _("Choose a role from the list.")
    return [(email, role) for email, role in lines if email]


def with_spare(people: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The lines of a form of buyers: those that are named, and some empty ones."""
    return [*people, *[("", "")] * min(_SPARE, MOST_BUYERS - len(people))]
