"""The host of a session over a socket: a thread that reads and keeps time, and any thread that writes."""

from __future__ import annotations

import logging
import selectors
import socket
import ssl
import threading
from collections.abc import Coroutine, Generator
from contextlib import suppress
from time import monotonic
from typing import Any, Callable, TypeVar

from .._connection import Connection
from .._enums import Transport
from .._progress import Patience, patience_of, reached_by
from .._session import Session
from .._settings import Settings

__all__ = ["SocketHost", "finish", "poll_selector"]

_Result = TypeVar("_Result")
logger = logging.getLogger("sansock")
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_PIECE = 64 * 1024
poll_selector: type[selectors.BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)


class SocketHost:
    """Drives a session. All of its methods but ``run`` and ``start`` are called with the lock held.

    The socket does not block. A thread writes what it sends itself, as far as the socket takes it; the rest is written
    by the thread that reads.
    """

    session: Session
    settings: Settings
    patience: Patience | None = None
    sock: socket.socket
    lock: threading.Lock
    is_blocked: bool
    is_shut_down: bool
    is_ended: bool
    is_aborted: bool
    is_reading: bool
    local: threading.local
    alarm: socket.socket
    bell: socket.socket
    thread: threading.Thread

    def __init__(self, connection: Connection, settings: Settings, sock: socket.socket) -> None:
        self.session = Session(
            connection, self, settings.max_queue, settings.parts, close_timeout=settings.close_timeout
        )
        self.settings, self.sock = settings, sock
        sock.setblocking(False)
        self.lock = threading.Lock()
        self.is_blocked = self.is_shut_down = self.is_ended = self.is_aborted = False
        self.is_reading = True
        self.local = threading.local()
        self.alarm, self.bell = socket.socketpair()
        self.bell.setblocking(False)
        self.thread = threading.Thread(target=self.read_loop, name="sansock", daemon=True)

    def start(self) -> bool:
        """Starts to read. Returns whether there was a thread for it; if not, the connection has ended."""
        try:
            self.thread.start()
        except RuntimeError:
            logger.exception("a connection could not be served")
            with self.lock:
                self.alarm.close()
                self.end()
            return False
        return True

    def run(self, steps: Coroutine[Any, Any, _Result], timeout: float | None = None) -> _Result:
        """Runs a coroutine of the session, which waits by blocking this thread, for so many seconds at most.

        Raises:
            TimeoutError: It would have to wait longer. Nothing is lost.
        """
        outer = getattr(self.local, "end", None)
        with self.lock:
            self.local.end = None if timeout is None else monotonic() + timeout
            try:
                return finish(steps)
            finally:
                self.local.end = outer

    def unlocked(self, function: Callable[[Any], _Result], argument: Any) -> _Result:
        """Calls a function of the user's, which may use the connection."""
        self.lock.release()
        try:
            return function(argument)
        finally:
            self.lock.acquire()

    def abort(self) -> None:
        """Ends the connection at once."""
        with self.lock:
            self.is_aborted = True
            self.ring()

    # What the session asks for

    def changed(self) -> None:
        """Writes, and has the reading thread look again."""
        self.write()
        if threading.current_thread() is not self.thread:
            self.ring()

    def sent(self) -> None:
        """Writes. What cannot be written now is the reading thread's."""
        if not self.is_blocked:
            self.write()
            if self.is_blocked:
                self.ring()

    def new_waiter(self) -> threading.Event:
        """An event ends a wait."""
        return threading.Event()

    def wake(self, waiter: threading.Event) -> None:
        """Ends a wait."""
        waiter.set()

    def wait(self, waiter: threading.Event) -> _Wait:
        """Lets other threads have the session meanwhile."""
        return _Wait(self, waiter)

    # What a host does

    def write(self) -> None:
        """Writes the output, as far as the socket takes it."""
        session, connection = self.session, self.session.connection
        self.is_blocked = False
        while connection.pending_output and not session.is_lost:
            try:
                written = self.sock.send(connection.output(_PIECE))
            except _WOULD_BLOCK:
                self.is_blocked = True
                return
            except OSError:
                session.receive_eof()
                connection.written(connection.pending_output)
                return
            connection.written(written)
            session.wrote()

    def ring(self) -> None:
        """Has the reading thread look again."""
        with suppress(OSError):
            self.bell.send(b"!")

    def read_loop(self) -> None:
        """Reads, writes what was left, and keeps time, until the transport is to be closed."""
        with poll_selector() as selector, self.alarm:
            selector.register(self.alarm, selectors.EVENT_READ)
            while True:
                with self.lock:
                    wanted, delay = self.prepare()
                    if wanted is None:
                        break
                    watch(selector, self.sock, wanted)
                ready = {key.fileobj: events for key, events in selector.select(delay)}
                with self.lock:
                    self.act(ready)
            with self.lock:
                self.end()

    def prepare(self) -> tuple[int | None, float | None]:
        """What to wait for on the socket, and how long. None: the transport is to be closed."""
        session = self.session
        self.write()
        instruction, pending = session.transport, session.connection.pending_output
        if self.is_aborted or (instruction is Transport.CLOSE and not pending):
            return None, None
        if instruction is Transport.SHUTDOWN_WRITE and not pending and not self.shut_down_writing():
            return None, None
        may_read = session.may_read
        if may_read is not self.is_reading:
            self.is_reading = may_read
            session.resume() if may_read else session.pause()
        due = session.next_deadline
        if due is not None and self.patience is not None:
            due = self.patience.postponed(session, due)
        delay = None if due is None else max(0.0, due / 1000 - monotonic())
        wanted = selectors.EVENT_READ * (may_read and not self.is_ended) | selectors.EVENT_WRITE * self.is_blocked
        return wanted, delay

    def act(self, ready: dict[Any, int]) -> None:
        """Takes what is there to be read; otherwise looks at the time."""
        if self.alarm in ready:
            self.alarm.recv(4096)
        if ready.get(self.sock, 0) & selectors.EVENT_READ:
            self.read()
        due = self.session.next_deadline
        if due is not None and due / 1000 <= monotonic():
            now = int(monotonic() * 1000)
            self.patience = patience_of(self.patience, self.session, self.settings, now, lambda: reached_by(self.sock))
            if self.patience is None:
                self.session.timeout()

    def read(self) -> None:
        """Reads what there is, once; with TLS, all that is decrypted already."""
        session, connection = self.session, self.session.connection
        while True:
            try:
                length = self.sock.recv_into(connection.read_buffer)
            except _WOULD_BLOCK:
                return
            except OSError:
                length = 0
            if length:
                session.receive_read_buffer(length)
            else:
                session.receive_eof()
                self.is_ended = True
            if not length or not session.may_read or not getattr(self.sock, "pending", lambda: 0)():
                return

    def shut_down_writing(self) -> bool:
        """Ends our stream. Returns whether the peer's can still be read: TLS knows no half."""
        if not self.is_shut_down and not isinstance(self.sock, ssl.SSLSocket):
            self.is_shut_down = True
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_WR)
        return self.is_shut_down

    def end(self) -> None:
        """Closes the socket, and tells all who wait."""
        if isinstance(self.sock, ssl.SSLSocket):
            with suppress(OSError, ValueError):
                self.sock = self.sock.unwrap()
        self.sock.close()
        self.bell.close()
        self.session.lost()


