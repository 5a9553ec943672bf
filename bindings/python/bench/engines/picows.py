"""picows: its protocol between a transport in memory and a listener, which joins frames. It has no compression."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import picows
from handshake import key_of, request, response
from picows import WSAutoPingStrategy, WSListener, WSMsgType
from picows.picows import WSProtocol  # type: ignore[attr-defined]
from workloads import Message, Spec, as_bytes

VERSION = picows.version.__version__

LOGGER = logging.getLogger("bench")
LOGGER.setLevel(logging.CRITICAL)
LARGEST = 1 << 24


class Transport:
    """A transport that passes on what is written. It says that it is TLS: else picows writes to the socket itself."""

    def __init__(self, output: list[Message]) -> None:
        self.write = output.append

    def writelines(self, pieces: list[Any]) -> None:
        """Each by itself; a view would be overwritten."""
        for piece in pieces:
            self.write(bytes(piece))

    def get_extra_info(self, name: str) -> object:
        """The socket, and a reason to believe that it is not plain."""
        return self

    def get_write_buffer_size(self) -> int:
        """All is written at once."""
        return 0

    def setsockopt(self, *_: object) -> None:
        """Has no effect."""

    def getsockopt(self, *_: object) -> int:
        """Has no meaning."""
        return 0

    def fileno(self) -> int:
        """No file."""
        return -1


class Listener(WSListener):
    """Collects messages."""

    def __init__(self, text: bool) -> None:
        self.messages: list[Message] = []
        self.unfinished: list[bytes] = []
        self.text = text
        self.connected = False

    def on_ws_connected(self, transport: Any) -> None:
        """It is open."""
        self.connected = True

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        """Takes a frame."""
        if frame.fin and not self.unfinished:
            self.messages.append(frame.get_payload_as_utf8_text() if self.text else frame.get_payload_as_bytes())
            return
        self.unfinished.append(frame.get_payload_as_bytes())
        if frame.fin:
            data = b"".join(self.unfinished)
            self.messages.append(data.decode() if self.text else data)
            self.unfinished.clear()


class Connection:
    """A connection that is open."""

    def __init__(self, spec: Spec, output: list[Message]) -> None:
        self.listener = Listener(spec.text)
        self.protocol = begin(spec.server, self.listener, Transport(output))
        feed(self.protocol, request() if spec.server else response(key_of(as_bytes(output[0]))))
        output.clear()


def begin(server: bool, listener: Listener, transport: Transport, headers: object = None) -> Any:
    """A protocol whose transport is connected. It has no deadlines, as they would need the event loop."""
    protocol = WSProtocol(
        "www.example.com",
        "/chat?room=42",
        not server,
        (lambda request: listener) if server else (lambda: listener),
        LOGGER,
        True,
        None,
        False,
        10,
        10,
        WSAutoPingStrategy.PING_WHEN_IDLE,
        True,
        LARGEST,
        headers,
        1 << 14,
    )
    protocol.connection_made(transport)
    return protocol


def feed(protocol: Any, data: bytes | memoryview) -> None:
    """Reads into the protocol's buffer, as large as it is at the moment."""
    at = 0
    while at < len(data):
        buffer = protocol.get_buffer(-1)
        length = min(len(buffer), len(data) - at)
        buffer[:length] = data[at : at + length]
        protocol.buffer_updated(length)
        at += length


def receiver(spec: Spec, connection: Connection | None = None) -> Callable[[memoryview], list[Message]]:
    """Takes reads."""
    opened = Connection(spec, []) if connection is None else connection
    protocol, listener = opened.protocol, opened.listener

    def receive(chunk: memoryview) -> list[Message]:
        listener.messages = []
        feed(protocol, chunk)
        return listener.messages

    return receive


def sender(spec: Spec, output: list[Message], connection: Connection | None = None) -> Callable[[Message], None]:
    """Sends messages."""
    opened = Connection(spec, output) if connection is None else connection
    transport = opened.protocol.transport
    kind = WSMsgType.TEXT if spec.text else WSMsgType.BINARY

    def send(payload: Message) -> None:
        transport.send(kind, payload)

    return send


class Endpoint:
    """Both, over one connection."""

    def __init__(self, spec: Spec, output: list[Message]) -> None:
        opened = Connection(spec, output)
        self.receive = receiver(spec, opened)
        self.send = sender(spec, output, opened)


def server_handshake() -> Callable[[bytes], bytes]:
    """Opens a server's end."""

    def opening(request: bytes) -> bytes:
        output: list[Message] = []
        feed(begin(True, Listener(True), Transport(output)), request)
        return b"".join(map(as_bytes, output))

    return opening


def client_handshake(spec: Spec) -> Callable[[], tuple[bytes, Callable[[bytes], bool]]]:
    """Opens a client's end."""
    headers = {"Origin": "http://www.example.com", **dict(spec.header_fields())}

    def opening() -> tuple[bytes, Callable[[bytes], bool]]:
        listener = Listener(True)
        output: list[Message] = []
        protocol = begin(False, listener, Transport(output), headers)

        def receive(response: bytes) -> bool:
            feed(protocol, response)
            return listener.connected

        return as_bytes(output[0]), receive

    return opening
