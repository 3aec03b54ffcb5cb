"""The address of the database as providers print it, and as people write it."""

from urllib.parse import quote, unquote, urlsplit

import pytest
from asyncpg import connect_utils
from hypothesis import example, given
from hypothesis import strategies as st

from app.kit.database_url import DatabaseUrlWrong, read


def driver(text: str) -> tuple[list[object], str | None, str | None, str | None, object, object]:
    """Hosts, user, password, database, TLS and server settings, as the driver reads the address."""
    arguments = {
        "host": None, "port": None, "user": None, "password": None, "passfile": None, "database": None, "ssl": None,
        "service": None, "servicefile": None, "direct_tls": None, "server_settings": None,
        "target_session_attrs": None, "krbsrvname": None, "gsslib": None,
    }  # fmt: skip
    found = read(text)
    given = found.arguments()
    given.pop("timeout", None)
    # the driver's own reading is what counts
    hosts, parameters = connect_utils._parse_connect_dsn_and_args(  # type: ignore[attr-defined]
        **{**arguments, **given}
    )
    tls = found.sslmode if found.trust_system else parameters.sslmode.name if parameters.ssl else None
    return hosts, parameters.user, parameters.password, parameters.database, tls, parameters.server_settings


@pytest.mark.parametrize(
    ("text", "host", "tls", "settings"),
    [
        ("postgres://u:p@db.example:5432/k", "db.example", "prefer", None),  # Heroku, Render
        ("postgresql://u:p@db.example:5432/k", "db.example", "prefer", None),
        ("postgresql+asyncpg://u:p@db.example/k", "db.example", "prefer", None),
        ("postgresql+psycopg2://u:p@db.example/k", "db.example", "prefer", None),
        ("POSTGRES://u:p@db.example/k", "db.example", "prefer", None),
        ("  postgres://u:p@db.example/k \n", "db.example", "prefer", None),
        ("'postgres://u:p@db.example/k'", "db.example", "prefer", None),
        ("postgresql://u:p@ep-x.neon.example/k?sslmode=require&channel_binding=require", "ep-x.neon.example", "require",
         None),  # Neon
        ("postgresql://u:p@db.example:25060/k?sslmode=require", "db.example", "require", None),  # DigitalOcean, Aiven
        ("postgres://u:p@db.example:6543/k?pgbouncer=true&connection_limit=1", "db.example", "prefer", None),
        ("postgres://u:p@db.example/k?sslmode=require&supa=base-pooler.x", "db.example", "require", None),  # Vercel
        ("postgresql://u:p@db.example/k?schema=public&connect_timeout=10", "db.example", "prefer", None),  # Prisma
        ("postgresql://u:p@db.example/k?ssl=true", "db.example", "require", None),
        ("postgresql://u:p@db.example/k?ssl=require", "db.example", "require", None),  # SQLAlchemy
        ("postgresql://u:p@db.example/k?sslmode=no-verify&uselibpqcompat=true", "db.example", "require", None),
        ("postgresql://u:p@db.example/k?sslmode=disable", "db.example", None, None),
        ("postgresql://u:p@db.example/k?sslmode=verify-full", "db.example", "verify-full", None),
        ("postgresql://u:p@db.example/k?sslmode=verify-full&sslrootcert=system", "db.example", "verify-full", None),
        ("postgresql://u:p@db.example/k?sslmode=verify-ca&sslrootcert=", "db.example", "verify-ca", None),
        ("postgresql://u:p@db.example/k?application_name=crm&options=endpoint%3Dep-x", "db.example", "prefer",
         {"application_name": "crm", "options": "endpoint=ep-x"}),
        ("postgresql://u:p@db.example/k?options=-c%20statement_timeout%3D5s", "db.example", "prefer",
         {"options": "-c statement_timeout=5s"}),
        ("postgresql://u:p@db.example/k?keepalives=1&keepalives_idle=30&tcp_user_timeout=9", "db.example", "prefer",
         None),
        ("postgresql://u:p@/k?host=/run/postgresql", "/run/postgresql", None, None),
        ("postgresql://u:p@/k?host=/cloudsql/proj:eu:inst", "/cloudsql/proj:eu:inst", None, None),  # Google
        ("postgresql://u:p@%2Frun%2Fpostgresql/k", "/run/postgresql", None, None),
        ("postgresql:///k?host=db.example&user=u&password=p&port=5433", "db.example", "prefer", None),
        ("postgresql://db.example/k?user=u&password=p", "db.example", "prefer", None),
        ("postgresql://u:p@[2001:db8::1]:5432/k", "2001:db8::1", "prefer", None),
        ("postgresql://u:p@a.example:5432,b.example:5433/k?target_session_attrs=read-write", "a.example", "prefer",
         None),
    ],
)  # fmt: skip
def test_what_providers_print_is_taken(text: str, host: str, tls: str | None, settings: object) -> None:
    hosts, user, password, database, mode, server_settings = driver(text)
    first = hosts[0]
    assert (str(first[0]) if isinstance(first, tuple) else str(first).partition("/.s.PGSQL")[0]) == host
    assert (user, password, database) == ("u", "p", "k")
    assert (mode, server_settings) == (tls, settings)


