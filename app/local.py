"""Settings that an installation on one machine chooses itself, and their discovery by other commands."""

import os
from pathlib import Path

from app import settings
from app.kit import database, encryption
from app.kit.embedded_postgres.data_directory import default_data_dir
from app.kit.embedded_postgres.server import EmbeddedPostgres
from app.settings import Settings

DATABASE = "keyturn"
DEFAULT_ADDRESS = "http://localhost:8000"


def load() -> Settings:
    """The settings; defaults come from `keyturn up` on this machine, if it was used. Raises SettingsWrong."""
    if settings.environment("DATABASE_URL") is None:
        for name, value in found().items():
            if settings.environment(name) is None:
                os.environ[name] = value
    return settings.load()


def found() -> dict[str, str]:
    """Database, key ring and address that `up` stores here; empty if it was never used."""
    folder = data_folder(None)
    if not (folder / "cluster").exists():
        return {}
    own = {
        "DATABASE_URL": EmbeddedPostgres(folder).dsn(DATABASE),
        "KEYTURN_PUBLIC_URL": address_file().read_text().strip() if address_file().exists() else DEFAULT_ADDRESS,
    }
    if key_file().exists():
        own["KEYTURN_SECRET_KEYS"] = key_file().read_text().strip()
    return own


def unreachable(problem: BaseException) -> str | None:
    """Reason why the database cannot be used, in one sentence; None for other errors."""
    words = database.unreachable(problem)
    embedded = found().get("DATABASE_URL")
    if words is None or embedded is None or settings.environment("DATABASE_URL") != embedded:
        return words
    if "lacks tables" in words:
        return words
    return f"`keyturn up` is not running in the data folder {data_folder(None)}: start it in another terminal."


def data_folder(given: Path | None) -> Path:
    """The data directory."""
    named = settings.environment("KEYTURN_DATA_DIR")
    return given or (Path(named) if named else usual_folder())


def usual_folder() -> Path:
    """The default data directory."""
    return default_data_dir(is_root=os.geteuid() == 0)


def keep(public_url: str) -> dict[str, str]:
    """Defaults of `up`: a generated key ring, and the address, stored beside the configuration."""
    own = {}
    folder = key_file().parent
    if settings.environment("KEYTURN_SECRET_KEYS") is None:
        if not key_file().exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(os.open(key_file(), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
                file.write(encryption.new_key() + "\n")
        own["KEYTURN_SECRET_KEYS"] = key_file().read_text().strip()
        address_file().write_text((settings.environment("KEYTURN_PUBLIC_URL") or public_url) + "\n")
    if settings.environment("KEYTURN_PUBLIC_URL") is None:
        own["KEYTURN_PUBLIC_URL"] = public_url
    return own


def key_file() -> Path:
    """The key ring `up` makes for itself: apart from the data, so that a copy of the data alone opens nothing."""
    if os.geteuid() == 0:
        return Path("/etc/keyturn/secret-keys")
    home = settings.environment("XDG_CONFIG_HOME") or "~/.config"
    return Path(home).expanduser() / "keyturn" / "secret-keys"


def keeps_key_ring() -> bool:
    """True if the key ring in use is the one that `up` created here."""
    kept = key_file().read_text().strip() if key_file().exists() else None
    return kept is not None and settings.environment("KEYTURN_SECRET_KEYS") in (None, kept)


def address_file() -> Path:
    """The address under which `up` was last started."""
    return key_file().with_name("public-url")
