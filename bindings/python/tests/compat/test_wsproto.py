"""wsproto's drop-in: its names, both ends of the handshake against wsproto itself, and how it is installed."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
import threading
from types import ModuleType
from typing import Any

import pytest

import sansock.compat.wsproto as ours
from sansock import InvalidArgument
from sansock.compat.wsproto.connection import CLIENT, SERVER, Connection, ConnectionState
from sansock.compat.wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    Pong,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from sansock.compat.wsproto.extensions import Extension, PerMessageDeflate
from sansock.compat.wsproto.utilities import LocalProtocolError, RemoteProtocolError

from conversations import BINARY, PONG, decode

MODULES = "connection", "events", "extensions", "frame_protocol", "handshake", "typing", "utilities"
PARSER = {
    "Buffer", "FrameDecoder", "FrameProtocol", "MessageDecoder", "XorMaskerNull", "XorMaskerSimple",
    "Frame", "Header", "RsvBits", "NULL_MASK",
}  # fmt: skip
"""What belongs to wsproto's parser, and has no counterpart."""
BOUNDS = ("_MASK", "MAX_", "MIN_", "PAYLOAD_")


def each_pair() -> pytest.MarkDecorator:
    """Both libraries as client and server of each other."""
    theirs = importlib.import_module("wsproto")
    for module in MODULES:
        importlib.import_module(f"wsproto.{module}")
    return pytest.mark.parametrize(
        ("client_library", "server_library"),
        [(ours, theirs), (theirs, ours), (ours, ours)],
        ids=["our client", "our server", "both ours"],
    )


def open_pair(client_library: Any, server_library: Any, deflate: bool = False) -> tuple[Any, Any]:
    """Two connections that have opened each other."""
    client = client_library.WSConnection(client_library.ConnectionType.CLIENT)
    server = server_library.WSConnection(server_library.ConnectionType.SERVER)
    offers = [client_library.extensions.PerMessageDeflate(server_max_window_bits=12)] if deflate else []
    request = client_library.events.Request("example.com:8000", "/chat?room=1", offers, [(b"X-A", b"1")], ["a", "b"])
    server.receive_data(client.send(request))
    (received,) = server.events()
    assert (received.host, received.target, received.subprotocols) == ("example.com:8000", "/chat?room=1", ["a", "b"])
    assert (b"x-a", b"1") in received.extra_headers
    knows = [server_library.extensions.PerMessageDeflate()] if deflate else []
    client.receive_data(server.send(server_library.events.AcceptConnection("b", knows, [(b"X-B", b"2")])))
    (accepted,) = client.events()
    assert (accepted.subprotocol, [*accepted.extra_headers]) == ("b", [(b"x-b", b"2")])
    assert [extension.name for extension in accepted.extensions] == ["permessage-deflate"] * deflate
    assert client.state.name == server.state.name == "OPEN"
    return client, server


@pytest.mark.parametrize("module", MODULES)
def test_it_has_wsprotos_names(module: str) -> None:
    original = importlib.import_module(f"wsproto.{module}")
    replacement = importlib.import_module(f"sansock.compat.wsproto.{module}")
    names = {
        name
        for name, value in vars(original).items()
        if not name.startswith("_")
        and not isinstance(value, ModuleType)
        and getattr(value, "__module__", original.__name__) == original.__name__
        and name not in PARSER
        and not (name.isupper() and any(part in name for part in BOUNDS))
        and name not in ("TYPE_CHECKING", "annotations", "T")
    }
    assert names <= vars(replacement).keys()


