"""Two small proxies in threads: HTTP CONNECT and SOCKS5."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from typing import Any, Callable

CREDENTIALS = ("user", "a:password")


class Proxy:
    """A proxy that runs, and what it was asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.targets: list[tuple[str, int]] = []
        self.status: int | None = None
        """What it refuses with, if it does."""
        self.asks = False
        """Whether it asks for credentials."""
        self.goes: str | None = None
        """Whether it ends the connection instead of an answer: by "eof" or "reset"."""

    def with_credentials(self, name: str = CREDENTIALS[0], password: str = "a%3Apassword") -> str:
        scheme, rest = self.url.split("://")
        return f"{scheme}://{name}:{password}@{rest}"


@contextlib.contextmanager
def running(kind: str, context: ssl.SSLContext | None = None) -> Iterator[Proxy]:
    """Runs a proxy whose URL has this scheme. With a context, it is reached by TLS."""
    answer = _connect if kind.startswith("http") else _socks
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy(f"{kind}://127.0.0.1:{listener.getsockname()[1]}")
        threading.Thread(target=_accept, args=(listener, proxy, answer, context), daemon=True).start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, proxy: Proxy, answer: Callable[..., Any], context: Any) -> None:
    with contextlib.suppress(OSError):
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=_serve, args=(sock, proxy, answer, context), daemon=True).start()


def _serve(sock: socket.socket, proxy: Proxy, answer: Callable[..., Any], context: Any) -> None:
    with contextlib.suppress(OSError, EOFError), contextlib.ExitStack() as stack:
        stack.enter_context(sock)
        if context is not None:
            sock = stack.enter_context(context.wrap_socket(sock, server_side=True))
        if proxy.goes:
            sock.recv(4096)
            if proxy.goes == "reset":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        target = answer(sock, proxy)
        if target is None:
            return
        with socket.create_connection(target) as upstream:
            back = threading.Thread(target=_relay, args=(upstream, sock), daemon=True)
            back.start()
            _relay(sock, upstream)
            back.join()


def _relay(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _connect(sock: socket.socket, proxy: Proxy) -> tuple[str, int] | None:
    """HTTP CONNECT (RFC 9110 section 9.3.6)."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += _exactly(sock, 1)
    expected = b"Proxy-Authorization: Basic " + base64.b64encode(":".join(CREDENTIALS).encode()) + b"\r\n"
    status = 407 if proxy.asks and expected.lower() not in head.lower() else proxy.status
    host, port = head.split(b" ")[1].decode().rsplit(":", 1)
    if status != 407:
        proxy.targets.append((host, int(port)))
    if status is not None:
        sock.sendall(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status)
        return None
    sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    return host, int(port)


def _socks(sock: socket.socket, proxy: Proxy) -> tuple[str, int] | None:
    """SOCKS5 (RFC 1928), with names and passwords (RFC 1929)."""
    _, count = _exactly(sock, 2)
    method = 2 if proxy.asks else 0
    if method not in _exactly(sock, count):
        sock.sendall(b"\x05\xff")
        return None
    sock.sendall(bytes([5, method]))
    if proxy.asks:
        _exactly(sock, 1)
        given = tuple(_exactly(sock, _exactly(sock, 1)[0]).decode() for _ in range(2))
        sock.sendall(b"\x01\x00" if given == CREDENTIALS else b"\x01\x01")
        if given != CREDENTIALS:
            return None
    kind = _exactly(sock, 4)[3]
    family = {1: socket.AF_INET, 4: socket.AF_INET6}.get(kind)
    if family is None:
        host = _exactly(sock, _exactly(sock, 1)[0]).decode()
    else:
        host = socket.inet_ntop(family, _exactly(sock, 4 if kind == 1 else 16))
    (port,) = struct.unpack(">H", _exactly(sock, 2))
    proxy.targets.append((host, port))
    sock.sendall(bytes([5, proxy.status or 0, 0, 1]) + bytes(6))
    return None if proxy.status else (host, port)


def _exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data
