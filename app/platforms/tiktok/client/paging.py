"""Reading every page of a list: one page only would call things missing that are there."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.platforms.port import RecordedCall, UnexpectedAnswer
from app.platforms.tiktok import responses

MOST_PAGES = 200
#: How often a list is read from its start because it changed while its pages were read.
MOST_READS = 3
Item = TypeVar("Item", bound=responses.Shape)


async def every(read: Callable[[int], Awaitable[responses.PageOf[Item]]]) -> list[Item]:
    """The rows of all pages. `read` asks for one of them, from 1.

    Raises Changed rather than give a part of a list, which would call what is left out gone: one that has more pages
    than we read, or from which something was taken again and again meanwhile, so that rows slipped back a page.
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
