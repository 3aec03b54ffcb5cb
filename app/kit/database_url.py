"""DATABASE_URL in any common form: parsed for the driver, or refused with one sentence.

https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-CONNSTRING and the additions of hosting providers.
"""

import re
import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

_SCHEMES = re.compile(r"(postgres|postgresql)(\+\w+)?://", re.IGNORECASE)


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


#: Passed to the driver unchanged.
_DRIVER = _words(
    "host port user password dbname passfile service sslcert sslkey sslrootcert sslcrl sslpassword sslnegotiation",
    "ssl_min_protocol_version ssl_max_protocol_version target_session_attrs krbsrvname gsslib",
)
#: Sent to the server at the start of a connection.
_SERVER = _words("application_name options")
#: Ignored: tuning of other drivers and pools, and defaults of Keyturn's connections.
_IGNORED = _words(
    "channel_binding gssencmode keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout",
    "sslcompression sslsni client_encoding load_balance_hosts fallback_application_name requirepeer require_auth",
    "connection_limit pool_timeout pool_mode statement_cache_size prepared_statement_cache_size",
    "preparethreshold uselibpqcompat supa",
)
_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_MODE_OF_SSL = {"true": "require", "1": "require", "false": "disable", "0": "disable", "no-verify": "require"}
_MUST_BE_ESCAPED = "an unescaped {} in user or password: write it as {}"


class DatabaseUrlWrong(ValueError):
    """The text is not a database URL; the message is a clause that says what to change, without any part of
    the text.
    """


@dataclass(frozen=True)
class DatabaseUrl:
    """A parsed URL. `dsn` is for asyncpg; `trust_system`: verified by the system's certificate authorities."""

    dsn: str = field(repr=False)
    sslmode: str | None = None
    trust_system: bool = False
    seconds: float | None = None
    #: a pooler in transaction mode is in front of the server
    pooled: bool = False

    def arguments(self) -> dict[str, Any]:
        """Arguments of `asyncpg.connect`."""
        arguments: dict[str, Any] = {"dsn": self.dsn}
        if self.seconds is not None:
            arguments["timeout"] = self.seconds
        if self.trust_system:
            context = ssl.create_default_context()
            context.check_hostname = self.sslmode == "verify-full"
            arguments["ssl"] = context
        return arguments

    def for_libpq(self) -> tuple[str, str | None]:
        """URL for PostgreSQL's own programs, and the password, which must not appear in process lists."""
        place, _, query = self.dsn.removeprefix("postgresql://").partition("?")
        given = dict(parse_qsl(query, keep_blank_values=True))
        if self.trust_system:  # libpq uses the system's authorities only if it checks the name too
            given |= {"sslmode": "verify-full", "sslrootcert": "system"}
        if self.seconds is not None:
            given["connect_timeout"] = str(int(self.seconds))
        person, at, host = place.rpartition("@")
        user, _, password = person.partition(":")
        password = unquote(password) or given.pop("password", "")
        address = f"postgresql://{user}{at}{host}" + (f"?{urlencode(given, quote_via=quote)}" if given else "")
        return address, password or None


def read(text: str) -> DatabaseUrl:
    """Parse postgres://, postgresql:// or postgresql+driver://. Raises DatabaseUrlWrong."""
    text = text.strip().strip("\"'")
    scheme = _SCHEMES.match(text)
    if not scheme:
        raise DatabaseUrlWrong(
            "it must begin with postgresql://, as in postgresql://user:password@host:5432/name; "
            "Keyturn keeps everything in PostgreSQL"
        )
    rest = text[scheme.end() :]
    _see_escapes(rest)
    place, _, query = rest.partition("?")
    given = _parameters(query)
    mode = _mode(given)
    seconds = _seconds(given.pop("connect_timeout", None))
    pooled = given.pop("pgbouncer", "false").lower() == "true"
    unknown = sorted(name for name in given if name not in _DRIVER | _SERVER)
    if unknown:
        raise DatabaseUrlWrong(f"Keyturn does not know its parameter {unknown[0]}: remove it")
    trust_system = mode in ("verify-ca", "verify-full") and given.get("sslrootcert", "system") == "system"
    if trust_system:
        given.pop("sslrootcert", None)
    elif mode:
        given["sslmode"] = mode
    _see_files(given)
    _see_hosts(place, given)
    dsn = f"postgresql://{place}" + (f"?{urlencode(given, quote_via=quote, safe='/')}" if given else "")
    return DatabaseUrl(dsn, mode, trust_system, seconds, pooled)


