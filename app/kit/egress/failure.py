"""The code of a call that brought no answer."""

import errno

import aiohttp

from app.kit.egress.dns import DnsFailed
from app.kit.egress.guard import BlockedAddress, Call

_BY_ERRNO = {
    errno.ECONNREFUSED: "connect_refused",
    errno.ECONNRESET: "connect_reset",
    errno.EPIPE: "connect_reset",
    errno.EHOSTUNREACH: "connect_unreachable",
    errno.ENETUNREACH: "connect_unreachable",
    errno.EADDRNOTAVAIL: "connect_unreachable",
    errno.ETIMEDOUT: "timeout_connect",
}


def code_of(problem: BaseException, call: Call) -> str:
    """The code as `Answer.error` lists them; `call` tells how far the request came."""
    cause = problem.os_error if isinstance(problem, aiohttp.ClientConnectorError) else problem
    if isinstance(problem.__cause__, BlockedAddress):  # the peer's, raised while sending
        cause = problem.__cause__
    if isinstance(cause, BlockedAddress):
        return "blocked_address"
    if isinstance(cause, DnsFailed):
        return cause.code
    if isinstance(problem, aiohttp.ClientConnectorCertificateError):
        return "tls_certificate"
    if isinstance(problem, aiohttp.ClientSSLError):
        return "tls_handshake"
    if isinstance(problem, TimeoutError):
        return "timeout_answer" if call.connected else "timeout_connect"
    if isinstance(problem, aiohttp.ServerDisconnectedError):
        return "connect_closed"
    if isinstance(problem, aiohttp.ClientResponseError | aiohttp.ClientPayloadError):
        return "protocol"
    if isinstance(cause, OSError):
        return _BY_ERRNO.get(cause.errno or 0, "connect_failed")
    return "connect_failed"
