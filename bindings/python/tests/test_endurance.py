"""What users meet at the thousandth hour: what is left behind, cancelled, stalled, or ended in the middle."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("websockets.sync.server")

from test_hosts import connect_peer, echo, echo_peer, peer, silent_server

import sansock.asyncio
import sansock.sync
from sansock import ConnectionClosed, ConnectionClosedError, InvalidStatus, State, Transport
from sansock._session import Session
from sansock.sync._transport import SocketHost

from drivers import ADAPTERS, Certificates

MANY = 200


def left() -> tuple[int, int]:
    """How many sessions and open files there are."""
    gc.collect()
    return sum(type(each) is Session for each in gc.get_objects()), len(os.listdir("/proc/self/fd"))


def left_behind() -> tuple[int, int]:
    """The same, once the threads of connections that have ended are gone."""
    for thread in threading.enumerate():
        if thread.name.startswith("sansock"):
            thread.join(10)
    return left()


needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="it counts open files there")


@needs_proc
class TestNothingIsLeft:
    def test_by_clients(self, adapter: Any) -> None:
        found: list[Any] = []

        async def test() -> None:
            for number in range(MANY + 5):
                async with adapter.connect(url) as websocket:
                    await websocket.send("hello")
                    assert await websocket.recv() == "hello"
                del websocket
                if number in (4, MANY + 4):
                    found.append((await adapter.tasks(), *left()))

        with peer(echo_peer) as url:
            adapter.run(test)
        (tasks, sessions, files), (tasks_then, sessions_then, files_then) = found
        assert tasks_then <= tasks
        assert sessions_then <= sessions
        # The peer closes its sockets in threads of its own, so that a few may be open still.
        assert files_then <= files + 10

    def test_by_a_server(self, adapter: Any) -> None:
        def use(count: int) -> None:
            for _ in range(count):
                with connect_peer(server.url) as client:
                    client.send("hello")
                    assert client.recv() == "hello"

        with adapter.serve(echo) as server:
            use(5)
        before, threads = left_behind(), threading.active_count()
        with adapter.serve(echo) as server:
            use(MANY)
        after = left_behind()
        assert after[0] <= before[0]
        assert after[1] <= before[1] + 2
        assert threading.active_count() <= threads

    def test_by_clients_that_fail(self, adapter: Any) -> None:
        async def test() -> None:
            for number in range(25):
                with pytest.raises(InvalidStatus):
                    async with adapter.connect(url):
                        pass
                if number in (4, 24):
                    found.append((await adapter.tasks(), *left()))

        def refuse(websocket: Any, request: Any) -> Any:
            return websocket.respond(404, "")

        found: list[Any] = []
        with peer(echo_peer, process_request=refuse) as url:
            adapter.run(test)
        (tasks, sessions, files), (tasks_then, sessions_then, files_then) = found
        assert tasks_then <= tasks
        assert sessions_then <= sessions
        assert files_then <= files + 10


@contextlib.contextmanager
def deaf_server() -> Iterator[tuple[str, threading.Event]]:
    """A server that opens a connection, and reads nothing until the event is set."""
    go = threading.Event()

    def answer() -> None:
        connection, _ = sock.accept()
        with connection:
            server = sansock.Connection.server()
            server.receive(connection.recv(4096))
            server.accept()
            connection.sendall(server.take_output())
            go.wait(20)
            with contextlib.suppress(OSError):
                while server.transport is Transport.OPEN and (data := connection.recv(1 << 16)):
                    server.receive(data)
                    while server.more:
                        server.timeout()
                    connection.sendall(server.take_output())

    with socket.create_server(("127.0.0.1", 0)) as sock:
        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{sock.getsockname()[1]}/", go
        finally:
            go.set()
            thread.join()


async def send_much(websocket: Any, limited: Any = lambda sending: sending) -> None:
    for _ in range(1000):
        await limited(websocket.send(b"m" * 1_000_000))


class TestCancelling:
    @pytest.fixture(autouse=True)
    def _can_cancel(self, adapter: Any) -> None:
        if adapter.name == "threads":
            pytest.skip("threads are not cancelled")

    def test_connecting(self, adapter: Any) -> None:
        found: list[Any] = []

        async def connect() -> None:
            async with adapter.connect(url):
                pass

        async def test() -> None:
            for number in range(10):
                with pytest.raises(TimeoutError):
                    await adapter.at_most(0.02, connect())
                if number in (1, 9):
                    found.append((await adapter.tasks(), left()[0]))

        with socket.create_server(("127.0.0.1", 0)) as sock:
            url = f"ws://127.0.0.1:{sock.getsockname()[1]}/"
            adapter.run(test)
        assert found[1] == found[0]

    def test_sending(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url, compression=False) as websocket:
                with pytest.raises(TimeoutError):
                    await send_much(websocket, lambda sending: adapter.at_most(0.05, sending))
                go.set()
                # What was sent before is whole: the peer understands what follows.
                await websocket.ping()

        with deaf_server() as (url, go):
            adapter.run(test)

    def test_sending_fragments(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url, compression=False) as websocket:
                with pytest.raises(TimeoutError):
                    await adapter.at_most(0.05, websocket.send(b"m" * 1_000_000 for _ in range(1000)))
                go.set()
                with pytest.raises(ConnectionClosedError) as caught:
                    await websocket.recv()
                assert caught.value.sent_code == 1011

        with deaf_server() as (url, go):
            adapter.run(test)

    def test_closing(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url, close_timeout=0.2) as websocket:
                with pytest.raises(TimeoutError):
                    await adapter.at_most(0.02, websocket.close(4000))
                with pytest.raises(ConnectionClosedError) as caught:
                    await websocket.recv()
                assert caught.value.sent_code == 4000

        with silent_server() as url:
            adapter.run(test)

    def test_a_block(self, adapter: Any) -> None:
        async def block() -> None:
            async with adapter.connect(url, close_timeout=0.2) as websocket:
                await websocket.recv()

        async def test() -> None:
            with pytest.raises(TimeoutError):
                await adapter.at_most(0.1, block())

        with peer(echo_peer) as url:
            adapter.run(test)


class TestPeersThatDoNotRead:
    def test_a_client_gives_up(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url, compression=False, write_timeout=0.2, close_timeout=0.2) as websocket:
                with pytest.raises(ConnectionClosedError) as caught:
                    await send_much(websocket)
                assert caught.value.fault is not None
                assert caught.value.fault.name == "WRITE_TIMEOUT"

        with deaf_server() as (url, _):
            start = time.monotonic()
            adapter.run(test)
            assert time.monotonic() - start < 8

    def test_a_server_that_ends_gives_up(self, adapter: Any) -> None:
        began, seen = threading.Event(), []

        async def push(websocket: Any) -> None:
            began.set()
            try:
                await send_much(websocket)
            except ConnectionClosed as error:
                seen.append(error)
                raise

        start = time.monotonic()
        options = {"compression": False, "write_timeout": 0.3, "close_timeout": 0.3}
        with adapter.serve(push, **options) as server, opened_by_hand(server):
            began.wait(10)
            server.stop()
        assert len(seen) == 1
        assert time.monotonic() - start < 8


@contextlib.contextmanager
def opened_by_hand(server: Any) -> Iterator[socket.socket]:
    """A client that opens a connection, and reads no more."""
    client = sansock.Connection.client(server.url)
    with socket.create_connection(server.address[:2]) as sock:
        sock.sendall(client.take_output())
        sock.recv(4096)
        yield sock


def use_late(late: socket.socket, url: str, certificates: Certificates) -> None:
    """Has a connection that was accepted get ready when the server ends. It ends, too, in any way."""
    received, output = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = certificates.client.wrap_bio(received, output, server_hostname="127.0.0.1")

    def step(function: Any, *arguments: Any) -> Any:
        while True:
            with contextlib.suppress(ssl.SSLWantReadError):
                result = function(*arguments)
                late.sendall(output.read())
                return result
            late.sendall(output.read())
            data = late.recv(65_536)
            received.write(data) if data else received.write_eof()

    late.settimeout(5)
    with late:
        try:
            step(tls.do_handshake)
            step(tls.write, sansock.Connection.client(url).take_output())
            while step(tls.read, 4096):
                pass
        except TimeoutError:
            raise
        except OSError:
            pass


class TestServersThatEnd:
    def test_they_wait_for_handlers(self, adapter: Any) -> None:
        began, order = threading.Event(), []

        async def last_words(websocket: Any) -> None:
            began.set()
            async for _ in websocket:
                pass
            await websocket.wait_closed()
            order.append("handler")

        with adapter.serve(last_words) as server, connect_peer(server.url) as client:
            began.wait(10)
            server.stop()
            assert list(client) == []
            assert client.close_code == 1001
        order.append("server")
        assert order == ["handler", "server"]

    def test_a_connection_whose_tls_is_not_ready_yet(self, adapter: Any, certificates: Certificates) -> None:
        if adapter.name == "uvloop":
            pytest.skip("a loop of uvloop cannot be closed while TLS is not ready")
        with adapter.serve(echo, ssl=certificates.server) as server:
            url = server.url.replace("ws:", "wss:")
            late = socket.create_connection(server.address[:2])
            with connect_peer(url, ssl=certificates.peer) as client:
                client.send("hello")
                # The server has accepted the other one before.
                assert client.recv() == "hello"
                server.stop()
                assert list(client) == []
            use_late(late, url, certificates)

    @pytest.mark.parametrize("name", ["asyncio", "uvloop"])
    def test_a_connection_whose_tls_is_ready_late(self, name: str, certificates: Certificates) -> None:
        adapter: Any = next(each for each in ADAPTERS if each.name == name)
        pytest.importorskip(name)

        async def test() -> None:
            server = await sansock.asyncio.serve(echo, "127.0.0.1", 0, ssl=certificates.server)
            where = server.sockets[0].getsockname()
            url = f"wss://127.0.0.1:{where[1]}/"
            late = socket.create_connection(where)
            async with sansock.asyncio.connect(url, ssl=certificates.client) as client:
                await client.send("hello")
                assert await client.recv() == "hello"
                await server.close()
            await asyncio.to_thread(use_late, late, url, certificates)

        adapter.run(test)

    def test_a_handler_that_fails_meanwhile(self, adapter: Any, caplog: pytest.LogCaptureFixture) -> None:
        began = threading.Event()

        async def fail(websocket: Any) -> None:
            began.set()
            await websocket.wait_closed()
            raise RuntimeError("a secret")

        with adapter.serve(fail) as server, connect_peer(server.url) as client:
            began.wait(10)
            server.stop()
            assert list(client) == []
        assert "a secret" in caplog.text


class TestTime:
    def test_a_loop_that_stalls_keeps_a_live_peer(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url, ping_interval=0.1, ping_timeout=0.2) as websocket:
                for _ in range(3):
                    time.sleep(0.5)
                    with contextlib.suppress(TimeoutError):
                        await adapter.at_most(0.15, websocket.recv())
                assert websocket.state is State.OPEN
                await websocket.send("hello")
                assert await websocket.recv() == "hello"

        with peer(echo_peer) as url:
            adapter.run(test)


def test_too_many_open_files_do_not_end_a_server_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(socket.socket):
        """A socket that cannot accept at first."""

        left = 3

        def accept(self) -> Any:
            if self.left:
                self.left -= 1
                raise OSError(errno.EMFILE, "too many open files")
            return super().accept()

    waits: list[float] = []
    monkeypatch.setattr("sansock.sync._server.sleep", waits.append)
    with Full() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        with sansock.sync.serve(lambda _: None, sock=sock) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            connect_peer(f"ws://127.0.0.1:{sock.getsockname()[1]}/").close()
        thread.join()
    assert waits == [0.1] * 3


@pytest.mark.parametrize("which", ["sansock server", "sansock"])
def test_too_many_threads_do_not_end_a_server_of_threads(which: str, monkeypatch: pytest.MonkeyPatch) -> None:
    start, left = threading.Thread.start, [2]

    def full(thread: threading.Thread) -> None:
        if thread.name == which and left[0]:
            left[0] -= 1
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr("sansock.sync._server.sleep", lambda _: None)
    monkeypatch.setattr(threading.Thread, "start", full)
    with sansock.sync.serve(lambda _: None, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        where = server.socket.getsockname()
        for _ in range(2):
            with socket.create_connection(where, 10) as sock:
                assert sock.recv(1) == b""
        connect_peer(f"ws://127.0.0.1:{where[1]}/").close()
    thread.join()


def test_a_client_for_which_there_is_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start

    def full(thread: threading.Thread) -> None:
        if thread.name == "sansock":
            raise RuntimeError("can't start new thread")
        start(thread)

    with peer(echo_peer) as url:
        with monkeypatch.context() as context:
            context.setattr(threading.Thread, "start", full)
            with pytest.raises(OSError, match="too many threads"):
                sansock.sync.connect(url)
        sansock.sync.connect(url).close()


def test_an_interrupt_loses_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(threading.Event):
        """A wait in which Ctrl-C is pressed."""

        def wait(self, timeout: float | None = None) -> bool:
            monkeypatch.undo()
            signal.raise_signal(signal.SIGINT)
            return super().wait(timeout)

    with peer(echo_peer) as url, sansock.sync.connect(url) as websocket:
        monkeypatch.setattr(SocketHost, "new_waiter", lambda _: Interrupted())
        with pytest.raises(KeyboardInterrupt):
            websocket.recv()
        websocket.send("hello")
        assert websocket.recv() == "hello"
