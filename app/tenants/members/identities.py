"""Identities of members at OpenID providers: with a known one, its member signs in."""

from datetime import timedelta

from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids, throttle
from app.kit.actor import current_origin
from app.kit.audit import Audit
from app.kit.database import CROSS_TENANT, Base, CreatedAt, Sessions, agency_key, belongs_to
from app.kit.encryption import Keyring
from app.kit.errors import AppError
from app.kit.i18n.message import _
from app.kit.input.text import one_line
from app.kit.oidc import OidcIdentity
from app.kit.throttle import Limit, Throttled
from app.tenants.members import service as members
from app.tenants.members.models import Member

LONGEST_NAME = 120
#: Requests to providers for one network address: on the way there, and back.
PROVIDER_REQUESTS_FROM_ADDRESS = Limit("oidc-address", 120, timedelta(minutes=15))


class AddressUnclear(AppError):
    """Members of several agencies have the e-mail address. None is chosen: any agency can invite any address."""

    status = 409
    code = "address_unclear"
    message = _("More than one agency here has a member with this e-mail address.")
    advice = _("Sign in with your password: it shows which of them you mean.")


class AddressUnverified(AppError):
    """The provider did not say that it verified the person's e-mail address."""

    status = 403
    code = "address_unverified"
    message = _("Your provider has not verified your e-mail address. Nothing has changed.")
    advice = _("Verify the address there and try again, or go back and choose a password. The invitation still works.")


class OtherAddress(AppError):
    """The invitation names another e-mail address than the one that the provider verified."""

    status = 403
    code = "other_address"
    message = _("This invitation is for another e-mail address than the one of your account. Nothing has changed.")
    advice = _(
        "Choose the account with the invited address, or go back and choose a password. The invitation still works."
    )


class IdentityTaken(AppError):
    """The identity is bound to a member already: bound twice, it would not say which of them signs in."""

    status = 409
    code = "identity_taken"
    message = _("Another member signs in with this account already. Nothing has changed.")
    advice = _("Go back, and choose a password or a passkey. The invitation still works.")


class TooManyProviderRequests(AppError):
    """Too many requests to providers for one network address."""

    status = 429
    code = "too_many_sign_ins"
    message = _("Too many attempts. Wait some minutes.")


class MemberIdentity(CreatedAt, Base):
    """A member at one issuer. The subject, not the e-mail address, names the person for ever (OpenID Core, 5.7)."""

    __tablename__ = "member_identities"
    __audit__ = Audit("member_identity", personal=("subject",))
    __table_args__ = (belongs_to("members", "member_id"), UniqueConstraint("issuer", "subject", "agency_id"))

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("identity"), primary_key=True)
    member_id: Mapped[str] = mapped_column(ids.Id("member"))
    issuer: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(255))


async def count_provider_request(sessions: Sessions, keyring: Keyring) -> None:
    """Count a request to a provider, in a transaction of its own. Raises TooManyProviderRequests."""
    origin = current_origin()
    if origin is None:
        return
    try:
        async with sessions.begin() as session:
            await throttle.take(
                session, (PROVIDER_REQUESTS_FROM_ADDRESS, keyring.keyed_hash(origin.address, purpose="oidc"))
            )
    except Throttled as reached:
        raise TooManyProviderRequests from reached


async def member_of(session: AsyncSession, identity: OidcIdentity) -> Member | None:
    """The member with an identity: the one it is bound to, else by its verified address, from now on."""
    found = await _bound(session, identity)
    if found is not None or not identity.email:
        return found
    by_email = select(Member).where(Member.email == identity.email.lower(), Member.removed_at.is_(None))
    several = (await session.scalars(by_email.order_by(Member.id).limit(2), execution_options=CROSS_TENANT)).all()
    if len(several) > 1:
        raise AddressUnclear
    found = next(iter(several), None)
    if found is not None:
        await _bind(session, found, identity)
    return found


async def join(session: AsyncSession, token: str, identity: OidcIdentity, *, name: str) -> Member:
    """Become a member without a password, with an invitation to the address that the provider verified.

    Raises InvitationEnded, AddressUnverified, OtherAddress, IdentityTaken, MemberKnown.
    """
    invited = await members.invitation(session, token, lock=True)
    email = verified_email(identity)
    if invited.email not in (None, email):
        raise OtherAddress
    member = await members.join(session, token, name=name_of(identity, name), email=email, password_hash=None)
    await bind_new(session, member, identity)
    return member


def verified_email(identity: OidcIdentity) -> str:
    """The e-mail address as members are compared by it. Raises AddressUnverified."""
    if not identity.email:
        raise AddressUnverified
    return identity.email.lower()


def name_of(identity: OidcIdentity, typed: str) -> str:
    """The name that the person typed, else the provider's, else the one before the @."""
    return (typed or one_line(identity.name) or identity.email.partition("@")[0])[:LONGEST_NAME]


async def bind_new(session: AsyncSession, member: Member, identity: OidcIdentity) -> None:
    """Bind an identity to a new member. Raises IdentityTaken."""
    if await _bound(session, identity) is not None:
        raise IdentityTaken
    await _bind(session, member, identity)


async def _bound(session: AsyncSession, identity: OidcIdentity) -> Member | None:
    """The member that an identity is bound to, in any agency."""
    rows = (
        select(Member)
        .join(MemberIdentity, (MemberIdentity.agency_id == Member.agency_id) & (MemberIdentity.member_id == Member.id))
        .where(
            MemberIdentity.issuer == identity.issuer,
            MemberIdentity.subject == identity.subject,
            Member.removed_at.is_(None),
        )
        .order_by(Member.id)
    )
    return (await session.scalars(rows.limit(1), execution_options=CROSS_TENANT)).one_or_none()


async def is_of(session: AsyncSession, agency_id: str, member_id: str, identity: OidcIdentity) -> bool:
    """True if an identity is bound to this member."""
    rows = select(MemberIdentity.id).where(
        MemberIdentity.agency_id == agency_id, MemberIdentity.member_id == member_id,
        MemberIdentity.issuer == identity.issuer, MemberIdentity.subject == identity.subject,
    )  # fmt: skip
    return (await session.scalars(rows)).first() is not None


async def _bind(session: AsyncSession, member: Member, identity: OidcIdentity) -> None:
    """Bind an identity to a member; one that was removed and joined again takes it over from the earlier membership."""
    row = insert(MemberIdentity).values(
        agency_id=member.agency_id, id=ids.new("identity"), member_id=member.id, issuer=identity.issuer,
        subject=identity.subject,
    )  # fmt: skip
    await session.execute(
        row.on_conflict_do_update(
            index_elements=["issuer", "subject", "agency_id"], set_={"member_id": row.excluded.member_id}
        )
    )
