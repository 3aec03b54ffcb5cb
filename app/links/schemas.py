"""Response schemas of links: access requests, intake, answers, files, invitations and device codes."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.kit import clock
from app.kit.database import for_schema
from app.kit.input.fields import Digits, Time, Word
from app.links import status
from app.links.aggregate import LinkAggregate
from app.links.models import Intake, IntakeFile, Link
from app.links.status import OVER, PROVED, STAGES
from app.mail.service import Mail
from app.tenants.clients.schemas import ClientView

#: Next actor, and since when.
_CONTACTS = [{"role": "approver", "name": "Ana Lima", "email": "ana@brand.example"}]


#: The agency's accounts that get the access, by platform.
AgencyAccountIds = Annotated[
    dict[Word, Digits],
    Field(
        description="Your account at each platform that gets the access, by platform; required where you have several.",
        examples=[{"tiktok": "7000999988887777666"}],
    ),
]


class LinkView(BaseModel):
    """A link. Its secret address is not part of it."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    client_id: str = Field(examples=["client_01ksy1q3e0fzs8qj5m8g3d4w7t"])
    external_id: str | None = Field(description="Its id in your CRM.", examples=["deal:77"])
    preset: str = Field(examples=["run-campaigns"])
    preset_version: int = Field(examples=[1])
    public_link_id: str | None = Field(description="The public link that created it.")
    claimed_external_id: str | None = Field(
        description="The CRM id from the public link's address: claimed by the visitor, not verified."
    )
    requested_by: str = Field(description="Name of the person who asks, shown to the client.", examples=["Ana Agent"])
    owner_member_id: str | None = Field(
        description="The member of your agency who looks after it: by default the one who made it.", examples=[None]
    )
    reminder_days: list[int] | None = Field(
        description="Days after the client’s turn began on which it is reminded; null: as of your agency.",
        examples=[None],
    )
    time_zone: str | None = Field(
        description="Of the client; null: that of its only market, else your agency’s.", examples=["Europe/Paris"]
    )
    reminders_ended_at: Time | None = Field(description="Time at which the client asked for no more reminders.")
    language: str | None = Field(description="Of its pages and e-mails; null if the client chooses.", examples=["fr"])
    status: str = Field(examples=["submitted"])
    expires_at: Time
    opened_at: Time | None
    submitted_at: Time | None
    completed_at: Time | None
    revoked_at: Time | None
    renewal_requested_at: Time | None = Field(
        description="Time at which the client of an expired or revoked link requested a new one."
    )
    needed_again_at: Time | None = Field(
        description="Last time the client was needed again after its consent: more was requested, or access is gone."
    )
    erasure_requested_at: Time | None = Field(
        description="Time at which the client asked for its personal data to be erased."
    )
    personal_data_erased_at: Time | None = Field(description="Time at which its personal data were erased.")
    stage: str = Field(
        description=f"Place in your pipeline: {', '.join(f'`{each}`' for each in STAGES)}.",
        examples=["waiting_for_client"],
    )
    next_actor: str | None = Field(description="Next actor of the link as a whole.", examples=["client"])
    next_actor_since: Time | None = Field(description="Time since which the next actor has to act.")
    open_count: int = Field(description="Access requests that are neither proved nor over.", examples=[2])
    done_count: int = Field(description="Access requests that are proved.", examples=[1])
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, link: Link) -> "LinkView":
        """From the row; a link past its expiry is `expired` even before the row says so."""
        view = cls.model_validate(for_schema(link, cls.model_fields.keys()))
        as_of = status.as_of(link.status, link.expires_at, clock.now())
        if as_of == link.status:
            return view
        return view.model_copy(update={"status": as_of, "stage": as_of, "next_actor": None, "next_actor_since": None})


class LinkedProfileView(BaseModel):
    """The client's public profile, as the client says that it linked it with its business account."""

    handle: str = Field(description="Without `@`; empty if it could not be linked.", examples=["maisonlune"])
    login: str = Field(
        description="The sign-in that the client used, as it has to be used again: on TikTok `tiktok` or `business`; "
        "empty if it could not be linked.",
        examples=["tiktok"],
    )
    code: str | None = Field(description="Code of the blocker.", examples=["tt_account_already_linked"])
    said_at: Time


