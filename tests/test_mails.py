"""`make mails`: every kind of e-mail as files, with an index."""

from pathlib import Path

from app.kit.i18n import locales, pseudo
from docs import mails
from docs.mail_examples import VALUES


def test_every_kind_is_written_in_every_language(tmp_path: Path) -> None:
    mails.write(tmp_path)
    index = (tmp_path / "index.html").read_text()
    for kind in VALUES:
        for language in (*locales.offered(), pseudo.TAG):
            assert f'href="{language}/{kind}.html"' in index
            assert "</html>" in (tmp_path / language / f"{kind}.html").read_text()
            assert (tmp_path / language / f"{kind}.txt").read_text().strip()
