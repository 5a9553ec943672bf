"""uvicorn with our protocol: applications of three kinds with clients of two, and the rules of ASGI in memory."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

pytest.importorskip("uvicorn", exc_type=ImportError)
pytest.importorskip("websockets", exc_type=ImportError)

import uvicorn
import websockets.exceptions
import websockets.sync.client
from test_answer_to_close import SocketPeer
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.server import ServerState

import sansock.sync
from sansock import Closed, Connection, Event, Open, Rejected, Text
from sansock.uvicorn import WebSocketProtocol

from conftest import everything, masked
from programs import EXAMPLES

App = Callable[[Any, Any, Any], Coroutine[Any, Any, Any]]
PROTOCOL = "sansock.uvicorn:WebSocketProtocol"
WAIT = 20.0
REQUEST = Connection.client("ws://127.0.0.1/").take_output()


@contextlib.contextmanager
def serving(app: Any, **options: Any) -> Iterator[str]:
    """The URL of a uvicorn in a thread. The socket listens already, so nobody has to wait for it."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        options = {"log_level": "critical", "lifespan": "off", **options}
        server = uvicorn.Server(uvicorn.Config(app, ws=PROTOCOL, **options))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        try:
            yield f"ws://127.0.0.1:{sock.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join(WAIT)
            assert not thread.is_alive()


async def echo(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({**message, "type": "websocket.send"})


def starlette() -> Any:
    applications, routing = pytest.importorskip("starlette.applications"), pytest.importorskip("starlette.routing")

    async def endpoint(websocket: Any) -> None:
        await websocket.accept()
        while (message := await websocket.receive())["type"] == "websocket.receive":
            await websocket.send({**message, "type": "websocket.send"})

    return applications.Starlette(routes=[routing.WebSocketRoute("/", endpoint)])


def fastapi() -> Any:
    module: Any = pytest.importorskip("fastapi")
    app = module.FastAPI()

    async def endpoint(websocket: Any) -> None:
        await websocket.accept()
        with contextlib.suppress(module.WebSocketDisconnect):
            while (message := await websocket.receive())["type"] == "websocket.receive":
                await websocket.send({**message, "type": "websocket.send"})

    # FastAPI reads the annotation, and resolves the name of it in vain.
    endpoint.__annotations__["websocket"] = module.WebSocket
    app.websocket("/")(endpoint)
    return app


CLIENTS: dict[str, Any] = {"sansock": sansock.sync.connect, "websockets": websockets.sync.client.connect}


@pytest.fixture(params=list(CLIENTS))
def connect(request: pytest.FixtureRequest) -> Any:
    return CLIENTS[request.param]


@pytest.mark.parametrize("http", ["h11", "httptools"])
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("app", [lambda: echo, starlette, fastapi], ids=["plain", "starlette", "fastapi"])
def test_echo(app: Any, connect: Any, loop: str, http: str) -> None:
    for needed in (loop, http):
        pytest.importorskip(needed)
    with serving(app(), http=http, loop=loop) as url, connect(url) as websocket:
        for message in ("héllo", b"\x00\xff", "", b"", "x" * 200_000, bytes(200_000), *map(str, range(300))):
            websocket.send(message)
            assert websocket.recv() == message


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_tls(loop: str, tmp_path: Path) -> None:
    trustme = pytest.importorskip("trustme")
    pytest.importorskip(loop)
    authority, context = trustme.CA(), ssl.create_default_context()
    authority.configure_trust(context)
    pem = tmp_path / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(pem)
    schemes: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        schemes.append(scope["scheme"])
        await echo(scope, receive, send)

    with serving(app, loop=loop, ssl_certfile=str(pem)) as url:
        with sansock.sync.connect(url.replace("ws:", "wss:"), ssl=context) as websocket:
            for message in ("hello", bytes(200_000)):
                websocket.send(message)
                assert websocket.recv() == message
        assert websocket.close_code == 1000
    assert schemes == ["wss"]


@pytest.mark.parametrize("compression", [True, False])
def test_compression(compression: bool) -> None:
    with serving(echo, ws_per_message_deflate=compression) as url, sansock.sync.connect(url) as websocket:
        assert websocket.response is not None
        assert bool(websocket.response.extensions) is compression


def test_the_size_limit() -> None:
    with serving(echo, ws_max_size=10) as url, sansock.sync.connect(url, compression=False) as websocket:
        websocket.send(b"x" * 10)
        assert websocket.recv() == b"x" * 10
        websocket.send(b"x" * 11)
        with pytest.raises(sansock.ConnectionClosedError) as error:
            websocket.recv()
        assert error.value.code == 1009


def test_scope() -> None:
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)
        headers = [(b"X-Answer", b"\xfe ok")]
        await send({"type": "websocket.accept", "subprotocol": "b", "headers": headers})

    with serving(app, root_path="/root") as url:
        headers, subprotocols = [("X-Bytes", b"\xff\x80"), ("x-twice", "1"), ("x-twice", "2")], ["a", "b"]
        options: Any = {"headers": headers, "subprotocols": subprotocols}
        with sansock.sync.connect(url + "p%2Fq?c=d%20e", **options) as websocket:
            assert websocket.subprotocol == "b"
            assert websocket.response is not None
            answered = dict(websocket.response.headers)
            assert answered["X-Answer"] == "\xfe ok"
            assert answered["server"] == "uvicorn"
            local, remote = websocket.local_address, websocket.remote_address
    assert [value for name, value in seen["headers"] if name in (b"x-bytes", b"x-twice")] == [b"\xff\x80", b"1", b"2"]
    assert (seen["path"], seen["raw_path"], seen["query_string"]) == ("/root/p/q", b"/root/p%2Fq", b"c=d%20e")
    assert (seen["client"], seen["server"]) == (local, remote)
    assert (seen["type"], seen["scheme"], seen["http_version"], seen["subprotocols"]) == (
        "websocket",
        "ws",
        "1.1",
        subprotocols,
    )


