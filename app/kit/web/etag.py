"""The mark of an endpoint's version, by which two people do not overwrite each other's changes unseen. Pure."""


def etag(version: int) -> str:
    """The value of the header `ETag`."""
    return f'"{version}"'


def etag_matches(if_match: str | None, version: int) -> bool:
    """True if `If-Match` (several marks, or `*`) lets this version be changed; without the header it may be.

    A mark that a proxy made weak on its way (`W/"3"`) is the same to us: bodies are not compared byte by byte.
    """
    if if_match is None:
        return True
    given = [mark.strip().removeprefix("W/") for mark in if_match.split(",")]
    return "*" in given or etag(version) in given