@each_pair()
@pytest.mark.parametrize("deflate", [False, True])
def test_messages_and_closing(client_library: Any, server_library: Any, deflate: bool) -> None:
    client, server = open_pair(client_library, server_library, deflate)
    for sender, receiver, library in ((client, server, client_library), (server, client, server_library)):
        for message in (library.events.TextMessage("世界 " * 5000), library.events.BytesMessage(b"\0\xff" * 70_000)):
            for _ in range(2):
                wire = sender.send(message)
                assert len(wire) < 2000 if deflate else len(wire) > 20_000
                receiver.receive_data(wire)
                pieces = [event.data for event in receiver.events()]
                assert type(message.data)().join(pieces) == message.data
    server.receive_data(client.send(client_library.events.Ping(b"p")))
    (ping,) = server.events()
    client.receive_data(server.send(ping.response()))
    assert [event.payload for event in client.events()] == [b"p"]
    server.receive_data(client.send(client_library.events.CloseConnection(4000, "done")))
    (close,) = server.events()
    assert (close.code, close.reason, server.state.name) == (4000, "done", "REMOTE_CLOSING")
    client.receive_data(server.send(close.response()))
    (close,) = client.events()
    assert (close.code, client.state.name, server.state.name) == (4000, "CLOSED", "CLOSED")


@each_pair()
@pytest.mark.parametrize("headers", [[], [(b"content-length", b"10")]])
def test_refusal(client_library: Any, server_library: Any, headers: list[tuple[bytes, bytes]]) -> None:
    client = client_library.WSConnection(client_library.ConnectionType.CLIENT)
    server = server_library.WSConnection(server_library.ConnectionType.SERVER)
    server.receive_data(client.send(client_library.events.Request("example.com", "/")))
    list(server.events())
    events = server_library.events
    client.receive_data(server.send(events.RejectConnection(403, [*headers, (b"x-why", b"a")], has_body=True)))
    for number in range(2):
        client.receive_data(server.send(events.RejectData(b"12345", body_finished=number == 1)))
    refusal, *body = client.events()
    assert (refusal.status_code, refusal.has_body) == (403, True)
    assert (b"x-why", b"a") in [*refusal.headers]
    assert b"".join(piece.data for piece in body) == b"1234512345"
    assert [piece.body_finished for piece in body][-1]
    assert client.state.name == server.state.name == "CLOSED"


@each_pair()
def test_frames_without_a_handshake(client_library: Any, server_library: Any) -> None:
    # As hosts use it that carry the handshake over HTTP/2.
    client_deflate = client_library.extensions.PerMessageDeflate(client_no_context_takeover=True)
    server_deflate = server_library.extensions.PerMessageDeflate(server_max_window_bits=10)
    offer = f"permessage-deflate; {client_deflate.offer()}"
    answer = server_library.handshake.server_extensions_handshake([offer], [server_deflate])
    agreed = client_library.handshake.client_extensions_handshake([answer.decode()], [client_deflate])
    assert agreed == [client_deflate]
    assert client_deflate.enabled()
    assert server_deflate.enabled()
    assert client_deflate.client_no_context_takeover == server_deflate.client_no_context_takeover
    client = client_library.connection.Connection(client_library.ConnectionType.CLIENT, [client_deflate])
    first = client.send(client_library.events.TextMessage("a" * 500))
    server = server_library.connection.Connection(server_library.ConnectionType.SERVER, [server_deflate], first)
    assert "".join(event.data for event in server.events()) == "a" * 500
    client.receive_data(server.send(server_library.events.TextMessage("b" * 500)))
    assert "".join(event.data for event in client.events()) == "b" * 500


def test_pieces_of_messages_arrive_as_they_are_read() -> None:
    client, server = Connection(CLIENT), Connection(SERVER)
    wire = client.send(TextMessage("a世b", message_finished=False)) + client.send(TextMessage("c"))
    events: list[Any] = []
    for byte in wire:
        server.receive_data(bytes([byte]))
        events += server.events()
    assert "".join(event.data for event in events) == "a世bc"
    assert [event.data for event in events if event.frame_finished] == ["b", "c"]
    assert [event.message_finished for event in events] == [False] * (len(events) - 1) + [True]


def test_nothing_is_answered_by_itself() -> None:
    client, server = Connection(CLIENT), Connection(SERVER)
    server.receive_data(client.send(Ping(b"1")) + client.send(CloseConnection(1000, "bye")))
    ping, close = server.events()
    assert isinstance(ping, Ping)
    assert isinstance(close, CloseConnection)
    assert (ping, close) == (Ping(b"1"), CloseConnection(1000, "bye"))
    assert server.state is ConnectionState.REMOTE_CLOSING
    with pytest.raises(LocalProtocolError):
        server.send(ping.response())
    client.receive_data(server.send(close.response()))
    assert list(client.events()) == [close]


