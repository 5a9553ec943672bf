"""A WebSocket client behind a proxy: ``python through_proxy.py PROXY URL TEXT``.

It sends one text message, prints the answer, and closes. The proxy is given by a URL: ``http:``, ``https:``,
``socks4a:``, ``socks5:`` or ``socks5h:``, perhaps with ``user:password@``. The status is 0 only for a clean close.

Three layers, none of which knows of another: the tunnel through the proxy, TLS, and the WebSocket. Each is fed what the
layer below it has received, and what it wants to send is written to the layer below.
"""

from __future__ import annotations

import socket
import ssl
import sys
import time

import sansock


class Tls:
    """TLS by feeding: ciphertext on one side, plain bytes on the other."""

    def __init__(self, host: str) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=host)
        self.waiting = b""
        self.ready = False
        self.advance()

    def advance(self) -> None:
        """Continues the handshake, and sends what waits for its end."""
        try:
            if not self.ready:
                self.tls.do_handshake()
                self.ready = True
            if self.waiting:
                self.tls.write(self.waiting)
                self.waiting = b""
        except ssl.SSLWantReadError:
            pass

    def receive(self, data: bytes) -> tuple[bytes, bool]:
        """Takes what arrived, and returns the plain bytes in it, and whether the peer has ended the stream."""
        self.incoming.write(data)
        self.advance()
        plain = b""
        try:
            while part := self.tls.read(65536):
                plain += part
        except ssl.SSLWantReadError:
            return plain, False
        except ssl.SSLZeroReturnError:
            pass
        return plain, True

    def send(self, data: bytes) -> bytes:
        """Takes plain bytes to send, and returns what is to be written."""
        self.waiting += data
        self.advance()
        return self.outgoing.read()


class Plain:
    """In place of TLS for ``ws:``."""

    def receive(self, data: bytes) -> tuple[bytes, bool]:
        """Returns what it takes."""
        return data, False

    def send(self, data: bytes) -> bytes:
        """Returns what it takes."""
        return data


def read(sock: socket.socket, deadline: int | None) -> bytes | None:
    """Reads once: None if the deadline comes first. The clock is that of the engine."""
    sock.settimeout(None if deadline is None else max(deadline / 1000 - time.monotonic(), 0.001))
    try:
        return sock.recv(65536)
    except TimeoutError:
        return None
    except OSError:
        return b""


def lead(sock: socket.socket, tunnel: sansock.Tunnel) -> bytes:
    """Makes the tunnel. Returns what arrived behind the proxy's answer, which is for the next layer."""
    while True:
        sock.sendall(tunnel.take_output())
        data = read(sock, tunnel.next_deadline)
        if data is None:
            events = tunnel.timeout()
        elif data:
            events = tunnel.receive(data)
        else:
            events = tunnel.receive_eof()
        for event in events:
            match event:
                case sansock.Open() if data is not None:
                    return data[len(data) - tunnel.unconsumed :]
                case sansock.Rejected(status):
                    print(f"the proxy refused: {status}", file=sys.stderr)
                case sansock.Closed(fault=sansock.Fault(name=name, text=text)):
                    sys.exit(f"{name}: {text}")


def talk(sock: socket.socket, layer: Tls | Plain, connection: sansock.Connection, data: bytes, text: str) -> int:
    """Talks to the server through the tunnel. ``data`` is what has arrived already."""
    clean = False
    plain, ended = layer.receive(data)
    events = connection.receive(plain)
    while True:
        if ended:
            events += connection.receive_eof()
        while True:
            for event in events:
                match event:
                    case sansock.Open():
                        connection.send_text(text)
                    case sansock.Text(answer):
                        print(answer)
                        connection.close()
                    case sansock.Closed(code, reason):
                        clean = event.clean
                        print("closed", code, *filter(None, [reason]))
            if not connection.more:
                break
            events = connection.timeout()
        sock.sendall(layer.send(connection.take_output()))
        if connection.transport is sansock.Transport.CLOSE:
            return 0 if clean else 1
        arrived = read(sock, connection.next_deadline)
        if arrived is None:
            events = connection.timeout()
        else:
            plain, ended = layer.receive(arrived) if arrived else (b"", True)
            events = connection.receive(plain)


def main(proxy_url: str, url: str, text: str) -> int:
    """Connects to the proxy, and through it to the server."""
    proxy, place = sansock.parse_proxy(proxy_url), sansock.parse_url(url)
    host = place.host
    if not proxy.resolves_names:
        host = socket.gethostbyname(host)
    with socket.create_connection((proxy.host, proxy.port)) as sock:
        if proxy.secure:
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=proxy.host)
        with sansock.Tunnel(proxy_url, host, place.port) as tunnel:
            data = lead(sock, tunnel)
        layer = Tls(place.host) if place.secure else Plain()
        with sansock.Connection.client(url) as connection:
            return talk(sock, layer, connection, data, text)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: through_proxy.py PROXY URL TEXT")
    try:
        sys.exit(main(*sys.argv[1:]))
    except OSError as failure:
        sys.exit(str(failure))
