"""What a demo leaves for other commands while it runs."""

import stat
import subprocess
from pathlib import Path

from app.demo import start


def test_a_shell_reads_the_settings_of_a_demo_and_nobody_else_does(tmp_path: Path) -> None:
    place = start.env_file(tmp_path)
    for keys in ("old", "1:a+b/c= d'e$HOME"):
        start.write_env(place, {"KEYTURN_SECRET_KEYS": keys})
    shown = subprocess.run(
        ["/bin/sh", "-c", '. "$0"; printf %s "$KEYTURN_SECRET_KEYS"', str(place)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout == "1:a+b/c= d'e$HOME"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