def test_a_ping_is_answered_while_its_read_is_looked_at() -> None:
    client, server = Connection(CLIENT), Connection(SERVER)
    server.receive_data(client.send(Ping(b"1")) + client.send(CloseConnection(1000)))
    for event in server.events():
        if isinstance(event, Ping):
            client.receive_data(server.send(event.response()))
    assert list(client.events()) == [Pong(b"1")]


def test_a_fault_leaves_the_state_to_the_program() -> None:
    server = Connection(SERVER)
    server.receive_data(b"\x81\x01a")
    (event,) = server.events()
    assert isinstance(event, CloseConnection)
    assert (event.code, event.reason) == (1002, "a frame from the client is not masked")
    assert server.state is ConnectionState.OPEN
    assert server.send(CloseConnection(1002)) == b"\x88\x02\x03\xea"
    server.receive_data(b"more")
    assert list(server.events()) == []


def test_close_codes_and_reasons_are_adapted() -> None:
    assert Connection(SERVER).send(CloseConnection(1005)) == b"\x88\x00"
    assert Connection(SERVER).send(CloseConnection(1006)) == b"\x88\x02\x03\xe8"
    frame = Connection(SERVER).send(CloseConnection(1000, "é" * 62))
    assert frame[4:].decode() == "é" * 61
    with pytest.raises(LocalProtocolError):
        Connection(SERVER).send(CloseConnection(1016))
    with pytest.raises(TypeError):
        Connection(SERVER).send(CloseConnection(1005, "why"))


def test_what_cannot_be_sent() -> None:
    connection = Connection(SERVER)
    connection.send(TextMessage("a", message_finished=False))
    with pytest.raises(TypeError):
        connection.send(BytesMessage(b"a"))
    with pytest.raises(TypeError):
        connection.send(TextMessage(1))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="argument"):
        connection.send(Ping(bytes(126)))
    assert connection.send(TextMessage("b")) == b"\x80\x01b"


@pytest.mark.parametrize("count", [3, 2000])
def test_messages_behind_the_request(count: int) -> None:
    # More than the engine reads before the request is answered, and than it returns at once.
    client, server = ours.WSConnection(CLIENT), ours.WSConnection(SERVER)
    behind = Connection(CLIENT).send(TextMessage("x" * 40)) * count
    server.receive_data(client.send(Request("example.com", "/")) + behind[:50])
    server.receive_data(behind[50:])
    assert len(list(server.events())) == 1
    server.send(AcceptConnection())
    received = [event for event in server.events() if isinstance(event, TextMessage)]
    assert "".join(event.data for event in received) == "x" * 40 * count
    assert sum(event.message_finished for event in received) == count


def test_line_ends_in_headers_are_refused() -> None:
    client = ours.WSConnection(CLIENT)
    for request in (
        Request("example.com", "/", extra_headers=[(b"a", b"b\r\nc: d")]),
        Request("example.com", "/\r\na: b"),
        Request("example.com/x?", "/"),
    ):
        with pytest.raises(LocalProtocolError):
            client.send(request)
    server = ours.WSConnection(SERVER)
    with pytest.raises(LocalProtocolError):
        server.initiate_upgrade_connection([(b"host", b"a\r\nb: c")], "/")
    server.receive_data(client.send(Request("example.com", "/")))
    with pytest.raises(LocalProtocolError):
        server.send(AcceptConnection(extra_headers=[(b"a", b"b\nc")]))
    with pytest.raises(LocalProtocolError):
        server.send(RejectConnection(headers=[(b"a", b"b\nc")]))
    assert server.send(RejectConnection(404)).startswith(b"HTTP/1.1 404 \r\n")


