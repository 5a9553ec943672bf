"""websockets: its classes without I/O, to which a host adds joining fragments and decoding text."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

from websockets.client import ClientProtocol
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import OPEN, Protocol, Side
from websockets.server import ServerProtocol
from websockets.typing import BytesLike
from websockets.uri import parse_uri
from workloads import Message, Spec

VERSION = version("websockets")

URI = parse_uri("ws://www.example.com/chat?room=42")


def open_protocol(spec: Spec) -> Protocol:
    """A connection that is open."""
    protocol = Protocol(Side.SERVER if spec.server else Side.CLIENT, state=OPEN, max_size=None)
    extensions: list[Extension] = []
    if spec.deflate:
        extensions.append(PerMessageDeflate(False, False, 15, 15, {"level": 6, "memLevel": 8}))
    protocol.extensions = extensions
    return protocol


def receiver(spec: Spec, protocol: Protocol | None = None) -> Callable[[memoryview], list[Message]]:
    """Takes reads."""
    opened = open_protocol(spec) if protocol is None else protocol
    text = spec.text
    unfinished: list[BytesLike] = []

    def feed(chunk: memoryview) -> list[Message]:
        opened.receive_data(bytes(chunk))
        messages: list[Message] = []
        for frame in opened.events_received():
            assert isinstance(frame, Frame)
            if frame.opcode is Opcode.CONT or not frame.fin:
                unfinished.append(frame.data)
                if not frame.fin:
                    continue
                data: BytesLike = b"".join(unfinished)
                unfinished.clear()
            else:
                data = frame.data
            messages.append(str(data, "utf-8") if text else data)
        if opened.data_to_send():
            raise SystemExit("closed")
        return messages

    return feed


def sender(spec: Spec, output: list[Message], protocol: Protocol | None = None) -> Callable[[Message], None]:
    """Sends messages."""
    opened = open_protocol(spec) if protocol is None else protocol
    write = output.append

    def send_text(payload: Message) -> None:
        assert isinstance(payload, str)
        opened.send_text(payload.encode())
        for piece in opened.data_to_send():
            write(piece)

    def send_binary(payload: Message) -> None:
        assert not isinstance(payload, str)
        opened.send_binary(payload)
        for piece in opened.data_to_send():
            write(piece)

    return send_text if spec.text else send_binary


class Endpoint:
    """Both, over one connection."""

    def __init__(self, spec: Spec, output: list[Message]) -> None:
        protocol = open_protocol(spec)
        self.receive = receiver(spec, protocol)
        self.send = sender(spec, output, protocol)


def server_handshake() -> Callable[[bytes], bytes]:
    """Opens a server's end."""

    def opening(request: bytes) -> bytes:
        protocol = ServerProtocol()
        protocol.receive_data(request)
        for event in protocol.events_received():
            assert isinstance(event, Request)
            protocol.send_response(protocol.accept(event))
        return b"".join(protocol.data_to_send())

    return opening


def client_handshake(spec: Spec) -> Callable[[], tuple[bytes, Callable[[bytes], bool]]]:
    """Opens a client's end."""
    headers = spec.header_fields()

    def opening() -> tuple[bytes, Callable[[bytes], bool]]:
        protocol = ClientProtocol(URI, origin="http://www.example.com")  # type: ignore[arg-type]
        request = protocol.connect()
        request.headers.update(headers)
        protocol.send_request(request)

        def receive(response: bytes) -> bool:
            protocol.receive_data(response)
            (event,) = protocol.events_received()
            return isinstance(event, Response) and protocol.state is OPEN

        return b"".join(protocol.data_to_send()), receive

    return opening
