"""Schemas of an agency, its app, its Business Centers, and manual platforms with its ids."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from app.kit.i18n.locales import SOURCE, english
from app.kit.i18n.message import Message
from app.kit.input.fields import AskedNote, RequestShape, Time, Word
from app.mail.service import Mail
from app.platforms.manual.library import ManualPlatform
from app.tenants.agencies import domains, own_words, reminder_schedule
from app.tenants.agencies.branding import DEFAULT_COLOUR, logo_of, logo_path
from app.tenants.agencies.models import Agency, AgencyDomain, DomainProblem, PlatformApp

#: A text that clients read in their own language.
English = Annotated[str, BeforeValidator(lambda given: english(given) if isinstance(given, Message) else given)]


#: Days of reminders, and a time zone.
ReminderDays = Annotated[
    list[int],
    AfterValidator(reminder_schedule.checked_days),
    Field(
        max_length=reminder_schedule.MOST,
        description=f"Days after the client’s turn began on which it is reminded, 1 to {reminder_schedule.LONGEST}; "
        "none: no reminders.",
        examples=[list(reminder_schedule.DEFAULT_DAYS)],
    ),
]
TimeZone = Annotated[
    Word,
    AfterValidator(reminder_schedule.checked_time_zone),
    Field(description="A name of the time zone database.", examples=["Europe/Paris"]),
]
_Hour = Annotated[int, Field(ge=0, le=23)]


class Reminders(RequestShape):
    """Reminders of your clients while it is their turn; a link may have days and a time zone of its own."""

    model_config = ConfigDict(from_attributes=True)

    days: ReminderDays
    quiet_from: _Hour = Field(20, description="Hour from which no reminder is sent, in the client’s time zone.")
    quiet_until: _Hour = Field(8, description="Hour until which none is sent; equal to `quiet_from`: no quiet hours.")
    on_weekends: bool = Field(False, description="True: also on Saturday and Sunday.")
    time_zone: TimeZone = Field("UTC", description="Of clients whose own is not known.")


class AgencyView(BaseModel):
    """An agency: what its clients see, and its slug in link addresses."""

    id: str = Field(examples=["agency_01ksy1q3e0fzs8qj5m8g3d4w7r"])
    name: str = Field(examples=["North Agency"])
    slug: str = Field(description="The first part of every link address.", examples=["north"])
    contact_name: str = Field(description="The human contact on every screen.", examples=["Ana Agent"])
    contact_email: str = Field(examples=["ana@north.example"])
    colour: str = Field(description="Of buttons and links on the client's pages.", examples=["#0b5cad"])
    logo: str | None = Field(
        description="Path of the picture on the client's pages; null without one.",
        examples=["/logo/north/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.png"],
    )
    language: str = Field(
        description="Of e-mails to you, and of clients' pages if neither you nor the client's browser say another.",
        examples=["en"],
    )
    sender_name: str | None = Field(
        description="Name beside the address that e-mails to clients come from; null: yours, “via Keyturn”.",
        examples=["North Agency"],
    )
    return_url: str | None = Field(
        description="Your page, to which a button on the client's pages leads when all is done.",
        examples=["https://north.example/thanks"],
    )
    created_at: Time

    @classmethod
    def of(cls, agency: Agency) -> "AgencyView":
        """From the row."""
        logo = logo_of(agency.brand)
        return cls(
            id=agency.id, name=agency.name, slug=agency.slug, contact_name=agency.contact_name,
            contact_email=agency.contact_email, colour=agency.brand.get("colour", DEFAULT_COLOUR),
            logo=logo_path(agency.slug, logo) if logo else None, language=agency.language,
            sender_name=agency.brand.get("sender_name"), return_url=agency.brand.get("return_url"),
            created_at=agency.created_at,
        )  # fmt: skip


class MailTestView(BaseModel):
    """A test e-mail. There is one attempt, within a minute."""

    id: str = Field(examples=["mail_01ksy1q3e0fzs8qj5m8g3d4w7z"])
    email: str = Field(description="Address of the recipient.", examples=["ana@north.example"])
    status: Literal["waiting", "sent", "failed"] = Field(
        description="`sent`: the mail server accepted it, which is no proof that it was read.", examples=["sent"]
    )
    error: str | None = Field(examples=["The mail server refused it: 550 No such user."])
    server_answer: str | None = Field(
        description="The mail server's own words, or why there are none.", examples=["250 2.0.0 Ok: queued as 4Wq1"]
    )
    created_at: Time
    sent_at: Time | None
    failed_at: Time | None

    @classmethod
    def of(cls, mail: Mail) -> "MailTestView":
        """From the row."""
        return cls(
            id=mail.id, email=mail.to_email, status=mail.status, error=mail.last_error, server_answer=mail.detail,
            created_at=mail.created_at, sent_at=mail.sent_at, failed_at=mail.failed_at,
        )  # fmt: skip


class OwnWords(RequestShape):
    """Notes of yours on your clients' pages, in one language. The pages say that they are yours."""

    welcome: AskedNote | None = Field(None, description="On the first page.", examples=["We will call you on Monday."])
    lane: AskedNote | None = Field(
        None, description="Where the client connects or chooses to share by hand.", examples=["Connect if you can."]
    )
    questions: AskedNote | None = Field(
        None, description="Above your questions.", examples=["Skip what you do not know."]
    )
    review: AskedNote | None = Field(
        None, description="Before the client agrees.", examples=["We only report on these."]
    )
    closing: AskedNote | None = Field(
        None, description="When all is done, and on the receipt.", examples=["Thank you! We begin on Monday."]
    )


class OwnWordsView(OwnWords):
    """Your notes in one language; null where the page has none."""

    language: str = Field(examples=["en"])

    @classmethod
    def of(cls, agency: Agency, language: str) -> "OwnWordsView":
        """From the row."""
        return cls(language=language, **own_words.notes(agency.brand, language))