def finish(steps: Coroutine[Any, Any, _Result]) -> _Result:
    """The result of a coroutine whose waits block, so that it never suspends."""
    try:
        steps.send(None)
    except StopIteration as stop:
        result: _Result = stop.value
        return result
    finally:
        steps.close()
    raise RuntimeError("a coroutine of a session has suspended")


class _Wait:
    """A wait that blocks the thread."""

    host: SocketHost
    waiter: threading.Event

    def __init__(self, host: SocketHost, waiter: threading.Event) -> None:
        self.host, self.waiter = host, waiter

    def __await__(self) -> Generator[None, None, None]:
        end = self.host.local.end
        self.host.lock.release()
        try:
            is_woken = self.waiter.wait(None if end is None else max(0.0, end - monotonic()))
        finally:
            self.host.lock.acquire()
        if not is_woken and not self.waiter.is_set():
            raise TimeoutError("nothing has come in time")
        return
        yield


def watch(selector: selectors.BaseSelector, sock: socket.socket, wanted: int) -> None:
    """Makes a selector wait for these events of a socket, or none."""
    is_watched = sock in selector.get_map()
    if wanted and is_watched:
        selector.modify(sock, wanted)
    elif wanted:
        selector.register(sock, wanted)
    elif is_watched:
        selector.unregister(sock)
