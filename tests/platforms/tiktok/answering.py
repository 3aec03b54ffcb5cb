"""A TikTok of example answers, kept as JSON beside the tests: what is asked of it is written down."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx2

ANSWERS = Path(__file__).parent / "answers"
OK = {"code": 0, "message": "OK", "request_id": "202611211023000101010081420108", "data": {}}


def answer(name: str) -> Any:
    """An example answer, whole, as `tiktok/API.md` has it."""
    return json.loads((ANSWERS / f"{name}.json").read_text())


def refusal(code: int, message: str = "") -> dict[str, Any]:
    """An answer with a return code."""
    return {**OK, "code": code, "message": message}


def page(rows: list[dict[str, Any]], number: int, of: int, *, name: str = "list") -> dict[str, Any]:
    """One page of a list."""
    info = {"page": number, "page_size": len(rows), "total_number": len(rows) * of, "total_page": of}
    return {**OK, "data": {name: rows, "page_info": info}}


@dataclass
class Answering:
    """Gives its answers in order, for each path; `asked` holds path and parameters of every call."""

    answers: dict[str, list[Any]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def will(self, path: str, *answers: Any) -> None:
        """What the next calls of a path are answered."""
        self.answers.setdefault(path, []).extend(answers)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/v1.3/")
        sent = json.loads(request.content) if request.content else _read(parse_qsl(request.url.query.decode()))
        self.asked.append((path, sent))
        return httpx2.Response(200, json=self.answers[path].pop(0))


def _read(query: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Objects, lists and numbers of pages as values; ids stay text."""
    return {
        name: json.loads(value) if value[:1] in "[{" or name in ("page", "page_size") else value
        for name, value in query
    }