class LinkPlatformView(BaseModel):
    """A platform of a link: its lane, and the accounts between which access is shared."""

    model_config = ConfigDict(from_attributes=True)

    platform: str = Field(examples=["tiktok"])
    lane: str | None = Field(
        description="`connected` or `guided`, once the client has chosen; null on a manual platform.",
        examples=["connected"],
    )
    agency_account_id: str | None = Field(
        description="Your account that gets the access; null on a manual platform.", examples=["7000999988887777666"]
    )
    client_account_id: str | None = Field(
        description="The client's account that shares it, once chosen: on TikTok a Business Center.",
        examples=["7111222233334444555"],
    )
    client_account_name: str | None = Field(examples=["Brand SA"])
    pixel_codes: list[str] | None = Field(
        description="The client's pixel codes; null until answered.", examples=[["C4ABCDEFGH77U7QBTM10"]]
    )
    linked_profile: LinkedProfileView | None = Field(
        description="The client's public profile, once the client said that it linked it."
    )
    unused_at: Time | None = Field(description="Time at which the client said that it does not use the platform.")


class AccessRequestView(BaseModel):
    """One access wanted. `verified` means that it was read back with the agreed role."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["access_01ksy1q3e0fzs8qj5m8g3d4w7v"])
    link_id: str = Field(examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    platform: str = Field(examples=["tiktok"])
    kind: str = Field(examples=["ad_account"])
    role: str = Field(description="The requested role.", examples=["OPERATOR"])
    reason: str = Field(examples=["To create your campaigns, adjust them and report on them."])
    required: bool
    needs_events: bool = Field(description="Pixels only: it must have received events to be verified.")
    wider_than_usual: bool = Field(description="True if it requests full control.", examples=[False])
    role_first: str | None = Field(description="The role requested first, if another was requested later.")
    role_reason: str | None = Field(description="Reason for the role requested later.")
    asset_id: str | None = Field(description="Null until the client has chosen.", examples=["7200000000000000101"])
    asset_name: str | None = Field(examples=["Brand FR"])
    parent_asset_id: str | None = Field(description="The ad account of a pixel.", examples=[None])
    person_email: str | None = Field(
        description="The address that an access request of kind `person` invites.", examples=[None]
    )
    status: str = Field(examples=["verified"])
    status_since: Time
    code: str | None = Field(
        description="The blocker, if `status` is `blocked` or `drifted`.", examples=["not_bc_admin"]
    )
    next_actor: str | None = Field(
        description="Next actor: `client`, `agency`, `platform` or `us`.", examples=["client"]
    )
    role_seen: str | None = Field(description="The role that was read.", examples=["OPERATOR"])
    seen_by: str | None = Field(description="Token with which it was read: `agency` or `client`.", examples=["agency"])
    shared_from_account_id: str | None = Field(
        description="The account that shares the access, if it is not the one the client gave.",
        examples=["7111222233334444601"],
    )
    platform_operation: str | None = Field(
        description="The platform's operation that is blocked.", examples=["bc/partner/add"]
    )
    platform_code: int | None = Field(description="The platform's error code.", examples=[40002])
    platform_message: str | None = Field(description="The platform's error message.", examples=["Invalid parameters."])
    platform_request_id: str | None = Field(
        description="The platform's request id, for its support.", examples=["202611211023000101010081420108"]
    )
    verified_at: Time | None
    approved_at: Time | None
    declined_at: Time | None
    unwanted_at: Time | None = Field(description="Time at which you requested its removal.")
    attested_at: Time | None
    attested_by: str | None = Field(description="Name of the person who confirmed it.", examples=["Ana Agent"])
    client_attested_at: Time | None = Field(
        description="Manual platforms: time at which the client confirmed that the steps are done."
    )
    client_attested_by: str | None = Field(
        description="Name of the client's person who confirmed it.", examples=["Theo Brand"]
    )
    steps: list[str] | None = Field(
        description="The agency's own steps, on platform `other`.",
        examples=[["Open the booking tool", "Invite access@north.example as viewer"]],
    )
    updated_at: Time


class ContactView(BaseModel):
    """A person of the client."""

    role: str = Field(examples=["approver"])
    name: str = Field(examples=["Ana Lima"])
    email: str = Field(examples=["ana@brand.example"])


class IntakeView(BaseModel):
    """The client's answers so far; null for screens without an answer."""

    markets: list[str] | None = Field(description="Country codes (ISO 3166 alpha-2).", examples=[["FR", "BE"]])
    contacts: list[ContactView] | None = Field(examples=[_CONTACTS])

    @classmethod
    def of(cls, intake: Intake) -> "IntakeView":
        """From the row."""
        contacts = intake.contacts
        return cls(
            markets=intake.markets,
            contacts=None if contacts is None else [ContactView.model_validate(each) for each in contacts],
        )  # fmt: skip


class FileView(BaseModel):
    """A file that the client sent; `GET /links/{link_id}/files/{id}` downloads it."""

    id: str = Field(examples=["file_01ksy1q3e0fzs8qj5m8g3d4w80"])
    name: str = Field(examples=["events.xlsx"])
    media_type: str = Field(description="Detected from its content.", examples=["application/pdf"])
    size: int = Field(description="Bytes.", examples=[48213])
    sha256: str = Field(
        description="SHA-256 of its content, in hex.",
        examples=["2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"],
    )
    created_at: Time

    @classmethod
    def of(cls, file: IntakeFile) -> "FileView":
        """From the row."""
        return cls(
            id=file.id, name=file.name, media_type=file.media_type, size=file.size, sha256=file.sha256.hex(),
            created_at=file.created_at,
        )  # fmt: skip


