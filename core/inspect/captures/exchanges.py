"""Requests that follow one another on a connection: a page, a refusal, and a handshake of `websockets`, as two ends without I/O."""

from __future__ import annotations

import asyncio

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import Protocol
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n"
REFUSAL = (
    b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="chat"\r\nTransfer-Encoding: chunked\r\n\r\n'
    b"9\r\nwho goes \r\n7\r\nthere?\n\r\n0\r\n\r\n"
)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that shows a page, refuses once, and echoes then."""
    for response in (PAGE, REFUSAL):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response)
    protocol = ServerProtocol()
    while not protocol.close_expected():
        protocol.receive_data(await reader.read(65536))
        for event in protocol.events_received():
            if isinstance(event, Request):
                protocol.send_response(protocol.accept(event))
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                protocol.send_text(event.data)
        send(protocol, writer)
    writer.close()


def send(protocol: Protocol, writer: asyncio.StreamWriter) -> None:
    """Writes what an end has to send."""
    writer.write(b"".join(protocol.data_to_send()))


async def ask(port: int, messages: list[str]) -> None:
    """A client for it, on one connection: each message is echoed before the next one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    assert await reader.readexactly(len(PAGE)) == PAGE
    for credentials in (None, "Basic Y2hhdDpjaGF0"):
        protocol = ClientProtocol(parse_uri(f"ws://127.0.0.1:{port}/chat"))
        request = protocol.connect()
        if credentials is not None:
            request.headers["Authorization"] = credentials
        protocol.send_request(request)
        send(protocol, writer)
        if credentials is None:
            assert await reader.readexactly(len(REFUSAL)) == REFUSAL

    async def receive() -> None:
        while not protocol.events_received():
            protocol.receive_data(await reader.read(65536))

    await receive()
    for message in messages:
        protocol.send_text(message.encode())
        send(protocol, writer)
        await receive()
    protocol.send_close(1000, "done")
    send(protocol, writer)
    await receive()
    await reader.read()
    writer.close()
