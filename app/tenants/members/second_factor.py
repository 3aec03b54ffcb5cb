"""Second factor of members: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for a lost phone."""

import hmac
import secrets
from datetime import timedelta

import pyotp
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import clock, throttle
from app.kit.actor import current_origin
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.kit.errors import AppError
from app.kit.i18n.message import _
from app.kit.throttle import Limit
from app.tenants.members import service as members
from app.tenants.members.models import Member, Role

#: Guesses at the codes of one member, and from one network address. They outlast a restart.
CODES_OF_MEMBER = Limit("sign-in-code", 6, timedelta(minutes=15))
CODES_FROM_ADDRESS = Limit("sign-in-code-address", 40, timedelta(minutes=15))
RECOVERY_CODES = 10
_STEP, _DIGITS = 30, 6
#: Clocks of phones may be a step off (RFC 6238, 5.2).
_STEPS_OFF = (0, -1, 1)
#: Without letters and digits that look alike; ten of them are 49 bits.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_PURPOSE = "recovery-code"


class SecondFactorOn(AppError):
    """The member has a second factor already."""

    status = 409
    code = "second_factor_on"
    message = _("Your second factor is on already.")
    advice = _("Switch it off first, then set it up with the new phone.")


async def begin(session: AsyncSession, keyring: Keyring, agency_id: str, member_id: str) -> None:
    """Make a new secret, which counts after `confirm`. Raises NotFound, SecondFactorOn."""
    member = await members.find(session, agency_id, member_id, lock=True)
    if member.totp_enabled_at is not None:
        raise SecondFactorOn
    member.totp_secret_encrypted = keyring.encrypt(pyotp.random_base32(), bound_to=_place(member))
    member.totp_last_step = None


def pending_secret(keyring: Keyring, member: Member) -> str | None:
    """The secret that waits for its first code, in base 32; None if there is none."""
    if member.totp_enabled_at is not None or member.totp_secret_encrypted is None:
        return None
    return keyring.decrypt(member.totp_secret_encrypted, bound_to=_place(member))


def address(secret: str, member: Member, agency_name: str) -> str:
    """The `otpauth:` address of a secret, which authenticator apps read from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=member.email, issuer_name=f"Keyturn {agency_name}")


async def confirm(
    session: AsyncSession, keyring: Keyring, agency_id: str, member_id: str, code: str
) -> list[str] | None:
    """Switch the second factor on with its first code: the recovery codes, or None if the code is wrong."""
    member = await members.find(session, agency_id, member_id, lock=True)
    secret = pending_secret(keyring, member)
    if secret is None or not _use_step(member, secret, code):
        return None
    member.totp_enabled_at = clock.now()
    return _new_recovery_codes(keyring, member)


async def renew_recovery_codes(session: AsyncSession, keyring: Keyring, agency_id: str, member_id: str) -> list[str]:
    """New recovery codes; the earlier ones end. Without a second factor there are none. Raises NotFound."""
    member = await members.find(session, agency_id, member_id, lock=True)
    return _new_recovery_codes(keyring, member) if member.totp_enabled_at is not None else []


async def switch_off(session: AsyncSession, agency_id: str, member_id: str, *, by: Role) -> Member:
    """Switch a member's second factor off. Raises NotFound, RoleTooHigh."""
    member = await members.changeable(session, agency_id, member_id, by=by)
    member.totp_secret_encrypted = member.totp_enabled_at = member.totp_last_step = None
    member.recovery_codes_hash = []
    return member


async def count_code(sessions: Sessions, keyring: Keyring, member_id: str) -> None:
    """Count an attempt to give a code, in a transaction of its own. Raises Throttled."""
    origin = current_origin()
    wanted = [(CODES_OF_MEMBER, keyring.keyed_hash(member_id, purpose="sign-in-code"))]
    if origin is not None:
        wanted.append((CODES_FROM_ADDRESS, keyring.keyed_hash(origin.address, purpose="sign-in-code")))
    async with sessions.begin() as session:
        await throttle.take(session, *wanted)


async def accepts(session: AsyncSession, keyring: Keyring, agency_id: str, member_id: str, code: str) -> bool:
    """True if it is a code of the app or a recovery code, which is used up. The member's row is locked meanwhile."""
    member = await members.find(session, agency_id, member_id, lock=True)
    if member.totp_enabled_at is None or member.totp_secret_encrypted is None:
        return False
    typed = "".join(each for each in code.lower() if each.isalnum())
    if typed.isdecimal() and len(typed) == _DIGITS:
        return _use_step(member, keyring.decrypt(member.totp_secret_encrypted, bound_to=_place(member)), typed)
    left = [
        each
        for each in member.recovery_codes_hash
        if not keyring.hash_matches(each, _bound(member, typed), purpose=_PURPOSE)
    ]
    is_known = len(left) < len(member.recovery_codes_hash)
    member.recovery_codes_hash = left
    return is_known


def _use_step(member: Member, secret: str, code: str) -> bool:
    """True if it is the code of a time step that was not used yet; that step and earlier ones are used then."""
    typed = "".join(code.split())
    now = int(clock.now().timestamp()) // _STEP
    for step in (now + off for off in _STEPS_OFF):
        is_right = hmac.compare_digest(pyotp.TOTP(secret).generate_otp(step).encode(), typed.encode())
        if is_right and (member.totp_last_step is None or step > member.totp_last_step):
            member.totp_last_step = step
            return True
    return False


def _new_recovery_codes(keyring: Keyring, member: Member) -> list[str]:
    made = ["".join(secrets.choice(_ALPHABET) for _each in range(10)) for _code in range(RECOVERY_CODES)]
    member.recovery_codes_hash = [keyring.keyed_hash(_bound(member, each), purpose=_PURPOSE) for each in made]
    return [f"{each[:5]}-{each[5:]}" for each in made]


def _bound(member: Member, code: str) -> str:
    return f"{member.id}\0{code}"


def _place(member: Member) -> str:
    return f"members.totp_secret_encrypted:{member.agency_id}:{member.id}"
