"""Server settings, passed at each start, so that they follow the code."""

from pathlib import Path

ALWAYS = {
    "listen_addresses": "",  # no TCP at all: who may enter the socket's folder may connect
    "unix_socket_permissions": "0700",
    "port": "5432",  # only names the socket
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_checkpoints": "off",
    # Starts, stops and crashes only: failed statements can hold personal data, and we report those ourselves.
    "log_min_messages": "log",
}
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
BUILTIN_LOCALE_SINCE = 17


def server_arguments(cluster: Path, socket: Path, durable: bool) -> list[str]:
    """Arguments of `postgres`."""
    settings = ALWAYS | {"unix_socket_directories": _listed(socket)} | ({} if durable else THROWAWAY)
    return [
        "-D",
        str(cluster),
        *(word for key, value in settings.items() for word in ("-c", f"{key}={value}")),
    ]


def initdb_arguments(cluster: Path, user: str, major: int, durable: bool) -> list[str]:
    """Arguments of `initdb`: UTF-8, sorted by code point, the same on every machine."""
    if major >= BUILTIN_LOCALE_SINCE:
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    else:
        locale = ["--lc-collate=C", "--lc-ctype=C.UTF-8", "--lc-messages=C"]
    rights = ["--auth-local=trust", "--auth-host=reject", f"--username={user}"]
    return ["-D", str(cluster), "--encoding=UTF8", *locale, *rights, *([] if durable else ["--no-sync"])]


def _listed(socket: Path) -> str:
    """The setting is a comma list, where a quoted item may hold commas and blanks."""
    return '"' + str(socket).replace('"', '""') + '"'
