"""Peers that read slowly: each adapter keeps them while they read, and ends them when they stop."""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

import sansock
from sansock._progress import Patience, Reached, patience_of, reached_by
from sansock._session import Session
from sansock._settings import server_settings

from drivers import Certificates

WINDOW = 4096
READ_SIZE = 6000
PACE = 0.01
WRITE_TIMEOUT = 0.4
READS_FOR = 3 * WRITE_TIMEOUT
MESSAGE = b"z" * (1 << 20)

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")


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


class TestPatience:
    settings = server_settings({"write_timeout": 1.0})

    @pytest.fixture
    def session(self, server: sansock.Connection) -> Session:
        host: Any = None
        return Session(server, host, 1000, False, lambda: 0)

    def test_lasts_while_the_peer_comes_on(self, session: Session) -> None:
        patience = Patience()
        assert patience.holds(session, self.settings, 500, Reached(7, 100))
        assert patience.postponed(session, 600) == 1500
        assert patience.postponed(session, 1600) == 1600
        assert patience.holds(session, self.settings, 1499, Reached(7, 100))
        assert not patience.holds(session, self.settings, 1500, Reached(7, 100))
        assert patience.holds(session, self.settings, 1500, Reached(8, 50))
        assert patience.holds(session, self.settings, 2499, Reached(8, 50))
        assert not patience.holds(session, self.settings, 2500, Reached(8, 50))

    def test_there_is_none_where_nothing_waits_or_is_known(self, session: Session) -> None:
        patience = Patience()
        assert not patience.holds(session, self.settings, 0, None)
        assert not patience.holds(session, self.settings, 0, Reached(1, 0))

    def test_a_closing_handshake_has_its_time(self, session: Session) -> None:
        patience = Patience()
        assert patience.holds(session, self.settings, 0, Reached(1, 100))
        session.connection.close(now=900)
        assert patience.postponed(session, 950) == 950
        assert not patience.holds(session, self.settings, 950, Reached(2, 50))

    def test_the_engines_default_counts_where_there_is_no_other(self, session: Session) -> None:
        patience = Patience()
        assert patience.holds(session, server_settings({"engine": {"write_timeout": None}}), 0, Reached(1, 100))
        assert patience.postponed(session, 0) == 60_000

    def test_is_asked_for_when_a_deadline_has_come(self, session: Session) -> None:
        def measure() -> Reached:
            asked.append(session.connection.next_deadline)
            return Reached(1, 100)

        asked: list[int | None] = []
        assert patience_of(None, session, self.settings, 10_000, measure) is None
        session.connection.send(MESSAGE)
        session.connection.timeout(0)
        due = session.connection.next_deadline
        assert due is not None
        assert patience_of(None, session, self.settings, due - 1, measure) is None
        assert asked == []
        patience = patience_of(None, session, self.settings, due, measure)
        assert patience is not None
        assert patience_of(patience, session, self.settings, due + 999, measure) is patience
        assert patience_of(patience, session, self.settings, due + 1000, measure) is None
        assert asked == [due] * 3


class TestSockets:
    @on_linux
    def test_say_how_far_the_peer_has_come(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        with listener, socket.create_connection(listener.getsockname()) as sock, listener.accept()[0] as peer:
            before = reached_by(sock)
            sock.sendall(b"x" * 1000)
            assert peer.recv(1000, socket.MSG_WAITALL) == b"x" * 1000
            peer.sendall(b"!")
            assert sock.recv(1) == b"!"
            after = reached_by(sock)
            assert before is not None
            assert after is not None
            assert (after.mark - before.mark, after.unsent) == (1000, 0)
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    sock.send(MESSAGE)
            filled = reached_by(sock)
            assert filled is not None
            assert filled.unsent > 0

    @pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="the system has no such sockets")
    def test_of_other_kinds_say_nothing(self) -> None:
        with socket.socket(socket.AF_UNIX) as sock:
            assert reached_by(sock) is None
        assert reached_by(None) is None
