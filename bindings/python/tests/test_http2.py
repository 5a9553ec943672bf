"""The examples over HTTP/2 (RFC 8441): server and client with each other, and each with a peer that is h2 alone."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import masked
from programs import CAN_RUN, EXAMPLES, run, serving

pytest.importorskip("h2")

import h2.events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.settings import SettingCodes, Settings

CLIENT = EXAMPLES / "http2_client.py"
REQUEST = [
    (":method", "CONNECT"),
    (":protocol", "websocket"),
    (":scheme", "http"),
    (":path", "/"),
    (":authority", "127.0.0.1"),
    ("sec-websocket-version", "13"),
]
CLOSE = masked(0x88, b"\x03\xe8")

pytestmark = pytest.mark.skipif(not CAN_RUN, reason="the examples need match, and POSIX signals")


@pytest.fixture
def port() -> Iterator[int]:
    with serving("http2_server.py") as port:
        yield port


class Peer:
    """One end of HTTP/2, on a blocking socket. It lets the other end send more only when it is told to."""

    def __init__(self, sock: socket.socket, is_client: bool, settings: dict[SettingCodes, int]) -> None:
        self.sock = sock
        self.h2 = H2Connection(H2Configuration(client_side=is_client, header_encoding="utf-8"))
        self.h2.local_settings = Settings(client=is_client, initial_values=settings)
        self.h2.initiate_connection()
        self.headers: dict[int, dict[str, str]] = {}
        self.data: dict[int, bytes] = defaultdict(bytes)
        self.ended: set[int] = set()
        self.reset: set[int] = set()
        self.enables_connect = False
        self.send()

    def send(self) -> None:
        self.sock.sendall(self.h2.data_to_send())

    def read_until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            data = self.sock.recv(65536)
            assert data, "the other end has closed"
            for event in self.h2.receive_data(data):
                self.handle(event)
            self.send()

    def handle(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RemoteSettingsChanged):
            self.enables_connect = self.h2.remote_settings.enable_connect_protocol == 1
        elif isinstance(event, (h2.events.RequestReceived, h2.events.ResponseReceived)):
            self.headers[event.stream_id] = {str(name): str(value) for name, value in event.headers}
        elif isinstance(event, h2.events.DataReceived):
            self.data[event.stream_id] += event.data
        elif isinstance(event, h2.events.StreamEnded):
            self.ended.add(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self.reset.add(event.stream_id)

    def ask(self, fields: list[tuple[str, str]], end_stream: bool = False) -> int:
        """Sends a request, and returns its stream when there is an answer."""
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, fields, end_stream)
        self.send()
        self.read_until(lambda: stream in self.headers)
        return stream

    def send_data(self, stream: int, data: bytes, end_stream: bool = False) -> None:
        self.h2.send_data(stream, data, end_stream)
        self.send()


@contextmanager
def peer_of_server(port: int, settings: dict[SettingCodes, int] | None = None) -> Iterator[Peer]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        yield Peer(sock, True, settings or {})


def client(url: str, lines: str, *options: str) -> subprocess.CompletedProcess[str]:
    return run(CLIENT, lines, url, *options)


def test_lines(port: int) -> None:
    lines = "".join(f"line {n}\n" for n in range(2000)) + "ü" * (1 << 20) + "\n"
    result = client(f"ws://127.0.0.1:{port}/", lines)
    assert (result.returncode, result.stdout, result.stderr) == (0, lines + "closed 1000\n", "")


def test_lines_over_tls(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("openssl makes the certificate")
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert]
    subprocess.run(command, check=True, capture_output=True)
    with serving("http2_server.py", "--cert", cert, "--key", key, scheme="wss") as port:
        lines = "".join(f"line {n}\n" for n in range(100)) + "ü" * (1 << 18) + "\n"
        result = client(f"wss://127.0.0.1:{port}/", lines, "--cert", cert)
    assert (result.returncode, result.stdout, result.stderr) == (0, lines + "closed 1000\n", "")


def test_several_streams_of_one_connection(port: int) -> None:
    with peer_of_server(port) as peer:
        peer.read_until(lambda: peer.enables_connect)
        streams = [peer.ask([*REQUEST, ("sec-websocket-protocol", "echo")]) for _ in range(3)]
        for stream in streams:
            assert peer.headers[stream] == {":status": "200", "sec-websocket-protocol": "echo"}
            peer.send_data(stream, masked(0x81, b"%d" % stream))
        for stream in streams:
            peer.send_data(stream, CLOSE)
        peer.read_until(lambda: peer.ended == set(streams))
        assert peer.data == {stream: b"\x81\x01%d\x88\x02\x03\xe8" % stream for stream in streams}
        for stream in streams:
            peer.send_data(stream, b"", end_stream=True)
        assert client(f"ws://127.0.0.1:{port}/", "hello\n").stdout == "hello\nclosed 1000\n"
        assert not peer.reset


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ([(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a")], "400"),
        ([*REQUEST[:-1], ("sec-websocket-version", "8")], "426"),
        ([*REQUEST, ("origin", "http://evil.example")], "403"),
    ],
)
def test_refusals(port: int, fields: list[tuple[str, str]], status: str) -> None:
    with peer_of_server(port) as peer:
        peer.read_until(lambda: peer.enables_connect)
        stream = peer.ask(fields, end_stream=True)
        assert peer.headers[stream][":status"] == status
        peer.read_until(lambda: stream in peer.ended)
        peer.ask(REQUEST)


def test_windows_of_the_peer(port: int) -> None:
    with peer_of_server(port, {SettingCodes.INITIAL_WINDOW_SIZE: 10}) as peer:
        peer.read_until(lambda: peer.enables_connect)
        stream = peer.ask(REQUEST)
        peer.send_data(stream, masked(0x82, bytes(1000)) + CLOSE)
        answer = b"\x82\x7e\x03\xe8" + bytes(1000) + b"\x88\x02\x03\xe8"
        for size in range(10, len(answer), 10):
            peer.read_until(lambda size=size: len(peer.data[stream]) == size)  # type: ignore[misc]
            peer.h2.increment_flow_control_window(10, stream)
            peer.send()
        peer.read_until(lambda: stream in peer.ended)
        assert peer.data[stream] == answer


def test_a_peer_that_does_not_read_cannot_send_without_end(port: int) -> None:
    with peer_of_server(port, {SettingCodes.INITIAL_WINDOW_SIZE: 0}) as peer:
        peer.read_until(lambda: peer.enables_connect)
        stream, sent = peer.ask(REQUEST), 0
        frame = masked(0x82, bytes(1000))

        def send_without_end() -> None:
            nonlocal sent
            while True:
                peer.read_until(lambda: peer.h2.local_flow_control_window(stream) >= len(frame))
                peer.send_data(stream, frame)
                sent += 1

        peer.sock.settimeout(0.5)
        with pytest.raises(socket.timeout):
            send_without_end()
        peer.sock.settimeout(10)
        assert 64 <= sent < 256
        # It gets all answers when it does read.
        peer.h2.increment_flow_control_window(1 << 20, stream)
        peer.h2.increment_flow_control_window(1 << 20)
        peer.send()
        peer.read_until(lambda: len(peer.data[stream]) == sent * 1004)
        # And it may send again.
        peer.read_until(lambda: peer.h2.local_flow_control_window(stream) >= 20 * len(frame))


def test_streams_that_are_reset(port: int) -> None:
    with peer_of_server(port) as peer:
        peer.read_until(lambda: peer.enables_connect)
        stream = peer.ask(REQUEST)
        peer.h2.reset_stream(stream)
        for _ in range(100):
            # The request, some data and the reset in one read.
            stream = peer.h2.get_next_available_stream_id()
            peer.h2.send_headers(stream, REQUEST)
            peer.h2.send_data(stream, masked(0x82, bytes(600)))
            peer.h2.reset_stream(stream)
        peer.send()
        # The window of the connection has come back.
        stream = peer.ask(REQUEST)
        for _ in range(3):
            peer.read_until(lambda: peer.h2.local_flow_control_window(stream) > 20_000)
            peer.send_data(stream, masked(0x82, bytes(10_000)))
        peer.read_until(lambda: len(peer.data[stream]) == 3 * 10_004)


def test_a_server_that_ends_with_open_streams() -> None:
    with socket.socket() as sock:
        with serving("http2_server.py") as port:
            sock.connect(("127.0.0.1", port))
            peer = Peer(sock, True, {})
            peer.read_until(lambda: peer.enables_connect)
            peer.ask(REQUEST)
        sock.settimeout(10)
        while sock.recv(65536):
            pass


def test_hostile_peers(port: int) -> None:
    preface = H2Connection(H2Configuration(client_side=True))
    preface.initiate_connection()
    begin = preface.data_to_send()
    for data in (b"", bytes(100), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", begin, begin[:-1], begin + b"\xff" * 100):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
            sock.sendall(data)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                pass
    assert client(f"ws://127.0.0.1:{port}/", "still here\n").stdout == "still here\nclosed 1000\n"


@contextmanager
def peer_of_client(settings: dict[SettingCodes, int], serve: Callable[[Peer], None]) -> Iterator[str]:
    """The URL of a server that is h2 alone."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)

        def accept() -> None:
            sock, _ = listener.accept()
            with sock:
                sock.settimeout(10)
                serve(Peer(sock, False, settings))

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}/chat"
        thread.join()