def test_a_denial_response() -> None:
    responses = pytest.importorskip("starlette.responses")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await responses.JSONResponse({"no": "entry"}, 401, {"x-why": "\xe9", "server": "mine"})(scope, receive, send)
        seen.append(await receive())

    seen: list[Any] = []
    with serving(app) as url, pytest.raises(sansock.InvalidStatus) as error:
        sansock.sync.connect(url).__enter__()
    headers = [(name.lower(), value) for name, value in error.value.headers]
    assert (error.value.status, json.loads(error.value.body)) == (401, {"no": "entry"})
    assert {("content-type", "application/json"), ("x-why", "\xe9"), ("server", "mine")} <= set(headers)
    assert "date" in dict(headers)
    assert len(headers) == len(dict(headers))
    assert seen == [{"type": "websocket.disconnect", "code": 1006}]


def test_shutdown(connect: Any) -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        assert (await receive())["type"] == "websocket.connect"
        seen.append(await receive())
        with pytest.raises(ClientDisconnected):
            await send({"type": "websocket.send", "text": "late"})

    with contextlib.ExitStack() as server:
        websocket = connect(server.enter_context(serving(app)))
        websocket = websocket.__enter__()
        closing = threading.Thread(target=server.close)
        closing.start()
        with pytest.raises((sansock.ConnectionClosed, websockets.exceptions.ConnectionClosed)):
            websocket.recv()
        closing.join(WAIT)
        assert websocket.close_code == 1012
    assert seen == [{"type": "websocket.disconnect", "code": 1012}]


@pytest.mark.parametrize(("result", "code"), [(None, 1000), (1, 1011), (OSError("it failed"), 1011)])
def test_an_application_that_ends(result: Any, code: int, connect: Any) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> Any:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "last"})
        if isinstance(result, Exception):
            raise result
        return result

    with serving(app) as url, connect(url) as websocket:
        assert websocket.recv() == "last"
        with pytest.raises((sansock.ConnectionClosed, websockets.exceptions.ConnectionClosed)):
            websocket.recv()
        assert websocket.close_code == code


