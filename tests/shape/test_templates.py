"""Rules of the templates that a reader overlooks."""

import itertools
import re
from pathlib import Path

import pytest

TEMPLATES = sorted(path for path in Path("app").rglob("*.html") if "demo" not in path.parts)
_POSTING = re.compile(r'<form\b[^>]*method="post".*?</form>', re.DOTALL)
_TAG = re.compile(r"\{%.*?%\}")


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_each_form_that_posts_carries_the_token_of_its_browser(path: Path) -> None:
    """Browsers send our forms with `Origin: null`, so that one without a token is refused, see `forms.check_site`."""
    for form in _POSTING.findall(path.read_text()):
        assert re.search(r"\btoken\(|form_token", form), form


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_no_two_pieces_of_text_are_glued_together(path: Path) -> None:
    """Jinja takes away the line break after a block tag, and the blanks before one; `+%}` keeps the line break."""
    lines = path.read_text().splitlines()
    for line, following in itertools.pairwise(lines):
        if line.endswith("%}") and not line.endswith("+%}") and following.lstrip().startswith("{%"):
            before, after = _TAG.sub("", line).strip(), _TAG.sub("", following).strip()
            assert not before or not after or before.endswith(">") or after.startswith("<"), (line, following)
