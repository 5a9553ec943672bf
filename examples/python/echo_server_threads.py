"""A WebSocket echo server with threads: ``python echo_server_threads.py PORT``.

With DEFLATE=1 in the environment it compresses, with HTTP=1 it also answers plain HTTP.
"""

from __future__ import annotations

import os
import sys

from sansock.sync import Response, WebSocket, serve

from pages import page_for

DEFLATE = os.environ.get("DEFLATE") == "1"
HTTP = os.environ.get("HTTP") == "1"


def echo(websocket: WebSocket) -> None:
    """Sends every message back."""
    for message in websocket:
        websocket.send(message)


def decide(websocket: WebSocket) -> Response | None:
    """Answers what opens no connection."""
    assert websocket.request is not None
    return page_for(websocket.request)


def main(port: int) -> None:
    """Serves pages of its own origin, and programs, until SIGTERM or SIGINT."""
    with serve(
        echo,
        "127.0.0.1",
        port,
        backlog=1024,
        subprotocols=["chat", "echo"],
        compression=DEFLATE,
        process_request=decide if HTTP else None,
    ) as server:
        print(f"listening on ws://127.0.0.1:{server.socket.getsockname()[1]}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