def test_no_reset_destroys_what_was_sent() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        await receive()
        await receive()
        await send({"type": "websocket.send", "bytes": bytes(300_000)})
        await send({"type": "websocket.close", "code": 4000})

    with serving(app, ws_per_message_deflate=False) as url:
        port = int(url.rsplit(":", 1)[1].strip("/"))
        with socket.create_connection(("127.0.0.1", port), WAIT) as sock:
            sock.sendall(REQUEST + masked(0x81, b"hi"))
            received = sock.recv(1024)
            # The server has closed, and these are not answered any more.
            sock.sendall(masked(0x82, bytes(65535)) * 30)
            sock.sendall(masked(0x88, b"\x0f\xa0"))
            received += b"".join(iter(lambda: sock.recv(65536), b""))
    assert received.endswith(bytes(100) + b"\x88\x02\x0f\xa0")


def test_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)
    with serving("asgi_chat:app") as url, contextlib.ExitStack() as stack:
        ann, bob, other = (stack.enter_context(sansock.sync.connect(url + room)) for room in ("a", "a", "b"))
        bob.send("here")
        assert bob.recv() == "here"
        for each in (ann, other):
            each.send("hello")
        assert [bob.recv(), other.recv()] == ["hello", "hello"]
        bob.close()
        ann.send("bye")
        while ann.recv() != "bye":
            pass


# In memory


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__({"peername": ["10.0.0.1", 1], "sockname": ["10.0.0.2", 2]})
        self.written = bytearray()
        self.is_closed = False
        self.reads = True
        self.on_write: Callable[[], None] = lambda: None

    def write(self, data: Any) -> None:
        self.written += data
        self.on_write()

    def can_write_eof(self) -> bool:
        return False

    def close(self) -> None:
        self.is_closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.is_closed

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True


class Peer:
    """A client in memory, and the server's end of its connection."""

    def __init__(self, app: App, **options: Any) -> None:
        config = uvicorn.Config(app, ws=PROTOCOL, lifespan="off", log_level="critical", **options)
        config.load()
        self.state, self.wire = ServerState(), Wire()
        self.protocol = WebSocketProtocol(config, self.state, {})
        self.client = Connection.client("ws://127.0.0.1/")
        self.protocol.connection_made(self.wire)
        self.flush()

    def flush(self) -> None:
        """To the server."""
        self.protocol.data_received(self.client.take_output())

    def events(self) -> list[Event]:
        """What has come from the server."""
        data, self.wire.written = bytes(self.wire.written), bytearray()
        return everything(self.client, self.client.receive(data))

    async def finished(self) -> None:
        """Waits for the application."""
        await asyncio.wait_for(asyncio.gather(*self.state.tasks), WAIT)

    def lost(self) -> None:
        self.protocol.connection_lost(None)


