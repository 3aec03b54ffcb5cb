"""Writes the pages of `docs/` that are read from the code: `make docs`. The shape test fails where one is stale."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from app.events import catalog, rendering
from app.platforms.installed import PlatformSettings
from app.settings import Settings
from app.webhooks.destinations import hubspot_records
from docs import access_page, cli_page, events_page, openapi, postman, webhooks_page

DOCS = Path(__file__).parent
OPENAPI = DOCS.parent / "app" / "cli" / "openapi.json"


def main() -> None:
    """Writes all pages. Those about commands read the file of the command line, which comes first."""
    for place in sorted(PAGES, key=lambda place: place != OPENAPI):
        place.write_text(PAGES[place](), encoding="utf-8")


def hubspot_properties() -> str:
    """The properties that a HubSpot account needs, as an installation makes them."""
    return json.dumps(hubspot_records.property_set(), indent=2, ensure_ascii=False) + "\n"


def zapier_samples() -> str:
    """A body of each type that the Zapier app shows before one happened."""
    types = ("link.opened", "link.completed", "access.blocked", "access.verified")
    samples = {name: {**rendering.example_body(catalog.FOR_CRMS[name]), "test": True} for name in types}
    return json.dumps(samples, indent=2, ensure_ascii=False) + "\n"


def settings_page() -> str:
    """Every setting, what it says, and what it is when it is not set; those of platforms last."""
    fields = sorted(Settings.model_fields.items(), key=lambda each: each[0] in PlatformSettings.model_fields)
    rows = [_setting(name, info) for name, info in fields]
    return _joined([
        "# Settings",
        "_Made by `make docs` from `app/settings.py` and `app/platforms/*/settings.py`; do not edit by hand._",
        "Settings come from the environment. A missing or wrong one stops the start with one sentence that names "
        "it; `keyturn doctor` checks all of them. `keyturn up` and `keyturn demo` bring their own database, key "
        "ring and address where none is set.",
        "\n".join(["| setting | what it is | unless set |", "|---|---|---|", *rows]),
        "Commands that call the API ([cli.md](cli.md)) need two variables of their own, and none of the above:",
        "| setting | what it is |\n|---|---|\n"
        "| `KEYTURN_URL` | The address of the installation: https://go.agency.com. |\n"
        "| `KEYTURN_API_KEY` | An API key of the agency; `keyturn key create` makes the first one. |",
    ])  # fmt: skip


def _setting(name: str, info: FieldInfo) -> str:
    names = _listed(_names(name, info))
    return f"| {names} | {info.description} | {_default(info)} |"


def _names(name: str, info: FieldInfo) -> list[str]:
    alias = info.validation_alias
    if isinstance(alias, AliasChoices):
        return [str(choice) for choice in alias.choices]
    return [alias] if isinstance(alias, str) else [f"KEYTURN_{name.upper()}"]


def _default(info: FieldInfo) -> str:
    value: Any = info.default
    if value is PydanticUndefined:
        return "must be set"
    return "–" if value in (None, "") else f"`{json.dumps(value).strip(chr(34))}`"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _joined(parts: list[str]) -> str:
    return "\n\n".join(parts) + "\n"


#: Each page's place, and the function that makes its text.
PAGES: Mapping[Path, Callable[[], str]] = {
    DOCS / "webhooks.md": webhooks_page.text,
    DOCS / "webhooks-events.md": events_page.text,
    DOCS / "settings.md": settings_page,
    DOCS / "access.md": access_page.text,
    DOCS / "cli-commands.md": cli_page.text,
    DOCS / "kits" / "postman-collection.json": postman.text,
    DOCS / "kits" / "hubspot-properties.json": hubspot_properties,
    DOCS / "kits" / "zapier" / "samples.json": zapier_samples,
    OPENAPI: openapi.text,
}


if __name__ == "__main__":
    main()
