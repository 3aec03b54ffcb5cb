"""Pages as a browser reads them: where their links lead, and what their forms send."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """Addresses with a query, and forms with the fields that a browser sends and the values one may choose."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.queries: set[str] = set()
        self.forms: list[tuple[str, str, dict[str, set[str]]]] = []
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "?" in given.get("href", ""):
            self.queries.add(given["href"])
        elif tag == "form":
            self.forms.append((given.get("method", "get"), given.get("action", ""), {}))
        elif self.forms and tag in ("input", "select", "textarea", "option"):
            self._select = given.get("name", "") if tag != "option" else self._select
            self.forms[-1][2].setdefault(self._select, set()).add(given.get("value", ""))
