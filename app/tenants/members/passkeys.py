"""Passkeys of members (WebAuthn), verified by py_webauthn: each signs its member in without address, password and code.

The authenticator always verifies its user, by fingerprint or PIN: a passkey is both factors. It signs a challenge that
was made for one browser and one purpose, is stored for some minutes, and is used up by the first answer.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import BigInteger, ColumnElement, Index, String, delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import (
    base64url_to_bytes,
    generate_challenge,
    parse_authentication_credential_json,
    parse_client_data_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from app.kit import clock, encryption, ids, throttle
from app.kit.actor import current_origin
from app.kit.audit import Audit
from app.kit.database import CROSS_TENANT, Base, CreatedAt, Sessions, agency_key, belongs_to
from app.kit.encryption import Keyring
from app.kit.errors import AppError, NotFound
from app.kit.i18n.message import _
from app.kit.throttle import Limit
from app.kit.web import web_address
from app.tenants.members import service as members
from app.tenants.members.models import Member, Role

#: A challenge belongs to one of these, and to the cookie of one browser.
Purpose = Literal["enter", "confirm", "register", "join"]
CHALLENGE_LIFETIME = timedelta(minutes=5)
#: Challenges for one network address; a sign-in page asks for one as soon as it is open.
CHALLENGES_FROM_ADDRESS = Limit("passkey-address", 120, timedelta(minutes=15))
MOST_OF_MEMBER = 20
#: Characters of an answer of a browser, far above what authenticators send.
LONGEST_ANSWER = 16_384
_VERIFIED = UserVerificationRequirement.REQUIRED
#: What parsers raise on bytes that are no answer of an authenticator.
_MALFORMED = (WebAuthnException, ValueError, LookupError, TypeError, AttributeError, EOFError, RecursionError)


class PasskeyRefused(AppError):
    """The answer is not that of a known passkey to the challenge of this browser; which of it is not told."""

    status = 422
    code = "passkey_refused"
    message = _("This passkey was not accepted. Nothing has changed.")
    advice = _("Try again, or sign in another way.")


class ChallengeEnded(PasskeyRefused):
    """The challenge is unknown, answered already, too old, or of another browser; these are not distinguished."""

    code = "challenge_ended"
    message = _("That took too long, or was sent twice. Nothing has changed.")
    advice = _("Try the passkey again.")


class PasskeyCopied(PasskeyRefused):
    """The counter of the authenticator went back: the same passkey may be on two of them."""

    code = "passkey_copied"
    message = _("This passkey may have been copied, so it can no longer sign you in.")
    advice = _("Sign in another way, and remove it in your account.")


class TooManyPasskeys(AppError):
    """The member has as many passkeys as are kept."""

    status = 409
    code = "too_many_passkeys"
    message = _("You have reached the limit of {count} passkeys.", count=MOST_OF_MEMBER)
    advice = _("Remove one that you do not use.")


@dataclass(frozen=True)
class RelyingParty:
    """The installation as authenticators know it: the host name of its public address, and its origin."""

    id: str
    origin: str


class NoPasskeysHere(AppError):
    """The public address is an IP address, for which authenticators make no passkeys."""

    status = 409
    code = "no_passkeys_here"
    message = _("Passkeys need a host name, and this installation has only an IP address.")
    advice = _("Open it at a host name: KEYTURN_PUBLIC_URL.")


class MemberPasskey(CreatedAt, Base):
    """A passkey of one member."""

    __tablename__ = "member_passkeys"
    __audit__ = Audit("member_passkey", personal=("name",), ignored=("sign_count", "last_used_at"))
    __table_args__ = (
        belongs_to("members", "member_id"),
        Index("ix_member_passkeys_member", "agency_id", "member_id"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("passkey"), primary_key=True)
    member_id: Mapped[str] = mapped_column(ids.Id("member"))
    #: given by the member
    name: Mapped[str] = mapped_column(String(60))
    #: chosen by the authenticator
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    #: COSE key (RFC 9052)
    public_key: Mapped[bytes]
    #: counts the uses of some authenticators; others always send 0
    sign_count: Mapped[int] = mapped_column(BigInteger)
    last_used_at: Mapped[datetime | None]
    #: the counter went back; it signs in no more
    blocked_at: Mapped[datetime | None]


class PasskeyChallenge(CreatedAt, Base):
    """A challenge of one browser that waits for its answer. It belongs to no agency: who answers is not known yet."""

    __tablename__ = "passkey_challenges"

    challenge_hash: Mapped[bytes] = mapped_column(primary_key=True)
    #: purpose and cookie of the browser
    browser_hash: Mapped[bytes]
    expires_at: Mapped[datetime] = mapped_column(index=True)


def relying_party(public_url: str) -> RelyingParty:
    """The installation at its public address. Raises NoPasskeysHere."""
    if not are_possible(public_url):
        raise NoPasskeysHere
    parts = urlsplit(public_url)
    port = "" if parts.port in (None, 443 if parts.scheme == "https" else 80) else f":{parts.port}"
    return RelyingParty(parts.hostname or "", f"{parts.scheme}://{parts.hostname}{port}")


def are_possible(public_url: str) -> bool:
    """True if authenticators make passkeys for the host of this address."""
    return web_address.ip_address(urlsplit(public_url).hostname or "") is None


async def of_member(session: AsyncSession, agency_id: str, member_id: str) -> Sequence[MemberPasskey]:
    """A member's passkeys, the oldest first."""
    rows = select(MemberPasskey).where(MemberPasskey.agency_id == agency_id, MemberPasskey.member_id == member_id)
    return (await session.scalars(rows.order_by(MemberPasskey.id))).all()


