"""Memory of idle connections: ``idle.py [CONNECTIONS]`` adds to ``results.json`` and writes the page."""

from __future__ import annotations

import json
import resource
import socket
import sys
import time
from pathlib import Path

import page
from load import Peer
from run import FOLDER, Server, running

NAMES = ("sansock", "websockets", "aiohttp", "picows")
SETTLED = 20
"""How often the memory must be the same, one after the other, a tenth of a second apart."""


def held(served: Server) -> int:
    """The memory of a server that does nothing, once it does not change."""
    found, times = served.resident(), 0
    while times < SETTLED:
        time.sleep(0.1)
        before, found = found, served.resident()
        times = times + 1 if before == found else 0
    return found


def measure(name: str, connections: int, deflate: bool) -> int:
    """Bytes for each connection. One message has gone each way on it."""
    with running(name, deflate) as served:
        # What the first connections cost once is not counted.
        kept = [echoed(served.port, deflate) for _ in range(100)]
        before = held(served)
        kept += [echoed(served.port, deflate) for _ in range(connections)]
        spent = held(served) - before
        for sock in kept:
            sock.close()
    return round(spent / connections)


def echoed(port: int, deflate: bool) -> socket.socket:
    """A connection on which one message has come back."""
    peer = Peer(port, deflate)
    peer.sock.setblocking(True)
    # A frame that is not compressed may be sent in any case.
    peer.sock.sendall(b"\x82\x85\0\0\0\0hello")
    while peer.received < 1:
        peer.take(peer.sock.recv(4096))
    return peer.sock


def main(connections: int) -> None:
    """Measures all."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    connections = min(connections, hard - 300)
    found: dict[str, dict[str, int]] = {"bytes": {}, "deflate": {}}
    for deflate, key in ((False, "bytes"), (True, "deflate")):
        for name in NAMES:
            if not (deflate and name == "picows"):
                found[key][name] = measure(name, connections, deflate)
                print(f"{name}{', compression' if deflate else ''}: {found[key][name]:,} bytes", file=sys.stderr)
    path = Path(FOLDER / "results.json")
    results = json.loads(path.read_text())
    results["idle"] = {"connections": connections, **found}
    path.write_text(json.dumps(results, indent=1) + "\n")
    page.write()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
