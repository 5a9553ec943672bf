"""A WebSocket client over HTTP/2 (RFC 8441): ``python http2_client.py URL [--cert FILE]``.

It needs the package ``h2``. Lines and messages are as in ``client.py``. A ``ws:`` URL is one of a server that speaks
HTTP/2 without TLS; ``--cert`` names a certificate to trust.

With DEFLATE=1 in the environment it offers compression.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import ssl
import sys

import h2.events

import sansock

from http2_stream import Http2, WebSocketStream
from lines import lines


class Client(WebSocketStream):
    """Prints what it receives, and sends what it reads."""

    def __init__(self, http2: Http2, stream_id: int, connection: sansock.Connection) -> None:
        super().__init__(http2, stream_id, connection)
        self.clean = False
        self.progress = asyncio.Event()
        self.lost = asyncio.Event()

    def handle(self, event: sansock.Event) -> None:
        """Prints a message, or how the connection was closed."""
        match event:
            case sansock.Text(text):
                print(text, flush=True)
            case sansock.Binary(data):
                print(data.hex(), flush=True)
            case sansock.Closed(code, reason):
                self.clean = event.clean
                print("closed", code, *filter(None, [reason]), flush=True)

    def drive(self, events: list[sansock.Event]) -> None:
        """Wakes the sender besides."""
        super().drive(events)
        self.progress.set()

    def write(self) -> bool:
        """Likewise: there may be room now."""
        self.progress.set()
        return super().write()

    def leave(self) -> None:
        """The end."""
        super().leave()
        self.lost.set()

    async def until_it_may_send(self) -> None:
        """Waits until the connection is open, or was, and its output has room."""
        while self.connection.state is sansock.State.CONNECTING or not self.connection.writable:
            self.progress.clear()
            await self.progress.wait()

    async def send_lines(self) -> None:
        """Sends all lines of standard input, then closes."""
        async for line in lines():
            await self.until_it_may_send()
            if self.lost.is_set():
                return
            try:
                self.connection.send_text(line)
            except sansock.SansockError as error:
                print(f"error: {error}", file=sys.stderr)
            self.drive([])
        await self.until_it_may_send()
        self.connection.close()
        self.drive([])


class ClientHttp2(Http2):
    """Learns from its first settings whether the server has WebSockets."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(reader, writer, is_client=True)
        self.has_websockets: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def begin(self, event: h2.events.Event) -> None:
        """Handles the settings."""
        if isinstance(event, h2.events.RemoteSettingsChanged) and not self.has_websockets.done():
            self.has_websockets.set_result(self.h2.remote_settings.enable_connect_protocol == 1)


async def main(text: str, cert: str | None) -> int:
    """Runs the client. The status is 0 only for a clean close."""
    url, tls = sansock.parse_url(text), None
    if url.secure:
        tls = ssl.create_default_context(cafile=cert)
        tls.set_alpn_protocols(["h2"])
    http2 = ClientHttp2(*await asyncio.open_connection(url.host, url.port, ssl=tls))
    running = asyncio.ensure_future(http2.run())
    await asyncio.wait((running, http2.has_websockets), timeout=10, return_when=asyncio.FIRST_COMPLETED)
    if not http2.has_websockets.done() or not http2.has_websockets.result():
        print("error: the server has no WebSockets over HTTP/2", file=sys.stderr)
        return 1
    connection = sansock.Connection.client(
        text,
        receive_while_closing=True,  # for the echoes of what was sent before the end of the input
        deflate=os.environ.get("DEFLATE") == "1",
    )
    client = Client(http2, http2.h2.get_next_available_stream_id(), connection)
    client.drive(connection.request_fields("2"))
    sending = asyncio.ensure_future(client.send_lines())
    await client.lost.wait()
    sending.cancel()
    http2.h2.close_connection()
    running.cancel()
    await asyncio.wait((sending, running))
    return 0 if client.clean else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A WebSocket client over HTTP/2.")
    parser.add_argument("url", metavar="URL")
    parser.add_argument("--cert", help="a certificate to trust, in a file")
    arguments = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.exit(asyncio.run(main(arguments.url, arguments.cert)))