def test_how_long_to_wait_and_whom_to_trust() -> None:
    assert read("postgres://h/k?connect_timeout=7").arguments()["timeout"] == 7
    by_name = read("postgres://h/k?sslmode=verify-full").arguments()["ssl"]
    by_authority = read("postgres://h/k?sslmode=verify-ca").arguments()["ssl"]
    assert (by_name.check_hostname, by_authority.check_hostname) == (True, False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("postgres://u:s3@cret@h/k", "unescaped @ in user or password: write it as %40"),
        ("postgres://u@corp:s3cret@h/k", "unescaped @"),
        ("postgres://u:s3#cret@h/k", "unescaped # in user or password: write it as %23"),
        ("postgres://u:s3/cret@h/k", "unescaped / in user or password: write it as %2F"),
        ("postgres://u:s3?cret@h/k", "unescaped ? in user or password: write it as %3F"),
        ("postgres://u:s3%cret@h/k", "unescaped % in user or password: write it as %25"),
        ("postgres://u:s3 cret@h/k", "blank"),
        ("postgres://u:[s3cret]@h/k", "placeholder"),
        ("postgres://u:<s3cret>@h/k", "placeholder"),
        ("postgres://u:s3cret@h:s3cret/k", "no port"),
        ("postgres://u:s3cret@h:99999/k", "no port"),
        ("postgres://u:s3cret@h/k/s3cret", "more than the name"),
        ("postgres://u:s3cret@h/k?sslmode=s3cret", "sslmode must be one of disable, allow"),
        ("postgres://u:s3cret@h/k?sslrootcert=/nowhere/ca.pem&sslmode=verify-full", "sslrootcert must name a file"),
        ("postgres://u:s3cret@h/k?connect_timeout=s3cret", "number of seconds"),
        ("postgres://u:s3cret@h/k?schema=crm", "search_path"),
        ("postgres://u:s3cret@h/k?fancy=1", "does not know its parameter fancy"),
        ("host=h user=u password=s3cret", "must begin with postgresql://"),
        ("jdbc:postgresql://h/k?password=s3cret", "must begin with postgresql://"),
        ("mysql://u:s3cret@h/k", "must begin with postgresql://"),
        ("", "must begin with postgresql://"),
    ],
)
def test_what_cannot_be_read_says_what_to_change_and_no_password(text: str, words: str) -> None:
    with pytest.raises(DatabaseUrlWrong) as wrong:
        read(text)
    assert words in str(wrong.value)
    assert "s3cret" not in str(wrong.value)
    assert "cret" not in str(wrong.value)


_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20)


@given(user=_TEXT, password=_TEXT, name=st.from_regex(r"[a-z_][a-z0-9_]{0,20}", fullmatch=True))
def test_what_is_escaped_comes_out_as_it_was(user: str, password: str, name: str) -> None:
    text = f"postgres://{quote(user, safe='')}:{quote(password, safe='')}@db.example:5433/{name}?sslmode=require"
    parts = urlsplit(read(text).dsn)
    assert (unquote(parts.username or ""), unquote(parts.password or "")) == (user, password)
    assert (parts.hostname, parts.port, parts.path) == ("db.example", 5433, f"/{name}")


@given(password=st.text("abc1@#/?%&=:+ []<>!$,;", min_size=4, max_size=12))
@example("a@b#c")
def test_an_unescaped_password_is_read_rightly_or_refused_without_telling_it(password: str) -> None:
    try:
        found = read(f"postgres://keyturn:{password}@db.example:5433/name")
    except DatabaseUrlWrong as wrong:
        said = str(wrong)
        assert password not in said
        return
    parts = urlsplit(found.dsn)
    assert (parts.username, parts.password, parts.hostname) == ("keyturn", password, "db.example")


@given(st.text(max_size=80), st.sampled_from(["", "postgres://", "postgresql+asyncpg://u:p@h/k?"]))
def test_any_text_is_read_or_refused(text: str, before: str) -> None:
    try:
        assert read(before + text).dsn.startswith("postgresql://")
    except DatabaseUrlWrong as wrong:
        assert "\n" not in str(wrong)  # noqa: PT017 - either is right


@pytest.mark.parametrize(
    ("text", "address", "password"),
    [
        ("postgres://u:p%40q@h:5433/k?pgbouncer=true", "postgresql://u@h:5433/k", "p@q"),
        ("postgresql+asyncpg:///k?host=/run/postgresql&user=u&password=p",
         "postgresql:///k?host=%2Frun%2Fpostgresql&user=u", "p"),
        ("postgres://u@h/k?sslmode=verify-full", "postgresql://u@h/k?sslmode=verify-full&sslrootcert=system", None),
        ("postgres://u@h/k?sslmode=require&connect_timeout=7",
         "postgresql://u@h/k?sslmode=require&connect_timeout=7", None),
    ],
)  # fmt: skip
def test_postgresqls_own_programs_get_the_password_apart(text: str, address: str, password: str | None) -> None:
    assert read(text).for_libpq() == (address, password)
