"""JSON routes: the agency, its apps and accounts at platforms, its logo, and its ids on manual platforms."""

import asyncio
from typing import Annotated

from fastapi import File, Request, UploadFile
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from app.kit.database import Session, reading
from app.kit.errors import InvalidInput, NotFound
from app.kit.input.fields import (
    Email,
    Language,
    Line120,
    Line200,
    PastedId,
    RequestShape,
    Secret,
    Verbatim,
    Word,
)
from app.kit.input.text import TypedWrong
from app.kit.web.paging import Page
from app.mail.rendered_email import Recipient
from app.platforms import declarations
from app.platforms.manual import library
from app.services import connected_platform, services_of
from app.tenants.agencies import domains, logos, mail_test, own_words, platform_ids, service
from app.tenants.agencies.logo_image import picture
from app.tenants.agencies.logos import download
from app.tenants.agencies.models import PlatformApp
from app.tenants.agencies.reminder_schedule import ReminderSettings
from app.tenants.agencies.schemas import (
    AgencyAccountView,
    AgencyView,
    DomainView,
    MailTestView,
    OwnWords,
    OwnWordsView,
    PlatformAppView,
    PlatformView,
    Reminders,
)
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router("/agency")
Reader = Annotated[Principal, requires("agency:read")]
Writer = Annotated[Principal, requires("agency:write")]
Sent = Annotated[UploadFile, File(description="PNG, JPEG, WebP or GIF, at most 2 MB.", examples=["logo.png"])]


class AgencyChanges(RequestShape):
    """Changes to the agency; omitted fields stay as they are."""

    name: Line120 = Field(default_factory=str, examples=["North Agency"])
    contact_name: Line120 = Field(default_factory=str, examples=["Ana Agent"])
    contact_email: Email = Field(default_factory=str, examples=["ana@north.example"])
    colour: str = Field(default_factory=str, max_length=7, description="`#` and six hex digits.", examples=["#0b5cad"])
    language: Language = Field(default_factory=str)
    sender_name: Line120 | None = Field(
        None, description="Name beside the address that e-mails to clients come from.", examples=["North Agency"]
    )
    return_url: Annotated[Verbatim, AfterValidator(own_words.checked_return)] | None = Field(
        None, max_length=own_words.LONGEST_ADDRESS,
        description="Your https page, to which a button leads when all is done.",
        examples=["https://north.example/thanks"],
    )  # fmt: skip


class NewApp(RequestShape):
    """A developer app registered at a platform; for TikTok one from My Apps of TikTok API for Business."""

    app_id: Line120 = Field(description="Its id; at TikTok digits only.", examples=["7400000000000000001"])
    secret: Secret = Field(
        max_length=200,
        description="Stored encrypted and never shown again.",
        examples=["d41d8cd98f00b204e9800998ecf8427e"],
    )


class NewAgencyAccount(RequestShape):
    """An account of your own at a platform, with which clients share: on TikTok a Business Center."""

    platform: Word = Field(declarations.DEFAULT_PLATFORM, examples=["tiktok"])
    account_id: PastedId = Field(description="The id, or an address of the platform’s with it.")
    name: Line200 = Field(examples=["North Agency"])

    @field_validator("account_id")
    @classmethod
    def _only_id(cls, given: str, info: ValidationInfo) -> str:
        return declarations.texts(info.data.get("platform", "")).account.ids.one(given)


class NewDomain(RequestShape):
    """A host name of yours."""

    host: Line200 = Field(description="Its name, or an address with it.", examples=["access.north.example"])


class NewLogo(RequestShape):
    """The current URL of the picture. It is fetched once; Keyturn serves it from then on."""

    url: Verbatim = Field(
        max_length=2048,
        description="The final address of a PNG, JPEG, WebP or GIF of at most 2 MB; never SVG.",
        examples=["https://north.example/logo.png"],
    )


class Identifiers(RequestShape):
    """Your ids on a platform; they replace the earlier ones."""

    identifiers: dict[Word, Line200] = Field(
        max_length=10, description="By the key of the need.", examples=[{"portfolio_id": "1234567890123456"}]
    )


@router.get("")
async def get_agency(caller: Reader, session: Session) -> AgencyView:
    """Return your agency."""
    return AgencyView.of(await service.find(session, caller.agency_id))


