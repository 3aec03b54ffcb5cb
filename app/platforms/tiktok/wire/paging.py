"""Reading every page of a list: one page only would call things missing that are there."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.platforms.tiktok import shapes

MOST_PAGES = 200
Item = TypeVar("Item", bound=shapes.Shape)


async def every(read: Callable[[int], Awaitable[shapes.PageOf[Item]]]) -> list[Item]:
    """The rows of all pages. `read` asks for one of them, from 1."""
    rows: list[Item] = []
    for page in range(1, MOST_PAGES + 1):
        answer = await read(page)
        rows += answer.rows
        if page >= answer.page_info.total_page:
            break
    return rows
