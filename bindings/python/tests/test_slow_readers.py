"""Peers that read slowly: each adapter keeps them while they read, and ends them when they stop."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

import sansock
from sansock._progress import UNSENT, Backlog, acknowledged, limit_unsent
from sansock._settings import server_settings

from drivers import Certificates

WINDOW = 4096
READ_SIZE = 6000
PACE = 0.01
WRITE_TIMEOUT = 0.5
READS_FOR = 3 * WRITE_TIMEOUT
MESSAGE = b"z" * (1 << 20)

on_linux = pytest.mark.skipif(not hasattr(socket, "TCP_NOTSENT_LOWAT"), reason="the system has no such option")


@contextlib.contextmanager
def opened(server: Any, context: ssl.SSLContext | None) -> Iterator[socket.socket]:
    """A client with a small window, which has opened a connection and has read nothing yet."""
    client = sansock.Connection.client(server.url)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
    sock.settimeout(10)
    sock.connect(server.address[:2])
    if context is not None:
        sock = context.wrap_socket(sock, server_hostname="127.0.0.1")
    with sock:
        sock.sendall(client.take_output())
        yield sock


def read_slowly(sock: socket.socket) -> int:
    """Reads for a few timeouts, as far as the connection lives, and returns how many bytes."""
    count, end = 0, time.monotonic() + READS_FOR
    while time.monotonic() < end:
        data = sock.recv(READ_SIZE)
        if not data:
            break
        count += len(data)
        time.sleep(PACE)
    return count


@on_linux
@pytest.mark.parametrize("is_secure", [False, True], ids=["tcp", "tls"])
def test_who_reads_slowly_is_kept_and_who_stops_is_ended(
    adapter: Any, certificates: Certificates, is_secure: bool
) -> None:
    ended = threading.Event()
    seen: list[Any] = []

    async def push(websocket: Any) -> None:
        try:
            while True:
                await websocket.send(MESSAGE)
        except sansock.ConnectionClosed as error:
            seen.append(error.fault)
            raise
        finally:
            ended.set()

    options: dict[str, Any] = {"ssl": certificates.server} if is_secure else {}
    options |= {"compression": False, "ping_interval": None, "write_timeout": WRITE_TIMEOUT, "close_timeout": 0.2}
    context = certificates.client if is_secure else None
    with adapter.serve(push, **options) as server, opened(server, context) as sock:
        count = read_slowly(sock)
        assert not ended.is_set()
        assert count < len(MESSAGE) * 2
        assert ended.wait(10)
    assert [fault.name for fault in seen] == ["WRITE_TIMEOUT"]


class Measured:
    """A transport that says how far it has come."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> int:
        return self.count


class TestBacklog:
    settings = server_settings({"write_timeout": 1.0})

    def test_deadlines_wait_while_it_becomes_less(self, server: sansock.Connection) -> None:
        measured = Measured()
        backlog = Backlog(measured, self.settings, 500)
        assert backlog.holds(server, 1499)
        measured.count += 1
        assert backlog.holds(server, 1500)
        assert backlog.postponed(server, 1550) == 2500
        assert backlog.postponed(server, 2600) == 2600
        assert backlog.holds(server, 2499)
        measured.count += 1
        assert backlog.holds(server, 2500)
        assert not backlog.holds(server, 3500)

    def test_a_closing_handshake_has_its_time(self, server: sansock.Connection) -> None:
        measured = Measured()
        backlog = Backlog(measured, self.settings, 0)
        assert backlog.holds(server, 900)
        server.close(now=900)
        assert backlog.postponed(server, 950) == 950
        measured.count += 1
        assert not backlog.holds(server, 950)

    def test_the_engines_default_counts_where_there_is_no_other(self, server: sansock.Connection) -> None:
        backlog = Backlog(Measured(), server_settings({"engine": {"write_timeout": None}}), 0)
        assert backlog.holds(server, 59_999)
        assert not backlog.holds(server, 60_000)


class TestSockets:
    @on_linux
    def test_of_tcp_are_limited(self) -> None:
        with socket.socket() as sock:
            limit_unsent(sock)
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == UNSENT

    @pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="the system has no such sockets")
    def test_of_other_kinds_are_left_alone(self) -> None:
        with socket.socket(socket.AF_UNIX) as sock:
            limit_unsent(sock)
            assert acknowledged(sock) is None
        limit_unsent(None)
        assert acknowledged(None) is None

    @on_linux
    def test_say_how_much_the_peer_has_acknowledged(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        with listener, socket.create_connection(listener.getsockname()) as sock, listener.accept()[0] as peer:
            before = acknowledged(sock)
            sock.sendall(b"x" * 1000)
            assert peer.recv(1000, socket.MSG_WAITALL) == b"x" * 1000
            peer.sendall(b"!")
            assert sock.recv(1) == b"!"
            after = acknowledged(sock)
        assert before is not None
        assert after is not None
        assert after - before == 1000
