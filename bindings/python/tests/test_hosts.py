"""Clients and servers of every adapter, each with ``websockets`` on the other side."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

pytest.importorskip("websockets.sync.server")

from websockets.exceptions import ConnectionClosedError as PeerClosed
from websockets.exceptions import ConnectionClosedOK as PeerClosedOK
from websockets.exceptions import InvalidStatus as PeerRefused
from websockets.sync.client import connect, unix_connect
from websockets.sync.server import serve as serve_peer
from websockets.sync.server import unix_serve

import sansock
from sansock import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK
from sansock.asyncio import Response

from drivers import Certificates
from programs import ENVIRONMENT


def connect_peer(url: str, **options: Any) -> Any:
    """A client of ``websockets``, connected now."""
    return connect(url, legacy=True, **options)


@contextlib.contextmanager
def peer(handler: Callable[[Any], None], **options: Any) -> Iterator[str]:
    """A server of ``websockets``."""
    path = options.pop("path", None)
    server = unix_serve(handler, path, **options) if path else serve_peer(handler, "127.0.0.1", 0, **options)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield "ws://localhost/" if path else f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
    finally:
        server.shutdown()
        thread.join()


def echo_peer(websocket: Any) -> None:
    for message in websocket:
        websocket.send(message)


async def echo(websocket: Any) -> None:
    async for message in websocket:
        await websocket.send(message)


MESSAGES = ["", "hello", "héllo wörld €𝄞", b"", b"\x00\xff", "x" * 70_000, b"\x01" * 1_000_000]


class TestClients:
    @pytest.mark.parametrize("compression", [True, False])
    def test_echo(self, adapter: Any, compression: bool) -> None:
        async def test() -> None:
            async with adapter.connect(url, compression=compression) as websocket:
                for message in MESSAGES:
                    await websocket.send(message)
                    assert await websocket.recv() == message

        with peer(echo_peer, max_size=None) as url:
            adapter.run(test)

    def test_tls(self, adapter: Any, certificates: Certificates) -> None:
        async def test() -> None:
            async with adapter.connect(url.replace("ws:", "wss:"), ssl=certificates.client) as websocket:
                for message in MESSAGES:
                    await websocket.send(message)
                    assert await websocket.recv() == message

        with peer(echo_peer, max_size=None, ssl=certificates.server) as url:
            adapter.run(test)

    def test_a_certificate_that_is_not_trusted(self, adapter: Any, certificates: Certificates) -> None:
        async def test() -> None:
            with pytest.raises(OSError, match="certificate"):
                async with adapter.connect(url.replace("ws:", "wss:")):
                    pass

        with peer(echo_peer, ssl=certificates.server) as url:
            adapter.run(test)

    def test_unix_socket(self, adapter: Any, tmp_path: Path) -> None:
        async def test() -> None:
            async with adapter.connect(url, path=path) as websocket:
                await websocket.send("hello")
                assert await websocket.recv() == "hello"

        path = str(tmp_path / "socket")
        with peer(echo_peer, path=path) as url:
            adapter.run(test)

    def test_iteration_ends_with_the_connection(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url) as websocket:
                assert [message async for message in websocket] == ["one", b"two", "three"]
                assert (websocket.close_code, websocket.close_reason) == (1000, "")
                with pytest.raises(ConnectionClosedOK):
                    await websocket.recv()
                with pytest.raises(ConnectionClosedOK):
                    await websocket.send("more")
                with pytest.raises(ConnectionClosedOK):
                    await websocket.ping()

        def send(websocket: Any) -> None:
            for message in ("one", b"two", "three"):
                websocket.send(message)

        with peer(send) as url:
            adapter.run(test)

    def test_another_code_is_an_error(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url) as websocket:
                assert await websocket.recv() == "last"
                with pytest.raises(ConnectionClosedError) as caught:
                    await websocket.recv()
                error = caught.value
                assert (error.code, error.reason, error.sent_code, error.clean) == (4001, "enough", 4001, True)
                assert error.by_peer
                assert error.fault is None
                assert "4001: enough" in str(error)
                with pytest.raises(ConnectionClosedError):
                    async for _ in websocket:
                        pass

        def close(websocket: Any) -> None:
            websocket.send("last")
            websocket.close(4001, "enough")

        with peer(close) as url:
            adapter.run(test)

    def test_a_connection_that_is_cut(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url) as websocket:
                assert await websocket.recv() == "last"
                with pytest.raises(ConnectionClosedError) as caught:
                    await websocket.recv()
                assert caught.value.code == 1006
                assert caught.value.fault is not None
                assert caught.value.fault.name == "EOF"

        def cut(websocket: Any) -> None:
            websocket.send("last")
            websocket.socket.shutdown(socket.SHUT_RDWR)

        with peer(cut) as url:
            adapter.run(test)

    def test_a_fault_of_the_peer(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url) as websocket:
                assert await websocket.recv() == "last"
                with pytest.raises(ConnectionClosedError) as caught:
                    await websocket.recv()
                assert caught.value.sent_code == 1002
                assert caught.value.fault is not None
                assert caught.value.fault.name == "RESERVED_OPCODE"

        def break_a_rule(websocket: Any) -> None:
            websocket.send("last")
            websocket.socket.sendall(b"\x83\x00")
            with contextlib.suppress(Exception):
                websocket.recv()

        with peer(break_a_rule) as url:
            adapter.run(test)

    def test_fragments(self, adapter: Any) -> None:
        async def lines() -> AsyncIterator[str]:
            for line in ("a\n", "b\n", "ü\n"):
                yield line

        async def test() -> None:
            async with adapter.connect(url) as websocket:
                await websocket.send(["one ", "two ", "three"])
                assert await websocket.recv() == "one two three"
                await websocket.send(part for part in (b"\x00", bytearray(b"\x01"), memoryview(b"\x02")))
                assert await websocket.recv() == b"\x00\x01\x02"
                await websocket.send(lines())
                assert await websocket.recv() == "a\nb\nü\n"

        with peer(echo_peer) as url:
            adapter.run(test)

    def test_what_is_no_message(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url) as websocket:
                for wrong in ({"a": 1}, 5, None, [1, 2]):
                    with pytest.raises(TypeError):
                        await websocket.send(wrong)
                await websocket.send("still here")
                assert await websocket.recv() == "still here"

        with peer(echo_peer) as url:
            adapter.run(test)

    def test_parts(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url, parts=True, compression=False) as websocket:
                parts = [part async for part in websocket.recv_parts()]
                assert "".join(parts) == "one two three"
                assert await websocket.recv() == "whole and in fragments"
                size = 0
                async for part in websocket.recv_parts():
                    assert len(part) <= 262_144
                    size += len(part)
                assert size == 3_000_000

        def send(websocket: Any) -> None:
            websocket.send(["one ", "two ", "three"])
            websocket.send(["whole and ", "in fragments"])
            websocket.send(b"m" * 3_000_000)

        with peer(send, compression=None) as url:
            adapter.run(test)

    def test_a_message_in_one_part(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url, parts=True) as websocket:
                for message in ("", "hello", b"\x00"):
                    await websocket.send(message)
                    assert [part async for part in websocket.recv_parts()] == [message]
                for message in ("", "hello", b"\x00"):
                    await websocket.send(message)
                    assert await websocket.recv() == message

        with peer(echo_peer) as url:
            adapter.run(test)

    def test_parts_are_an_option(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url) as websocket:
                with pytest.raises(sansock.InvalidState, match="parts=True"):
                    async for _ in websocket.recv_parts():
                        pass

        with peer(echo_peer) as url:
            adapter.run(test)

    def test_ping(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url) as websocket:
                assert 0 <= await websocket.ping() < 5
                assert 0 <= await websocket.ping("payload") < 5
                with pytest.raises(sansock.InvalidArgument):
                    await websocket.ping(b"x" * 126)

        with peer(echo_peer) as url:
            adapter.run(test)

    def test_a_timeout_loses_no_message(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url) as websocket:
                for number in range(20):
                    with pytest.raises(TimeoutError):
                        await adapter.at_most(0.002, websocket.recv())
                    await websocket.send(str(number))
                    assert await websocket.recv() == str(number)

        with peer(echo_peer) as url:
            adapter.run(test)

    def test_one_may_receive(self, adapter: Any) -> None:
        async def test() -> None:
            caught: list[Exception] = []

            async def receive() -> None:
                try:
                    assert await websocket.recv() == "go"
                except sansock.ConcurrencyError as error:
                    caught.append(error)
                    await websocket.send("go")

            async with adapter.connect(url) as websocket:
                await adapter.at_once(receive(), receive())
                assert len(caught) == 1

        with peer(echo_peer) as url:
            adapter.run(test)

    def test_many_may_send(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url, compression=False) as websocket:

                async def send(letter: str) -> None:
                    await websocket.send(letter * 50_000 for _ in range(8))

                await adapter.at_once(*(send(letter) for letter in "abcd"))
                received = [await websocket.recv() for _ in "abcd"]
                assert sorted(received) == [letter * 400_000 for letter in "abcd"]

        with peer(echo_peer, max_size=None, compression=None) as url:
            adapter.run(test)

    def test_a_peer_that_does_not_read_makes_send_wait(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url, compression=False) as websocket:
                for number in range(64):
                    await websocket.send(b"m" * 1_000_000)
                    if number == 32:
                        go.set()
                assert await websocket.recv() == "64"

        go = threading.Event()

        def read_late(websocket: Any) -> None:
            for number in range(64):
                if number == 4:
                    # It does not read meanwhile. The sender cannot have got so far unless it holds all of it.
                    go.wait(0.3)
                websocket.recv()
            websocket.send("64")

        with peer(read_late, max_size=None, compression=None) as url:
            adapter.run(test)

    def test_messages_that_are_not_received_stop_the_peer(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url, compression=False) as websocket:
                assert await websocket.recv() == b"0" * 100_000
                # The peer is stopped long before it has sent everything.
                assert not done.wait(0.3)
                for number in range(1, 200):
                    assert await websocket.recv() == str(number % 10).encode() * 100_000
                with pytest.raises(ConnectionClosedOK):
                    await websocket.recv()
                assert done.is_set()

        done = threading.Event()

        def send(websocket: Any) -> None:
            for number in range(200):
                websocket.send(str(number % 10).encode() * 100_000)
            done.set()

        with peer(send, compression=None) as url:
            adapter.run(test)

    def test_subprotocols_headers_and_origin(self, adapter: Any) -> None:
        async def test() -> None:
            options = {"subprotocols": ["chat", "news"], "headers": {"X-Id": "7"}, "origin": "http://a"}
            async with adapter.connect(url, **options) as websocket:
                assert websocket.subprotocol == "news"
                assert websocket.response is not None
                assert dict(websocket.response.headers)["Sec-WebSocket-Protocol"] == "news"
                assert await websocket.recv() == "7 http://a"

        def tell(websocket: Any) -> None:
            websocket.send(f"{websocket.request.headers['X-Id']} {websocket.request.headers['Origin']}")

        with peer(tell, subprotocols=["news"]) as url:
            adapter.run(test)

    def test_a_refusal(self, adapter: Any) -> None:
        async def test() -> None:
            with pytest.raises(sansock.InvalidStatus) as caught:
                async with adapter.connect(url):
                    pass
            assert (caught.value.status, caught.value.body) == (404, b"no such page\n")
            assert "HTTP 404 Not Found" in str(caught.value)

        def refuse(websocket: Any, request: Any) -> Any:
            return websocket.respond(404, "no such page\n")

        with peer(echo_peer, process_request=refuse) as url:
            adapter.run(test)

    def test_nobody_listens(self, adapter: Any) -> None:
        async def test() -> None:
            with pytest.raises(OSError):  # noqa: PT011
                async with adapter.connect(url):
                    pass

        with socket.create_server(("127.0.0.1", 0)) as sock:
            url = f"ws://127.0.0.1:{sock.getsockname()[1]}/"
        adapter.run(test)

    def test_a_server_that_says_nothing(self, adapter: Any) -> None:
        async def test() -> None:
            with pytest.raises((TimeoutError, sansock.InvalidHandshake)):
                async with adapter.connect(url, open_timeout=0.1):
                    pass

        with socket.create_server(("127.0.0.1", 0)) as sock:
            url = f"ws://127.0.0.1:{sock.getsockname()[1]}/"
            adapter.run(test)

    def test_a_server_that_is_none(self, adapter: Any) -> None:
        async def test() -> None:
            with pytest.raises(sansock.InvalidHandshake) as caught:
                async with adapter.connect(url):
                    pass
            assert caught.value.fault is not None
            assert caught.value.fault.name == "BAD_STATUS_LINE"

        def answer() -> None:
            connection, _ = sock.accept()
            connection.recv(4096)
            connection.sendall(b"220 mail ready\r\n\r\n")
            connection.close()

        with socket.create_server(("127.0.0.1", 0)) as sock:
            url = f"ws://127.0.0.1:{sock.getsockname()[1]}/"
            thread = threading.Thread(target=answer)
            thread.start()
            adapter.run(test)
            thread.join()

    @pytest.mark.parametrize("url", ["http://a/", "ws://", "ws://a/#x", "nonsense"])
    def test_urls_that_are_none(self, adapter: Any, url: str) -> None:
        async def test() -> None:
            with pytest.raises(ValueError, match="url"):
                async with adapter.connect(url):
                    pass

        adapter.run(test)

    @pytest.mark.parametrize(
        ("options", "error"),
        [
            ({"ping_interval": -1}, ValueError),
            ({"open_timeout": "5"}, TypeError),
            ({"max_size": 0}, ValueError),
            ({"speed": 1}, TypeError),
            ({"headers": {"Host": "a"}}, ValueError),
        ],
    )
    def test_options_that_are_none(self, adapter: Any, options: dict[str, Any], error: type[Exception]) -> None:
        async def test() -> None:
            with pytest.raises(error, match=next(iter(options))):
                async with adapter.connect("ws://127.0.0.1:9/", **options):
                    pass

        adapter.run(test)

    def test_closing_with_a_code(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url) as websocket:
                with pytest.raises(sansock.InvalidArgument):
                    await websocket.close(1005)
                await websocket.close(4000, "bye")
                await websocket.close()
                await websocket.wait_closed()
                assert websocket.state is sansock.State.CLOSED
                with pytest.raises(ConnectionClosedError) as caught:
                    await websocket.send("more")
                assert caught.value.sent_code == 4000
                assert not caught.value.by_peer

        codes: list[Any] = []

        def note(websocket: Any) -> None:
            with contextlib.suppress(PeerClosed):
                websocket.recv()
            codes.append((websocket.close_code, websocket.close_reason))

        with peer(note) as url:
            adapter.run(test)
        assert codes == [(4000, "bye")]

    def test_messages_before_the_end_are_kept(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url) as websocket:
                await websocket.wait_closed()
                assert [await websocket.recv() for _ in range(50)] == [str(number) for number in range(50)]
                with pytest.raises(ConnectionClosed):
                    await websocket.recv()

        def send(websocket: Any) -> None:
            for number in range(50):
                websocket.send(str(number))

        with peer(send) as url:
            adapter.run(test)

    def test_a_peer_that_does_not_answer_close(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url, close_timeout=0.1) as websocket:
                await websocket.close()
                with pytest.raises(ConnectionClosedError) as caught:
                    await websocket.recv()
                assert caught.value.fault is not None
                assert caught.value.fault.name == "CLOSE_TIMEOUT"

        with silent_server() as url:
            adapter.run(test)

    def test_a_peer_that_does_not_answer_pings(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url, ping_interval=0.05, ping_timeout=0.1, close_timeout=0.1) as websocket:
                with pytest.raises(ConnectionClosedError) as caught:
                    await websocket.recv()
                assert caught.value.fault is not None
                assert caught.value.fault.name == "PONG_TIMEOUT"
                assert caught.value.sent_code == 1011

        with silent_server() as url:
            adapter.run(test)

    def test_keepalive_measures_latency(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url, ping_interval=0.01) as websocket:
                with contextlib.suppress(TimeoutError):
                    await adapter.at_most(0.3, websocket.recv())
                assert websocket.state is sansock.State.OPEN

        with peer(echo_peer) as url:
            adapter.run(test)

    def test_redirects(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(moved, headers={"Cookie": "a=1", "X-Id": "7"}) as websocket:
                assert await websocket.recv() == "None 7"

        def tell(websocket: Any) -> None:
            websocket.send(f"{websocket.request.headers.get('Cookie')} {websocket.request.headers.get('X-Id')}")

        with peer(tell) as url, peer(echo_peer, process_request=lambda each, _: redirect(each, url)) as moved:
            adapter.run(test)

    def test_redirects_that_lead_nowhere(self, adapter: Any) -> None:
        async def test() -> None:
            with pytest.raises(sansock.InvalidStatus) as caught:
                async with adapter.connect(url, max_redirects=3):
                    pass
            assert caught.value.status == 302
            assert len(asked) == 4

        asked: list[Any] = []

        def again(websocket: Any, request: Any) -> Any:
            asked.append(request)
            return redirect(websocket, "/again")

        with peer(echo_peer, process_request=again) as url:
            adapter.run(test)

    def test_repr_and_addresses(self, adapter: Any) -> None:
        async def test() -> None:
            async with adapter.connect(url) as websocket:
                assert websocket.remote_address[:2] == ("127.0.0.1", int(url.split(":")[2].strip("/")))
                assert websocket.local_address[0] == "127.0.0.1"
                assert "OPEN" in repr(getattr(websocket, "_websocket", websocket))

        with peer(echo_peer) as url:
            adapter.run(test)


def redirect(websocket: Any, target: str) -> Any:
    response = websocket.respond(302, "")
    response.headers["Location"] = target.replace("ws:", "http:")
    return response


@contextlib.contextmanager
def silent_server() -> Iterator[str]:
    """A server that opens a connection, and then says nothing."""

    def answer() -> None:
        connection, _ = sock.accept()
        server = sansock.Connection.server()
        server.receive(connection.recv(4096))
        server.accept()
        connection.sendall(server.take_output())
        while connection.recv(4096):
            pass
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as sock:
        thread = threading.Thread(target=answer)
        thread.start()
        yield f"ws://127.0.0.1:{sock.getsockname()[1]}/"
        thread.join()


class TestServers:
    @pytest.mark.parametrize("compression", ["deflate", None])
    def test_echo(self, adapter: Any, compression: Any) -> None:
        with (
            adapter.serve(echo) as server,
            connect_peer(server.url, max_size=None, compression=compression) as websocket,
        ):
            for message in MESSAGES:
                websocket.send(message)
                assert websocket.recv() == message

    def test_tls(self, adapter: Any, certificates: Certificates) -> None:
        with adapter.serve(echo, ssl=certificates.server) as server:
            url = server.url.replace("ws:", "wss:")
            with connect_peer(url, max_size=None, ssl=certificates.peer) as websocket:
                for message in MESSAGES:
                    websocket.send(message)
                    assert websocket.recv() == message

    def test_unix_socket(self, adapter: Any, tmp_path: Path) -> None:
        path = str(tmp_path / "socket")
        with adapter.serve(echo, path=path), unix_connect(path, "ws://localhost/", legacy=True) as websocket:
            websocket.send("hello")
            assert websocket.recv() == "hello"

    def test_many_connections(self, adapter: Any) -> None:
        with adapter.serve(echo) as server, contextlib.ExitStack() as stack:
            clients = [stack.enter_context(connect_peer(server.url)) for _ in range(20)]
            for number, client in enumerate(clients):
                client.send(str(number))
            assert [client.recv() for client in clients] == [str(number) for number in range(20)]

    def test_the_request(self, adapter: Any) -> None:
        async def tell(websocket: Any) -> None:
            request = websocket.request
            await websocket.send(f"{request.target} {dict(request.headers)['X-Id']} {websocket.subprotocol}")
            assert websocket.remote_address[0] == "127.0.0.1"

        with adapter.serve(tell, subprotocols=["news", "chat"], headers={"X-Server": "s"}) as server:
            headers = {"X-Id": "7"}
            with connect_peer(server.url + "a?b", additional_headers=headers, subprotocols=["chat", "news"]) as client:
                assert client.recv() == "/a?b 7 news"
                assert client.response.headers["X-Server"] == "s"

    def test_the_end_of_the_handler_closes(self, adapter: Any) -> None:
        async def nothing(websocket: Any) -> None:
            pass

        with adapter.serve(nothing) as server, connect_peer(server.url) as client:
            assert list(client) == []
            assert client.close_code == 1000

    def test_a_handler_that_fails(self, adapter: Any, caplog: pytest.LogCaptureFixture) -> None:
        async def fail(websocket: Any) -> None:
            await websocket.recv()
            raise RuntimeError("a secret")

        with adapter.serve(fail) as server, connect_peer(server.url) as client:
            client.send("go")
            with pytest.raises(PeerClosed) as caught:
                client.recv()
            assert caught.value.rcvd is not None
            assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (1011, "")
        assert "a secret" in caplog.text

    def test_a_client_that_goes_is_no_failure(self, adapter: Any, caplog: pytest.LogCaptureFixture) -> None:
        seen: list[Any] = []

        async def wait(websocket: Any) -> None:
            try:
                await websocket.recv()
            except ConnectionClosed as error:
                seen.append(error.code)
                raise

        with adapter.serve(wait) as server:
            client = connect_peer(server.url)
            client.socket.shutdown(socket.SHUT_RDWR)
            client.close()
        assert seen == [1006]
        assert caplog.text == ""

    def test_a_decision_of_the_host(self, adapter: Any) -> None:
        def decide(websocket: Any) -> Any:
            target = websocket.request.target
            if target == "/health":
                return Response(200, {"Content-Type": "text/plain"}, b"well\n")
            return Response(401, {"WWW-Authenticate": "Basic"}) if target == "/secret" else None

        with adapter.serve(echo, process_request=decide) as server:
            with connect_peer(server.url) as client:
                client.send("hello")
                assert client.recv() == "hello"
            with pytest.raises(PeerRefused, match="401"):
                connect_peer(server.url + "secret")
            assert fetch(server, "/health") == (200, b"well\n")
            assert fetch(server, "/other")[0] == 426
            assert fetch(server, "/other", "POST")[0] == 405

    def test_a_decision_that_waits(self, adapter: Any) -> None:
        async def decide(websocket: Any) -> Any:
            return Response(403) if websocket.request.target == "/no" else None

        with adapter.serve(echo, process_request=decide) as server:
            with connect_peer(server.url) as client:
                client.send("hello")
                assert client.recv() == "hello"
            with pytest.raises(PeerRefused, match="403"):
                connect_peer(server.url + "no")

    def test_a_decision_that_fails(self, adapter: Any, caplog: pytest.LogCaptureFixture) -> None:
        def decide(websocket: Any) -> Any:
            raise RuntimeError("a secret")

        with adapter.serve(echo, process_request=decide) as server, pytest.raises(PeerRefused, match="500"):
            connect_peer(server.url)
        assert "a secret" in caplog.text

    def test_without_a_hook_plain_http_is_refused(self, adapter: Any) -> None:
        with adapter.serve(echo) as server:
            assert fetch(server, "/")[0] == 426

    @pytest.mark.parametrize(
        ("origins", "origin", "is_allowed"),
        [
            ("same", None, True),
            ("same", "http://evil.example", False),
            (None, "http://evil.example", True),
            (["http://a.example"], "http://a.example", True),
            (["http://a.example"], "http://b.example", False),
            (["http://a.example"], None, False),
            (["http://a.example", None], None, True),
            ([re.compile(r"https?://[a-z]+\.example")], "http://b.example", True),
            ([re.compile(r"https?://[a-z]+\.example")], "http://b.example.evil", False),
        ],
    )
    def test_origins(self, adapter: Any, origins: Any, origin: Any, is_allowed: bool) -> None:
        with adapter.serve(echo, origins=origins) as server:
            if is_allowed:
                connect_peer(server.url, origin=origin).close()
            else:
                with pytest.raises(PeerRefused, match="403"):
                    connect_peer(server.url, origin=origin)

    def test_its_own_pages_may_connect(self, adapter: Any) -> None:
        with adapter.serve(echo) as server:
            connect_peer(server.url, origin=server.url.replace("ws:", "http:").rstrip("/")).close()

    def test_a_message_that_is_too_large(self, adapter: Any) -> None:
        with adapter.serve(echo, max_size=1000) as server, connect_peer(server.url) as client:
            client.send("x" * 1000)
            assert client.recv() == "x" * 1000
            client.send("x" * 1001)
            with pytest.raises(PeerClosed) as caught:
                client.recv()
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 1009

    def test_shutdown_says_going_away(self, adapter: Any) -> None:
        with adapter.serve(echo) as server:
            client = connect_peer(server.url)
            client.send("hello")
            assert client.recv() == "hello"
            server.stop()
            with pytest.raises(Exception) as caught:  # noqa: PT011
                client.recv()
            assert client.close_code == 1001, caught.value
            client.close()

    @pytest.mark.parametrize("compression", [True, False])
    def test_large_messages_in_order(self, adapter: Any, compression: bool) -> None:
        async def handler(websocket: Any) -> None:
            await websocket.send("first")
            for size in sizes:
                await websocket.send("é" * size)
                await websocket.send(bytes(size))
                await websocket.send(str(size))
            await websocket.send(bytearray(b"x" * 200_000))

        sizes = (70_000, 128 * 1024, 300_000, 4_000_000)
        with adapter.serve(handler, compression=compression) as served, connect_peer(served.url, max_size=None) as peer:
            assert peer.recv() == "first"
            for size in sizes:
                assert peer.recv() == "é" * size
                assert peer.recv() == bytes(size)
                assert peer.recv() == str(size)
            assert peer.recv() == b"x" * 200_000

    def test_a_message_above_the_hard_limit(self, adapter: Any) -> None:
        errors: list[str] = []

        async def handler(websocket: Any) -> None:
            try:
                await websocket.send(bytes(300_000))
            except sansock.TooLarge:
                errors.append("too large")
            await websocket.send("next")

        options = {"engine": {"output_hard_limit": 200_000}, "compression": False}
        with adapter.serve(handler, **options) as served, connect_peer(served.url) as peer:
            assert peer.recv() == "next"
        assert errors == ["too large"]

    def test_many_messages_at_once(self, adapter: Any) -> None:
        with adapter.serve(echo) as server, connect_peer(server.url) as client:
            messages = [str(number) * (number % 7) for number in range(2000)]
            thread = threading.Thread(target=lambda: [client.send(message) for message in messages])
            thread.start()
            assert [client.recv() for _ in messages] == messages
            thread.join()

    def test_it_writes_while_it_does_not_receive(self, adapter: Any) -> None:
        async def push(websocket: Any) -> None:
            for _ in range(64):
                await websocket.send(b"m" * 500_000)

        with adapter.serve(push) as server, connect_peer(server.url, max_size=None) as client:
            assert sum(len(message) for message in client) == 64 * 500_000

    def test_a_stranger(self, adapter: Any) -> None:
        with adapter.serve(echo, open_timeout=0.2) as server:
            with socket.create_connection(("127.0.0.1", server.address[1])) as stranger:
                stranger.sendall(b"EHLO example\r\n\r\n")
                assert stranger.recv(4096).startswith(b"HTTP/1.1 400 ")
            with socket.create_connection(("127.0.0.1", server.address[1])) as silent:
                assert silent.recv(4096).startswith(b"HTTP/1.1 408 ")


def fetch(server: Any, target: str, method: str = "GET", headers: Any = ()) -> tuple[int, bytes]:
    """A request of plain HTTP."""
    connection = http.client.HTTPConnection("127.0.0.1", server.address[1], timeout=10)
    connection.request(method, target, headers=dict(headers))
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body


SERVERS = {
    "asyncio": """
