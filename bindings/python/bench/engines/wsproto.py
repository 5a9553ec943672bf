"""wsproto: without I/O too. It delivers messages in pieces, as they come; a host joins them."""

from __future__ import annotations

from collections.abc import Callable

import wsproto
from workloads import Message, Spec
from wsproto.connection import Connection, ConnectionType
from wsproto.events import AcceptConnection, BytesMessage, Request, TextMessage
from wsproto.extensions import Extension, PerMessageDeflate

VERSION = wsproto.__version__


def open_protocol(spec: Spec) -> Connection:
    """A connection that is open."""
    extensions: list[Extension] = []
    if spec.deflate:
        deflate = PerMessageDeflate()
        deflate.accept("permessage-deflate")
        extensions.append(deflate)
    return Connection(ConnectionType.SERVER if spec.server else ConnectionType.CLIENT, extensions)


def receiver(spec: Spec, protocol: Connection | None = None) -> Callable[[memoryview], list[Message]]:
    """Takes reads."""
    opened = open_protocol(spec) if protocol is None else protocol
    joint: str | bytes = "" if spec.text else b""
    unfinished: list[Message] = []

    def feed(chunk: memoryview) -> list[Message]:
        opened.receive_data(bytes(chunk))
        messages: list[Message] = []
        for event in opened.events():
            if not isinstance(event, (TextMessage, BytesMessage)):
                raise SystemExit(f"closed: {event}")
            if event.message_finished and not unfinished:
                messages.append(event.data)
            else:
                unfinished.append(event.data)
                if event.message_finished:
                    messages.append(joint.join(unfinished))  # type: ignore[arg-type]
                    unfinished.clear()
        return messages

    return feed


def sender(spec: Spec, output: list[Message], protocol: Connection | None = None) -> Callable[[Message], None]:
    """Sends messages."""
    opened = open_protocol(spec) if protocol is None else protocol
    write = output.append
    event = TextMessage if spec.text else BytesMessage

    def send(payload: Message) -> None:
        write(opened.send(event(data=payload)))  # type: ignore[arg-type]

    return send


class Endpoint:
    """Both, over one connection."""

    def __init__(self, spec: Spec, output: list[Message]) -> None:
        protocol = open_protocol(spec)
        self.receive = receiver(spec, protocol)
        self.send = sender(spec, output, protocol)


def server_handshake() -> Callable[[bytes], bytes]:
    """Opens a server's end."""

    def opening(request: bytes) -> bytes:
        protocol = wsproto.WSConnection(ConnectionType.SERVER)
        protocol.receive_data(request)
        (event,) = protocol.events()
        assert isinstance(event, Request)
        return protocol.send(AcceptConnection())

    return opening


def client_handshake(spec: Spec) -> Callable[[], tuple[bytes, Callable[[bytes], bool]]]:
    """Opens a client's end."""
    headers = [
        (name.encode(), value.encode()) for name, value in [("Origin", "http://www.example.com"), *spec.header_fields()]
    ]

    def opening() -> tuple[bytes, Callable[[bytes], bool]]:
        protocol = wsproto.WSConnection(ConnectionType.CLIENT)
        request = protocol.send(Request(host="www.example.com", target="/chat?room=42", extra_headers=headers))

        def receive(response: bytes) -> bool:
            protocol.receive_data(response)
            (event,) = protocol.events()
            return isinstance(event, AcceptConnection)

        return request, receive

    return opening
