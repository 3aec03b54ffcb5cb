"""The guide to link a TikTok account with TikTok For Business, from the file in `content/`; and handles. Pure."""

import re
from functools import cache

from app.kit.i18n.content import ContentShape, Dated, Words, read
from app.kit.i18n.message import ContentDate
from app.kit.input.text import folded
from app.platforms.port import ProfileLinking
from app.platforms.tiktok import steps
from app.platforms.tiktok.steps import FOLDER, Name, StepTable, guided_step

_ADDRESS = re.compile(r"(?:https?://)?(?:www\.|m\.)?tiktok\.com/@?([^/?#\s]+).*", re.IGNORECASE)
_HANDLE = re.compile(r"[a-z0-9_.]{2,32}")


class LinkingFile(ContentShape):
    """The file: its paths by place and account, each with the names of its steps."""

    dated: Dated
    title: Words
    purpose: Words
    beta_markets: list[Name]
    beta_here: Words
    beta_elsewhere: Words
    already_linked: Name
    places: dict[str, Words]
    accounts: dict[str, Words]
    logins: dict[str, Words]
    after: dict[str, Words]
    paths: dict[str, dict[str, list[Name]]]
    steps: dict[str, StepTable]


@cache
def linking_file() -> LinkingFile:
    """The file in all languages. Raises InvalidContent, ValidationError."""
    return LinkingFile.model_validate(read(FOLDER, "linking"))


@cache
def guide() -> ProfileLinking:
    """The guide. Raises InvalidContent, ValidationError."""
    file = linking_file()
    known = {name: guided_step(step) for name, step in file.steps.items()}
    paths = {
        (place, account): tuple(known[name] for name in names)
        for place, by_account in file.paths.items()
        for account, names in by_account.items()
    }
    return ProfileLinking(
        file.title, file.purpose, file.places, file.accounts, file.logins, file.after, paths, file.dated,
        frozenset(file.beta_markets), file.beta_here, file.beta_elsewhere, file.already_linked, handle,
    )  # fmt: skip


def handle(text: str) -> str | None:
    """A handle in lower case, without `@`, from a name or the address of a profile; None if it is none."""
    bare = folded(text).strip(" \t\n\"'“”‘’«»<>()[],;")
    found = _ADDRESS.fullmatch(bare)
    name = (found[1] if found else bare).removeprefix("@").lower()
    return name if _HANDLE.fullmatch(name) and not name.endswith(".") else None


def dates() -> tuple[ContentDate, ...]:
    """The days on which TikTok's content files were last compared with its help."""
    return (*steps.dates(), guide().dated)
