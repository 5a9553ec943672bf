"""A WebSocket echo server over HTTP/2 (RFC 8441): ``python http2_server.py PORT [--cert FILE --key FILE]``.

It needs the package ``h2``. Without a certificate there is no TLS, and clients have to know that this is HTTP/2.

With DEFLATE=1 in the environment it compresses.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import ssl
from contextlib import suppress

import h2.events

from sansock import Binary, Connection, Event, InvalidState, Request, Text

from http2_stream import Http2, WebSocketStream

DEFLATE = os.environ.get("DEFLATE") == "1"


class Echo(WebSocketStream):
    """Accepts requests of its own origin, and sends every message back."""

    def handle(self, event: Event) -> None:
        """Handles one event."""
        match event:
            case Request(same_origin=True):
                self.drive(self.connection.accept())
            case Request():
                self.drive(self.connection.reject(403))
            case Text(data) | Binary(data):
                with suppress(InvalidState):  # after our Close
                    self.connection.send(data)


class Server(Http2):
    """Has an echo for each request."""

    def begin(self, event: h2.events.Event) -> None:
        """Handles a request; one that asks for no WebSocket is refused by the engine."""
        if isinstance(event, h2.events.RequestReceived):
            connection = Connection.server(subprotocols=["chat", "echo"], deflate=DEFLATE)
            stream = Echo(self, event.stream_id, connection)
            stream.drive(connection.receive_request(event.headers, "2"))


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serves one connection."""
    with suppress(asyncio.CancelledError):  # at the end of the program, where asyncio would report it as an error
        await Server(reader, writer, is_client=False).run()


async def main(port: int, cert: str | None, key: str | None) -> None:
    """Serves until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tls = None
    if cert:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(cert, key)
        tls.set_alpn_protocols(["h2"])
    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=tls)
    scheme = "wss" if tls else "ws"
    print(f"listening on {scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A WebSocket echo server over HTTP/2.")
    parser.add_argument("port", type=int, help="0 takes a free one")
    parser.add_argument("--cert", help="a certificate in a file, for TLS")
    parser.add_argument("--key", help="its private key")
    arguments = parser.parse_args()
    asyncio.run(main(arguments.port, arguments.cert, arguments.key))
