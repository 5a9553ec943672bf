"""The drop-in for websockets' layer without I/O: its connections over it, its hooks, and how it is installed."""

from __future__ import annotations

import asyncio
import importlib
import importlib.metadata
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import trio
import websockets
import websockets.asyncio.client
import websockets.asyncio.server
import websockets.client
import websockets.protocol
import websockets.server
import websockets.sync.client
import websockets.sync.server
import websockets.trio.client
import websockets.trio.server
from websockets.datastructures import Headers
from websockets.exceptions import InvalidState, ProtocolError
from websockets.extensions import ServerExtensionFactory
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import SEND_EOF, Side, State
from websockets.uri import parse_uri

import sansock.compat.websockets as ours
from sansock import Connection

MESSAGES: list[str | bytes] = ["Hello, 世界", b"\0\xff" * 40_000, "", "x" * 300_000]


@pytest.fixture
def installed() -> Iterator[None]:
    ours.install()
    yield
    ours.uninstall()


@pytest.fixture(autouse=True)
def engines(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The connections of the engine that a test has made."""
    made: list[Any] = []
    create = Connection._create.__func__  # type: ignore[attr-defined]

    def counting(cls: type[Connection], *arguments: Any) -> Connection:
        made.append(create(cls, *arguments))
        return made[-1]  # type: ignore[no-any-return]

    monkeypatch.setattr(Connection, "_create", classmethod(counting))
    return made


def run_asyncio(server_options: dict[str, Any], client_options: dict[str, Any], talk: Any) -> Any:
    async def main() -> Any:
        async with websockets.asyncio.server.serve(echo, "127.0.0.1", 0, **server_options) as server:
            port = server.sockets[0].getsockname()[1]
            async with websockets.asyncio.client.connect(f"ws://127.0.0.1:{port}", **client_options) as client:
                return await talk(client)

    return asyncio.run(asyncio.wait_for(main(), 20))


async def echo(websocket: Any) -> None:
    async for message in websocket:
        await websocket.send(message)


async def talk_and_check(client: Any) -> None:
    for message in MESSAGES:
        await client.send(message)
        assert await client.recv() == message
    await client.send(["a", "世", "b"])
    assert await client.recv() == "a世b"
    await client.close(4000, "done")
    assert (client.close_code, client.close_reason) == (4000, "done")
    with pytest.raises(websockets.ConnectionClosed):
        await client.recv()


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("compression", ["deflate", None])
def test_asyncio(engines: list[Any], compression: str | None) -> None:
    run_asyncio({"compression": compression}, {"compression": compression}, talk_and_check)
    assert len(engines) == 2


@pytest.mark.usefixtures("installed")
def test_trio(engines: list[Any]) -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            server = await nursery.start(partial(websockets.trio.server.serve, echo, 0, host="127.0.0.1"))
            port = server.listeners[0].socket.getsockname()[1]
            async with websockets.trio.client.connect(f"ws://127.0.0.1:{port}") as client:
                for message in MESSAGES:
                    await client.send(message)
                    assert await client.recv() == message
            nursery.cancel_scope.cancel()

    trio.run(main)
    assert len(engines) == 2


@pytest.mark.usefixtures("installed")
def test_threads(engines: list[Any]) -> None:
    def handle(websocket: Any) -> None:
        for message in websocket:
            websocket.send(message)

    with websockets.sync.server.serve(handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = server.socket.getsockname()[1]
        with websockets.sync.client.connect(f"ws://127.0.0.1:{port}") as client:
            for message in MESSAGES:
                client.send(message)
                assert client.recv(timeout=10) == message
        server.shutdown()
        thread.join(10)
    assert len(engines) == 2


@pytest.mark.usefixtures("installed")
def test_too_large_message() -> None:
    async def talk(client: Any) -> Any:
        await client.send("x" * 1001)
        with pytest.raises(websockets.ConnectionClosedError) as caught:
            await client.recv()
        return caught.value.rcvd

    assert run_asyncio({"max_size": 1000, "compression": None}, {"compression": None}, talk) == Close(
        1009, "frame with 1001 bytes exceeds limit of 1000 bytes"
    )


@pytest.mark.usefixtures("installed")
def test_hooks_of_the_handshake() -> None:
    def process_request(_: Any, request: Request) -> Response | None:
        return Response(404, "Not Found", Headers()) if request.headers.get("X-Refuse") else None

    def select_subprotocol(_: Any, subprotocols: list[str]) -> str:
        return subprotocols[-1]

    server: dict[str, Any] = {
        "process_request": process_request,
        "subprotocols": ["a", "b"],
        "select_subprotocol": select_subprotocol,
        "origins": ["https://example.com"],
    }

    async def subprotocol(client: Any) -> Any:
        await client.send("a")
        return client.subprotocol, await client.recv()

    options = {"subprotocols": ["a", "b"], "origin": "https://example.com"}
    assert run_asyncio(server, options, subprotocol) == ("b", "a")
    for refused, status in (({"additional_headers": {"X-Refuse": "1"}}, 404), ({"origin": "https://example.net"}, 403)):
        with pytest.raises(websockets.InvalidStatus) as caught:
            run_asyncio(server, {**options, **refused}, subprotocol)
        assert caught.value.response.status_code == status


def test_install() -> None:
    originals = websockets.protocol.Protocol, websockets.client.ClientProtocol, websockets.server.ServerProtocol
    ours.install()
    try:
        assert websockets.protocol.Protocol is ours.Protocol
        assert websockets.client.ClientProtocol is ours.ClientProtocol
        assert websockets.server.ServerProtocol is ours.ServerProtocol
        assert vars(websockets.asyncio.client)["ClientProtocol"] is ours.ClientProtocol
        assert vars(websockets.trio.server)["ServerProtocol"] is ours.ServerProtocol
        assert websockets.ServerProtocol is ours.ServerProtocol
        assert issubclass(ours.ServerProtocol, originals)
    finally:
        ours.uninstall()
    assert originals == (
        websockets.protocol.Protocol,
        websockets.client.ClientProtocol,
        websockets.server.ServerProtocol,
    )
    assert vars(websockets.asyncio.client)["ClientProtocol"] is originals[1]


@pytest.mark.parametrize("version", ["14.2", "18.0"])
def test_other_versions_are_refused(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda _: version)
    with pytest.raises(ImportError, match=version):
        importlib.reload(ours)


def test_websockets_must_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    with pytest.raises(ImportError, match="needs websockets"):
        importlib.reload(ours)


def test_a_whole_conversation_without_io() -> None:
    client = ours.ClientProtocol(parse_uri("ws://example.com/"), extensions=[ClientPerMessageDeflateFactory()])
    server = ours.ServerProtocol(extensions=[ServerPerMessageDeflateFactory(server_max_window_bits=10)])
    client.send_request(client.connect())
    server.receive_data(b"".join(client.data_to_send()))
    (request,) = server.events_received()
    assert isinstance(request, Request)
    server.send_response(server.accept(request))
    server.send_text(b"behind the head")
    client.receive_data(b"".join(server.data_to_send()))
    response, frame = client.events_received()
    assert isinstance(response, Response)
    assert frame == Frame(Opcode.TEXT, b"behind the head")
    client.send_binary(b"a" * 1000, fin=False)
    client.send_continuation(b"b", fin=True)
    data = client.data_to_send()
    assert len(data) == 2
    assert len(data[0]) < 100
    server.receive_data(b"".join(data))
    assert server.events_received() == [Frame(Opcode.BINARY, b"a" * 1000, fin=False), Frame(Opcode.CONT, b"b")]
    server.send_ping(b"1")
    client.receive_data(b"".join(server.data_to_send()))
    server.receive_data(b"".join(client.data_to_send()))
    assert server.events_received() == [Frame(Opcode.PONG, b"1")]
    client.send_close(1001, "bye")
    server.receive_data(b"".join(client.data_to_send()))
    *close, end = server.data_to_send()
    assert (len(close), end, server.state, server.close_expected()) == (1, SEND_EOF, State.CLOSING, True)
    client.receive_data(b"".join(close))
    assert client.data_to_send() == []
    client.receive_eof()
    assert client.data_to_send() == [SEND_EOF]
    server.receive_eof()
    for end_of in (client, server):
        assert (end_of.state, end_of.close_code, end_of.close_reason) == (State.CLOSED, 1001, "bye")
        assert isinstance(end_of.close_exc, websockets.ConnectionClosedOK)
    assert (client.close_rcvd_then_sent, server.close_rcvd_then_sent) == (False, True)


def test_whole_frames_only() -> None:
    server = ours.Protocol(Side.SERVER)
    client = ours.Protocol(Side.CLIENT)
    client.send_binary(b"\1" * 70_000)
    wire = client.data_to_send()[0]
    for at in range(0, len(wire), 9000):
        assert server.events_received() == []
        server.receive_data(wire[at : at + 9000])
    assert server.events_received() == [Frame(Opcode.BINARY, b"\1" * 70_000)]


def test_end_of_the_stream() -> None:
    server = ours.Protocol(Side.SERVER)
    server.receive_eof()
    server.receive_eof()
    assert server.data_to_send() == [SEND_EOF]
    assert (server.state, server.close_code) == (State.CLOSED, 1006)
    assert isinstance(server.close_exc.__cause__, EOFError)
    with pytest.raises(EOFError):
        server.receive_data(b"a")


@pytest.mark.parametrize("is_open", [False, True])
def test_what_is_read_behind_the_end_is_refused(is_open: bool) -> None:
    server = ours.ServerProtocol(state=State.OPEN)
    if is_open:
        server.receive_data(b"\x82\x80\0\0\0\0")
    server.receive_eof()
    server.receive_eof()
    with pytest.raises(EOFError):
        server.receive_data(b"\x82\x80\0\0\0\0")
    assert server.state is State.CLOSED
    assert server.data_to_send() == [SEND_EOF]


def test_a_class_that_fails_at_a_frame_sees_no_more() -> None:
    class Once(ours.ServerProtocol):
        def recv_frame(self, frame: Frame) -> None:
            super().recv_frame(frame)
            self.fail(1008, "once")

    server = Once(state=State.OPEN)
    server.receive_data(b"\x82\x80\0\0\0\0" * 3)
    assert server.events_received() == [Frame(Opcode.BINARY, b"")]
    assert server.state is State.CLOSING


def test_misuse() -> None:
    server = ours.Protocol(Side.SERVER)
    with pytest.raises(ProtocolError):
        server.send_continuation(b"", fin=True)
    with pytest.raises(ProtocolError):
        server.send_text(b"\xff")
    with pytest.raises(ProtocolError):
        server.send_ping(bytes(126))
    with pytest.raises(ProtocolError):
        server.send_close(1006)
    with pytest.raises(ProtocolError):
        server.send_close(None, "why")
    with pytest.raises(ProtocolError):
        server.fail(1004)
    server.send_text(b"a", fin=False)
    with pytest.raises(ProtocolError):
        server.send_binary(b"a")
    server.send_close()
    with pytest.raises(InvalidState):
        server.send_continuation(b"a", fin=True)
    with pytest.raises(InvalidState):
        server.send_close()
    assert server.data_to_send() == [b"\x01\x01a", b"\x88\x00"]


@pytest.mark.parametrize("settings", [{"level": -1}, {"level": 9, "memLevel": 1}])
def test_settings_of_compression(settings: dict[str, int]) -> None:
    server, client = ours.Protocol(Side.SERVER), ours.Protocol(Side.CLIENT)
    server.extensions = [PerMessageDeflate(False, False, 15, 10, settings)]
    client.extensions = [PerMessageDeflate(False, False, 10, 15)]
    for _ in range(2):
        server.send_text(b"a" * 5000)
        client.receive_data(b"".join(server.data_to_send()))
        assert client.events_received() == [Frame(Opcode.TEXT, b"a" * 5000)]


def test_other_extensions_are_refused() -> None:
    class Factory(ServerExtensionFactory):
        name = "other"  # type: ignore[assignment]

    with pytest.raises(NotImplementedError, match="other"):
        ours.ServerProtocol(extensions=[Factory()])
    server = ours.Protocol(Side.SERVER)
    server.extensions = [PerMessageDeflate(False, False, 15, 15, {"strategy": 1})]
    with pytest.raises(NotImplementedError, match="strategy"):
        server.send_text(b"a")
