"""Links and their access requests, as the API and the command line show them."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from app.kit import clock
from app.kit.input.fields import Time
from app.links import status
from app.links.aggregate import LinkAggregate
from app.links.models import Intake, Link
from app.links.questions.schemas import AnswerView, FileView
from app.links.status import OVER, PROVED
from app.tenants.clients.schemas import ClientView

#: Whose turn it is, and since when.
Turn = tuple[str | None, datetime]
_CONTACTS = [{"role": "approver", "name": "Ana Lima", "email": "ana@brand.example"}]


class LinkView(BaseModel):
    """A link. Its secret address is not part of it."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    client_id: str = Field(examples=["client_01ksy1q3e0fzs8qj5m8g3d4w7t"])
    external_id: str | None = Field(description="Its id in your CRM.", examples=["deal:77"])
    preset: str = Field(examples=["run-campaigns"])
    preset_version: int = Field(examples=[1])
    public_link_id: str | None = Field(description="The public link that made it.")
    claimed_external_id: str | None = Field(
        description="The id in your CRM that stood in the public link's address. Said by the visitor, proved by nobody."
    )
    requested_by: str = Field(description="Who asks, as the client sees it.", examples=["Ana Agent"])
    language: str = Field(examples=["en"])
    status: str = Field(examples=["submitted"])
    lane: str | None = Field(description="`connected` or `guided`, once the client has chosen.", examples=["connected"])
    agency_bc_id: str | None = Field(
        description="The Business Center that is to get the access; null where only manual platforms are asked for.",
        examples=["7000999988887777666"],
    )
    expires_at: Time
    opened_at: Time | None
    submitted_at: Time | None
    completed_at: Time | None
    revoked_at: Time | None
    renewal_requested_at: Time | None = Field(description="When the client of a dead link asked for a new one.")
    needed_again_at: Time | None = Field(
        description="When the client was last needed again after its yes: more was asked for, or access is gone."
    )
    next_actor: str | None = Field(None, description="Whose turn it is on the link as a whole.", examples=["client"])
    next_actor_since: Time | None = Field(None, description="Since when it is their turn.")
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, link: Link, turn: Turn) -> "LinkView":
        """From the row; a link past its time is `expired` even before that is written down."""
        as_of = status.as_of(link.status, link.expires_at, clock.now())
        actor, since = turn
        told = {"status": as_of, "next_actor": actor, "next_actor_since": since if actor else None}
        return cls.model_validate(link).model_copy(update=told)


