"""Reads what a caller sent as strictly as TikTok does; anything else is refused with 40002 or 40011."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from typing import TypeVar, cast

from starlette.requests import Request

from simulator.api.envelope import Data, Refusal

Choice = TypeVar("Choice", bound=str)
Row = TypeVar("Row")

_ID = re.compile(r"[0-9]{5,20}")


@dataclass(frozen=True)
class Page:
    """The requested page of a list, from 1."""

    number: int
    size: int

    def cut(self, rows: Sequence[Row], show: Callable[[Row], Data], name: str = "list") -> Data:
        """The rows of this page as they are shown, with TikTok's page_info."""
        first = (self.number - 1) * self.size
        info = {"page": self.number, "page_size": self.size, "total_number": len(rows)}
        return {
            name: [show(row) for row in rows[first : first + self.size]],
            "page_info": {**info, "total_page": ceil(len(rows) / self.size)},
        }


class Parameters:
    """The fields of a query or a JSON body. In a query, arrays and objects are JSON text."""

    def __init__(self, fields: Mapping[str, object], *, from_query: bool) -> None:
        self._fields = fields
        self._from_query = from_query

    def text(self, name: str) -> str:
        value = self.optional_text(name)
        if value is None:
            raise Refusal(40002, f"{name}: Missing data for required field.")
        return value

    def optional_text(self, name: str) -> str | None:
        value = self._fields.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise Refusal(40002, f"{name}: Not a valid string.")
        return value

    def id(self, name: str) -> str:
        return _as_id(name, self.text(name))

    def optional_id(self, name: str) -> str | None:
        value = self.optional_text(name)
        return value and _as_id(name, value)

    def choice(self, name: str, choices: Iterable[Choice], default: Choice | None = None) -> Choice:
        value = self.optional_text(name)
        if value is None and default is not None:
            return default
        return _as_choice(name, self.text(name), choices)

    def optional_choice(self, name: str, choices: Iterable[Choice]) -> Choice | None:
        value = self.optional_text(name)
        return None if value is None else _as_choice(name, value, choices)

    def flag(self, name: str, *, default: bool) -> bool:
        value = self._fields.get(name, default)
        if not isinstance(value, bool):
            raise Refusal(40002, f"{name}: Not a valid boolean.")
        return value

    def texts(self, name: str) -> list[str] | None:
        """A list of strings, or None when it was not sent."""
        value = self._structure(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise Refusal(40002, f"{name}: Not a valid list of strings.")
        return cast(list[str], value)

    def ids(self, name: str, at_most: int) -> list[str]:
        """A list of ids, doubles removed, empty when it was not sent."""
        values = [_as_id(name, value) for value in self.texts(name) or []]
        if len(values) > at_most:
            raise Refusal(40011, f"{name}: Too many ids, at most {at_most}.")
        return list(dict.fromkeys(values))

    def filtering(self) -> "Parameters":
        """The object `filtering`, as parameters of its own; empty when it was not sent."""
        return self.structure("filtering") or Parameters({}, from_query=False)

    def structure(self, name: str) -> "Parameters | None":
        """An object, as parameters of its own."""
        value = self._structure(name)
        if not isinstance(value, dict | None):
            raise Refusal(40002, f"{name}: Not a valid object.")
        return None if value is None else Parameters(value, from_query=False)

    def optional_day(self, name: str) -> date | None:
        """A day as YYYY-MM-DD."""
        value = self.optional_text(name)
        if value is None:
            return None
        try:
            return datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            raise Refusal(40002, f"{name}: Not a valid date, YYYY-MM-DD is.") from None

    def day(self, name: str) -> date:
        value = self.optional_day(name)
        if value is None:
            raise Refusal(40002, f"{name}: Missing data for required field.")
        return value

    def page(self, largest: int = 50, default: int = 10) -> Page:
        size = self._whole_number("page_size", default)
        if size > largest:
            raise Refusal(40002, f"page_size: Must be less than or equal to {largest}.")
        return Page(self._whole_number("page", 1), size)

    def _whole_number(self, name: str, default: int) -> int:
        value = self._fields.get(name, default)
        if self._from_query and isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise Refusal(40002, f"{name}: Not a valid integer of 1 or more.")
        return value

    def _structure(self, name: str) -> object:
        value = self._fields.get(name)
        if not self._from_query or not isinstance(value, str):
            return value
        try:
            return cast(object, json.loads(value))
        except ValueError:
            raise Refusal(40002, f"{name}: Not valid JSON.") from None


async def read_parameters(request: Request) -> Parameters:
    """From the query of a GET, from the JSON body of a POST."""
    if request.method == "GET":
        return Parameters(dict(request.query_params), from_query=True)
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Refusal(40002, "Content-Type must be application/json.")
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise Refusal(40002, "The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise Refusal(40002, "The body is not a JSON object.")
    return Parameters(body, from_query=False)


def _as_id(name: str, value: str) -> str:
    if not _ID.fullmatch(value):
        raise Refusal(40002, f"{name}: Not a valid id.")
    return value


def _as_choice(name: str, value: str, choices: Iterable[Choice]) -> Choice:
    for choice in choices:
        if value == choice:
            return choice
    raise Refusal(40002, f"{name}: Must be one of {', '.join(sorted(choices))}.")
