"""The door through an operator's proxy (smokescreen or another that knows CONNECT), which then judges addresses."""

import ssl

import aiohttp
from aiohttp.client_reqrep import ClientRequest, ClientResponse
from aiohttp.connector import Connection

from app.kit.egress.address_guard import note_connection, plain_socket, session_of

#: What a proxy answers that does not let us through; smokescreen says 407.
REFUSED = frozenset({403, 407})


class ProxiedRequest(ClientRequest):
    """Notes when the request goes out; whose address it reaches only the proxy knows."""

    async def send(self, conn: Connection) -> ClientResponse:
        """See ClientRequest."""
        note_connection(conn)
        return await super().send(conn)


def open_proxied_session(proxy: str, tls: ssl.SSLContext) -> aiohttp.ClientSession:
    """A session that dials the proxy and nothing else. The proxy's own name is the operator's: the system resolves it.

    TLS goes through to the receiver, whose certificate is checked against its name as ever.
    """
    return session_of(ProxiedRequest, aiohttp.ThreadedResolver(), plain_socket, tls, proxy)
