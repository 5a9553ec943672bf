"""simple-websocket, after its documentation. Its own tests put mocks in the place of wsproto."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import simple_websocket


@contextmanager
def serving(handle: Callable[[Any], None], **options: Any) -> Iterator[str]:
    """A server in a thread for one connection, which has read its request as a WSGI server would; yields its URL."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += connection.recv(1)
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:-2])
        environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in fields.items()}
        with connection:
            handle(simple_websocket.Server.accept({**environ, "werkzeug.socket": connection}, **options))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}/chat?room=1"
    finally:
        thread.join(10)
        listener.close()


def echo(websocket: Any) -> None:
    with pytest.raises(simple_websocket.ConnectionClosed):
        while True:
            websocket.send(websocket.receive())


@pytest.mark.parametrize("message", ["Hello, 世界", b"\x00\xff" * 70_000, "", "x" * 100_000])
def test_echo(message: str | bytes) -> None:
    with serving(echo) as url:
        client = simple_websocket.Client.connect(url)
        for _ in range(3):
            client.send(message)
            assert client.receive(timeout=10) == message
        client.close()


def test_subprotocol_and_headers() -> None:
    with serving(echo, subprotocols=["b", "a"]) as url:
        client = simple_websocket.Client.connect(url, subprotocols=["a", "c"], headers={"X-Test": "1"})
        assert client.subprotocol == "a"
        client.close()


def test_close_codes() -> None:
    with serving(lambda websocket: websocket.close(4000, "enough")) as url:
        client = simple_websocket.Client.connect(url)
        with pytest.raises(simple_websocket.ConnectionClosed) as caught:
            client.receive(timeout=10)
        assert (caught.value.reason, caught.value.message) == (4000, "enough")


def test_too_large_message() -> None:
    def handle(websocket: Any) -> None:
        # What this call does when the thread that reads has closed the connection before it is a matter of chance.
        with suppress(simple_websocket.ConnectionClosed):
            websocket.receive(timeout=1)

    with serving(handle, max_message_size=1000) as url:
        client = simple_websocket.Client.connect(url)
        client.send("x" * 1001)
        with pytest.raises(simple_websocket.ConnectionClosed) as caught:
            client.receive(timeout=10)
        assert caught.value.reason == 1009
