"""Calls through an operator's proxy (smokescreen or another with CONNECT), which then checks addresses."""

import ssl

import aiohttp
from aiohttp.client_reqrep import ClientRequest, ClientResponse
from aiohttp.connector import Connection

from app.kit.egress.address_guard import note_connection, plain_socket, session_of

#: Status codes of a proxy that refuses; smokescreen uses 407.
REFUSED = frozenset({403, 407})


class ProxiedRequest(ClientRequest):
    """Records when the request is sent; only the proxy knows the final address."""

    async def send(self, conn: Connection) -> ClientResponse:
        """See ClientRequest."""
        note_connection(conn)
        return await super().send(conn)


def open_proxied_session(proxy: str, tls: ssl.SSLContext) -> aiohttp.ClientSession:
    """A session that connects only to the proxy. The system resolves the proxy's name, which the operator chose.

    TLS goes through to the receiver, whose certificate is verified against its name as usual.
    """
    return session_of(ProxiedRequest, aiohttp.ThreadedResolver(), plain_socket, tls, proxy)
