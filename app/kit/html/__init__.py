"""Pages: layouts, shared pieces, static files, and the one place that renders them."""

from pathlib import Path

#: What `/static` serves.
static_dir = Path(__file__).parent / "static"
