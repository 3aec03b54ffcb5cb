"""HTML pages: layouts, shared parts, static files, and rendering."""

from pathlib import Path

#: The files served at `/static`.
static_dir = Path(__file__).parent / "static"
