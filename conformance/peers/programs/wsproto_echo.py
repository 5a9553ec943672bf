"""What a host of `wsproto` does with its events, as the documentation of `wsproto` shows it."""

import asyncio
from collections.abc import Callable

from wsproto import WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, RejectConnection, Request, TextMessage
from wsproto.extensions import PerMessageDeflate
from wsproto.utilities import LocalProtocolError, RemoteProtocolError


class Echo:
    """One connection of either role: echoes messages, answers pings and Close, accepts requests."""

    def __init__(self, connection: WSConnection, show: Callable[[str], None] = lambda line: None) -> None:
        self.connection = connection
        self.show = show
        self.ended = False
        self.text: list[str] = []
        self.binary: list[bytes] = []

    def receive(self, data: bytes) -> bytes:
        """What to write after these bytes."""
        output = bytearray()
        try:
            self.connection.receive_data(data or None)
            for event in self.connection.events():
                output += self.answer(event)
        except RemoteProtocolError as error:
            self.ended = True
            if error.event_hint is not None and not self.connection.client:
                output += self.connection.send(error.event_hint)
        except LocalProtocolError:
            self.ended = True
        return bytes(output)

    def answer(self, event: object) -> bytes:
        if isinstance(event, Request):
            subprotocol = "chat" if "chat" in event.subprotocols else None
            return self.connection.send(AcceptConnection(subprotocol=subprotocol, extensions=[PerMessageDeflate()]))
        if isinstance(event, TextMessage):
            self.text.append(event.data)
            return self.finish("".join(self.text), event.message_finished)
        if isinstance(event, BytesMessage):
            self.binary.append(bytes(event.data))
            return self.finish(b"".join(self.binary), event.message_finished)
        if isinstance(event, Ping):
            return self.connection.send(event.response())
        if isinstance(event, RejectConnection):
            self.ended = True
        if isinstance(event, CloseConnection):
            self.ended = True
            return self.connection.send(event.response())
        return b""

    def finish(self, message: str | bytes, finished: bool) -> bytes:
        """Echo the message when it is whole."""
        if not finished:
            return b""
        self.text, self.binary = [], []
        if isinstance(message, str):
            self.show(f"text {message[:100]}")
            return self.connection.send(TextMessage(message))
        self.show(f"binary {message[:50].hex()}")
        return self.connection.send(BytesMessage(message))


async def run(echo: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read and write until either side ends."""
    try:
        while not echo.ended:
            data = await reader.read(65536)
            writer.write(echo.receive(data))
            await writer.drain()
            if not data:
                break
    except OSError:
        pass
    finally:
        writer.close()
