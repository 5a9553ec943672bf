"""Memory of idle connections: ``idle.py [CONNECTIONS]``, which fails if they take too much.

The server of ``examples/c/fanout_server.c`` holds them, and says what of its memory each takes. Every client has got a
message that went to all before. Without an argument there are 50,000, or as many as the limit of open files allows.
"""

from __future__ import annotations

import re
import resource
import signal
import socket
import subprocess
import sys

from servers import TARGET

WANTED = 50_000
MOST = 1229
"""1.2 KiB: how many bytes of its memory the server may take for each."""
ONCE = 256 << 10
"""How many bytes it may take besides, once, for the first ones: of these a few connections have a large share."""
SPARE_FILES = 50
EACH_ADDRESS = 20_000
"""How many connections come from one address: each has one of its ports."""
REQUEST = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
MESSAGE = b"\x82\x85\0\0\0\0hello"
FANNED_OUT = b"\x82\x05hello"


def received(client: socket.socket, end: bytes) -> None:
    """Reads up to these bytes."""
    data = b""
    while not data.endswith(end):
        more = client.recv(4096)
        if not more:
            sys.exit("error: the server has closed a connection")
        data += more


def opened(port: int, number: int) -> socket.socket:
    """A client that has got its response."""
    client = socket.socket()
    client.bind((f"127.0.0.{1 + number // EACH_ADDRESS}", 0))
    client.connect(("127.0.0.1", port))
    client.sendall(REQUEST)
    received(client, b"\r\n\r\n")
    return client


def main(wanted: int) -> None:
    """Measures, and compares."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard - SPARE_FILES)
    if count < wanted:
        print(f"{count:,} connections in place of {wanted:,}: a process may have no more than {hard:,} open files")
    command = [str(TARGET / "examples" / "c" / "fanout_server"), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline().rpartition(":")[2])
            clients = [opened(port, number) for number in range(count)]
            clients[0].sendall(MESSAGE)
            for client in clients:
                received(client, FANNED_OUT)
            server.send_signal(signal.SIGUSR1)
            line = server.stdout.readline().strip()
        finally:
            server.kill()
    print(line)
    found = re.fullmatch(r"(\d+) connections, \d+ bytes each in the engine, (\d+) in the program", line)
    if found is None or int(found[1]) != count:
        sys.exit("error: not all connections are open")
    if int(found[2]) > MOST + ONCE // count:
        sys.exit(f"error: more than {MOST:,} bytes each")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else WANTED)