@router.patch("")
async def update_agency(caller: Writer, session: Session, given: AgencyChanges) -> AgencyView:
    """Change what clients see of your agency: name, contact, colour, language, sender and return address."""
    changes = {name: value or "" for name, value in given.model_dump(exclude_unset=True).items()}
    agency = await service.update_agency(session, caller.agency_id, actor=caller.actor, **changes)
    return AgencyView.of(agency)


@router.get("/words")
async def list_words(request: Request, caller: Reader, session: Session) -> Page[OwnWordsView]:
    """List your notes on the clients' pages, for each language of this installation. There is no second page."""
    agency = await service.find(session, caller.agency_id)
    return Page(data=[OwnWordsView.of(agency, each) for each in services_of(request).languages])


@router.put("/words/{language}")
async def set_words(request: Request, caller: Writer, session: Session, language: str, given: OwnWords) -> OwnWordsView:
    """Replace your notes in a language. A page without one shows the texts of Keyturn alone."""
    if language not in services_of(request).languages:
        raise NotFound(f"Clients are not offered the language {language}.", hint="GET /api/v1/agency/words lists them.")
    agency = await service.set_words(session, caller.agency_id, language, given.model_dump(), actor=caller.actor)
    return OwnWordsView.of(agency, language)


@router.get("/reminders")
async def get_reminders(caller: Reader, session: Session) -> Reminders:
    """Return the schedule of reminders to your clients."""
    agency = await service.find(session, caller.agency_id)
    return Reminders.model_validate(ReminderSettings.of(agency.reminders))


@router.put("/reminders")
async def set_reminders(caller: Writer, session: Session, given: Reminders) -> Reminders:
    """Set the schedule of reminders to your clients, while it is their turn."""
    await service.set_reminders(session, caller.agency_id, ReminderSettings.of(given.model_dump()), actor=caller.actor)
    return given


@router.get("/domains")
async def list_domains(request: Request, caller: Reader, session: Session) -> Page[DomainView]:
    """List your domains with the DNS records that each needs. There is no second page."""
    agency = await service.find(session, caller.agency_id)
    rows = await domains.every(session, caller.agency_id)
    return Page(data=[DomainView.of(each, agency, services_of(request).public_url) for each in rows])


@router.post("/domains", status_code=201)
async def add_domain(request: Request, caller: Writer, session: Session, given: NewDomain) -> DomainView:
    """Add a domain of yours for your links, such as access.agency.com. Make its DNS records, then check it."""
    public_url = services_of(request).public_url
    try:
        host = domains.read_host(given.host, domains.host_of(public_url))
    except TypedWrong as wrong:
        raise InvalidInput(fields={"host": str(wrong)}) from wrong
    row = await domains.add(session, caller.agency_id, host, actor=caller.actor)
    await session.refresh(row)
    return DomainView.of(row, await service.find(session, caller.agency_id), public_url)


@router.post("/domains/{domain_id}/check")
async def check_domain(request: Request, caller: Writer, domain_id: str) -> DomainView:
    """Look up the DNS records of a domain. Once they are right, it is verified, and new addresses have it."""
    services = services_of(request)
    row = await domains.check(
        services.sessions, services.nameservers, caller.agency_id, domain_id, public_url=services.public_url,
        actor=caller.actor,
    )  # fmt: skip
    async with reading(services.sessions) as session:
        return DomainView.of(row, await service.find(session, caller.agency_id), services.public_url)


@router.delete("/domains/{domain_id}", status_code=204)
async def remove_domain(caller: Writer, session: Session, domain_id: str) -> None:
    """Stop serving a domain. Links with its address no longer open; at the installation's own address they do."""
    await domains.remove(session, caller.agency_id, domain_id, actor=caller.actor)


@router.get("/platform-apps/{platform}")
async def get_platform_app(request: Request, caller: Reader, session: Session, platform: str) -> PlatformAppView:
    """Return the app in use at a platform, and the redirect URL to register for it."""
    connected_platform(request, platform)
    return _app_view(request, platform, await service.platform_app(session, caller.agency_id, platform))


@router.put("/platform-apps/{platform}")
async def set_platform_app(
    request: Request, caller: Writer, session: Session, platform: str, given: NewApp
) -> PlatformAppView:
    """Set or replace your app at a platform. Its secret is stored encrypted and never shown again."""
    connected_platform(request, platform)
    app = await service.set_platform_app(
        session, caller.agency_id, platform=platform, app_id=given.app_id, secret=given.secret,
        keyring=services_of(request).keyring, actor=caller.actor,
    )  # fmt: skip
    return _app_view(request, platform, app)


