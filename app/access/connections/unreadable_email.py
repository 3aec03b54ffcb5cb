"""E-mail to an agency when its own side can no longer be read, so that shared access cannot be verified."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections.models import Connection
from app.access.context import AccessContext
from app.mail import service as mails
from app.mail.rendered_email import Recipient
from app.platforms.port import RecordedCall
from app.tenants.agencies import service as agencies

KIND = "blind"


async def send(
    session: AsyncSession, context: AccessContext, connection: Connection | None, call: RecordedCall | None
) -> None:
    """Send it once for each connection of the agency. Without mail only events report it."""
    if context.outbox is None or connection is None or connection.side != "agency":
        return
    agency_id = connection.agency_id
    if await mails.newest(session, agency_id, about_id=connection.id, kind=KIND) is not None:
        return
    agency = await agencies.find(session, agency_id)
    invitations = f"{context.outbox.public_url}/api/v1/connections/invitations"
    await mails.queue(
        session, context.outbox, agency_id, kind=KIND, to=Recipient(agency.contact_email, agency.contact_name),
        letterhead=agencies.email_branding(agency), about_id=connection.id,
        context={
            "platform": context.platforms[connection.platform].name,
            "said": call.message if call is not None and call.message else "nothing more",
            "request_id": call.request_id if call is not None else None,
            "command_line": "keyturn connections invite-agency",
            "api_line": f'curl -X POST {invitations} -H "Authorization: Bearer $KEYTURN_API_KEY"',
        },
    )  # fmt: skip
