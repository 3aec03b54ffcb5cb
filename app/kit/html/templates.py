"""Template loading: `room:page.html` is `app/room/templates/page.html`, so that rooms keep their own."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from app.kit.html import dates, static_dir

#: The folders that rooms lie in: the product's, and the project's for what a clone has beside it.
_ROOTS = (Path(__file__).parents[2], Path(__file__).parents[3])


class Rooms(BaseLoader):
    """Reads a template out of the `templates` folder of the room it names."""

    def get_source(self, _: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        room, name = template.split(":", 1) if ":" in template else (template, "")
        path = next((found for root in _ROOTS if (found := root / room / "templates" / name).is_file()), None)
        if not name or path is None:
            raise TemplateNotFound(template)
        changed = path.stat().st_mtime
        return path.read_text("utf-8"), str(path), lambda: path.stat().st_mtime == changed


@cache
def environment() -> Environment:
    """The templates of all rooms. A name a template was not given is an error, not nothing."""
    made = Environment(loader=Rooms(), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters.update(day=dates.day, moment=dates.moment, named=named)
    made.globals["static"] = _static
    return made


def named(sentence: str, names: dict[str, str]) -> Markup:
    """A sentence with `{placeholders}` filled by names, each set in bold; both are escaped."""
    bold = {key: Markup("<strong>{}</strong>").format(name) for key, name in names.items()}
    return escape(sentence).format(**bold)


@pass_context
def _static(context: Context, name: str) -> str:
    return f"{context.get('root', '')}{static_address(name)}"


@cache
def static_address(name: str) -> str:
    """The address of a static file, another one whenever its content is another."""
    digest = hashlib.sha256((static_dir / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:8]}"