def _see_escapes(rest: str) -> None:
    """Name the character that makes user or password unreadable."""
    if "#" in rest:
        raise DatabaseUrlWrong(_MUST_BE_ESCAPED.format("#", "%23"))
    before_query, _, query = rest.partition("?")
    authority, _, path = before_query.partition("/")
    if authority.count("@") > 1:
        raise DatabaseUrlWrong(_MUST_BE_ESCAPED.format("@", "%40"))
    if "@" in path:
        raise DatabaseUrlWrong(_MUST_BE_ESCAPED.format("/", "%2F"))
    looks_like_person = not path and re.search(r":(?![0-9]+$)", authority)
    if "@" in query and ("@" in query.partition("=")[0] or looks_like_person):
        raise DatabaseUrlWrong(_MUST_BE_ESCAPED.format("?", "%3F"))
    if any(character.isspace() for character in rest):
        raise DatabaseUrlWrong("it has a blank in it: write it as %20, or remove it")
    person, at, _ = authority.partition("@")
    if at:
        for character, escaped in (("[", "%5B"), ("]", "%5D"), ("<", "%3C"), (">", "%3E")):
            if character in person:
                raise DatabaseUrlWrong(
                    f"a {character} in user or password: put the password in place of the placeholder, or write "
                    f"the character as {escaped}"
                )
        if re.search(r"%(?![0-9A-Fa-f]{2})", person):
            raise DatabaseUrlWrong(_MUST_BE_ESCAPED.format("%", "%25"))


def _parameters(query: str) -> dict[str, str]:
    """The relevant parameters by name; as in libpq, the last of two counts."""
    given = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name.lower() not in _IGNORED and (value.strip() or name not in _DRIVER | {"sslmode"}):
            given[name] = value.strip()
    if given.get("schema", "public") == "public":
        given.pop("schema", None)
    if "schema" in given:
        raise DatabaseUrlWrong("Keyturn does not know its parameter schema: use options=-csearch_path=… instead")
    if "database" in given:
        given["dbname"] = given.pop("database")
    return given


def _mode(given: dict[str, str]) -> str | None:
    """The sslmode; other drivers call it `ssl` and `requiressl`."""
    required = "require" if given.pop("requiressl", None) == "1" else None
    named = given.pop("ssl", None)
    mode = given.pop("sslmode", named or required)
    if mode is None:
        return None
    mode = _MODE_OF_SSL.get(mode, mode)
    if mode not in _MODES:
        raise DatabaseUrlWrong(f"its sslmode must be one of {', '.join(_MODES)}")
    return mode


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise DatabaseUrlWrong("its connect_timeout must be a number of seconds")
    return float(text) or None  # in libpq, 0 means none


def _see_files(given: dict[str, str]) -> None:
    for name in ("sslrootcert", "sslcert", "sslkey"):
        if name in given:
            try:
                with open(given[name], "rb"):
                    pass
            except (OSError, ValueError) as problem:
                raise DatabaseUrlWrong(f"its {name} must name a file that can be read") from problem


def _see_hosts(place: str, given: dict[str, str]) -> None:
    """Check that ports are numbers and that only a database follows the hosts."""
    hosts, _, name = place.rpartition("@")[2].partition("/")
    ports = [re.sub(r"^(\[[^\]]*\]|[^:]*)", "", host) for host in hosts.split(",")]
    ports += [f":{port}" for port in given.get("port", "").split(",") if port]
    for port in ports:
        if port and not (re.fullmatch(r":[0-9]{1,5}", port) and int(port[1:]) < 65536):
            raise DatabaseUrlWrong(
                "what follows the colon after its host is no port; if it belongs to a password, "
                "write postgresql://user:password@host:5432/name"
            )
    if "/" in name:
        raise DatabaseUrlWrong("more than the name of the database follows its host")