class AnswerView(BaseModel):
    """A question of the preset, and the client's answer."""

    key: str = Field(examples=["website"])
    label: str = Field(examples=["On which website is the pixel?"])
    kind: str = Field(examples=["address"])
    value: str | None = Field(
        description="Null: not answered yet; empty: skipped, or answered with files.",
        examples=["https://www.brand.com"],
    )
    files: list[FileView]


class Counts(BaseModel):
    """Number of assets requested, by progress; declined and ended access requests are not counted."""

    total: int = Field(examples=[4])
    verified: int = Field(description="Verified or attested.", examples=[3])
    blocked: int = Field(examples=[0])


class LinkDetail(LinkView):
    """A link with its client, its access requests and the client's answers."""

    client: ClientView
    platforms: list[LinkPlatformView] = Field(description="The platforms of the link, in the client's order.")
    access_requests: list[AccessRequestView]
    assets: Counts
    intake: IntakeView
    answers: list[AnswerView] = Field(description="Answers to the preset's own questions, in their order.")

    @classmethod
    def of_link(cls, found: LinkAggregate) -> "LinkDetail":
        """From the aggregate."""
        link = LinkView.of(found.link)
        counted = [
            access_request.status for access_request in found.access_requests if access_request.status not in OVER
        ]
        return cls(
            **dict(link),
            client=ClientView.model_validate(found.client),
            platforms=[LinkPlatformView.model_validate(each) for each in found.platforms],
            access_requests=[
                AccessRequestView.model_validate(access_request) for access_request in found.access_requests
            ],
            assets=Counts(
                total=len(counted),
                verified=sum(status in PROVED for status in counted),
                blocked=counted.count("blocked"),
            ),
            intake=IntakeView.of(found.intake),
            answers=_answers(found),
        )


def _answers(found: LinkAggregate) -> list[AnswerView]:
    return [
        AnswerView(
            key=question.key, label=question.label, kind=question.kind, value=found.answers.get(question.key),
            files=[FileView.of(file) for file in found.files if file.key == question.key],
        )
        for question in found.preset.questions
    ]  # fmt: skip


class CreatedLink(LinkDetail):
    """A link as the response to its creation."""

    address: str | None = Field(
        description="The secret address to pass to the client; only in the response that created the link.",
        examples=["https://go.agency.com/north/brand-sa/pJ3…"],
    )


class AddressView(BaseModel):
    """The secret address of a link."""

    address: str = Field(examples=["https://go.agency.com/north/brand-sa/pJ3…"])


class ConsentView(BaseModel):
    """A consent of the client: the sentences as they were shown, with name, language and time."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["consent_01ksy1q3e0fzs8qj5m8g3d4w7v"])
    link_id: str = Field(examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    name: str | None = Field(description="As the client signed; null after it was erased.", examples=["Ana Client"])
    language: str = Field(validation_alias="locale", description="Of the sentences.", examples=["en"])
    sentences: list[str] = Field(examples=[["What North Agency can do", "Create, change and pause ads"]])
    given_at: Time


class InvitationView(BaseModel):
    """An e-mail with the link's address. `sent` means that the mail server accepted it, not that it was read."""

    id: str = Field(examples=["mail_01ksy1q3e0fzs8qj5m8g3d4w7z"])
    link_id: str = Field(examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    email: str = Field(description="Address of the recipient.", examples=["ana@brand.example"])
    status: Literal["waiting", "sent", "failed"] = Field(examples=["sent"])
    attempts: int = Field(description="Number of attempts, within at most one day.", examples=[1])
    last_error: str | None = Field(
        description="Error of the last attempt.", examples=["The mail server refused it: 550 No such user."]
    )
    created_at: Time
    sent_at: Time | None
    failed_at: Time | None = Field(description="Time of the final failure.")

    @classmethod
    def of(cls, mail: Mail) -> "InvitationView":
        """From the row."""
        return cls(
            id=mail.id, link_id=mail.about_id, email=mail.to_email,
            status=mail.status, attempts=mail.attempt_count, last_error=mail.last_error, created_at=mail.created_at,
            sent_at=mail.sent_at, failed_at=mail.failed_at,
        )  # fmt: skip


class DeviceCodeView(BaseModel):
    """A six-digit code that admits one more browser of the client. Read it only to a person you know, by telephone."""

    link_id: str = Field(examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    code: str = Field(description="Shown only once.", examples=["482913"])
    expires_at: Time