async def new_challenge(session: AsyncSession, keyring: Keyring, purpose: Purpose, cookie: str) -> bytes:
    """Make a challenge for the browser with this cookie. Raises Throttled."""
    origin = current_origin()
    if origin is not None:
        address = keyring.keyed_hash(origin.address, purpose="passkey")
        await throttle.take(session, (CHALLENGES_FROM_ADDRESS, address))
    challenge = generate_challenge()
    session.add(
        PasskeyChallenge(
            challenge_hash=_hash(challenge), browser_hash=_browser_hash(purpose, cookie),
            expires_at=clock.now() + CHALLENGE_LIFETIME,
        )
    )  # fmt: skip
    await session.flush()
    return challenge


def creation_options(
    relying_party: RelyingParty, challenge: bytes, *, member_id: str, email: str, name: str,
    known: Sequence[MemberPasskey] = (),
) -> str:  # fmt: skip
    """Options of `navigator.credentials.create` as JSON."""
    return webauthn.options_to_json(
        webauthn.generate_registration_options(
            rp_id=relying_party.id, rp_name=relying_party.id, user_id=_handle(member_id), user_name=email,
            user_display_name=name, challenge=challenge, timeout=_milliseconds(),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
            ),
            exclude_credentials=_descriptors(known),
        )
    )  # fmt: skip


def request_options(relying_party: RelyingParty, known: Sequence[MemberPasskey], challenge: bytes) -> str:
    """Options of `navigator.credentials.get` as JSON; without `known` the authenticator offers what it has."""
    return webauthn.options_to_json(
        webauthn.generate_authentication_options(
            rp_id=relying_party.id, challenge=challenge, timeout=_milliseconds(), user_verification=_VERIFIED,
            allow_credentials=_descriptors(known),
        )
    )  # fmt: skip


