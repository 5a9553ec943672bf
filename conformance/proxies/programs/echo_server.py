"""An echo server over TLS by `websockets`: python echo_server.py CERTIFICATE KEY. Prints the port that it listens on."""

import asyncio
import socket
import ssl
import sys

from websockets.asyncio.server import ServerConnection, serve


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


def listeners() -> list[socket.socket]:
    """One port of 127.0.0.1, and of ::1 where there is IPv6: a proxy may try either for localhost."""
    first = socket.create_server(("127.0.0.1", 0))
    try:
        return [first, socket.create_server(("::1", first.getsockname()[1]), family=socket.AF_INET6)]
    except OSError:
        return [first]


async def main(certificate: str, key: str) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    sockets = listeners()
    servers = [await serve(echo, sock=each, ssl=tls) for each in sockets]
    print(sockets[0].getsockname()[1], flush=True)
    await asyncio.gather(*(server.wait_closed() for server in servers))


asyncio.run(main(*sys.argv[1:]))
