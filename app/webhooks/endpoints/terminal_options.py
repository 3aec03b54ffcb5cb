"""Fields of an endpoint as text of a terminal. Pure."""

from typing import Any

from app.kit.errors import InvalidInput


def pairs(given: list[str] | None) -> dict[str, str] | None:
    """`["Name=value"]` as a dictionary; one empty text is none at all, None is nothing said. Raises InvalidInput."""
    if given is None:
        return None
    named = [each.partition("=") for each in given if each]
    if any(not equals for _, equals, _ in named):
        raise InvalidInput(hint="Give each as name=value.")
    return {name.strip(): value for name, _, value in named}


def rate(given: str | None) -> dict[str, Any] | None:
    """`10/1` as ten a second, `10/1/20` with a burst of twenty; empty is no limit. Raises InvalidInput."""
    if not given:
        return None
    parts = given.split("/")
    if not 1 <= len(parts) <= 3 or not all(part.strip().isdecimal() for part in parts):
        raise InvalidInput(hint="Give the rate as attempts/seconds, such as 10/1, or 10/1/20 with a burst.")
    return dict(zip(("max", "per_seconds", "burst"), map(int, parts), strict=False))
