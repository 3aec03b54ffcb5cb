"""TLS to receivers: 1.2 or newer, always with certificate verification."""

import functools
import ssl


@functools.cache
def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """A context that trusts the system's authorities and those in `ca_file` (PEM). Raises OSError for an invalid file.

    Cached per process, because loading takes 60 ms. Callers must not modify it.
    """
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(["http/1.1"])
    if ca_file:
        made.load_verify_locations(cafile=ca_file)
    return made