def in_memory(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def run() -> None:
        asyncio.run(asyncio.wait_for(test(), WAIT))

    run.__name__ = test.__name__
    return run


ACCEPT = {"type": "websocket.accept"}
CLOSE = {"type": "websocket.close"}
SEND = {"type": "websocket.send", "text": "x"}
START = {"type": "websocket.http.response.start", "status": 404}
BODY = {"type": "websocket.http.response.body", "body": b"none"}


@pytest.mark.parametrize(
    ("before", "message", "text"),
    [
        ([], SEND, "Expected ASGI message 'websocket.accept', 'websocket.close' or 'websocket.http.response.start'"),
        ([], BODY, "but got 'websocket.http.response.body'."),
        ([], {**START, "status": 700}, "Invalid HTTP status code '700' in response."),
        ([ACCEPT], ACCEPT, "Expected ASGI message 'websocket.send' or 'websocket.close', but got 'websocket.accept'."),
        ([ACCEPT], START, "but got 'websocket.http.response.start'."),
        ([START], START, "Expected ASGI message 'websocket.http.response.body' but got"),
        ([START], ACCEPT, "Expected ASGI message 'websocket.http.response.body' but got"),
        ([ACCEPT, CLOSE], SEND, "Unexpected ASGI message 'websocket.send', after sending 'websocket.close'."),
        ([ACCEPT, CLOSE], CLOSE, "Unexpected ASGI message 'websocket.close', after sending 'websocket.close'."),
        ([CLOSE], ACCEPT, "Unexpected ASGI message 'websocket.accept', after sending 'websocket.close'."),
        ([START, BODY], BODY, "Unexpected ASGI message 'websocket.http.response.body', after"),
    ],
)
def test_rules(before: list[Any], message: Any, text: str) -> None:
    failures: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for each in before:
            await send(each)
        try:
            await send(message)
        except RuntimeError as error:
            failures.append(str(error))

    async def test() -> None:
        peer = Peer(app)
        await peer.finished()

    in_memory(test)()
    assert len(failures) == 1
    assert text in failures[0]


@in_memory
async def test_an_invalid_answer_can_be_corrected() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        wrong = {"subprotocol": "not offered"}, {"headers": [(b"x", b"a\r\nb")]}, {"headers": [(b"upgrade", b"")]}
        for each in wrong:
            with pytest.raises(sansock.InvalidArgument):
                await send({**ACCEPT, **each})
        await send(ACCEPT)

    peer = Peer(app)
    await peer.finished()
    assert isinstance(peer.events()[0], Open)


@in_memory
async def test_no_answer() -> None:
    async def nothing(scope: Any, receive: Any, send: Any) -> None:
        pass

    async def failure(scope: Any, receive: Any, send: Any) -> None:
        raise OSError

    async def invalid(scope: Any, receive: Any, send: Any) -> None:
        await send({**START, "headers": [(b"bad name", b"")]})
        await send(BODY)

    for app in (nothing, failure, invalid):
        peer = Peer(app)
        await peer.finished()
        peer.wire.written += b""
        events = peer.events()
        assert isinstance(events[0], Rejected)
        assert (events[0].status, events[0].body) == (500, b"Internal Server Error")
        assert peer.wire.is_closed


@in_memory
async def test_the_server_ends_when_the_client_has_gone() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        seen.append(await receive())
        with pytest.raises(ClientDisconnected):
            await send(ACCEPT)

    peer = Peer(app)
    peer.protocol.eof_received()
    peer.protocol.shutdown()
    await peer.finished()
    assert seen == [{"type": "websocket.disconnect", "code": 1006}]
    assert peer.wire.is_closed


@in_memory
async def test_a_response_that_was_not_completed() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({**START, "headers": [(b"Content-Length", b"100")]})
        await send({**BODY, "more_body": True})

    peer = Peer(app)
    await peer.finished()
    events = peer.events()
    assert isinstance(events[0], Rejected)
    assert (events[0].status, events[0].body) == (404, b"none")


@pytest.mark.parametrize(("interval", "seconds"), [(7.0, 7), (0.0, None), (None, None)])
def test_keepalive_and_an_application_that_takes_its_time(interval: float | None, seconds: int | None) -> None:
    gate = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await gate.wait()
        await send(ACCEPT)
        await receive()
        await receive()

    async def test() -> None:
        peer = Peer(app, ws_ping_interval=interval)
        await asyncio.sleep(0)
        day, now = 86_400_000, time.monotonic_ns() // 1_000_000
        assert (peer.protocol.session.next_deadline or now + 2 * day) > now + day
        gate.set()
        while not peer.wire.written:
            await asyncio.sleep(0)
        due = peer.protocol.session.next_deadline
        assert (due is None) is (seconds is None)
        if due is not None and seconds is not None:
            assert 0 <= due - now - 1000 * seconds < 1000 * WAIT
        peer.lost()
        await peer.finished()

    in_memory(test)()


@in_memory
async def test_the_queue() -> None:
    gate = asyncio.Event()
    received: list[str] = []
    reads: list[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        await receive()
        await gate.wait()
        while (message := await receive())["type"] == "websocket.receive":
            received.append(message["text"])
            reads.append(wire.reads)

    peer = Peer(app, ws_max_queue=3)
    wire = peer.wire
    await asyncio.sleep(0)
    peer.events()
    for number in range(3):
        assert wire.reads
        peer.client.send(str(number))
        peer.flush()
    assert not wire.reads
    gate.set()
    while not wire.reads:
        await asyncio.sleep(0)
    peer.client.close(4000, "bye")
    peer.flush()
    await peer.finished()
    assert received == ["0", "1", "2"]
    assert reads == [True] * 3


@in_memory
async def test_a_peer_that_does_not_read() -> None:
    sent: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        await receive()
        await receive()
        for number in range(3):
            await send(SEND)
            sent.append(number)

    peer = Peer(app)
    await asyncio.sleep(0)
    peer.events()
    peer.protocol.pause_writing()
    peer.client.send("go")
    peer.flush()
    for _ in range(10):
        await asyncio.sleep(0)
    assert (sent, bytes(peer.wire.written)) == ([], b"")
    peer.protocol.resume_writing()
    while not sent:
        await asyncio.sleep(0)
    assert peer.events()[0] == Text("x")
    peer.protocol.pause_writing()
    for _ in range(10):
        await asyncio.sleep(0)
    peer.lost()
    await peer.finished()


@in_memory
async def test_a_message_larger_than_the_output_may_be() -> None:
    size = 34 << 20

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        await send({"type": "websocket.send", "bytes": bytes(size)})

    peer = Peer(app, ws_per_message_deflate=False)
    await peer.finished()
    assert len(peer.wire.written) > size


@in_memory
async def test_a_peer_that_is_lost_in_the_middle_of_a_message() -> None:
    failures: list[Exception] = []
    gate = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        await gate.wait()
        try:
            await send({"type": "websocket.send", "text": "x" * (34 << 20)})
        except OSError as error:
            failures.append(error)

    peer = Peer(app, ws_per_message_deflate=False)
    await asyncio.sleep(0)
    peer.events()
    peer.wire.on_write = peer.protocol.pause_writing
    gate.set()
    while not peer.wire.written:
        await asyncio.sleep(0)
    peer.lost()
    await peer.finished()
    assert [type(error) for error in failures] == [ClientDisconnected]


@in_memory
async def test_receivers_learn_at_once_that_the_application_has_closed() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        await receive()

        async def wait() -> None:
            seen.append(await receive())

        tasks = [asyncio.ensure_future(wait()) for _ in range(2)]
        await asyncio.sleep(0)
        await send({**CLOSE, "code": 4001, "reason": "done"})
        await asyncio.gather(*tasks)

    peer = Peer(app)
    await peer.finished()
    assert seen == [{"type": "websocket.disconnect", "code": 4001, "reason": "done"}] * 2
    assert not peer.wire.is_closed
    closed = peer.events()[-1]
    assert isinstance(closed, Closed)
    assert (closed.code, closed.reason) == (4001, "done")
    peer.flush()
    assert peer.wire.is_closed


@in_memory
async def test_a_client_that_does_not_wait_for_the_answer() -> None:
    received: list[Any] = []
    gate = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await gate.wait()
        await send(ACCEPT)
        while (message := await receive())["type"] == "websocket.receive":
            received.append(len(message["bytes"]))

    peer = Peer(app)
    for _ in range(5):
        if peer.wire.reads:
            peer.protocol.data_received(masked(0x82, bytes(60_000)))
            received.append("sent")
    sent = len(received)
    gate.set()
    while not peer.wire.reads:
        await asyncio.sleep(0)
    peer.protocol.data_received(masked(0x88, b"\x03\xe8"))
    await peer.finished()
    assert sent < 5
    assert received[sent:] == [60_000] * sent


@in_memory
async def test_messages_come_before_the_end() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        seen.extend([await receive() for _ in range(5)])
        with pytest.raises(ClientDisconnected):
            await send(CLOSE)

    peer = Peer(app)
    while not peer.wire.written:
        await asyncio.sleep(0)
    peer.events()
    peer.client.send_batch(["a", b""])
    peer.client.close(4000, "bye")
    peer.flush()
    await peer.finished()
    end = {"type": "websocket.disconnect", "code": 4000, "reason": "bye"}
    assert seen == [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "a"},
        {"type": "websocket.receive", "bytes": b""},
        end,
        end,
    ]


def test_messages_before_a_close_are_answered() -> None:
    with serving(echo) as url:
        peer = SocketPeer(("127.0.0.1", int(url.rsplit(":", 1)[1][:-1])))
        for number in range(50):
            peer.engine.send(str(number))
        peer.engine.close(4000, "enough")
        peer.write()
        assert peer.end() == Closed(4000, "enough", True, False, 4000, None)
        assert peer.texts() == [str(number) for number in range(50)]
