"""Agencies, their platform app and their Business Centers: queries, and use cases that change them."""

import re
from collections.abc import Mapping, Sequence

from sqlalchemy import Exists, bindparam, delete, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.recorder import record
from app.events.schema import AgencyAccountData, Data, PlatformData
from app.kit import clock, ids
from app.kit.actor import Actor
from app.kit.encryption import Keyring
from app.kit.errors import AppError, InvalidInput, NotFound
from app.mail.rendered_email import EmailBranding, Recipient
from app.platforms import declarations
from app.tenants.agencies import branding, own_words
from app.tenants.agencies.models import Agency, AgencyAccount, PlatformApp
from app.tenants.agencies.reminder_schedule import ReminderSettings

SLUG = re.compile(r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")
#: First path segments of Keyturn itself: an agency with such a slug would hide them.
RESERVED_SLUGS = frozenset({
    "api", "static", "l", "connect", "callbacks", "healthz", "readyz", "metrics", "docs", "openapi.json", "desk",
    "logo", "manual", "tls", "kickoffs", "pictures",
})  # fmt: skip


class AgencyUnclear(AppError):
    """The command does not name an agency, or names an unknown one."""

    status = 404
    code = "agency_unclear"
    detail = "The command does not name one agency: there is none, or more than one."


class SlugTaken(AppError):
    """Another agency, or Keyturn itself, uses this slug."""

    status = 409
    code = "slug_taken"
    detail = "This slug is in use."
    hint = "Choose another; it is the first part of the agency's link addresses."


class AgencyAccountKnown(AppError):
    """The Business Center was added before."""

    status = 409
    code = "agency_account_known"
    detail = "This Business Center is on the agency's list already."
    hint = "Nothing to do; read the list with GET /api/v1/agency/accounts."


async def find(session: AsyncSession, agency_id: str) -> Agency:
    """Load the agency. Raises NotFound."""
    found = await session.get(Agency, agency_id)
    if found is None:
        raise NotFound
    return found


async def lock(session: AsyncSession, agency_id: str) -> None:
    """Lock the agency, so that concurrent changes of what has versions get different numbers."""
    await session.execute(select(Agency.id).where(Agency.id == agency_id).with_for_update())


async def end_set_up(session: AsyncSession, agency_id: str) -> None:
    """Record that the agency wants to see no progress of its set-up any more. Raises NotFound."""
    (await find(session, agency_id)).set_up_ended_at = clock.now()


async def by_slug(session: AsyncSession, slug: str) -> Agency | None:
    """The agency with this slug, for the command line."""
    return (await session.scalars(select(Agency).where(Agency.slug == slug))).one_or_none()


async def every(session: AsyncSession) -> Sequence[Agency]:
    """All agencies of the installation, for the command line."""
    return (await session.scalars(select(Agency).order_by(Agency.slug))).all()


async def chosen(session: AsyncSession, slug: str | None) -> Agency:
    """The agency of a command: the one named, else the only one. Raises AgencyUnclear."""
    found = await every(session)
    meant = [agency for agency in found if slug in (None, agency.slug)]
    if len(meant) == 1:
        return meant[0]
    slugs = ", ".join(agency.slug for agency in found)
    raise AgencyUnclear(hint=f"Give --agency one of: {slugs}." if slugs else "Create one with `keyturn agency create`.")


async def create_agency(
    session: AsyncSession, *, name: str, slug: str, contact_name: str, contact_email: str, actor: Actor
) -> Agency:
    """Create an agency. Raises InvalidInput for a slug that cannot be part of a URL, SlugTaken for a used one."""
    if not SLUG.fullmatch(slug):
        raise InvalidInput(fields={"slug": "Use 1 to 40 lower-case letters, digits and hyphens."})
    if slug in RESERVED_SLUGS or await by_slug(session, slug):
        raise SlugTaken
    agency = Agency(id=ids.new("agency"), name=name, slug=slug, contact_name=contact_name, contact_email=contact_email)
    session.add(agency)
    await session.flush()
    await record(session, catalog.AGENCY_CREATED, agency_id=agency.id, subject_id=agency.id, actor=actor, data=Data())
    return agency


async def update_agency(
    session: AsyncSession,
    agency_id: str,
    *,
    actor: Actor,
    name: str | None = None,
    contact_name: str | None = None,
    contact_email: str | None = None,
    colour: str | None = None,
    language: str | None = None,
    sender_name: str | None = None,
    return_url: str | None = None,
) -> Agency:
    """Change the given fields and leave the rest; an empty sender name or return address is removed.

    Raises InvalidInput for an invalid colour.
    """
    if colour is not None and not branding.is_colour(colour):
        raise InvalidInput(fields={"colour": "Give the colour as # and six hex digits, e.g. #0b5cad."})
    agency = await find(session, agency_id)
    agency.name = name or agency.name
    agency.contact_name = contact_name or agency.contact_name
    agency.contact_email = contact_email or agency.contact_email
    agency.language = language or agency.language
    looks = {"colour": colour and colour.lower(), "sender_name": sender_name, "return_url": return_url}
    given = {name: value for name, value in looks.items() if value is not None}
    agency.brand = own_words.changed(agency.brand, **given)
    await record(session, catalog.AGENCY_UPDATED, agency_id=agency_id, subject_id=agency_id, actor=actor, data=Data())
    return agency


async def set_reminders(session: AsyncSession, agency_id: str, settings: ReminderSettings, *, actor: Actor) -> Agency:
    """Set the schedule of reminders to the agency's clients."""
    agency = await find(session, agency_id)
    agency.reminders = settings.to_json()
    await record(session, catalog.AGENCY_UPDATED, agency_id=agency_id, subject_id=agency_id, actor=actor, data=Data())
    return agency


async def set_words(
    session: AsyncSession, agency_id: str, language: str, words: Mapping[str, str | None], *, actor: Actor
) -> Agency:
    """Replace the agency's notes on its clients' pages in a language. Without any, the pages have none."""
    agency = await find(session, agency_id)
    agency.brand = own_words.with_notes(agency.brand, language, words)
    await record(session, catalog.AGENCY_UPDATED, agency_id=agency_id, subject_id=agency_id, actor=actor, data=Data())
    return agency


def email_branding(agency: Agency) -> EmailBranding:
    """Branding of e-mails in the agency's name; the colour is dark enough for white text."""
    colour = branding.readable(agency.brand.get("colour", branding.DEFAULT_COLOUR))
    contact = Recipient(agency.contact_email, agency.contact_name)
    return EmailBranding(agency.name, contact, colour, agency.brand.get("sender_name"))


async def platform_app(session: AsyncSession, agency_id: str, platform: str) -> PlatformApp | None:
    """The agency's own app at a platform, if it has one."""
    rows = select(PlatformApp).where(
        PlatformApp.agency_id == agency_id, PlatformApp.platform == platform, PlatformApp.replaced_at.is_(None)
    )
    return (await session.scalars(rows)).one_or_none()


def has_platform_app(agency_id: str, platform: str) -> Exists:
    """Condition: the agency has an app of its own at a platform."""
    return exists().where(
        PlatformApp.agency_id == agency_id, PlatformApp.platform == platform, PlatformApp.replaced_at.is_(None)
    )


#: The platforms where the agency `agency_id` has an app of its own; null if nowhere.
PLATFORMS_WITH_APP = (
    select(func.array_agg(PlatformApp.platform))
    .where(PlatformApp.agency_id == bindparam("agency_id"), PlatformApp.replaced_at.is_(None))
    .scalar_subquery()
)


async def platform_app_by_id(session: AsyncSession, agency_id: str, platform: str, app_id: str) -> PlatformApp | None:
    """A current or former app of the agency, by the platform's id."""
    rows = select(PlatformApp).where(
        PlatformApp.agency_id == agency_id, PlatformApp.platform == platform, PlatformApp.app_id == app_id
    )
    return (await session.scalars(rows.order_by(PlatformApp.id.desc()).limit(1))).one_or_none()


async def set_platform_app(
    session: AsyncSession,
    agency_id: str,
    *,
    platform: str,
    app_id: str,
    secret: str,
    keyring: Keyring,
    actor: Actor,
) -> PlatformApp:
    """Set or replace the agency's own app; the secret is stored encrypted and never shown again."""
    if wrong := declarations.problem_of_app_id(platform, app_id):
        raise InvalidInput(fields={"app_id": wrong})
    app = await platform_app(session, agency_id, platform)
    if app is not None and app.app_id != app_id:
        app.replaced_at = func.now()
        await session.flush()
        app = None
    if app is None:
        app = PlatformApp(agency_id=agency_id, id=ids.new("app"), platform=platform)
        session.add(app)
    app.app_id = app_id
    app.secret_encrypted = keyring.encrypt(secret, bound_to=secret_place(agency_id, app.id))
    await record(
        session, catalog.PLATFORM_APP_SET, agency_id=agency_id, subject_id=agency_id, actor=actor,
        data=PlatformData(platform=platform),
    )  # fmt: skip
    return app


def secret_place(agency_id: str, app_row_id: str) -> str:
    """The row that an encrypted app secret is bound to."""
    return f"platform_apps.secret_encrypted:{agency_id}:{app_row_id}"


async def accounts(session: AsyncSession, agency_id: str, platform: str | None = None) -> Sequence[AgencyAccount]:
    """The agency's accounts in the order they were added, at one platform or at all."""
    rows = _ACCOUNTS if platform is None else _ACCOUNTS_AT
    return (await session.scalars(rows, {"agency_id": agency_id, "platform": platform})).all()


_ACCOUNTS = (
    select(AgencyAccount).where(AgencyAccount.agency_id == bindparam("agency_id")).order_by(AgencyAccount.id)
)  # fmt: skip
_ACCOUNTS_AT = _ACCOUNTS.where(AgencyAccount.platform == bindparam("platform"))


async def account(session: AsyncSession, agency_id: str, center_id: str) -> AgencyAccount | None:
    """One of the agency's accounts, by Keyturn's id."""
    return await session.get(AgencyAccount, (agency_id, center_id))


async def add_account(
    session: AsyncSession, agency_id: str, *, platform: str, account_id: str, name: str, actor: Actor
) -> AgencyAccount:
    """Add an account of the agency. Raises AgencyAccountKnown."""
    added = AgencyAccount(
        agency_id=agency_id, id=ids.new("account"), platform=platform, account_id=account_id, name=name
    )
    try:
        async with session.begin_nested():
            session.add(added)
    except IntegrityError as problem:
        raise AgencyAccountKnown from problem
    await record(
        session, catalog.AGENCY_ACCOUNT_ADDED, agency_id=agency_id, subject_id=agency_id, actor=actor,
        data=AgencyAccountData(platform=platform, agency_account_id=account_id),
    )  # fmt: skip
    return added


async def remove_account(session: AsyncSession, agency_id: str, center_id: str, *, actor: Actor) -> None:
    """Remove an account from the list; access shared with it remains. Raises NotFound."""
    removed = delete(AgencyAccount).where(AgencyAccount.agency_id == agency_id, AgencyAccount.id == center_id)
    found = (await session.execute(removed.returning(AgencyAccount.platform, AgencyAccount.account_id))).one_or_none()
    if found is None:
        raise NotFound
    await record(
        session, catalog.AGENCY_ACCOUNT_REMOVED, agency_id=agency_id, subject_id=agency_id, actor=actor,
        data=AgencyAccountData(platform=found.platform, agency_account_id=found.account_id),
    )  # fmt: skip
