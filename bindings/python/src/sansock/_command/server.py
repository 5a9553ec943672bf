"""``sansock serve``: a server that echoes, or that runs a program for each connection."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shlex
import shutil
import ssl
from asyncio.subprocess import PIPE, Process
from typing import Any

from .. import ConnectionClosed
from ..asyncio import Response, WebSocket, serve
from .terminal import utf8_streams

__all__ = ["parser", "run"]

_LONGEST_LINE = 16 << 20
_PATIENCE = 2
"""How long a program has to end, in seconds, when it is told to."""
_EPILOG = """\
With --command, each message becomes a line of the standard input of a program of its own, and each line of its standard
output a text message. The connection is closed when the program ends, with 1011 if it failed; and the program is ended
when the connection is.

examples:
  sansock serve --port 8080
  sansock serve --command 'bc -l'
"""


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        "sansock serve",
        description="A WebSocket server that sends back what it receives. It ends by SIGINT or SIGTERM.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="the address to listen on; default: 127.0.0.1")
    add("--port", type=int, default=8080, help="the port; 0: a free one; default: 8080")
    add("--path", help="answer requests for this path only, and others with 404")
    add("--tls", nargs=2, metavar=("CERT", "KEY"), help="serve wss: with this certificate and its key, both in PEM")
    add("--any-origin", action="store_true", help="accept pages of other sites too")
    add("--subprotocol", action="append", default=[], metavar="NAME", help="a subprotocol, the preferred one first")
    add("--greeting", metavar="TEXT", help="a text to send to each client first")
    add("--command", type=_words, metavar="PROGRAM", help="a program with its arguments, to run for each connection")
    return parser


def run(options: argparse.Namespace) -> int:
    """Serves until a signal comes."""
    utf8_streams()
    asyncio.run(_serve(options))
    return 0


async def _serve(options: argparse.Namespace) -> None:
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.tls)

    async def handle(websocket: WebSocket) -> None:
        if options.greeting is not None:
            await websocket.send(options.greeting)
        await (_run_command(websocket, options.command) if options.command else _echo(websocket))

    def decide(websocket: WebSocket) -> Response | None:
        request = websocket.request
        if request is None or options.path in (None, request.target.partition("?")[0]):
            return None
        return Response(404, {"Content-Type": "text/plain"}, b"Not Found\n")

    settings: dict[str, Any] = {"subprotocols": options.subprotocol, "process_request": decide}
    if options.any_origin:
        settings["origins"] = None
    async with serve(handle, options.host, options.port, ssl=context, **settings) as server:
        host, port = server.sockets[0].getsockname()[:2]
        host = f"[{host}]" if ":" in host else host
        print(f"listening on {'wss' if context else 'ws'}://{host}:{port}{options.path or '/'}", flush=True)
        await server.serve_forever()


async def _echo(websocket: WebSocket) -> None:
    async for message in websocket:
        await websocket.send(message)


async def _run_command(websocket: WebSocket, command: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, limit=_LONGEST_LINE)
    writing = asyncio.ensure_future(_write_lines(websocket, process))
    try:
        assert process.stdout is not None
        async for line in process.stdout:
            await websocket.send(line.decode(errors="replace").rstrip("\n"))
        status = await process.wait()
        await websocket.close(1011 if status else 1000)
    except ConnectionClosed:
        pass
    finally:
        writing.cancel()
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _write_lines(websocket: WebSocket, process: Process) -> None:
    """Passes on messages, until the program takes no more, or the connection has ended: then that ends the program."""
    assert process.stdin is not None
    try:
        async for message in websocket:
            process.stdin.write((message.encode() if isinstance(message, str) else message) + b"\n")
            await process.stdin.drain()
    except ConnectionError:
        return
    except ConnectionClosed:
        pass
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        await asyncio.sleep(_PATIENCE)
        process.kill()


def _words(text: str) -> list[str]:
    words = shlex.split(text)
    if not words or shutil.which(words[0]) is None:
        raise argparse.ArgumentTypeError(f"there is no program {text!r}")
    return words
