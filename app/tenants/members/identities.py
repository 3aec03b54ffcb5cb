"""Identities of members at OpenID providers: with a known one, its member signs in."""

from collections.abc import Sequence

from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.audit import Audit
from app.kit.database import CROSS_TENANT, Base, CreatedAt, agency_key, belongs_to
from app.kit.errors import AppError
from app.kit.i18n.message import _
from app.kit.oidc import OidcIdentity
from app.tenants.members.models import Member


class AddressUnclear(AppError):
    """Members of several agencies have the e-mail address. None is chosen: any agency can invite any address."""

    status = 409
    code = "address_unclear"
    message = _("More than one agency here has a member with this e-mail address.")
    advice = _("Sign in with your password: it shows which of them you mean.")


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


async def member_of(session: AsyncSession, identity: OidcIdentity) -> Member | None:
    """The member with an identity: the one it is bound to, else by its verified address, from now on."""
    bound = (
        select(Member)
        .join(MemberIdentity, (MemberIdentity.agency_id == Member.agency_id) & (MemberIdentity.member_id == Member.id))
        .where(
            MemberIdentity.issuer == identity.issuer,
            MemberIdentity.subject == identity.subject,
            Member.removed_at.is_(None),
        )
        .order_by(Member.id)
    )
    found = (await session.scalars(bound.limit(1), execution_options=CROSS_TENANT)).one_or_none()
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


async def issuers_of(session: AsyncSession, agency_id: str, member_id: str) -> Sequence[str]:
    """The issuers at which a member has signed in."""
    rows = select(MemberIdentity.issuer).where(
        MemberIdentity.agency_id == agency_id, MemberIdentity.member_id == member_id
    )
    return (await session.scalars(rows.distinct())).all()


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
