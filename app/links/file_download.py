"""Download of a file that a client sent, as the API and the dashboard answer it."""

from urllib.parse import quote

from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.encryption import Keyring
from app.links import questions

#: Media type of all files, so that no browser opens one. The link's answers contain the real type.
BYTES = "application/octet-stream"


async def attachment(
    session: AsyncSession, agency_id: str, link_id: str, file_id: str, *, keyring: Keyring
) -> Response:
    """The content of a file, which browsers only save. Raises NotFound."""
    file = await questions.file_with_bytes(session, agency_id, link_id, file_id)
    content = keyring.decrypt_bytes(file.content_encrypted, bound_to=questions.file_place(agency_id, file.id))
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(content, media_type=BYTES, headers=headers)