def test_a_server_without_websockets() -> None:
    def serve(peer: Peer) -> None:
        while peer.sock.recv(65536):
            pass

    with peer_of_client({}, serve) as url:
        result = client(url, "")
    assert (result.returncode, result.stdout) == (1, "")
    assert "no WebSockets over HTTP/2" in result.stderr


def test_a_server_that_refuses() -> None:
    seen = {}

    def serve(peer: Peer) -> None:
        peer.read_until(lambda: 1 in peer.headers)
        seen.update(peer.headers[1])
        peer.h2.send_headers(1, [(":status", "404"), ("content-length", "2")])
        peer.h2.send_data(1, b"no", end_stream=True)
        peer.send()
        peer.read_until(lambda: bool(peer.ended or peer.reset))

    with peer_of_client({SettingCodes.ENABLE_CONNECT_PROTOCOL: 1}, serve) as url:
        result = client(url, "hello\n")
    assert (result.returncode, result.stdout.splitlines()[-1]) == (1, "closed 1006")
    assert seen == {
        ":method": "CONNECT",
        ":protocol": "websocket",
        ":scheme": "http",
        ":path": "/chat",
        ":authority": seen[":authority"],
        "sec-websocket-version": "13",
    }


@pytest.mark.parametrize("end", [lambda peer: peer.h2.reset_stream(1), lambda peer: peer.h2.close_connection()])
def test_a_server_that_goes_away(end: Callable[[Peer], None]) -> None:
    def serve(peer: Peer) -> None:
        peer.read_until(lambda: 1 in peer.headers)
        peer.h2.send_headers(1, [(":status", "200")])
        peer.send_data(1, b"\x81\x02hi")
        end(peer)
        peer.send()

    with peer_of_client({SettingCodes.ENABLE_CONNECT_PROTOCOL: 1}, serve) as url:
        result = client(url, "")
    assert (result.returncode, result.stderr) == (1, "")
    assert result.stdout.splitlines()[-1].startswith("closed 1006")


def test_no_server() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        assert client(f"ws://127.0.0.1:{sock.getsockname()[1]}/", "").returncode == 1
