"""Serving with threads."""

from __future__ import annotations

import logging
import selectors
import signal
import socket
import ssl as tls
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from time import sleep
from types import TracebackType
from typing import TYPE_CHECKING, Callable

from .._broadcasting import to_many
from .._connection import Connection
from .._serving import check, end_connection, serve_connection
from .._session import Message
from .._settings import ServerSettings, Settings, describe, server_settings
from ._transport import SocketHost, poll_selector
from ._websocket import WebSocket

if TYPE_CHECKING:
    from socket import socket as Socket  # noqa: N812 - in the class, socket is an attribute

    from typing_extensions import Self, Unpack

__all__ = ["Server", "broadcast", "serve"]

Handler = Callable[[WebSocket], None]

_RESPITE = 0.1
"""How long to wait, in seconds, when there are too many open files to accept another connection."""
logger = logging.getLogger("sansock")


class Server:
    """A server that accepts connections, and runs the handler of each in a thread.

    Attributes:
        socket: The socket that it listens on.
    """

    handler: Handler
    settings: Settings
    socket: Socket
    ssl: tls.SSLContext | None

    def __init__(self, handler: Handler, settings: Settings, sock: Socket, ssl: tls.SSLContext | None) -> None:
        self.handler, self.settings, self.socket, self.ssl = handler, settings, sock, ssl
        self._lock = threading.Lock()
        self._threads: dict[threading.Thread, SocketHost | None] = {}
        self._alarm, self._bell = socket.socketpair()
        self._is_closed = False
        self._end = 1001, ""

    def serve_forever(self) -> None:
        """Accepts connections until :meth:`shutdown` is called in another thread, or the process is ended by SIGTERM.

        Signals are those of the main thread. Next: call :meth:`shutdown`, or leave the ``with`` block.
        """
        self.socket.setblocking(False)
        with self._until_sigterm(), poll_selector() as selector:
            selector.register(self.socket, selectors.EVENT_READ)
            selector.register(self._alarm, selectors.EVENT_READ)
            while not self._is_closed:
                if any(key.fileobj is self._alarm for key, _ in selector.select()):
                    break
                self._accept()

    def shutdown(self, code: int = 1001, reason: str = "") -> None:
        """Accepts no more, closes all connections with this code, and waits for their handlers to end.

        A request that has not been answered is refused with 503.
        """
        self._end, self._is_closed = (code, reason), True
        self._ring()
        self.socket.close()
        with self._lock:
            threads = dict(self._threads)
        for host in threads.values():
            if host is not None:
                with host.lock:
                    end_connection(host.session, code, reason)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join()
        self._bell.close()
        self._alarm.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()

    @contextmanager
    def _until_sigterm(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGTERM, lambda *_: self._ring())
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)

    def _ring(self) -> None:
        with suppress(OSError):
            self._bell.send(b"!")

    def _accept(self) -> None:
        try:
            sock, _ = self.socket.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError:
            if not self._is_closed:
                logger.exception("a connection could not be accepted")
                sleep(_RESPITE)
            return
        self._start(sock)

    def _start(self, sock: Socket) -> None:
        thread = threading.Thread(target=self._serve, args=(sock,), name="sansock server", daemon=True)
        with self._lock:
            self._threads[thread] = None
        try:
            thread.start()
        except RuntimeError:
            # There are too many threads. Those in use become free again.
            logger.exception("a connection could not be served")
            with self._lock:
                self._threads.pop(thread)
            sock.close()
            sleep(_RESPITE)

    def _serve(self, sock: Socket) -> None:
        try:
            host = self._accepted(sock)
            if host is None:
                return
            with self._lock:
                self._threads[threading.current_thread()] = host
                is_late = self._is_closed
            if is_late:
                with host.lock:
                    end_connection(host.session, *self._end)
            websocket = WebSocket(host)
            steps = websocket._steps
            if not host.start():
                return
            host.run(serve_connection(host.session, steps, self.settings, self.handler, websocket, host.unlocked))
            host.run(steps.wait_closed())
        finally:
            with self._lock:
                self._threads.pop(threading.current_thread(), None)

    def _accepted(self, sock: Socket) -> SocketHost | None:
        """The host of a connection; None if the client has given up, or does not speak TLS."""
        try:
            sock.settimeout(self.settings.open_timeout)
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.ssl is not None:
                sock = self.ssl.wrap_socket(sock, server_side=True)
            return SocketHost(Connection.server(**self.settings.engine), self.settings, sock)
        except OSError:
            sock.close()
            return None


@describe("server")
def serve(
    handler: Handler,
    host: str | None = None,
    port: int | None = None,
    *,
    ssl: tls.SSLContext | None = None,
    path: str | None = None,
    sock: socket.socket | None = None,
    backlog: int = 100,
    reuse_port: bool = False,
    **options: Unpack[ServerSettings],
) -> Server:
    """Listens for WebSocket connections. Next: call ``serve_forever`` of the server that it returns.

    ``with serve(handler, host, port) as server`` shuts it down at the end of the block. The handler is called with each
    :class:`WebSocket` in a thread of its own; when it returns, the connection is closed with 1000, and with 1011 if it
    fails.

    Raises:
        InvalidArgument: An option is not allowed.
        OSError: The address cannot be listened on.

    Args:
        handler: A function that is given the connection.
        host: The address to listen on. Default: all of them.
        port: The port; 0 takes a free one.
        ssl: The TLS context of a server for ``wss:``. Default: no TLS.
        path: The path of a Unix socket to listen on instead.
        sock: A socket that listens already.
        backlog: How many connections may wait to be accepted.
        reuse_port: Whether other processes may listen on the same port.
    """
    settings = server_settings(options, secure=ssl is not None)
    check(settings)
    if sock is None and path is not None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.bind(path)
        sock.listen(backlog)
    elif sock is None:
        sock = socket.create_server((host or "", port or 0), backlog=backlog, reuse_port=reuse_port)
    return Server(handler, settings, sock, ssl)


def broadcast(websockets: Iterable[WebSocket], message: Message) -> list[WebSocket]:
    """Sends a message to many connections, and waits for none of them. It is encoded once.

    A connection that has ended is left out. So is one that would have to wait, because its peer does not read or
    because a message is being sent in parts: those are returned, for the application to close or to send to later.
    Each connection compresses the message for itself: what they agreed on, and what was sent before, may differ.
    """
    send, left = to_many(message), []
    for websocket in websockets:
        with websocket._host.lock:
            if not send(websocket._host.session):
                left.append(websocket)
    return left
