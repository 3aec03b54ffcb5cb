"""Sphinx configuration of the manual: the pages of this folder as a site that needs no network.

Keyturn serves it under the policy of its own pages, which allows no inline script or style: what the theme writes into
each page goes into files after the build.
"""

import re
from pathlib import Path
from typing import Any

project = html_title = "Keyturn manual"
extensions = ["myst_parser"]
root_doc = "index"
exclude_patterns = ["README.md", "__pycache__"]
myst_heading_anchors = 4
html_theme = "furo"
html_static_path, html_css_files = ["static"], ["pictures.css"]
html_favicon = "../app/kit/html/static/icon.svg"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#4b3fc4", "color-brand-content": "#4b3fc4"},
    "dark_css_variables": {"color-brand-primary": "#a79dff", "color-brand-content": "#a79dff"},
}
html_show_sphinx = html_show_copyright = html_copy_source = html_show_sourcelink = False
html_use_index = False

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
#: Style attributes of the theme's icons, with the attributes of SVG that say the same, and headings without a level.
_ATTRIBUTES = {
    'style="opacity: 50%"': 'opacity="50%"',
    'style="display: none;"': 'display="none"',
    'role="heading">': 'role="heading" aria-level="2">',
}


def setup(sphinx: Any) -> None:
    """Register what follows the build."""
    sphinx.connect("build-finished", move_inline_code)


def move_inline_code(sphinx: Any, problem: Exception | None) -> None:
    """Move inline scripts and styles of every page into files of the theme."""
    if problem is not None:
        return
    folder = Path(sphinx.outdir)
    for page in sorted(folder.rglob("*.html")):
        html, up = page.read_text("utf-8"), "../" * (len(page.relative_to(folder).parts) - 1)
        for pattern, name, element in (
            (_STYLE, "inline.css", '<link rel="stylesheet" href="{}">'),
            (_SCRIPT, "inline.js", '<script src="{}"></script>'),
        ):
            if found := pattern.findall(html):
                (folder / "_static" / name).write_text("\n".join(found), "utf-8")
                html = pattern.sub(element.format(f"{up}_static/{name}"), html, count=1)
                html = pattern.sub("", html)
        for attribute, plain in _ATTRIBUTES.items():
            html = html.replace(attribute, plain)
        page.write_text(html, "utf-8")
