"""Limits of e-mails that are sent at a person's request: to one address, and by one agency.

The address is counted for each agency by itself, so that no agency uses up what another may send to its own client.
What Keyturn sends once by itself (a client asked for a new link, or for erasure) is not counted.
"""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import throttle
from app.kit.i18n.message import _
from app.kit.throttle import Limit, LimitReached
from app.mail.service import MailQueue

TO_ADDRESS = Limit("mail-to-address", 20, timedelta(hours=12))
#: Several files of links in one day.
OF_AGENCY = Limit("mail-of-agency", 2000, timedelta(days=1))


class TooManyMails(LimitReached):
    """The agency has sent as many e-mails as it may, in all or to this address."""

    code = "too_many_mails"
    message = _("Too many e-mails were sent in a short time, so this one was not.")


async def take(session: AsyncSession, outbox: MailQueue, agency_id: str, email: str) -> None:
    """Count an e-mail to an address. Raises TooManyMails; then roll the transaction back."""
    hashed = outbox.keyring.keyed_hash(f"{agency_id}:{email.casefold()}", purpose="mail-to-address")
    await throttle.take_or_refuse(session, TooManyMails, (TO_ADDRESS, hashed), (OF_AGENCY, agency_id))
