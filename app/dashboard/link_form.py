"""Fields of a new link as members give them, typed or in a file: the client, those that there are, and presets."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.dashboard.member_session import PATH
from app.kit.html.forms import Form
from app.kit.i18n import locales
from app.kit.i18n.message import Message, Text, _
from app.kit.input import email_address
from app.kit.input.text import TypedWrong
from app.links import queries as links
from app.links.agency_accounts import AgencyAccountMissing, IdentityMissing
from app.links.models import Link
from app.links.presets.preset import Preset
from app.platforms import declarations
from app.platforms.registry import Platforms
from app.tenants.clients.models import Client

LINKS = f"{PATH}/links"
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


def impossible(missing: AgencyAccountMissing | IdentityMissing) -> Message:
    """The sentence about a preset that requests what a client could not share with the agency yet."""
    if isinstance(missing, IdentityMissing):
        return _(
            "This preset asks for access on a platform where your agency’s own ID is not known yet, so a client would "
            "not know with whom to share. Add the ID, or choose another preset."
        )
    return _("Your agency has no account yet that clients could share with. Connect it first.")


def read_client(form: Form) -> dict[str, str]:
    """The fields of a new client. What is wrong with them is in the form's problems."""
    name, contact = form.line("name"), form.line("contact_name")
    email, external_id = form.text("contact_email", most=email_address.LONGEST), form.line("external_id")
    language = form.line("language", most=16)
    if not name:
        form.problems.setdefault("name", _("Enter the name of the client."))
    if email and "contact_email" not in form.problems:
        try:
            email = email_address.read(email)
        except TypedWrong as wrong:
            form.problems["contact_email"] = wrong.message
    if language and language not in locales.offered(with_pseudo=True):
        form.problems["language"] = _("Keyturn does not speak “{language}” yet.", language=language)
    return dict(zip(CLIENT_FIELDS, (name, contact, email, language, external_id), strict=True))


async def with_links(session: AsyncSession, agency_id: str, found: Sequence[Client]) -> list[KnownClient]:
    active = await links.active_links(session, agency_id, [each.id for each in found])
    return [KnownClient(each, active.get(each.id, [])) for each in found]


def card(preset: Preset, platforms: Platforms) -> PresetCard:
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


def tongues(offered: Sequence[str]) -> list[tuple[str, str]]:
    """Languages to choose from, each by its own name."""
    return [(tag, locales.find(tag).name) for tag in offered]
