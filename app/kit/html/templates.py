"""Template loading: `room:page.html` is `app/room/templates/page.html`, so that each room has its own templates."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from app.kit.html import dates, static_dir

#: Folders that contain rooms: the product's, and the project's root for demo and simulator.
_ROOTS = (Path(__file__).parents[2], Path(__file__).parents[3])


class Rooms(BaseLoader):
    """Loads a template from the `templates` folder of the room it names."""

    def get_source(self, _: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        room, name = template.split(":", 1) if ":" in template else (template, "")
        path = next((found for root in _ROOTS if (found := root / room / "templates" / name).is_file()), None)
        if not name or path is None:
            raise TemplateNotFound(template)
        changed = path.stat().st_mtime
        return path.read_text("utf-8"), str(path), lambda: path.stat().st_mtime == changed


@cache
def environment() -> Environment:
    """The templates of all rooms. An undefined name is an error."""
    made = Environment(loader=Rooms(), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters.update(day=dates.day, moment=dates.moment, named=named)
    made.globals["static"] = _static
    return made


def named(sentence: str, names: dict[str, str]) -> Markup:
    """Fill `{placeholders}` of a sentence by name, each in bold; both are escaped."""
    bold = {key: Markup("<strong>{}</strong>").format(name) for key, name in names.items()}
    return escape(sentence).format(**bold)


@pass_context
def _static(context: Context, name: str) -> str:
    return f"{context.get('root', '')}{static_address(name)}"


@cache
def static_address(name: str) -> str:
    """The URL of a static file; it changes with the content."""
    digest = hashlib.sha256((static_dir / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:8]}"
