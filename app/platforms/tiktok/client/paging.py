"""Reading of all pages of a list: with the first page only, existing rows would seem to be missing."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.platforms.port import RecordedCall, UnexpectedAnswer
from app.platforms.tiktok import responses

MOST_PAGES = 200
#: Restarts of a read whose list changed between pages.
MOST_READS = 3
Item = TypeVar("Item", bound=responses.Shape)


async def every(read: Callable[[int], Awaitable[responses.PageOf[Item]]]) -> list[Item]:
    """The rows of all pages. `read` returns one page, numbered from 1.

    Raises UnexpectedAnswer rather than return part of a list, because missing rows would be taken for removed. That
    happens if the list has too many pages, or if rows keep disappearing during the read and others move up a page.
    """
    for _ in range(MOST_READS):
        rows: list[Item] = []
        totals: set[int | None] = set()
        for page in range(1, MOST_PAGES + 1):
            answer = await read(page)
            rows += answer.rows
            totals.add(answer.page_info.total_number)
            if page >= answer.page_info.total_page:
                break
        else:
            raise UnexpectedAnswer(_said(f"the list has more than {MOST_PAGES} pages"))
        if len(totals) == 1:
            return rows
    raise UnexpectedAnswer(_said("the list changed while its pages were read"))


def _said(message: str) -> RecordedCall:
    return RecordedCall("paging", {}, "changed", code=None, message=message, request_id=None, answer={}, took_ms=0)
