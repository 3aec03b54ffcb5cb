"""Error codes of calls without a response."""

import errno

import aiohttp

from app.kit.egress import proxy
from app.kit.egress.address_guard import BlockedAddress, Call, SentBefore
from app.kit.egress.dns import DnsFailed

_BY_ERRNO = {
    errno.ECONNREFUSED: "connect_refused",
    errno.ECONNRESET: "connect_reset",
    errno.EPIPE: "connect_reset",
    errno.EHOSTUNREACH: "connect_unreachable",
    errno.ENETUNREACH: "connect_unreachable",
    errno.EADDRNOTAVAIL: "connect_unreachable",
    errno.ETIMEDOUT: "timeout_connect",
}
#: The first match, in this order.
_BY_KIND: tuple[tuple[type[BaseException], str], ...] = (
    (aiohttp.ClientProxyConnectionError, "connect_proxy"),
    (aiohttp.ClientConnectorCertificateError, "tls_certificate"),
    (aiohttp.ClientSSLError, "tls_handshake"),
    (aiohttp.ServerDisconnectedError, "connect_closed"),
    (aiohttp.ClientResponseError, "protocol"),
    (aiohttp.ClientPayloadError, "protocol"),
)


def code_of(problem: BaseException, call: Call) -> str:
    """The code, as listed in `HttpResult.error`; `call` says how far the request got."""
    cause = problem.os_error if isinstance(problem, aiohttp.ClientConnectorError) else problem
    if isinstance(problem.__cause__, BlockedAddress | SentBefore):  # raised while sending
        cause = problem.__cause__
    if isinstance(cause, BlockedAddress):
        return "blocked_address"
    if isinstance(cause, SentBefore):
        return "connect_closed"
    if isinstance(cause, DnsFailed):
        return cause.code
    if isinstance(problem, aiohttp.ClientHttpProxyError):
        return _of_proxy(problem.status)
    if isinstance(problem, TimeoutError):
        return _timed_out(call)
    code = next((code for kind, code in _BY_KIND if isinstance(problem, kind)), None)
    if code is None and isinstance(cause, ConnectionResetError) and cause.errno is None:
        return (
            "tls_handshake"  # asyncio says it so, without a number, when the other side hangs up during the handshake
        )
    if code is None and isinstance(cause, OSError):
        code = _BY_ERRNO.get(cause.errno or 0)
    return code or "connect_failed"


def _timed_out(call: Call) -> str:
    if call.connected:
        return "timeout_answer"
    return "timeout_connect" if call.dialled else "dns_timeout"


def _of_proxy(status: int) -> str:
    if status in proxy.REFUSED:
        return "blocked_address"
    return "timeout_connect" if status == 504 else "connect_failed"