class DnsRecordView(BaseModel):
    """A record to create at your DNS provider."""

    model_config = ConfigDict(from_attributes=True)

    type: Literal["CNAME", "A", "AAAA", "TXT"] = Field(examples=["CNAME"])
    name: str = Field(examples=["access.north.example"])
    value: str = Field(examples=["go.agency.com"])


class DomainView(BaseModel):
    """A domain of your own for your links. It is used for nothing before it is verified."""

    id: str = Field(examples=["domain_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    host: str = Field(examples=["access.north.example"])
    status: Literal["pending", "verified"] = Field(examples=["verified"])
    in_use: bool = Field(description="New addresses of your links have this host.", examples=[True])
    records: list[DnsRecordView]
    problem: DomainProblem | None = Field(
        description="Of the last check: there is no record, it leads elsewhere, the TXT record is missing, or the name "
        "servers did not answer.",
        examples=[None],
    )
    problem_since: Time | None = Field(description="The first of the checks in a row that found a problem.")
    checked_at: Time | None
    verified_at: Time | None
    created_at: Time

    @classmethod
    def of(cls, row: AgencyDomain, agency: Agency, public_url: str) -> "DomainView":
        """From the row."""
        return cls(
            id=row.id, host=row.host, status="verified" if row.verified_at else "pending",
            in_use=agency.domain == row.host,
            records=[DnsRecordView.model_validate(each) for each in domains.records(row, public_url)],
            problem=row.problem, problem_since=row.problem_since, checked_at=row.checked_at,
            verified_at=row.verified_at, created_at=row.created_at,
        )  # fmt: skip


class PlatformAppView(BaseModel):
    """The developer app that clients authorize. Its secret is never shown."""

    platform: str = Field(examples=["tiktok"])
    app_id: str | None = Field(description="Null: only the guided lane is possible.", examples=["7400000000000000001"])
    belongs_to: Literal["agency", "installation"] | None = Field(description="Whose app it is.", examples=["agency"])
    redirect_uri: str = Field(
        description="Register this redirect address for the app.",
        examples=["https://go.agency.com/callbacks/tiktok"],
    )

    @classmethod
    def of(
        cls, platform: str, own: PlatformApp | None, default_app_id: str | None, redirect_uri: str
    ) -> "PlatformAppView":
        """The agency's own app, else the installation's."""
        app_id = own.app_id if own else default_app_id
        whose: Literal["agency", "installation"] | None = "agency" if own else "installation" if app_id else None
        return cls(platform=platform, app_id=app_id, belongs_to=whose, redirect_uri=redirect_uri)


class AgencyAccountView(BaseModel):
    """A Business Center of the agency; clients share access with it."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["account_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    platform: str = Field(examples=["tiktok"])
    account_id: str = Field(description="Its id at the platform.", examples=["7000999988887777666"])
    name: str = Field(examples=["North Agency"])
    created_at: Time


class NeedView(BaseModel):
    """An id of yours that your clients copy."""

    model_config = ConfigDict(from_attributes=True)

    key: str = Field(examples=["portfolio_id"])
    label: English = Field(examples=["Business portfolio ID"])
    looks: str = Field(examples=["10 to 20 digits and nothing else"])
    example: str = Field(examples=["1234567890123456"])
    where: str = Field(description="Where you find it.", examples=["Meta Business Suite > Settings > Business info"])


class WrittenRoleView(BaseModel):
    """A role, in a client's words."""

    model_config = ConfigDict(from_attributes=True)

    key: str = Field(description="The `role` of an access request.", examples=["MANAGE_CAMPAIGNS"])
    label: English = Field(examples=["Manage campaigns"])
    can: list[English] = Field(examples=[["Create, change and pause ads in the ad account"]])
    cannot: list[English] = Field(examples=[["Change how you pay"]])


class ThingView(BaseModel):
    """Something that can be requested; roles from lowest to highest."""

    model_config = ConfigDict(from_attributes=True)

    key: str = Field(examples=["ad_account"])
    one: English = Field(examples=["Ad account"])
    roles: list[WrittenRoleView]


class PlatformView(BaseModel):
    """A platform that Keyturn cannot read: clients follow its steps, and people confirm that they are done."""

    key: str = Field(examples=["meta"])
    name: str = Field(examples=["Meta Business"])
    dated: str = Field(description="When its steps were last compared with the vendor's.", examples=["2026-11-22"])
    sources: list[str] = Field(examples=[["https://facebook.com/business/help/708679622611131"]])
    own_words: bool = Field(
        description="Title and steps are written by you, in the access request itself.", examples=[False]
    )
    agency_side: list[str] = Field(description="What is left for you to do once the client is done.")
    needs: list[NeedView]
    things: list[ThingView]
    identifiers: dict[str, str] = Field(
        description="Yours, by the key of the need.", examples=[{"portfolio_id": "1234567890123456"}]
    )
    missing: list[str] = Field(description="Needs you have given nothing for.", examples=[["portfolio_id"]])

    @classmethod
    def of(cls, platform: ManualPlatform, identifiers: Mapping[str, str]) -> "PlatformView":
        """From the platform's file and the agency's ids."""
        file = platform.file
        return cls(
            key=file.key, name=file.name, dated=file.dated.of(SOURCE).isoformat(), sources=list(file.sources),
            own_words=file.own_words, agency_side=file.agency_side,
            needs=[NeedView.model_validate(each) for each in file.needs],
            things=[ThingView.model_validate(each) for each in file.things], identifiers=dict(identifiers),
            missing=[need.key for need in platform.missing(identifiers)],
        )  # fmt: skip