import asyncio
from sansock.asyncio import serve
async def echo(websocket):
    print("open", flush=True)
    async for message in websocket: await websocket.send(message)
async def main():
    async with serve(echo, "127.0.0.1", 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()
asyncio.run(main())
""",
    "threads": """
from sansock.sync import serve
def echo(websocket):
    print("open", flush=True)
    for message in websocket: websocket.send(message)
with serve(echo, "127.0.0.1", 0) as server:
    print(server.socket.getsockname()[1], flush=True)
    server.serve_forever()
""",
    "trio": """
import trio
from sansock.trio import serve
async def echo(websocket):
    print("open", flush=True)
    async for message in websocket: await websocket.send(message)
async def main():
    import socket
    with socket.create_server(("127.0.0.1", 0)) as sock: port = sock.getsockname()[1]
    print(port, flush=True)
    await serve(echo, "127.0.0.1", port)
trio.run(main)
""",
}


@pytest.mark.parametrize("name", SERVERS)
def test_sigterm_says_going_away(name: str) -> None:
    if name == "trio":
        pytest.importorskip("trio")
    command = [sys.executable, "-c", SERVERS[name]]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        while True:
            try:
                client = connect_peer(f"ws://127.0.0.1:{port}/")
                break
            except ConnectionRefusedError:
                continue
        assert server.stdout.readline() == "open\n"
        server.terminate()
        with pytest.raises(PeerClosedOK):
            client.recv()
        assert client.close_code == 1001
        client.close()
        assert server.wait(20) == 0