class AccessRequestView(BaseModel):
    """One access wanted. `verified` means: read back with the agreed role."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["access_01ksy1q3e0fzs8qj5m8g3d4w7v"])
    link_id: str = Field(examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    platform: str = Field(examples=["tiktok"])
    kind: str = Field(examples=["ad_account"])
    role: str = Field(description="The role asked for.", examples=["OPERATOR"])
    reason: str = Field(examples=["To create your campaigns, adjust them and report on them."])
    required: bool
    needs_events: bool = Field(description="Of a pixel: it must have been seen to receive events.")
    wider_than_usual: bool = Field(description="It asks for full control.", examples=[False])
    role_first: str | None = Field(description="The role asked for at first, where another was asked for later.")
    role_reason: str | None = Field(description="Why another role was asked for later.")
    asset_id: str | None = Field(description="Null until the client has chosen.", examples=["7200000000000000101"])
    asset_name: str | None = Field(examples=["Brand FR"])
    parent_asset_id: str | None = Field(description="The ad account a pixel is wanted on.", examples=[None])
    person_email: str | None = Field(description="Whom an access request of kind `person` invites.", examples=[None])
    status: str = Field(examples=["verified"])
    status_since: Time
    code: str | None = Field(
        description="What is in the way, where `status` is `blocked` or `drifted`.", examples=["not_bc_admin"]
    )
    next_actor: str | None = Field(
        description="Whose turn it is: `client`, `agency`, `platform` or `us`.", examples=["client"]
    )
    role_seen: str | None = Field(description="The role that was read.", examples=["OPERATOR"])
    seen_by: str | None = Field(description="By whose token: `agency` or `client`.", examples=["agency"])
    shared_from_bc_id: str | None = Field(
        description="Another Business Center than the client gave, from which you were seen to have it.",
        examples=["7111222233334444601"],
    )
    platform_operation: str | None = Field(
        description="The call at the platform that something is in the way of.", examples=["bc/partner/add"]
    )
    platform_code: int | None = Field(description="Its code, as the platform gave it.", examples=[40002])
    platform_message: str | None = Field(description="Its message.", examples=["Invalid parameters."])
    platform_request_id: str | None = Field(
        description="Its id, for the platform's support.", examples=["202611211023000101010081420108"]
    )
    verified_at: Time | None
    approved_at: Time | None
    declined_at: Time | None
    unwanted_at: Time | None = Field(description="When you asked to have it taken away.")
    attested_at: Time | None
    attested_by: str | None = Field(description="Who said so, by name.", examples=["Ana Agent"])
    client_attested_at: Time | None = Field(
        description="Manual platforms: when the client said that the steps are done."
    )
    client_attested_by: str | None = Field(description="Who at the client's, by name.", examples=["Theo Brand"])
    steps: list[str] | None = Field(
        description="The agency's own steps, where the platform is `other`.",
        examples=[["Open the booking tool", "Invite access@north.example as viewer"]],
    )
    updated_at: Time


class ContactView(BaseModel):
    """Somebody at the client's."""

    role: str = Field(examples=["approver"])
    name: str = Field(examples=["Ana Lima"])
    email: str = Field(examples=["ana@brand.example"])


class IntakeView(BaseModel):
    """The client's answers so far; null for screens without an answer."""

    bc_id: str | None = Field(description="The client's Business Center.", examples=["7111222233334444555"])
    bc_name: str | None = Field(examples=["Brand SA"])
    pixel_codes: list[str] | None = Field(examples=[["C4ABCDEFGH77U7QBTM10"]])
    markets: list[str] | None = Field(description="Country codes (ISO 3166 alpha-2).", examples=[["FR", "BE"]])
    contacts: list[ContactView] | None = Field(examples=[_CONTACTS])

    @classmethod
    def of(cls, intake: Intake) -> "IntakeView":
        """From the row."""
        contacts = intake.contacts
        return cls(
            bc_id=intake.bc_id, bc_name=intake.bc_name, pixel_codes=intake.pixel_codes, markets=intake.markets,
            contacts=None if contacts is None else [ContactView.model_validate(each) for each in contacts],
        )  # fmt: skip


class Counts(BaseModel):
    """Number of assets requested, by progress; declined and ended access requests are not counted."""

    total: int = Field(examples=[4])
    verified: int = Field(description="Verified or attested.", examples=[3])
    blocked: int = Field(examples=[0])


class LinkDetail(LinkView):
    """A link with its client, its access requests and what the client told."""

    client: ClientView
    access_requests: list[AccessRequestView]
    assets: Counts
    intake: IntakeView
    answers: list[AnswerView] = Field(description="To the preset's own questions, in their order.")

    @classmethod
    def of_link(cls, found: LinkAggregate) -> "LinkDetail":
        """From all its rows."""
        link = LinkView.of(found.link, found.turn)
        counted = [
            access_request.status for access_request in found.access_requests if access_request.status not in OVER
        ]
        return cls(
            **dict(link),
            client=ClientView.model_validate(found.client),
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


class OrderedLink(LinkDetail):
    """A link as the answer to an order."""

    address: str | None = Field(
        description="The secret address to pass to the client; only in the answer that made the link.",
        examples=["https://go.agency.com/north/brand-sa/pJ3…"],
    )


class AddressView(BaseModel):
    """The secret address of a link."""

    address: str = Field(examples=["https://go.agency.com/north/brand-sa/pJ3…"])
