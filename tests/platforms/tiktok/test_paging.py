"""Lists of many pages: all of it or nothing."""

import pytest

from app.platforms.port import UnexpectedAnswer
from app.platforms.tiktok import client, responses

Page = responses.PageOf[responses.PixelLink]


class _List:
    """A list of two rows a page; `taken` goes from its start before the call of that number."""

    def __init__(self, rows: int, taken: tuple[int, ...] = ()) -> None:
        self.rows, self.taken, self.calls = [str(number) for number in range(rows)], taken, 0

    async def read(self, page: int) -> Page:
        self.calls += 1
        if self.calls in self.taken:
            self.rows.pop(0)
        here = self.rows[(page - 1) * 2 : page * 2]
        info = {"page": page, "total_page": -(-len(self.rows) // 2), "total_number": len(self.rows)}
        return Page.model_validate({"list": [{"advertiser_id": each} for each in here], "page_info": info})


async def test_what_slips_to_a_page_read_before_is_not_taken_for_gone() -> None:
    lists = _List(6, taken=(2,))
    rows = await client.all_pages(lists.read)
    assert [row.advertiser_id for row in rows] == ["1", "2", "3", "4", "5"]


async def test_a_list_that_never_rests_is_not_read() -> None:
    with pytest.raises(UnexpectedAnswer):
        await client.all_pages(_List(20, taken=tuple(range(2, 40, 3))).read)


async def test_a_list_longer_than_is_read_is_no_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_PAGES", 3)
    assert len(await client.all_pages(_List(6).read)) == 6
    with pytest.raises(UnexpectedAnswer):
        await client.all_pages(_List(7).read)


async def test_an_empty_list_is_read() -> None:
    assert await client.all_pages(_List(0).read) == []
