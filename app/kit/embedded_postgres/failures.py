"""Failures of the embedded PostgreSQL: one sentence each that says what to do."""


class PostgresFailure(Exception):
    """Any reason the embedded server cannot be used; its text is meant for the person who started it."""


class PostgresMissing(PostgresFailure):
    """No PostgreSQL programs on this machine."""


class PostgresBroken(PostgresFailure):
    """The PostgreSQL programs are there but do not run."""


class PostgresOwned(PostgresFailure):
    """Another process has the data folder."""


class PostgresVersionMismatch(PostgresFailure):
    """The data was written by another major version."""


class PostgresUnreachable(PostgresFailure):
    """A folder cannot be used by the account the server runs as."""


class PostgresWrongThread(PostgresFailure):
    """Started outside the main thread."""


class PostgresNotStarted(PostgresFailure):
    """The server was tried and did not come up; the text carries the last lines of its log."""


class PostgresNotStopped(PostgresFailure):
    """The server does not go away."""


class PostgresRefused(PostgresFailure):
    """The running server refused a statement."""