@router.get("/accounts")
async def list_accounts(caller: Reader, session: Session) -> Page[AgencyAccountView]:
    """List your accounts at platforms in the order they were added. There is no second page."""
    rows = await service.accounts(session, caller.agency_id)
    return Page(data=[AgencyAccountView.model_validate(row) for row in rows])


@router.post("/accounts", status_code=201)
async def add_account(request: Request, caller: Writer, session: Session, given: NewAgencyAccount) -> AgencyAccountView:
    """Add an account of yours at a platform. With several at one, each new link names one of them."""
    if not services_of(request).platforms.has_api(given.platform):
        raise InvalidInput(fields={"platform": "Name a platform with an API; GET /api/v1/platforms lists them."})
    added = await service.add_account(
        session, caller.agency_id, platform=given.platform, account_id=given.account_id, name=given.name,
        actor=caller.actor,
    )  # fmt: skip
    return AgencyAccountView.model_validate(added)


@router.put("/logo")
async def set_logo(request: Request, caller: Writer, given: NewLogo) -> AgencyView:
    """Fetch your logo and show it on your clients' pages. Redirects are not followed."""
    return await _set_logo(request, caller, await download(services_of(request).egress, given.url))


@router.put("/logo/file")
async def upload_logo(request: Request, caller: Writer, file: Sent) -> AgencyView:
    """Upload your logo as a file."""
    return await _set_logo(request, caller, await file.read())


@router.delete("/logo", status_code=204)
async def remove_logo(caller: Writer, session: Session) -> None:
    """Remove your logo; your clients' pages show your name again."""
    await logos.remove_logo(session, caller.agency_id, actor=caller.actor)


@router.get("/platforms")
async def list_agency_platforms(caller: Reader, session: Session) -> Page[PlatformView]:
    """List the manual platforms and the ids that each needs from you. There is no second page."""
    known = await platform_ids.every(session, caller.agency_id)
    return Page(data=[PlatformView.of(each, known.get(each.key, {})) for each in library.every().values()])


@router.get("/platforms/{key}")
async def get_agency_platform(caller: Reader, session: Session, key: str) -> PlatformView:
    """Return one manual platform."""
    platform = library.every().get(key)
    if platform is None:
        raise NotFound
    return PlatformView.of(platform, (await platform_ids.every(session, caller.agency_id)).get(key, {}))


@router.put("/platforms/{key}")
async def set_agency_platform(caller: Writer, session: Session, key: str, given: Identifiers) -> PlatformView:
    """Set the ids that your clients copy, such as your Meta business portfolio ID."""
    kept = await platform_ids.set_platform(
        session, caller.agency_id, key, identifiers=given.identifiers, actor=caller.actor
    )
    return PlatformView.of(library.find(key), kept)


@router.post("/mail-tests", status_code=202)
async def send_mail_test(request: Request, caller: Writer, session: Session) -> MailTestView:
    """Send a test e-mail to your agency's contact. List the tests a moment later for the mail server's answer."""
    agency = await service.find(session, caller.agency_id)
    to = Recipient(agency.contact_email, agency.contact_name)
    return MailTestView.of(await mail_test.send(session, services_of(request).outbox, agency, to=to))


@router.get("/mail-tests")
async def list_mail_tests(caller: Reader, session: Session) -> Page[MailTestView]:
    """List your last ten test e-mails with the mail server's answers, newest first. There is no second page."""
    return Page(data=[MailTestView.of(each) for each in await mail_test.recent(session, caller.agency_id, limit=10)])


def _app_view(request: Request, platform: str, own: PlatformApp | None) -> PlatformAppView:
    at = connected_platform(request, platform)
    return PlatformAppView.of(platform, own, at.default_app.app_id if at.default_app else None, at.redirect_uri)


async def _set_logo(request: Request, caller: Principal, content: bytes) -> AgencyView:
    made = await asyncio.to_thread(picture, content)
    async with services_of(request).sessions.begin() as session:
        return AgencyView.of(await logos.set_logo(session, caller.agency_id, made, actor=caller.actor))