def test_what_a_handshake_does_not_take() -> None:
    client, server = ours.WSConnection(CLIENT), ours.WSConnection(SERVER)
    with pytest.raises(LocalProtocolError):
        client.receive_data(b"HTTP/1.1 101 Switching Protocols\r\n")
    with pytest.raises(LocalProtocolError):
        server.send(Request("example.com", "/"))
    server.receive_data(client.send(Request("example.com", "/", [PerMessageDeflate()])))
    for event in (AcceptConnection(), RejectConnection(), RejectData(b""), Ping(), Request("example.com", "/")):
        with pytest.raises(LocalProtocolError):
            client.send(event)
    with pytest.raises(LocalProtocolError, match="unexpected subprotocol a"):
        server.send(AcceptConnection("a"))
    client.receive_data(server.send(AcceptConnection()))
    assert (client.state, server.state) == (ConnectionState.OPEN, ConnectionState.OPEN)
    with pytest.raises(LocalProtocolError):
        server.handshake.receive_data(b"\x89\x80")


def test_a_request_that_is_no_http_is_answered_with_the_hint() -> None:
    server = ours.WSConnection(SERVER)
    with pytest.raises(RemoteProtocolError) as caught:
        server.receive_data(b"GET / HTTP/1.1\nHost: a\n\n")
    hint = caught.value.event_hint
    assert hint is not None
    assert server.send(hint).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    with pytest.raises(LocalProtocolError):
        server.send(RejectData(b""))


def test_an_extension_that_changes_frames_is_refused() -> None:
    class Other(Extension):
        name = "other"

        def enabled(self) -> bool:
            return True

        def offer(self) -> bool:
            return True

    with pytest.raises(LocalProtocolError, match="other"):
        Connection(CLIENT, [Other()])


def test_one_thread_sends_while_another_receives() -> None:
    # As httpx-ws and simple-websocket do, without a lock of their own.
    server = Connection(SERVER)
    written: list[bytes] = []
    pings = b"".join(Connection(CLIENT).send(Ping(b"%d" % number)) for number in range(3000))

    def answer() -> None:
        for at in range(0, len(pings), 40):
            server.receive_data(pings[at : at + 40])
            written.extend(server.send(event.response()) for event in server.events() if isinstance(event, Ping))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        thread = threading.Thread(target=answer)
        thread.start()
        for number in range(3000):
            written.append(server.send(BytesMessage(b"%d" % number)))
        thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert all(written)
    frames = [frame for data in written for frame in decode(data)]
    for opcode in (PONG, BINARY):
        assert [frame.payload for frame in frames if frame.opcode == opcode] == [b"%d" % n for n in range(3000)]


def test_windows() -> None:
    with pytest.raises(ValueError, match="7"):
        PerMessageDeflate(client_max_window_bits=7)
    deflate = PerMessageDeflate()
    assert deflate.accept("permessage-deflate; server_max_window_bits=16") is None
    assert deflate.accept("permessage-deflate; client_max_window_bits=8") is not None
    with pytest.raises(RemoteProtocolError):
        PerMessageDeflate().finalize("permessage-deflate; server_max_window_bits=7")


def test_install() -> None:
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "wsproto"}
    ours.install()
    try:
        ours.install()
        for module in MODULES:
            assert importlib.import_module(f"wsproto.{module}") is importlib.import_module(f"{ours.__name__}.{module}")
        assert importlib.import_module("wsproto") is ours
    finally:
        ours.uninstall()
    ours.uninstall()
    assert {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "wsproto"} == before


def test_limit_of_installed_connections() -> None:
    with pytest.raises(InvalidArgument):
        ours.install(max_message_size=0)
    ours.install(max_message_size=10)
    try:
        server = Connection(SERVER)
        server.receive_data(Connection(CLIENT).send(BytesMessage(bytes(11))))
        assert [event.code for event in server.events() if isinstance(event, CloseConnection)] == [1009]
    finally:
        ours.uninstall()
    server = Connection(SERVER)
    server.receive_data(Connection(CLIENT).send(BytesMessage(bytes(11))))
    assert [event.data for event in server.events() if isinstance(event, BytesMessage)] == [bytes(11)]


@pytest.mark.parametrize("version", ["1.1.9", "1.4.0", "2.0"])
def test_other_versions_are_refused(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda _: version)
    with pytest.raises(ImportError, match=version):
        ours.install()


def test_wsproto_need_not_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    ours.install()
    ours.uninstall()