async def created(
    sessions: Sessions, relying_party: RelyingParty, *, purpose: Purpose, cookie: str, answer: str
) -> VerifiedRegistration:
    """The passkey in the answer to a creation, which is not stored yet. Raises PasskeyRefused."""
    challenge = await _used_challenge(sessions, purpose, cookie, answer)
    try:
        return webauthn.verify_registration_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=relying_party.id,
            expected_origin=relying_party.origin, require_user_verification=True,
        )  # fmt: skip
    except _MALFORMED as problem:
        raise PasskeyRefused from problem


async def add(session: AsyncSession, member: Member, made: VerifiedRegistration, *, name: str) -> None:
    """Add a passkey to a member. Raises PasskeyRefused, TooManyPasskeys."""
    await members.find(session, member.agency_id, member.id, lock=True)
    if len(await of_member(session, member.agency_id, member.id)) >= MOST_OF_MEMBER:
        raise TooManyPasskeys
    if await _find(session, made.credential_id) is not None:
        raise PasskeyRefused
    session.add(
        MemberPasskey(
            agency_id=member.agency_id, id=ids.new("passkey"), member_id=member.id, name=name,
            credential_id=made.credential_id, public_key=made.credential_public_key, sign_count=made.sign_count,
        )
    )  # fmt: skip


async def authenticate(
    sessions: Sessions, relying_party: RelyingParty, *, purpose: Purpose, cookie: str, answer: str,
    only: Member | None = None,
) -> Member:  # fmt: skip
    """The member who answered with a passkey; `only`: nobody else. Raises PasskeyRefused."""
    challenge = await _used_challenge(sessions, purpose, cookie, answer)
    try:
        credential = parse_authentication_credential_json(answer)
    except _MALFORMED as problem:
        raise PasskeyRefused from problem
    try:
        async with sessions.begin() as session:
            passkey = await _find(session, credential.raw_id, lock=True)
            if passkey is None or (only is not None and passkey.member_id != only.id):
                raise PasskeyRefused
            member = await _owner(session, passkey, credential, needs_handle=only is None)
            _count_use(passkey, _verified(relying_party, passkey, credential, challenge).new_sign_count)
            is_blocked = passkey.blocked_at is not None
        if is_blocked:
            raise PasskeyCopied
    except PasskeyRefused:
        whose = _has_passkey(credential.raw_id)
        await members.note_failure(sessions, whose if only is None else whose & members.is_member(only), "passkey")
        raise
    return member


async def rename(session: AsyncSession, agency_id: str, member_id: str, passkey_id: str, name: str) -> None:
    """Change the name of a member's passkey. Raises NotFound."""
    (await _own(session, agency_id, member_id, passkey_id)).name = name


async def remove(session: AsyncSession, agency_id: str, member_id: str, passkey_id: str) -> MemberPasskey:
    """Remove a member's passkey. Raises NotFound."""
    passkey = await _own(session, agency_id, member_id, passkey_id)
    await session.delete(passkey)
    return passkey


async def remove_all(session: AsyncSession, agency_id: str, member_id: str, *, by: Role) -> None:
    """Remove all passkeys of a member. Raises NotFound, RoleTooHigh."""
    member = await members.changeable(session, agency_id, member_id, by=by)
    await session.execute(
        delete(MemberPasskey).where(MemberPasskey.agency_id == agency_id, MemberPasskey.member_id == member.id)
    )


async def prune(sessions: Sessions, now: datetime, limit: int) -> int:
    """Delete challenges that nobody answered in time."""
    past = select(PasskeyChallenge.challenge_hash).where(PasskeyChallenge.expires_at < now).limit(limit)
    async with sessions.begin() as session:
        gone = delete(PasskeyChallenge).where(
            PasskeyChallenge.challenge_hash.in_(past.with_for_update(skip_locked=True))
        )
        return len((await session.execute(gone.returning(PasskeyChallenge.challenge_hash))).all())


async def _owner(
    session: AsyncSession, passkey: MemberPasskey, credential: AuthenticationCredential, *, needs_handle: bool
) -> Member:
    """The owner of a passkey; the user handle in the answer must name the same member. Raises PasskeyRefused."""
    try:
        member = await members.find(session, passkey.agency_id, passkey.member_id)
    except NotFound as removed:
        raise PasskeyRefused from removed
    handle = credential.response.user_handle
    if handle != _handle(member.id) and (handle or needs_handle):
        raise PasskeyRefused
    return member


def _count_use(passkey: MemberPasskey, count: int) -> None:
    """Note a use, or block the passkey if its counter went back. One that always sends 0 does not count."""
    if (count or passkey.sign_count) and count <= passkey.sign_count:
        passkey.blocked_at = passkey.blocked_at or clock.now()
    if passkey.blocked_at is None:
        passkey.sign_count, passkey.last_used_at = count, clock.now()


def _has_passkey(credential_id: bytes) -> ColumnElement[bool]:
    """Condition: the member with this passkey."""
    rows = select(MemberPasskey.agency_id, MemberPasskey.member_id).where(MemberPasskey.credential_id == credential_id)
    return tuple_(Member.agency_id, Member.id).in_(rows)


def _verified(
    relying_party: RelyingParty, passkey: MemberPasskey, credential: AuthenticationCredential, challenge: bytes
) -> VerifiedAuthentication:
    """The verified answer. Its counter is compared by the caller, who has to remember one that went back."""
    try:
        return webauthn.verify_authentication_response(
            credential=credential, expected_challenge=challenge, expected_rp_id=relying_party.id,
            expected_origin=relying_party.origin, credential_public_key=passkey.public_key,
            credential_current_sign_count=0, require_user_verification=True,
        )  # fmt: skip
    except _MALFORMED as problem:
        raise PasskeyRefused from problem


async def _used_challenge(sessions: Sessions, purpose: Purpose, cookie: str, answer: str) -> bytes:
    """The challenge of an answer, used up in a transaction of its own. Raises PasskeyRefused."""
    if len(answer) > LONGEST_ANSWER:
        raise PasskeyRefused
    try:
        client_data = base64url_to_bytes(json.loads(answer)["response"]["clientDataJSON"])
        challenge = parse_client_data_json(client_data).challenge
    except _MALFORMED as problem:
        raise PasskeyRefused from problem
    used = delete(PasskeyChallenge).where(
        PasskeyChallenge.challenge_hash == _hash(challenge),
        PasskeyChallenge.browser_hash == _browser_hash(purpose, cookie),
        PasskeyChallenge.expires_at > func.now(),
    )
    async with sessions.begin() as session:
        if (await session.execute(used.returning(PasskeyChallenge.expires_at))).first() is None:
            raise ChallengeEnded
    return challenge


async def _find(session: AsyncSession, credential_id: bytes, *, lock: bool = False) -> MemberPasskey | None:
    """The passkey with this id, in any agency: the authenticator alone says whose it is."""
    rows = select(MemberPasskey).where(MemberPasskey.credential_id == credential_id)
    rows = rows.with_for_update() if lock else rows
    return (await session.scalars(rows, execution_options=CROSS_TENANT)).one_or_none()


async def _own(session: AsyncSession, agency_id: str, member_id: str, passkey_id: str) -> MemberPasskey:
    found = await session.get(MemberPasskey, (agency_id, passkey_id))
    if found is None or found.member_id != member_id:
        raise NotFound
    return found


def _descriptors(known: Sequence[MemberPasskey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=each.credential_id) for each in known]


def _handle(member_id: str) -> bytes:
    """The user handle: it names the member and says nothing about them."""
    return ids.parse("member", member_id).bytes


def _hash(challenge: bytes) -> bytes:
    return encryption.sha256(challenge.hex())


def _browser_hash(purpose: Purpose, cookie: str) -> bytes:
    return encryption.sha256(f"{purpose}\0{cookie}")


def _milliseconds() -> int:
    return int(CHALLENGE_LIFETIME.total_seconds() * 1000)
